"""Plain text broken into lines, by the width that a terminal gives each character."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

_BREAKABLE = re.compile(r"([ \t\n]+)")
_NOT_FIRST = frozenset("、。，．：；？！）」』】》〉…—”’")
_NOT_LAST = frozenset("（「『【《〈“‘")


def width_of(text: str) -> int:
    """Columns that the text takes: two for each wide (East Asian) character."""
    if text.isascii():
        return len(text)
    return sum(_columns(sign) for sign in text)


@lru_cache(maxsize=4096)
def fill(text: str, width: int = 72, *, first: str = "", rest: str | None = None) -> str:
    """One paragraph in lines of at most ``width`` columns.

    ``first`` stands before the first line and ``rest`` before the others (by default as many
    spaces). Words and addresses are never broken; between Chinese or Japanese characters a line
    may end anywhere that their punctuation allows.
    """
    rest = " " * width_of(first) if rest is None else rest
    lines, line = list[str](), [first]
    used, margin, fresh = width_of(first), width_of(rest), True
    for gap, piece in _pieces(text):
        need = width_of(piece)
        if fresh or used + len(gap) + need <= width:
            line += [piece] if fresh else [gap, piece]
            used += need if fresh else len(gap) + need
        else:
            lines.append("".join(line))
            line, used = [rest, piece], margin + need
        fresh = False
    return "\n".join([*lines, "".join(line)])


def beside(rows: Sequence[tuple[str, str]], width: int = 72, indent: int = 2) -> str:
    """Rows of two columns, the second ones aligned; below the first where that is too wide."""
    left = max((width_of(one) for one, _ in rows), default=0) + 2
    lines = []
    for one, two in rows:
        lead = " " * indent + one
        if left > width // 2:
            lines += [lead, fill(two, width, first=" " * (indent + 2))]
        else:
            lines.append(fill(two, width, first=lead + " " * (left - width_of(one))))
    return "\n".join(lines)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Pieces that stay whole, each with the space before it."""
    gap = ""
    for chunk in _BREAKABLE.split(text.strip()):
        if chunk and chunk.isspace() and chunk[0] in " \t\n":
            gap = " "
            continue
        for piece in _wide_pieces(chunk):
            yield gap, piece
            gap = ""


def _wide_pieces(chunk: str) -> Iterator[str]:
    """A chunk without spaces, cut where East Asian text may break."""
    if chunk.isascii():
        if chunk:
            yield chunk
        return
    piece = ""
    for sign in chunk:
        if piece and _may_break(piece[-1], sign):
            yield piece
            piece = ""
        piece += sign
    yield piece


def _may_break(before: str, after: str) -> bool:
    wide = _columns(before) == 2 or _columns(after) == 2  # noqa: PLR2004 - a wide character
    return wide and after not in _NOT_FIRST and before not in _NOT_LAST


@lru_cache(maxsize=8192)
def _columns(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
