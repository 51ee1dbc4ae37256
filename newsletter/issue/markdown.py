"""The Markdown that officers write: CommonMark without HTML, with tables and typography."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_QUOTES = {
    "it": "«»“”",
    "es": "«»“”",
    "pt": "«»“”",
    "de": "„“‚‘",
    "fr": ["«\u00a0", "\u00a0»", "“", "”"],
}


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
