"""Words that were set once: the same words in the same language are not parsed again.

Every variant of an issue shows the same words, and after an edit nearly all of them. What is set
depends on the words, the language, and which of the tokens in the words are addresses; so that,
and nothing of an issue, a theme or a reader, is what the memory goes by.
"""

from functools import lru_cache
from typing import Final

from markupsafe import Markup

from newsletter.edition.prose import Typesetter
from newsletter.edition.slots import Tokens
from newsletter.values import Language

_ENTRIES: Final = 2_048
_LONGEST: Final = 10_000
_Urls = frozenset[str]


class SharedTypesetter(Typesetter):
    """A typesetter that shares what it set with every other one of its language."""

    def __init__(self, language: Language, tokens: Tokens) -> None:
        super().__init__(language, tokens.is_url)
        self._tokens_of_issue = tokens

    def typo(self, words: str) -> str:
        """Short words, as ``Typesetter`` sets them."""
        return _typo(self.language, words) if _is_short(words) else super().typo(words)

    def prose(self, words: str) -> Markup:
        """Markdown as HTML, as ``Typesetter`` sets it."""
        if not _is_short(words):
            return super().prose(words)
        return _prose(self.language, words, self._urls(words))

    def plain(self, words: str, width: int = 72) -> str:
        """Markdown as text, as ``Typesetter`` sets it."""
        if not _is_short(words):
            return super().plain(words, width)
        return _plain(self.language, words, width, self._urls(words))

    def _urls(self, words: str) -> _Urls:
        """The tokens in the words that stand for a whole address."""
        tokens = self._tokens_of_issue
        if tokens.nonce not in words:
            return frozenset()
        return frozenset(found for found in tokens.pattern.findall(words) if tokens.is_url(found))


def _is_short(words: object) -> bool:
    """Whether memory takes the words; those of a subclass of ``str`` may behave otherwise."""
    return type(words) is str and len(words) <= _LONGEST


@lru_cache(_ENTRIES)
def _typo(language: Language, words: str) -> str:
    return Typesetter(language, bool).typo(words)


@lru_cache(_ENTRIES)
def _prose(language: Language, words: str, urls: _Urls) -> Markup:
    return Typesetter(language, urls.__contains__).prose(words)


@lru_cache(_ENTRIES)
def _plain(language: Language, words: str, width: int, urls: _Urls) -> str:
    return Typesetter(language, urls.__contains__).plain(words, width)
