"""Markdown and short texts as an edition shows them: safe HTML, and plain text."""

import re
from collections.abc import Callable

from markdown_it.token import Token
from markupsafe import Markup

from newsletter.edition.plain import write_plain
from newsletter.issue.markdown import inline_tokens, link_allowed, markdown, plain_words
from newsletter.values import Language

_NO_BREAK = "\u00a0"
_NARROW = "\u202f"
_BEFORE_COLON = re.compile(r"(?<=\S)[ \u00a0]*(:)(?=\s|$)")
_BEFORE_HIGH = re.compile(r"(?<=\w)[ \u00a0\u202f]*([;!?])")
_BEFORE_HIGH_SPACED = re.compile(r"(?<=\S)[ \u00a0\u202f]+([;!?])")
_INNER_OPEN = re.compile(r"«[ \u00a0\u202f]*")
_INNER_CLOSE = re.compile(r"[ \u00a0\u202f]*»")


class Typesetter:
    """Turns written words into shown words, by the habits of one language.

    ``is_url`` tells whether a link's target is the token of a URL slot, which is a whole URL
    though it has no scheme yet.
    """

    def __init__(self, language: Language, is_url: Callable[[str], bool]) -> None:
        self.language = language
        self._base = language.split("-")[0]
        self._is_url = is_url

    def typo(self, words: str) -> str:
        """Short words with the language's quotation marks and spaces; not escaped."""
        tokens = plain_words(self._base).parseInline(words)
        return self._space("".join(child.content or "\n" for child in inline_tokens(tokens)))

    def prose(self, words: str) -> Markup:
        """Markdown as HTML that cannot carry markup of its own (XHTML style, for MJML)."""
        parser = markdown(self._base)
        html = parser.renderer.render(self._tokens(words), parser.options, {})
        return Markup(html.strip())  # noqa: S704 - the parser escapes every word and knows no HTML

    def plain(self, words: str, width: int = 72) -> str:
        """Markdown as plain text, wrapped; a link's address follows it in brackets."""
        return write_plain(self._tokens(words), width)

    def _tokens(self, words: str) -> list[Token]:
        tokens = markdown(self._base).parse(words)
        for token in tokens:
            if token.children:
                token.children = self._shown(token.children)
        return tokens

    def _shown(self, children: list[Token]) -> list[Token]:
        """Text with the language's spaces; no pictures, and no links that may not be."""
        shown: list[Token] = []
        links: list[bool] = []
        for token in children:
            if token.type == "link_open":
                links.append(self._leads(str(token.attrGet("href") or "")))
            keep = (
                links.pop()
                if token.type == "link_close"
                else links[-1]
                if (token.type == "link_open")
                else token.type != "image"
            )
            if token.type == "text":
                token.content = self._space(token.content)
            if keep:
                shown.append(token)
        return shown

    def _leads(self, url: str) -> bool:
        return self._is_url(url) or link_allowed(url)

    def _space(self, words: str) -> str:
        """French spacing: no-break spaces inside « », before a colon, and in France before ; ! ?.

        Canada sets ; ! ? close (Office québécois de la langue française).
        """
        if self._base != "fr":
            return words
        words = _INNER_OPEN.sub("«" + _NO_BREAK, _INNER_CLOSE.sub(_NO_BREAK + "»", words))
        words = _BEFORE_COLON.sub(_NO_BREAK + r"\1", words)
        if self.language == "fr-CA":
            return _BEFORE_HIGH_SPACED.sub(r"\1", words)
        return _BEFORE_HIGH.sub(_NARROW + r"\1", words)
