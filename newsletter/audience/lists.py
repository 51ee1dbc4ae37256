"""A CSV under ``subscribers/`` as a list: every row is imported or reported, none is lost.

Three gravities (``Gravity``): what is refused stops planning and sending, what is mended and what
is noted does not. Reading streams: memory does not grow with the file.
"""

import contextlib
import heapq
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from newsletter.audience.bulk import Bulk
from newsletter.audience.cells import clean_cell
from newsletter.audience.header import HeaderFault, header_doubts, header_faults, read_header
from newsletter.audience.model import Gravity
from newsletter.audience.row import MOST_REMARKS, CheckedRow, Remarks, shown
from newsletter.audience.subscribers import SubscriberList, Subscribers, line_of
from newsletter.audience.table import (
    SEPARATORS,
    Block,
    BrokenRow,
    Encoding,
    Row,
    Table,
    UnreadableTable,
    detect_encoding,
)
from newsletter.errors import ListError, Problem


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
        try:
            reading.read(encoding)
        finally:
            reading.note_repeated(encoding)
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
        self.found = Subscribers(path.stem, ())
        self.rows = self.duplicates = self.refused = 0
        self.remarks = Remarks(path)

    def remark(self, gravity: Gravity, problem: Problem) -> None:
        """Report something about the row that is read, or about the file."""
        self.remarks.add(self.rows, gravity, problem)

    def read(self, encoding: Encoding) -> None:
        """Read the whole file."""
        self.encoding = encoding.name.removesuffix("-sig")
        with self._table(encoding) as table:
            header = next(iter(table), None)
            self.separator = table.separator or ","
            self._note_form(encoding)
            if not self._take_header(header):
                return
            bulk = Bulk(self.columns, self.found.names)
            for record in table.blocks():
                if isinstance(record, Block):
                    self._take_block(record, bulk)
                else:
                    self._take(record)

    def note_repeated(self, encoding: Encoding) -> None:
        """Count the rows whose address an earlier one has, and report the first of them."""
        first = heapq.nsmallest(MOST_REMARKS, self._repeated())
        if first:
            late = Remarks(self.path)
            self._remark_repeated(late, encoding, {line: rest for line, *rest in first})
            self.remarks.add_late(Gravity.MENDED, late, self.duplicates)

    def _repeated(self) -> Iterator[tuple[int, int, str]]:
        for each in self.found.repeated():
            self.duplicates += 1
            yield each

    def _remark_repeated(
        self, late: Remarks, encoding: Encoding, repeated: Mapping[int, Sequence[object]]
    ) -> None:
        """Go through the file once more, for the places of the rows that were merged."""
        with self._table(encoding) as table:
            for index, record in enumerate(itertools.islice(table, 1, None), start=1):
                if isinstance(record, Row) and record.line in repeated:
                    first, address = repeated[record.line]
                    message = f"{address} is there already, in line {first}"
                    row = CheckedRow(late, self.columns, index, record)
                    row.remark(Gravity.MENDED, "email", message, "remove one of the two rows")

    @contextlib.contextmanager
    def _table(self, encoding: Encoding) -> Iterator[Table]:
        with self.path.open(encoding=encoding.name, errors="strict") as file:
            try:
                yield Table(file)
            except UnicodeDecodeError as error:
                message = f"the file ends in the middle of a character, or is not {self.encoding}"
                raise UnreadableTable(message, "save it as UTF-8") from error

    def result(self) -> SubscriberList:
        """The list, its remarks cut off with a count."""
        return SubscriberList(
            name=self.path.stem,
            path=self.path,
            encoding=self.encoding,
            separator=self.separator,
            subscribers=self.found,
            rows=self.rows,
            columns=self.columns,
            duplicates=self.duplicates,
            refused=self.refused,
            remarks=self.remarks.in_order(),
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
        self.found = Subscribers(self.path.stem, _field_names(self.columns))
        return not faults

    def _remark_header(self, gravity: Gravity, header: Row, fault: HeaderFault) -> None:
        line, column = header.place(fault.column) if fault.column is not None else (header.line, 0)
        source = shown(header.text)
        problem = Problem(self.path, fault.message, fault.cure, line, column, "header", source)
        self.remark(gravity, problem)

    def _remark_broken(self, record: BrokenRow, where: str) -> None:
        source = shown(record.text)
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
        row = CheckedRow(self.remarks, self.columns, self.rows, record)
        row.check()
        if row.address:
            self.found.add([line_of(row.address, record.line, row.fields, self.found.names)])
        else:
            self.refused += 1

    def _take_block(self, block: Block, bulk: Bulk) -> None:
        """Import a block of rows, the odd ones among them one by one."""
        before = self.rows
        lines, odd = bulk.read(block)
        self.found.add(lines)
        for at in sorted(odd):
            self.rows = before + at
            self._take(block.row(at))
        self.rows = before + len(block.numbers)


def _field_names(columns: Sequence[str]) -> tuple[str, ...]:
    """The fields of a list's subscribers: its columns, and the name that is made of two halves."""
    names = [name for name in columns if name != "email"]
    halved = "name" not in columns and {"first_name", "last_name"} & {*columns}
    return (*names, "name") if halved else tuple(names)
