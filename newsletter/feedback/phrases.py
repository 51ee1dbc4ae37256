"""Phrases looked for in what people and servers write: plain words, quick to search.

A block lists them with ``|`` or a new line between; ``a … b`` stands for ``a`` and soon after it
``b``. They are looked for in small letters with ``n't`` spelled ``not`` and blanks made one.
"""

_NEAR = 60
_SPELLINGS = (("’", "'"), ("can't", "cannot"), ("can not", "cannot"), ("n't", " not"))


def plain(words: str) -> str:
    """Words in the form that phrases are looked for in."""
    text = words.lower()
    for spelling, usual in _SPELLINGS:
        if spelling in text:
            text = text.replace(spelling, usual)
    return " ".join(text.split())


class Phrases:
    """Some phrases that mean the same."""

    def __init__(self, block: str) -> None:
        spelled = [phrase.strip() for phrase in block.replace("\n", "|").split("|")]
        spelled = [phrase for phrase in spelled if phrase]
        self.whole = tuple(phrase for phrase in spelled if "…" not in phrase)
        """Those without a gap."""
        self._ascii = tuple(phrase for phrase in self.whole if phrase.isascii())
        self._other = tuple(phrase for phrase in self.whole if not phrase.isascii())
        halves = [phrase.partition("…") for phrase in spelled if "…" in phrase]
        self._pairs = tuple((first.strip(), second.strip()) for first, _, second in halves)

    def within(self, text: str) -> bool:
        """Whether one of them stands in a text that ``plain`` made."""
        for phrase in self._ascii:
            if phrase in text:
                return True
        if not text.isascii() and any(phrase in text for phrase in self._other):
            return True
        for first, second in self._pairs:
            if first in text and second in text and _follows(text, first, second):
                return True
        return False


def _follows(text: str, first: str, second: str) -> bool:
    at = text.find(first)
    while at >= 0:
        end = at + len(first)
        if text.find(second, end, end + _NEAR + len(second)) >= 0:
            return True
        at = text.find(first, end)
    return False
