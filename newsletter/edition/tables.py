"""Markdown's tables: for mail programs, and as aligned columns of plain text.

``:--`` is the side where lines begin, ``--:`` where they end: on a right-to-left page both are
mirrored, as its columns are. A table whose heading has no words has no heading.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from markdown_it.token import Token

from newsletter.edition.wrap import fill, width_of

_CELLS = ("th_open", "td_open")
_PLAIN = {"border": "0", "cellpadding": "0", "cellspacing": "0"}  # Outlook draws what is not said
_GAP = "  "
_INDENT = "  "

Row = Sequence[str]


def alignment(cell: Token) -> str:
    """``left``, ``center`` or ``right``, as written; a cell that says nothing is ``left``."""
    return str(cell.attrGet("style") or "").removeprefix("text-align:") or "left"


def dressed(tokens: Iterable[Token], direction: str) -> Iterator[Token]:
    """The tokens, their tables with what mail programs need: alignments, direction, scopes."""
    heading: list[Token] = []
    for token in tokens:
        if token.type == "table_open":
            token.attrs = {**_PLAIN, "dir": direction}
        elif token.type in _CELLS:
            _align(token, direction)
        if token.type == "thead_open" or heading:
            heading.append(token)
            if token.type == "thead_close":
                yield from heading if any(part.content for part in heading) else ()
                heading = []
        else:
            yield token


def _align(cell: Token, direction: str) -> None:
    """Both as attribute and as style: th is centred by default, and some programs read but one."""
    side = alignment(cell)
    if direction == "rtl":
        side = {"left": "right", "right": "left"}.get(side, side)
    scope = {"scope": "col"} if cell.type == "th_open" else {}
    cell.attrs = {**scope, "align": side, "valign": "top", "style": f"text-align:{side}"}


def columns(rows: Sequence[Row], sides: Sequence[str], width: int, direction: str) -> str:
    """A table as text: columns where they fit, else a line for each cell with its heading.

    The first row is the heading. Columns of spaces would be shuffled where right-to-left words
    stand beside others, so there each cell has its line.
    """
    heading, *body = rows
    widths = [max(map(width_of, column)) for column in zip_longest(*rows, fillvalue="")]
    if direction == "rtl" or sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        return "\n\n".join(_record(heading, row, width) for row in body or [heading])
    rule = ["-" * size for size in widths]
    shown = [heading, rule, *body] if any(heading) else body
    return "\n".join(_line(row, widths, sides) for row in shown)


def _line(row: Row, widths: Sequence[int], sides: Sequence[str]) -> str:
    cells = [_padded(*cell) for cell in zip(row, widths, sides, strict=False)]
    return _GAP.join(cells).rstrip()


def _padded(cell: str, width: int, side: str) -> str:
    room = width - width_of(cell)
    before = {"right": room, "center": room // 2}.get(side, 0)
    return " " * before + cell + " " * (room - before)


def _record(heading: Row, row: Row, width: int) -> str:
    """One row, a line for each cell that says something."""
    named = zip_longest(heading, row, fillvalue="")
    lines = (f"{name}: {cell}" if name and row is not heading else cell for name, cell in named)
    return "\n".join(
        fill(line, width, rest=_INDENT) for line, cell in zip(lines, row, strict=False) if cell
    )
