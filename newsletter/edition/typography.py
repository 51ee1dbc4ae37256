"""Typography: quotation marks, apostrophes, dashes, ellipses and spaces as a language sets them.

What is set may come in pieces, such as the words before, in and after an emphasis: marks are
judged over all of them. Addresses, slots and opaque pieces (code) pass through unchanged, and
words that are set stay as they are when they are set again.

Sources: Imprimerie nationale (fr), Office québécois de la langue française (fr-CA), Duden (de),
Real Academia Española (es), GB/T 15834 (zh), CLDR for the others' quotation marks.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import TypeVar

from newsletter.edition.quotes import QUOTES, Edit, quote_edits
from newsletter.values import Language

_OPAQUE = "\uffff"  # stands for a piece that is not words; no issue may hold it
_SIGNS = ("/", "@", "{{", "mailto:", _OPAQUE)  # without one of these there is nothing to spare
_UNSETTLED = re.compile(r"[\"']|--")
_PASSES = 9  # a mark that stays may find its other half once spaces are set
_NO_BREAK = "\u00a0"
_NARROW = "\u202f"
_NOT_IN_URL = r"\s<>\"«»“”„‘"
_URL = rf"[^{_NOT_IN_URL}]*[^{_NOT_IN_URL}'’)\]]"
_UNTOUCHED = re.compile(
    r"\{\{.*?\}\}|" + _OPAQUE + rf"|(?:https?|ftp)://{_URL}|(?:mailto:|www\.){_URL}"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    rf"|\b[\w-]+(?:\.[\w-]+)+/{_URL}",
    re.IGNORECASE,
)

_Change = Callable[[re.Match[str]], str | None]
_Rule = tuple[re.Pattern[str], str | _Change]


@dataclass(frozen=True, slots=True, eq=False)
class Typography:
    """The habits of one language: its quotation marks, and two sets of rules.

    The marks are set first, then the spaces around what stands there by then.
    """

    quotes: str
    marks: tuple[_Rule, ...]
    spaces: tuple[_Rule, ...]

    def set_words(self, words: str) -> str:
        """Words as the language sets them; not escaped."""
        return self.set_pieces([words])[0]

    def set_pieces(self, pieces: Sequence[str | None]) -> list[str]:
        """The pieces of one paragraph, set; None stands for code, and comes back empty."""
        return list(_set(self, tuple(pieces)))

    def set_once(self, pieces: list[str]) -> list[str]:
        """One pass over the pieces; code stands among them as one character."""
        for edits in (self._mark_edits, self._space_edits):
            found = sorted(edits(_masked("".join(pieces))))
            pieces = _applied(pieces, found) if found else pieces
        return pieces

    def _mark_edits(self, words: str) -> Iterator[Edit]:
        yield from quote_edits(words, self.quotes)
        yield from _edits(words, self.marks)

    def _space_edits(self, words: str) -> Iterator[Edit]:
        yield from _edits(words, self.spaces)


@lru_cache(maxsize=4096)
def _set(habits: Typography, pieces: tuple[str | None, ...]) -> tuple[str, ...]:
    """The pieces, set; variants of one language have most of their words in common."""
    shown = [_OPAQUE if piece is None else piece for piece in pieces]
    for _ in range(_PASSES):
        before, shown = shown, habits.set_once(shown)
        if before == shown or not any(map(_UNSETTLED.search, shown)):
            break
    return tuple("" if was is None else now for was, now in zip(pieces, shown, strict=True))


def _masked(words: str) -> str:
    """The words with letters in the place of what must stay."""
    if not any(map(words.__contains__, _SIGNS)) and "www." not in words.lower():
        return words
    return _UNTOUCHED.sub(lambda found: "x" * len(found[0]), words)


def _edits(words: str, rules: Sequence[_Rule]) -> Iterator[Edit]:
    for pattern, change in rules:
        for found in pattern.finditer(words):
            new = found.expand(change) if isinstance(change, str) else change(found)
            if new is not None:
                yield found.start(), found.end(), new


def _applied(pieces: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """The pieces with the edits that lie in one of them whole; of two that overlap, the first."""
    shown, done = list[str](), 0
    waiting = list(reversed(edits))
    for start, piece in zip(accumulate(map(len, pieces), initial=0), pieces, strict=False):
        parts, at, end = list[str](), start, start + len(piece)
        while waiting and waiting[-1][0] < end:
            begin, finish, new = waiting.pop()
            if begin >= max(at, done) and finish <= end:
                parts += [piece[at - start : begin - start], new]
                at = done = finish
        shown.append("".join([*parts, piece[at - start :]]))
    return shown


def _spaced_hyphen(found: re.Match[str]) -> str | None:
    """A dash; between two figures it is a minus, and stays."""
    before, after = found.string[found.start() - 2], found.string[found.end() + 1]
    return None if before.isdigit() and after.isdigit() else "–"


def _chinese_dash(found: re.Match[str]) -> str:
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return "–" if before.isdigit() and after.isdigit() else "——"


def _chinese_ellipsis(found: re.Match[str]) -> str:
    before = found.string[: found.start()][-1:]
    return "……" if len(found[0]) > 3 or before >= "\u2e80" else "…"  # noqa: PLR2004 - three dots


_LONG_DASH = re.compile(r"(?<!-)---(?!-)")
_SHORT_DASH = re.compile(r"(?<=[^\s<>-])--(?=[^\s<>-])|(?:(?<=[ \n\t])|^)--(?=[ \n\t]|$)")
_SPACED_HYPHEN = re.compile(r"(?<=\S )-(?= \S)")
_ELLIPSIS = re.compile(r"(?<!\.)\.\.\.(?!\.)")
_MARKS: tuple[_Rule, ...] = (
    (_LONG_DASH, "—"),
    (_SHORT_DASH, "–"),
    (_SPACED_HYPHEN, _spaced_hyphen),
    (_ELLIPSIS, "…"),
)
_CHINESE_MARKS: tuple[_Rule, ...] = (
    (_LONG_DASH, _chinese_dash),
    (_SHORT_DASH, _chinese_dash),
    (re.compile(r"(?<!\.)\.{3}(?:\.{3})?(?!\.)|。{3,}"), _chinese_ellipsis),
)
_SPACES: tuple[_Rule, ...] = ((re.compile(r"(?<=\d) (?=[%‰€$£°])"), _NO_BREAK),)
_ALL_FRENCH: tuple[_Rule, ...] = (
    *_SPACES,
    (re.compile(r"«[ \u00a0\u202f]*+(?!»)"), f"«{_NO_BREAK}"),
    (re.compile(r"[ \u00a0\u202f]*»"), f"{_NO_BREAK}»"),
    (re.compile(r"(?<=[^\s«:])[ \u00a0\u202f]*:(?=[\s»”]|$)"), f"{_NO_BREAK}:"),
)
_HIGH_SPACED = re.compile(r"(?<=[^\s«])[ \u00a0\u202f]+([;!?])")
_FRENCH: tuple[_Rule, ...] = (
    *_ALL_FRENCH,
    (re.compile(r"(?<=[\w)\]»”’%….])([;!?]+)(?!\w)"), _NARROW + r"\1"),
    (_HIGH_SPACED, _NARROW + r"\1"),
)
_CANADIAN: tuple[_Rule, ...] = (*_ALL_FRENCH, (_HIGH_SPACED, r"\1"))
_SPACES_OF = {"fr": _FRENCH, "fr-CA": _CANADIAN}


@cache
def typography_of(language: Language) -> Typography:
    """The habits of a language tag, by as much of the tag as is known, else those of English."""
    marks = _CHINESE_MARKS if language.split("-")[0] == "zh" else _MARKS
    return Typography(
        _known(QUOTES, language, QUOTES["en"]), marks, _known(_SPACES_OF, language, _SPACES)
    )


_Habit = TypeVar("_Habit")


def _known(habits: Mapping[str, _Habit], language: str, otherwise: _Habit) -> _Habit:
    while language:
        if language in habits:
            return habits[language]
        language = language.rpartition("-")[0]
    return otherwise
