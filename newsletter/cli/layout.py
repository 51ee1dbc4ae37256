"""How lines look: colours, numbers, sizes, instants, aligned columns."""

import datetime as dt
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_COLORS = {"red": 31, "green": 32, "yellow": 33, "bold": 1, "dim": 2}
_A_DAY = 86_400


def paint(text: str, color: str) -> str:
    """The text in a colour, where a terminal shows it and NO_COLOR does not forbid it."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_COLORS[color]}m{text}\x1b[0m"


def today() -> dt.date:
    """The officer's date."""
    return dt.datetime.now().astimezone().date()


def number(value: int) -> str:
    """1 204, with a narrow no-break space."""
    return f"{value:,}".replace(",", "\u202f")


def counted(value: int, noun: str) -> str:
    """``1 reader``, ``2 readers``."""
    return f"{number(value)} {noun}" + ("" if value == 1 else "s")


def duration(seconds: float) -> str:
    """About how long: ``about 5 min``."""
    if seconds < 90:  # noqa: PLR2004 below that, seconds say more
        return f"about {max(1, round(seconds))} s"
    if seconds < 5400:  # noqa: PLR2004 below that, minutes do
        return f"about {round(seconds / 60)} min"
    if seconds < 2 * _A_DAY:
        return f"about {seconds / 3600:.1f} h"
    return f"about {seconds / _A_DAY:.1f} days"


def size(octets: int) -> str:
    """Octets in KB, a thousand each, as the rules count them."""
    return f"{octets // 1000} KB"


def weekday(instant: dt.datetime) -> str:
    """``Mon 2026-11-30 08:00``, on the clocks that the instant came with."""
    return instant.strftime("%a %Y-%m-%d %H:%M")


def local(instant: dt.datetime) -> str:
    """An instant on the officer's clock."""
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S}"


def short(digest: str) -> str:
    """A digest's first twelve digits."""
    return digest[:12]


def table(rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> Iterator[str]:
    """Rows in aligned columns; ``right`` names the columns of numbers."""
    kept = [list(row) for row in rows]
    widths = [max(map(_width, column)) for column in zip(*kept, strict=True)] if kept else []
    for row in kept:
        cells = []
        for index, (cell, width) in enumerate(zip(row, widths, strict=True)):
            pad = " " * (width - _width(cell))
            cells.append(pad + cell if index in right else cell + pad)
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shown_path(path: Path) -> str:
    """A path from here, if it is below here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def one_line(words: str) -> str:
    """A relay's words, without what a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())
