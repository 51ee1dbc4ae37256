"""Blocks of plain rows, column by column: what the careful way makes of each row, but quickly.

A row about which there is anything to say is odd, and left to the careful way (``lists``). Of
the others the same comes out as there.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import compress, repeat
from operator import eq

from newsletter.audience.cells import (
    FIRST_IDEOGRAPH,
    LONGEST_CELL,
    NOT_IN_A_HEADER,
    ROLES,
    TYPOS,
    as_written,
    full_name,
    is_formula,
    is_plain,
    is_zone,
    read_language,
)
from newsletter.audience.model import ZONE_FIELDS
from newsletter.audience.subscribers import ABSENT, UNIT
from newsletter.audience.table import Block
from newsletter.values import LONGEST_ADDRESS, LONGEST_LOCAL, PLAIN_DOMAIN, PLAIN_LOCAL

_LOCAL = re.compile(PLAIN_LOCAL)
_LOCALS = re.compile(rf"{PLAIN_LOCAL}(?:\n{PLAIN_LOCAL})*+")
_DOMAIN = re.compile(PLAIN_DOMAIN)
_MARKS = "=@+-"  # what a formula may begin with
_TEXT = "'"  # before such a mark it says that the cell is text
_Columns = dict[str, Sequence[str]]


class Bulk:
    """Reads blocks below a header: its columns, and the names of the fields of each line."""

    def __init__(self, columns: Sequence[str], names: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._names = tuple(names)
        self._derives = bool({"first_name", "last_name"} & {*columns})

    def read(self, block: Block) -> tuple[list[str], set[int]]:
        """A line for each plain row, and which of the block's rows are odd."""
        odd = _unfit(block, len(self._columns))
        rows, numbers = block.cells, block.numbers
        fit: Sequence[int] = range(len(rows))
        if odd:
            fit = [at for at in fit if at not in odd]
            rows, numbers = [rows[at] for at in fit], [numbers[at] for at in fit]
        if not rows:
            return [], odd
        if _has_margins(block):
            rows = [[cell.strip(" ") for cell in row] for row in rows]
        columns: _Columns = dict(zip(self._columns, zip(*rows, strict=True), strict=True))
        addresses, strange = _addresses(columns["email"])
        strange |= _strange(block, rows, columns)
        if strange:
            odd |= {fit[at] for at in strange}
            sound = [at not in strange for at in range(len(rows))]
            columns = {name: tuple(compress(column, sound)) for name, column in columns.items()}
            addresses = list(compress(addresses, sound))
            numbers = list(compress(numbers, sound))
        return self._lines(columns, numbers, addresses) if numbers else [], odd

    def _lines(
        self, columns: _Columns, numbers: Sequence[int], addresses: Sequence[str]
    ) -> list[str]:
        """The rows as ``subscribers.line_of`` writes them."""
        if "language" in columns:
            columns["language"] = _mapped(columns["language"], lambda cell: read_language(cell)[0])
        if self._derives:
            columns["name"] = _derived(columns, len(numbers))
        keys = _folded(addresses)
        places = map("{:09d}".format, numbers)
        cells = (columns[name] for name in self._names)
        return [*map(UNIT.join, zip(keys, places, addresses, *cells, strict=True))]


def _unfit(block: Block, width: int) -> set[int]:
    """Rows of another width than the header, overlong ones, and those that are cleaned."""
    count = len(block.cells)
    odd: set[int] = set()
    if {*map(len, block.cells)} != {width}:
        odd = {at for at, row in enumerate(block.cells) if len(row) != width}
        block.cells[:] = [_trimmed(row, width) for row in block.cells]
        odd = {at for at in odd if len(block.cells[at]) != width}
    if max(map(len, block.texts), default=0) > LONGEST_CELL:
        odd |= {at for at in range(count) if len(block.texts[at]) > LONGEST_CELL}
    tab = block.separator == "\t"
    bare = [text.replace("\t", "") for text in block.texts] if tab else block.texts
    if not is_plain("".join(bare)):
        odd |= {at for at in range(count) if not is_plain(bare[at])}
    return odd


def _trimmed(row: list[str], width: int) -> list[str]:
    """The row without empty cells that stand beyond the header."""
    return row[:width] if len(row) > width and not any(map(str.strip, row[width:])) else row


