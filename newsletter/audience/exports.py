"""What other tools export, as readers: who is subscribed, who must not be mailed, since when.

What their columns and words mean stands in ``export_words``.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.audience.cells import clean_cell
from newsletter.audience.export_words import (
    IPS,
    Tool,
    Verdict,
    attributes,
    first_instant,
    is_field,
    recognised,
    verdict_of,
)
from newsletter.audience.header import ADDRESSES, IN_OTHER_WORDS, column_name
from newsletter.audience.model import Gravity
from newsletter.audience.row import CheckedRow, Remarks, shown
from newsletter.audience.table import BrokenRow, Row, Table, UnreadableTable, detect_encoding
from newsletter.errors import ListError, Problem
from newsletter.values import Address

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of an export."""

    address: Address
    fields: Mapping[str, str]
    verdict: Verdict
    path: Path
    line: int
    since: dt.datetime | None = None
    ip: str = ""

    @property
    def source(self) -> str:
        """Where it stands: ``members.csv:12``; what was told, where it stands in no file."""
        return f"{self.path.name}:{self.line}" if self.line else str(self.path)


@dataclass
class Export:
    """One file, read; rows = entries + refused."""

    path: Path
    tool: Tool = Tool.CSV
    rows: int = 0
    refused: int = 0
    columns: tuple[str, ...] = ()
    """The columns that are fields of readers."""
    entries: list[Entry] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()


def read_export(path: Path, tool: Tool | None = None) -> Export:
    """Every row of the file is an entry, or a problem with line and column.

    ``ListError`` where the file cannot be read at all.
    """
    try:
        if path.read_bytes()[:4] == _ZIP and path.suffix.lower() == ".zip":
            cure = "unpack it, and import the files in it: unsubscribed and cleaned ones with them"
            raise ListError([Problem(path, "this is an archive of several files", cure)])
        return _Reading(path, tool).read()
    except OSError as error:
        problem = Problem(path, f"cannot be read: {error.strerror}", "check the path")
        raise ListError([problem]) from error
    except UnreadableTable as error:
        raise ListError([Problem(path, error.message, error.cure, error.line)]) from error


class _Reading:
    """One export as far as it was read."""

    def __init__(self, path: Path, tool: Tool | None) -> None:
        self._export = Export(path)
        self._tool = tool
        self._remarks = Remarks(path)
        self._names: tuple[str, ...] = ()

    def read(self) -> Export:
        """Read the whole file."""
        export = self._export
        encoding = detect_encoding(export.path)
        with export.path.open(encoding=encoding.name, errors="strict") as file:
            table = iter(Table(file))
            header = next(table, None)
            if not isinstance(header, Row):
                raise UnreadableTable("the file has no header", "export it once more", 1)
            self._take_header(header)
            for record in table:
                self._take(record)
        remarks = (each for each in self._remarks.in_order() if each.gravity is Gravity.REFUSED)
        export.problems = tuple(each.problem for each in remarks)
        return export

    def _take_header(self, header: Row) -> None:
        raw = [column_name(clean_cell(cell)[0]) for cell in header.cells]
        self._export.tool = self._tool or recognised(frozenset(raw))
        email = next((name for name in ADDRESSES if name in raw), None)
        if email is None:
            message = "there is no column with addresses, such as email or e_mail_address"
            problem = Problem(
                self._export.path, message, "name theirs email", header.line, 1, "header",
                shown(header.text),
            )  # fmt: skip
            raise ListError([problem])
        renamed = {} if self._export.tool is Tool.NEWSLETTER else IN_OTHER_WORDS
        named = ["email" if name == email else renamed.get(name, name) for name in raw]
        self._names = tuple(_unique(named))
        tool = self._export.tool
        self._export.columns = tuple(name for name in self._names if is_field(name, tool))

    def _take(self, record: Row | BrokenRow) -> None:
        export = self._export
        export.rows += 1
        if isinstance(record, BrokenRow):
            problem = Problem(
                export.path, record.message, record.cure, record.line, record.column,
                f"row {export.rows}", shown(record.text),
            )  # fmt: skip
            self._remarks.add(export.rows, Gravity.REFUSED, problem)
            export.refused += 1
            return
        row = CheckedRow(self._remarks, self._names, export.rows, record)
        row.check()
        if row.address is None:
            export.refused += 1
            return
        export.entries.append(self._entry(row.address, row.fields, record.line))

    def _entry(self, address: Address, cells: Mapping[str, str], line: int) -> Entry:
        fields = {name: cells[name] for name in self._export.columns if cells.get(name)}
        fields |= attributes(cells.get("attributes", ""))
        return Entry(
            address,
            fields,
            verdict_of(self._export.tool, self._export.path, self._names, cells),
            self._export.path,
            line,
            first_instant(cells),
            next((cells[name] for name in IPS if cells.get(name)), ""),
        )


def _unique(names: Sequence[str]) -> Iterator[str]:
    """Columns that are there twice get a number: an export is not the officer's to mend."""
    for at, name in enumerate(names):
        known = name or f"column_{at + 1}"
        yield known if known not in names[:at] else f"{known}_{at + 1}"
