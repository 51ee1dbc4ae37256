"""A CSV under ``subscribers/`` as a list: every row is imported or reported, none is lost.

Three gravities (``Gravity``): what is refused stops planning and sending, what is mended and what
is noted does not. Reading streams: apart from the subscribers, memory does not grow with the file.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from newsletter.audience.cells import (
    LONGEST_CELL,
    FaultyAddress,
    clean_cell,
    doubt_about,
    doubt_about_zone,
    full_name,
    is_formula,
    read_address,
    read_language,
)
from newsletter.audience.header import HeaderFault, header_doubts, header_faults, read_header
from newsletter.audience.model import Gravity, Remark, Subscriber, SubscriberList
from newsletter.audience.table import (
    SEPARATORS,
    BrokenRow,
    Encoding,
    Row,
    Table,
    UnreadableTable,
    detect_encoding,
)
from newsletter.errors import ListError, Problem
from newsletter.values import Address

_MOST_REMARKS = 1_000  # of one gravity
_LONGEST_SOURCE = 200
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def load_list(path: Path) -> SubscriberList:
    """Read one list, named for its file. Faults are its remarks, not exceptions.

    The columns: ``email`` is required; ``name``, ``first_name``, ``last_name``, ``language``,
    ``interests``, ``tags``, ``country`` and ``timezone`` are known; any other is a free field. A
    missing ``name`` is made of the first and the last. Raises ``ListError`` when the file cannot
    be opened.
    """
    reading = _Reading(path)
    try:
        encoding = detect_encoding(path)
        reading.read(encoding)
    except OSError as error:
        cannot = Problem(path, f"cannot be read: {error.strerror}", "check the path")
        raise ListError([cannot]) from error
    except UnreadableTable as error:
        reading.remark(Gravity.REFUSED, Problem(path, error.message, error.cure, error.line))
    return reading.result()


def refuse_faulty(lists: Sequence[SubscriberList]) -> None:
    """Raise ``ListError`` with every refused row of all the lists, if there is one."""
    problems = [problem for each in lists for problem in each.problems(Gravity.REFUSED)]
    if problems:
        raise ListError(problems)


class _Reading:
    """One list as far as it was read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = "utf-8"
        self.separator = ","
        self.columns: tuple[str, ...] = ()
        self.found: dict[str, Subscriber] = {}
        self.rows = self.duplicates = self.refused = 0
        self.remarks: list[Remark] = []
        self.counts: Counter[Gravity] = Counter()

    def remark(self, gravity: Gravity, problem: Problem) -> None:
        """Keep a remark, or count it when there are too many alike."""
        self.counts[gravity] += 1
        if self.counts[gravity] <= _MOST_REMARKS:
            self.remarks.append(Remark(gravity, problem))

    def read(self, encoding: Encoding) -> None:
        """Read the whole file."""
        self.encoding = encoding.name.removesuffix("-sig")
        with self.path.open(encoding=encoding.name, errors="strict") as file:
            table = Table(file)
            records = iter(table)
            try:
                header = next(records, None)
                self.separator = table.separator or ","
                self._note_form(encoding)
                if self._take_header(header):
                    for record in records:
                        self._take(record)
            except UnicodeDecodeError as error:
                message = f"the file ends in the middle of a character, or is not {self.encoding}"
                raise UnreadableTable(message, "save it as UTF-8") from error

    def result(self) -> SubscriberList:
        """The list, its remarks cut off with a count."""
        for gravity, count in self.counts.items():
            if count > _MOST_REMARKS:
                more = Problem(self.path, f"{count - _MOST_REMARKS:,} more of this kind")
                self.remarks.append(Remark(gravity, more))
        return SubscriberList(
            name=self.path.stem,
            path=self.path,
            encoding=self.encoding,
            separator=self.separator,
            subscribers=tuple(self.found.values()),
            rows=self.rows,
            columns=self.columns,
            duplicates=self.duplicates,
            refused=self.refused,
            remarks=tuple(self.remarks),
        )

    def _note_form(self, encoding: Encoding) -> None:
        if encoding.guessed_from:
            message = "the file is not UTF-8; it was read as Windows-1252"
            cure = "look at this line's accents; save the file as UTF-8"
            self.remark(Gravity.NOTED, Problem(self.path, message, cure, encoding.guessed_from))
        elif self.encoding != "utf-8":
            self.remark(Gravity.NOTED, Problem(self.path, f"the file was read as {self.encoding}"))
        if self.separator != ",":
            name = SEPARATORS.get(self.separator, repr(self.separator))
            self.remark(Gravity.NOTED, Problem(self.path, f"cells are separated by a {name}"))

    def _take_header(self, header: Row | BrokenRow | None) -> bool:
        """Read the header; False when it stops the reading."""
        if header is None:
            problem = Problem(self.path, "the file is empty", "write a header such as email,name")
            self.remark(Gravity.REFUSED, problem)
            return False
        if isinstance(header, BrokenRow):
            self._remark_broken(header, "header")
            return False
        cells = [clean_cell(cell)[0] for cell in header.cells]
        self.columns = read_header(cells)
        faults = list(header_faults(cells, self.columns))
        for fault in faults:
            self._remark_header(Gravity.REFUSED, header, fault)
        for doubt in header_doubts(self.columns) if not faults else ():
            self._remark_header(Gravity.NOTED, header, doubt)
        return not faults

    def _remark_header(self, gravity: Gravity, header: Row, fault: HeaderFault) -> None:
        line, column = header.place(fault.column) if fault.column is not None else (header.line, 0)
        source = _shown(header.text)
        problem = Problem(self.path, fault.message, fault.cure, line, column, "header", source)
        self.remark(gravity, problem)

    def _remark_broken(self, record: BrokenRow, where: str) -> None:
        source = _shown(record.text)
        problem = Problem(
            self.path, record.message, record.cure, record.line, record.column, where, source
        )
        self.remark(Gravity.REFUSED, problem)

    def _take(self, record: Row | BrokenRow) -> None:
        """Import one row, or count and report it."""
        self.rows += 1
        if isinstance(record, BrokenRow):
            self.refused += 1
            self._remark_broken(record, f"row {self.rows}")
            return
        row = _CheckedRow(self, record)
        if not row.address:
            self.refused += 1
            return
        subscriber = Subscriber(row.address, row.fields, self.path.stem, record.line)
        first = self.found.setdefault(row.address.key, subscriber)
        if first is not subscriber:
            self.duplicates += 1
            self.found[row.address.key] = _merged(first, subscriber)
            message = f"{row.address} is there already, in line {first.line}"
            row.remark(Gravity.MENDED, "email", message, "remove one of the two rows")