def _has_margins(block: Block) -> bool:
    """Whether any cell may begin or end with a space."""
    text = "\n".join(["", *block.texts, ""])
    separator = block.separator
    signs = (f" {separator}", f"{separator} ", "\n ", " \n") if " " in text else ()
    return '"' in text or any(sign in text for sign in signs)


def _strange(block: Block, rows: Sequence[Sequence[str]], columns: _Columns) -> set[int]:
    """Rows with a cell to remark upon: its language, time zone, or a formula."""
    found = _where(columns.get("language", ()), lambda cell: bool(read_language(cell)[1]))
    for name in ZONE_FIELDS:
        found |= _where(columns.get(name, ()), lambda cell: not is_zone(cell))
    text = "\n".join(["", *block.texts])
    elsewhere = text.count("@") > "".join(columns["email"]).count("@") or f"{_TEXT}@" in text
    marks = [mark for mark in _MARKS if mark in text and (mark != "@" or elsewhere)]
    begins = ("\n", block.separator, " ", '"', _TEXT)
    if any(f"{begin}{mark}" in text for mark in marks for begin in begins):
        found |= {at for at, row in enumerate(rows) if _has_formula(row)}
    return found


def _has_formula(row: Sequence[str]) -> bool:
    return any(
        is_formula(cell) or as_written(cell) != cell
        for cell in row
        if cell and cell[0] in _MARKS + _TEXT
    )


def _addresses(emails: Sequence[str]) -> tuple[Sequence[str], set[int]]:
    """The addresses, and the rows where one is not plain or looks wrong."""
    names, _, domains = zip(*map(str.rpartition, emails, repeat("@")), strict=True)
    known = {domain: _domain(domain) for domain in set(domains)}
    found = set()
    if not all(known.values()):
        found = {at for at, domain in enumerate(domains) if not known[domain]}
    joined = "\n".join(names)
    if not _LOCALS.fullmatch(joined):
        found |= {at for at, name in enumerate(names) if not _LOCAL.fullmatch(name)}
    if NOT_IN_A_HEADER in joined:
        found |= {at for at, name in enumerate(names) if NOT_IN_A_HEADER in name}
    if max(map(len, emails)) > LONGEST_LOCAL:
        long = (LONGEST_LOCAL, LONGEST_ADDRESS)
        found |= {at for at, name in enumerate(names) if len(name) > long[0]}
        found |= {at for at, email in enumerate(emails) if len(email) > long[1]}
    folded = _folded(names)
    if not ROLES.isdisjoint(folded):
        found |= {at for at, name in enumerate(folded) if name in ROLES}
    if all(map(eq, known.keys(), known.values())):
        return emails, found
    lower = map(known.__getitem__, domains)
    return [f"{name}@{domain}" for name, domain in zip(names, lower, strict=True)], found


def _folded(column: Sequence[str]) -> Sequence[str]:
    """The column's cells, which hold no line breaks, as ``str.casefold`` has them."""
    return "\n".join(column).casefold().split("\n")


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> str:
    """A plain domain in lower case; nothing for one that is not, or is probably mistyped."""
    lower = domain.lower()
    return lower if _DOMAIN.fullmatch(domain) and lower not in TYPOS else ""


def _where(column: Sequence[str], is_odd: Callable[[str], bool]) -> set[int]:
    """The rows whose cell is odd; each different cell is looked at once, empty ones never."""
    odd = {cell for cell in set(column) if cell and is_odd(cell)}
    return {at for at, cell in enumerate(column) if cell in odd} if odd else set()


def _mapped(column: Sequence[str], change: Callable[[str], str]) -> Sequence[str]:
    """The column with each different cell changed; empty ones stay."""
    changed = {cell: change(cell) if cell else cell for cell in set(column)}
    return [changed[cell] for cell in column]


def _derived(columns: Mapping[str, Sequence[str]], count: int) -> Sequence[str]:
    """The column of whole names: what is missing in it is made of the two halves."""
    nothing = ("",) * count
    firsts, lasts = (columns.get(half, nothing) for half in ("first_name", "last_name"))
    if all(firsts) and all(lasts) and max(firsts) < FIRST_IDEOGRAPH:
        made = [*map(" ".join, zip(firsts, lasts, strict=True))]
    else:
        made = [*map(full_name, firsts, lasts)]
    if "name" in columns:
        return [name or whole for name, whole in zip(columns["name"], made, strict=True)]
    return [whole or ABSENT for whole in made]
