"""Quotation marks and apostrophes: which straight ones belong together, and what they become."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

QUOTES: Final[Mapping[str, str]] = {
    "en": "“”‘’",
    "ar": "«»“”",
    "ca": "«»“”",
    "cs": "„“‚‘",
    "de": "„“‚‘",
    "de-CH": "«»‹›",
    "el": "«»“”",
    "es": "«»“”",
    "es-419": "“”‘’",
    "es-MX": "“”‘’",
    "fr": "«»“”",
    "it": "«»“”",
    "ja": "「」『』",
    "pl": "„”«»",
    "pt": "«»“”",
    "pt-BR": "“”‘’",
    "ro": "„”«»",
    "ru": "«»„“",
    "sk": "„“‚‘",
    "sl": "„“‚‘",
    "uk": "«»„“",
    "zh-Hant": "「」『』",
}
"""Of each language the outer pair, and the pair inside it."""

_STRAIGHT = "\"'"
_ANY = frozenset("\"'«»“”„‘’‚‹›「」『』")
_MARK = re.compile("[\"'«»“”„‘’‚‹›「」『』]")
_OPENING = frozenset("([{–—-/¿¡")
_WIDE_FROM = "\u2e80"
_YEAR = re.compile(r"'\d\d(?!\d)")

Edit = tuple[int, int, str]
"""From where to where (characters, from 0), and what stands there instead."""


@dataclass(slots=True)
class _Open:
    """A mark that waits for its other half. ``outer`` tells which pair encloses what follows."""

    at: int
    sign: str
    outer: bool


@dataclass(slots=True)
class _Reader:
    words: str
    quotes: str
    stack: list[_Open] = field(default_factory=list)
    edits: dict[int, str] = field(default_factory=dict)

    def read(self) -> None:
        """Take each mark in turn; what finds no other half is an apostrophe, or stays."""
        for mark in _MARK.finditer(self.words):
            turn = self._straight if mark[0] in _STRAIGHT else self._typed
            turn(mark.start(), mark[0])
        for waiting in self.stack:
            self._lone(waiting)

    def _straight(self, at: int, sign: str) -> None:
        before, after = _before(self.words, at), _after(self.words, at)
        if sign == "'" and (_is_apostrophe(before, after, self.words, at)):
            self.edits[at] = "’"
            return
        opens, closes = _turns(self.words, at, before, after)
        mate = self._mate(sign) if closes else None
        if mate is not None:
            self._pair(mate, at)
        elif opens:
            self.stack.append(_Open(at, sign, self._is_outer(sign)))
        elif sign == "'" and before.isalpha():
            self.edits[at] = "’"

    def _typed(self, at: int, sign: str) -> None:
        """A mark that the writer set: what stands in it is enclosed."""
        outer_open, outer_close, inner_open, inner_close = tuple(self.quotes)
        if sign in {outer_open, inner_open} and sign not in "‘‚":
            self.stack.append(_Open(at, sign, outer=sign == outer_open))
            return
        wanted = {outer_close: outer_open, inner_close: inner_open}.get(sign)
        mate = self._mate(wanted) if wanted else None
        if mate is not None:
            self.stack.pop(mate)

    def _mate(self, sign: str) -> int | None:
        found = (at for at in range(len(self.stack) - 1, -1, -1) if self.stack[at].sign == sign)
        return next(found, None)

    def _is_outer(self, sign: str) -> bool:
        """Double marks are the outer pair and single ones the inner, but not twice in a row."""
        outer = sign == '"'
        around = self.stack[-1] if self.stack else None
        return outer if around is None or around.outer != outer else not outer

    def _pair(self, mate: int, at: int) -> None:
        opened = self.stack.pop(mate)
        place = 0 if opened.outer else 2
        self.edits[opened.at], self.edits[at] = self.quotes[place], self.quotes[place + 1]

    def _lone(self, waiting: _Open) -> None:
        """A single mark before a word is an apostrophe: ’tis, ’ndrangheta."""
        if waiting.sign == "'" and _after(self.words, waiting.at).isalpha():
            self.edits[waiting.at] = "’"


def quote_edits(words: str, quotes: str) -> Iterator[Edit]:
    """The straight marks of the words that become others, with what they become."""
    if '"' not in words and "'" not in words:
        return
    reader = _Reader(words, quotes)
    reader.read()
    for at, new in reader.edits.items():
        yield at, at + 1, new


def _before(words: Sequence[str], at: int) -> str:
    """The character before a mark, other marks left out; a space at the beginning."""
    at -= 1
    while at >= 0 and words[at] in _ANY:
        at -= 1
    return words[at] if at >= 0 else " "


def _after(words: Sequence[str], at: int) -> str:
    at += 1
    while at < len(words) and words[at] in _ANY:
        at += 1
    return words[at] if at < len(words) else " "


def _is_apostrophe(before: str, after: str, words: str, at: int) -> bool:
    """Between a letter and a word (l’ora, dell’8 marzo), or before a short year (’90)."""
    beside = words[at + 1 : at + 2]
    inside = before.isalpha() and words[at - 1] == before and beside == after and after.isalnum()
    narrow = before < _WIDE_FROM and after < _WIDE_FROM
    return (inside and narrow) or (not before.isalnum() and bool(_YEAR.match(words, at)))


def _turns(words: str, at: int, before: str, after: str) -> tuple[bool, bool]:
    """Whether a mark may open, and whether it may close."""
    if (before >= _WIDE_FROM or after >= _WIDE_FROM) and not after.isspace():
        return True, not before.isspace()
    elided = at > 1 and words[at - 1] in "'’" and words[at - 2].isalpha()
    opens = (before.isspace() or before in _OPENING or elided) and not after.isspace()
    closes = not before.isspace() and before not in "([{" and not after.isalnum()
    return opens, closes
