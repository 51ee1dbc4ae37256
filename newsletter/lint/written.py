"""The links that the officer wrote: the address fields of tables, and links inside prose."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from newsletter.issue.words import Word
from newsletter.lint.rule import Hit, Proof, once
from newsletter.values import Language

_IN_PROSE = re.compile(
    r"(?<!!)\[(?P<label>(?:[^\[\]]|\[[^\[\]]*\])*)\]\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<url>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*))"
    r"|<(?P<auto>(?:https?|mailto):[^<>\s]+)>"
    r"|^ {0,3}\[(?P<name>[^\]\n]+)\]:\s*<?(?P<defined>[^\s>]+)",
    re.MULTILINE | re.IGNORECASE,
)
_ADDRESSES = ("angled", "url", "auto", "defined")
_LABELS = ("label", "title", "name")


@dataclass(frozen=True, slots=True)
class WrittenLink:
    """One link: where it stands, its address, and its words (none for a bare address)."""

    language: Language
    where: str
    url: str
    label: str
    offset: int
    """The character (from 0) at which the address begins in its words."""

    @property
    def parts(self) -> SplitResult | None:
        """The address taken apart; None for one that cannot be."""
        try:
            return urlsplit(self.url)
        except ValueError:
            return None

    @property
    def host(self) -> str:
        """The host of a web address, in lower case; nothing for any other."""
        parts = self.parts
        return (parts.hostname or "").rstrip(".") if parts and parts.scheme != "mailto" else ""

    def hit(self, message: str, *, cure: str = "", at: int = 0) -> Hit:
        """A hit at the address, or ``at`` so many characters after its beginning."""
        return Hit(message, self.where, self.language, cure=cure, offset=self.offset + at)


@once
def written_links(proof: Proof) -> Iterator[WrittenLink]:
    """Every link of every language, without those that a slot fills; what was taken over once."""
    for language, word in proof.words():
        for link in _links_of(language, word, proof.said[language]):
            if "{{" not in link.url:
                yield link


def _links_of(language: Language, word: Word, words: Mapping[str, Word]) -> Iterator[WrittenLink]:
    if word.sort.url:
        table = word.where.rpartition(".")[0]
        labels = (words.get(f"{table}.{key}") for key in _LABELS)
        label = next((each.text for each in labels if each), "")
        yield WrittenLink(language, word.where, word.text, label, 0)
    elif word.sort.markdown:
        for match in _IN_PROSE.finditer(word.text):
            key = next(key for key in _ADDRESSES if match[key] is not None)
            label = match["label"] or ""
            yield WrittenLink(language, word.where, match[key], label, match.start(key))
