"""The Markdown that officers write: CommonMark without HTML, with tables and typography."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.issue.slots import URL_SLOTS, Slot, replace_slots

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_QUOTES = {
    "it": "«»“”",
    "es": "«»“”",
    "pt": "«»“”",
    "de": "„“‚‘",
    "fr": ["«\u00a0", "\u00a0»", "“", "”"],
}
_WHOLE_URL = "https://slot.invalid/"
_FIELD = "slotofareader"


def link_allowed(url: str) -> bool:
    """Whether a link may be written: a whole http, https or mailto address, without spaces."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme not in LINK_SCHEMES or any(sign.isspace() for sign in url):
        return False
    return bool(parts.netloc) if parts.scheme != "mailto" else bool(parts.path)


@cache
def markdown(base_language: str) -> MarkdownIt:
    """The parser of a language: its own quotation marks, no HTML, images parsed as images."""
    parser = MarkdownIt(
        "commonmark",
        {"html": False, "typographer": True, "quotes": _QUOTES.get(base_language, "“”‘’")},
    )
    parser.disable(["html_block", "html_inline"])
    parser.enable(["table", "strikethrough", "replacements", "smartquotes"])
    parser.validateLink = _any_link  # type: ignore[method-assign]
    return parser


@cache
def plain_words(base_language: str) -> MarkdownIt:
    """The typography of a language and nothing else: for titles and labels."""
    quotes: Any = _QUOTES.get(base_language, "“”‘’")
    parser = MarkdownIt("zero", {"typographer": True, "quotes": quotes})
    parser.enable(["replacements", "smartquotes"])
    return parser


def _any_link(url: str) -> bool:
    """The parser keeps every link, so that a forbidden one is reported and not shown as text."""
    del url
    return True


def inline_tokens(tokens: list[Token]) -> list[Token]:
    """All inline tokens of a document, flattened."""
    return [child for token in tokens for child in token.children or []]


def faults_in(prose: str) -> list[str]:
    """What prose may not hold: pictures, and links that lead nowhere or to a forbidden scheme.

    A slot may be the whole address of a link when dispatch fills it with one, and no part of it.
    """
    words = replace_slots(prose, _stand_in)
    faults = (_fault(token) for token in inline_tokens(markdown("en").parse(words)))
    return [fault for fault in faults if fault]


def _stand_in(slot: Slot) -> str:
    return _WHOLE_URL if slot.name in URL_SLOTS else _FIELD


def _fault(token: Token) -> str | None:
    if token.type == "image":
        return f"a picture stands inside prose: {token.attrGet('src')}"
    if token.type != "link_open":
        return None
    url = str(token.attrGet("href") or "")
    if _FIELD in url or (_WHOLE_URL in url and url != _WHOLE_URL):
        return "a slot stands inside a link's address"
    return None if link_allowed(url) else f"a link leads to {url or 'nothing'}"
