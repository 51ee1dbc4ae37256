"""Markdown and short texts as an edition shows them: safe HTML, and plain text."""

from collections.abc import Callable

from markdown_it.token import Token
from markupsafe import Markup

from newsletter.edition.plain import write_plain
from newsletter.edition.tables import dressed
from newsletter.edition.typography import typography_of
from newsletter.issue.markdown import link_allowed, markdown
from newsletter.values import Language, direction

_WORDS = frozenset({"text", "code_inline", "softbreak", "hardbreak"})
_ADDRESS = "auto"


class Typesetter:
    """Turns written words into shown words, by the habits of one language.

    ``is_url`` tells whether a link's target is the token of a URL slot, which is a whole URL
    though it has no scheme yet.
    """

    def __init__(self, language: Language, is_url: Callable[[str], bool]) -> None:
        self.language = language
        self._habits = typography_of(language)
        self._is_url = is_url

    def typo(self, words: str) -> str:
        """Short words with the language's quotation marks and spaces; not escaped."""
        return self._habits.set_words(words)

    def prose(self, words: str) -> Markup:
        """Markdown as HTML that cannot carry markup of its own (XHTML style, for MJML)."""
        parser = markdown()
        tokens = list(dressed(self._tokens(words), direction(self.language)))
        html = parser.renderer.render(tokens, parser.options, {})
        return Markup(html.strip())  # noqa: S704 - the parser escapes every word and knows no HTML

    def plain(self, words: str, width: int = 72) -> str:
        """Markdown as plain text, wrapped; a link's address follows it in brackets."""
        return write_plain(self._tokens(words), width, direction(self.language))

    def _tokens(self, words: str) -> list[Token]:
        tokens = markdown().parse(words)
        for token in tokens:
            if token.children:
                token.children = self._shown(token.children)
        return tokens

    def _shown(self, children: list[Token]) -> list[Token]:
        """The words set; no pictures, and no links that may not be."""
        self._set(children)
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
            if keep:
                shown.append(token)
        return shown

    def _set(self, children: list[Token]) -> None:
        """Typography over a paragraph's words; code and written-out addresses stay."""
        words = [token for token in children if token.type in _WORDS]
        pieces = [_piece(token) for token in words]
        for token, piece, now in zip(words, pieces, self._habits.set_pieces(pieces), strict=True):
            if token.type == "text" and piece is not None:
                token.content = now

    def _leads(self, url: str) -> bool:
        return self._is_url(url) or link_allowed(url)


def _piece(token: Token) -> str | None:
    """What typography sees of a token: None is what it must not read."""
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    return token.content if token.type == "text" and token.info != _ADDRESS else None
