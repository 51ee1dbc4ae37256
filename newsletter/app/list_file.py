"""A list's file as it is written back: lines that did not change stay as they are, to the octet."""

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path

from newsletter.audience.cells import as_written, clean_cell, kept_as_text
from newsletter.audience.header import KNOWN_COLUMNS, read_header
from newsletter.audience.lists import load_list, refuse_faulty
from newsletter.audience.table import BrokenRow, Row, Table, detect_encoding
from newsletter.errors import ListError, Problem
from newsletter.values import Address


class ListFile:
    """Rows by address, in the file's order; new ones where they belong, or at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: tuple[str, ...] = ()
        self._separator = ","
        self._encoding = "utf-8"
        self._ending = "\n"
        self._header = ""
        self._rows: dict[str, tuple[str, dict[str, str]]] = {}
        """By key: the row's text, and its cells."""
        self._loose: list[str] = []
        self._touched = False

    @classmethod
    def at(cls, path: Path) -> "ListFile":
        """Read it, if it is there; ``ListError`` where it is faulty: it is mended first."""
        made = cls(path)
        if path.exists():
            refuse_faulty([load_list(path)])
            made._read()
        return made

    def take_columns(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Columns of what is to come: a new file has them all; those that an old one lacks."""
        if self.columns:
            return tuple(name for name in names if name not in self.columns)
        known = [name for name in KNOWN_COLUMNS if name in names and name != "email"]
        self.columns = ("email", *known, *(name for name in names if name not in KNOWN_COLUMNS))
        self._header = self._line(dict(zip(self.columns, self.columns, strict=True)))
        return ()

    def cells_of(self, address: Address) -> Mapping[str, str] | None:
        """The cells of an address's row; None where it has none."""
        found = self._rows.get(address.key)
        return found[1] if found else None

    def add(self, address: Address, fields: Mapping[str, str]) -> None:
        """A row more."""
        cells = {name: fields.get(name, "") for name in self.columns} | {"email": address.text}
        self._rows[address.key] = (self._line(cells), cells)
        self._touched = True

    def fill(self, address: Address, cells: Mapping[str, str]) -> None:
        """Fill cells of a row that are empty."""
        whole = {**self._rows[address.key][1], **cells}
        self._rows[address.key] = (self._line(whole), whole)
        self._touched = True

    def write(self) -> None:
        """Whole or not at all; not touched where nothing changed."""
        if not self._touched:
            return
        lines = [self._header, *self._ordered()]
        text = "".join(line + self._ending for line in lines)
        part = self.path.with_name(f".{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(text.encode(self._encoding))
            os.replace(part, self.path)  # noqa: PTH105 the same
        except (OSError, UnicodeEncodeError) as error:
            part.unlink(missing_ok=True)
            problem = Problem(self.path, f"cannot be written: {error}", "save it as UTF-8 first")
            raise ListError([problem]) from error

    def _ordered(self) -> list[str]:
        """In the order of the addresses where the file was so; else the new ones at the end."""
        keys = list(self._rows)
        old = keys[: self._old]
        new = sorted(keys[self._old :])
        in_order = old == sorted(old)
        order = sorted(keys) if in_order else [*old, *new]
        return [self._rows[key][0] for key in order]

    @property
    def _old(self) -> int:
        return len(self._loose)

    def _read(self) -> None:
        encoding = detect_encoding(self.path)
        self._encoding = encoding.name
        self._ending = "\r\n" if b"\r\n" in self.path.read_bytes()[:100_000] else "\n"
        with self.path.open(encoding=encoding.name) as file:
            table = Table(file)
            for record in table:
                if isinstance(record, BrokenRow):
                    continue
                self._take(record)
            self._separator = table.separator or ","

    def _take(self, record: Row) -> None:
        cells = [as_written(clean_cell(cell)[0]) for cell in record.cells]
        text = record.text.replace("\n", self._ending)
        if not self.columns:
            self.columns = read_header(cells)
            self._header = text
            return
        named = dict.fromkeys(self.columns, "") | dict(zip(self.columns, cells, strict=False))
        key = Address.parse(named["email"]).key
        if key in self._rows:
            key = f"{key}\0{record.line}"  # a repeated row stays where it is
        self._rows[key] = (text, named)
        self._loose.append(key)

    def _line(self, cells: Mapping[str, str]) -> str:
        written = io.StringIO()
        writer = csv.writer(written, delimiter=self._separator, lineterminator="")
        writer.writerow([kept_as_text(cells.get(name, "")) for name in self.columns])
        return written.getvalue()
