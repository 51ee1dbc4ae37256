"""One row of a list, looked at carefully: cells cleaned, every fault and doubt remarked upon."""

import re
from collections import Counter
from operator import itemgetter
from pathlib import Path

from newsletter.audience.cells import (
    LONGEST_CELL,
    FaultyAddress,
    as_written,
    clean_cell,
    doubt_about,
    doubt_about_zone,
    full_name,
    is_formula,
    is_zone,
    read_address,
    read_language,
)
from newsletter.audience.model import ZONE_FIELDS, Gravity, Remark
from newsletter.audience.table import Row
from newsletter.errors import Problem
from newsletter.values import Address

MOST_REMARKS = 1_000  # of one gravity
_LONGEST_SOURCE = 200
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Remarks:
    """What reading a list brought up; of each gravity the first thousand, the rest counted."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counts: Counter[Gravity] = Counter()
        self._kept: list[tuple[int, Remark]] = []

    def add(self, row: int, gravity: Gravity, problem: Problem) -> None:
        """Keep a remark on a row (0 for the file), or count it when there are too many alike."""
        self.counts[gravity] += 1
        if self.counts[gravity] <= MOST_REMARKS:
            self._kept.append((row, Remark(gravity, problem)))

    def add_late(self, gravity: Gravity, remarks: "Remarks", count: int) -> None:
        """Take over the first of some more remarks of a gravity, and count them all."""
        self._kept += remarks._kept  # noqa: SLF001 its own kind
        self.counts[gravity] += count

    def is_full(self, gravity: Gravity) -> bool:
        """Whether one more of this gravity would only be counted."""
        return self.counts[gravity] >= MOST_REMARKS

    def in_order(self) -> tuple[Remark, ...]:
        """In the file's order, cut off with a count."""
        room = Counter(dict.fromkeys(Gravity, MOST_REMARKS))
        shown = []
        for _, remark in sorted(self._kept, key=itemgetter(0)):
            if room[remark.gravity]:
                room[remark.gravity] -= 1
                shown.append(remark)
        for gravity, count in self.counts.items():
            if count > MOST_REMARKS:
                more = Problem(self.path, f"{count - MOST_REMARKS:,} more of this kind")
                shown.append(Remark(gravity, more))
        return tuple(shown)


class CheckedRow:
    """One row; once it was checked, ``address`` is None if it was refused."""

    def __init__(self, remarks: Remarks, columns: tuple[str, ...], index: int, record: Row) -> None:
        self._remarks = remarks
        self._columns = columns
        self._index = index
        self._record = record
        self.address: Address | None = None
        self.fields: dict[str, str] = {}

    def check(self) -> None:
        """Look at the whole row."""
        if self._fits():
            self._check()

    def remark(self, gravity: Gravity, column: str, message: str, cure: str = "") -> None:
        """Report something about one cell of this row."""
        record = self._record
        index = self._columns.index(column) if column in self._columns else 0
        line, at = record.place(index)
        where = f"row {self._index}" + (f", {column}" if column else "")
        source = shown(record.text.split("\n")[line - record.line])
        problem = Problem(self._remarks.path, message, cure, line, at, where, source)
        self._remarks.add(self._index, gravity, problem)

    def _fits(self) -> bool:
        """Whether the row has a cell for each column, and no more."""
        cells, columns = self._record.cells, self._columns
        count = len(cells)
        while count > len(columns) and not cells[count - 1].strip():
            count -= 1
        if count == len(columns):
            return True
        held = f"{count} cell" if count == 1 else f"{count} cells"
        message = f"the row has {held}, the header has {len(columns)}"
        self.remark(
            Gravity.REFUSED, "", message, "add or remove separators, or quote the cell with one"
        )
        return False

    def _check(self) -> None:
        """Clean and read every cell; all faults of the row are reported."""
        sound = True
        email = ""
        for column, raw in zip(self._columns, self._record.cells, strict=False):
            cell, cleaned = clean_cell(raw)
            if len(cell) > LONGEST_CELL:
                message = f"the cell has {len(cell):,} characters, the most is {LONGEST_CELL:,}"
                self.remark(Gravity.REFUSED, column, message, "shorten it")
                sound = False
                continue
            if cleaned:
                message = f"the cell held {cleaned}; they were removed"
                self.remark(Gravity.MENDED, column, message, "type it again")
            if column == "email":
                email = as_written(cell)
            else:
                self.fields[column] = self._read_field(column, cell, raw)
        address = self._read_address(email)
        if address and sound:
            self.address = address
            self._derive_name()

    def _read_field(self, column: str, cell: str, raw: str) -> str:
        if cell.startswith("'"):
            cell = as_written(cell)
        elif cell and is_formula(raw):
            message = f"{shown(cell)!r} is a formula; it is kept as text and never calculated"
            self.remark(Gravity.MENDED, column, message, "write the value instead")
        if column == "language" and cell:
            cell, doubt = read_language(cell)
        else:
            doubt = self._doubt_about_zone(cell) if column in ZONE_FIELDS and cell else ""
        if doubt:
            self.remark(Gravity.NOTED, column, doubt, "correct it")
        return cell

    def _doubt_about_zone(self, cell: str) -> str:
        """To find the name that was meant takes long: not for a remark that is only counted."""
        if self._remarks.is_full(Gravity.NOTED):
            return "" if is_zone(cell) else f"{cell!r} is not a time zone"
        return doubt_about_zone(cell)

    def _read_address(self, cell: str) -> Address | None:
        try:
            address = read_address(cell)
        except FaultyAddress as error:
            self.remark(Gravity.REFUSED, "email", error.message, error.cure)
            return None
        doubt = doubt_about(address)
        if doubt:
            self.remark(Gravity.NOTED, "email", doubt)
        return address

    def _derive_name(self) -> None:
        first, last = self.fields.get("first_name", ""), self.fields.get("last_name", "")
        if (first or last) and not self.fields.get("name"):
            self.fields["name"] = full_name(first, last)


def shown(text: str) -> str:
    """A line fit to be printed: nothing in it moves the cursor or turns the text."""
    return _CONTROL.sub("\ufffd", text[:_LONGEST_SOURCE])