class _CheckedRow:
    """One row, cleaned; ``address`` is None when it was refused."""

    def __init__(self, reading: _Reading, record: Row) -> None:
        self._reading = reading
        self._record = record
        self.address: Address | None = None
        self.fields: dict[str, str] = {}
        if self._fits():
            self._check()

    def remark(self, gravity: Gravity, column: str, message: str, cure: str = "") -> None:
        """Report something about one cell of this row."""
        reading, record = self._reading, self._record
        index = reading.columns.index(column) if column in reading.columns else 0
        line, at = record.place(index)
        where = f"row {reading.rows}" + (f", {column}" if column else "")
        source = _shown(record.text.split("\n")[line - record.line])
        reading.remark(gravity, Problem(reading.path, message, cure, line, at, where, source))

    def _fits(self) -> bool:
        """Whether the row has a cell for each column, and no more."""
        cells, columns = self._record.cells, self._reading.columns
        count = len(cells)
        while count > len(columns) and not cells[count - 1].strip():
            count -= 1
        if count == len(columns):
            return True
        message = f"the row has {count} cells, the header has {len(columns)}"
        self.remark(
            Gravity.REFUSED, "", message, "add or remove separators, or quote the cell with one"
        )
        return False

    def _check(self) -> None:
        """Clean and read every cell; all faults of the row are reported."""
        sound = True
        email = ""
        for column, raw in zip(self._reading.columns, self._record.cells, strict=False):
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
                email = cell
            else:
                self.fields[column] = self._read_field(column, cell, raw)
        address = self._read_address(email)
        if address and sound:
            self.address = address
            self._derive_name()

    def _read_field(self, column: str, cell: str, raw: str) -> str:
        if cell and is_formula(raw):
            message = f"{_shown(cell)!r} is a formula; it is kept as text and never calculated"
            self.remark(Gravity.MENDED, column, message, "write the value instead")
        if column == "language" and cell:
            cell, doubt = read_language(cell)
        else:
            doubt = doubt_about_zone(cell) if column == "timezone" and cell else ""
        if doubt:
            self.remark(Gravity.NOTED, column, doubt, "correct it")
        return cell

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


def _merged(first: Subscriber, later: Subscriber) -> Subscriber:
    """The first row, its empty cells filled from the later one."""
    fields = {name: cell or later.fields.get(name, "") for name, cell in first.fields.items()}
    return Subscriber(first.address, fields, first.list_name, first.line)


def _shown(text: str) -> str:
    """A line fit to be printed: nothing in it moves the cursor or turns the text."""
    return _CONTROL.sub("\ufffd", text[:_LONGEST_SOURCE])
