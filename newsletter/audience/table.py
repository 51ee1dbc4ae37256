"""A CSV file as rows of cells, in bounded memory, with the place of every cell.

Not the csv module: it cannot say where a cell stands, and one stray quote makes it swallow the
rest of the file as a single cell. Here a quote opens a cell only where the cell begins, and a
cell that does not close the way a line break in a cell would is reported at its opening quote;
reading goes on with the next line.
"""

import codecs
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import compress, repeat
from pathlib import Path
from typing import TextIO

SEPARATORS = {";": "semicolon", ",": "comma", "\t": "tab"}
LONGEST_LINE = 100_000
_MOST_LINES = 10  # of one quoted cell, before its quote is taken for a stray one
_BLOCK = 1 << 16
_BLANK = " \t\n,;"  # a line of nothing else is no row
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_SURELY_UTF8 = re.compile(rb"[\xc3-\xc5][\x80-\xbf]|[\xe3-\xed][\x80-\xbf]{2}")
"""Letters of Europe and Asia; in Windows-1252 a capital with a tilde or ring, then a sign."""
_SPREADSHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods, xls
_OPENING = re.compile(r' *"')
_QUOTED = re.compile(r' *"((?:[^"]|"")*+)" *')
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)


class UnreadableTable(Exception):
    """The file's octets are no text; ``line`` is where that shows, or 0."""

    def __init__(self, message: str, cure: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.line = line


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the file is encoded; ``guessed_from`` is the first line that is not UTF-8, or 0."""

    name: str
    guessed_from: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One record: its cells, the first line it stands on, and its text."""

    line: int
    cells: tuple[str, ...]
    text: str
    separator: str

    def place(self, index: int) -> tuple[int, int]:
        """Line and column, from 1, of a cell; those of the record's end for a missing one."""
        starts = [start for start, _ in _split(self.text, self.separator)]
        before = self.text[: starts[index]] if index < len(starts) else self.text
        return self.line + before.count("\n"), len(before) - before.rfind("\n")


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A record that cannot be taken apart, and why."""

    line: int
    column: int
    message: str
    cure: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Records of one line each whose cells are plain: the lines' numbers, texts and cells."""

    numbers: list[int]
    texts: list[str]
    cells: list[list[str]]
    separator: str

    def row(self, index: int) -> Row:
        """One of them by itself."""
        cells = tuple(self.cells[index])
        return Row(self.numbers[index], cells, self.texts[index], self.separator)


class _QuoteFault(Exception):
    """A quoted cell that does not end (``open``), or goes on after its closing quote."""

    def __init__(self, at: int, *, is_open: bool) -> None:
        super().__init__()
        self.at = at
        self.is_open = is_open


def detect_encoding(path: Path) -> Encoding:
    """The byte-order mark, else strict UTF-8, else Windows-1252; never a guess by frequency.

    Raises ``UnreadableTable`` for what is none of them.
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name)
    if start.startswith(_SPREADSHEET):
        message = "the file is a spreadsheet or an archive, not CSV"
        raise UnreadableTable(message, "export it as CSV, in UTF-8")
    if _looks_like_utf16(start):
        message = "the file looks like UTF-16 without its byte-order mark"
        raise UnreadableTable(message, "save it as UTF-8")
    line = _first_line_not_utf8(path)
    if not line:
        return Encoding("utf-8")
    _check_cp1252(path)
    _refuse_mixed(path, line)
    return Encoding("cp1252", line)


def _looks_like_utf16(start: bytes) -> bool:
    """Every second octet of ASCII text in UTF-16 is zero."""
    half = len(start) // 2
    return half > 1 and max(start[::2].count(0), start[1::2].count(0)) > half * 0.4


def _first_line_not_utf8(path: Path) -> int:
    """The first line that strict UTF-8 refuses, or 0."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not block:
                return 0
            line += block.count(b"\n")


def _refuse_mixed(path: Path, strange: int) -> None:
    """Rows of two programs in one file: read as either, the other's names come out garbled."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if _SURELY_UTF8.search(line) and _is_utf8(line):
                message = f"this line is not UTF-8, but line {number} is: the file mixes encodings"
                cure = "type the accents of this line anew, and save the file as UTF-8"
                raise UnreadableTable(message, cure, strange)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_cp1252(path: Path) -> None:
    line = 1
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found = _NOT_CP1252.search(block)
            if found:
                message = f"octet 0x{found[0][0]:02X} is neither UTF-8 nor Windows-1252"
                line += block[: found.start()].count(b"\n")
                raise UnreadableTable(message, "save the file as UTF-8", line)
            line += block.count(b"\n")


def detect_separator(header: str) -> str:
    """The separator that occurs most often in the header outside quotes; a comma if none does."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


class Table:
    """The records of an open text file, the header among them; lines without text left out.

    A first line ``sep=;`` (spreadsheets write it) names the separator and is no record.
    ``separator`` is known once the first record was read.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._number = 1
        self._lines: deque[str] = deque()
        """Lines that were read from the file; ``_number`` is the first one's."""
        self._has_quotes = False
        """Whether any of the lines may have a quote."""
        self._columns = 1
        self.separator = ""

    def __iter__(self) -> Iterator[Row | BrokenRow]:
        """The records, in the file's order."""
        while (line := self._next_line()) is not None:
            number, text = line
            named = _SEPARATOR_LINE.fullmatch(text) if number == 1 else None
            if named:
                self.separator = named[1]
            elif text.strip(_BLANK):
                yield self._record(number, text)

    def blocks(self) -> Iterator[Block | Row | BrokenRow]:
        """The same, those that can be taken apart without thought in blocks.

        To be asked once the header was read.
        """
        while self._lines or self._fill():
            block = self._block()
            if block.numbers:
                yield block
            if self._lines:
                number, text = self._take_line()
                yield self._record(number, text)

    def _block(self) -> Block:
        """The lines up to the next one that needs thought."""
        if not self._has_quotes and max(map(len, self._lines)) < LONGEST_LINE - 1:
            return self._whole_block()
        block = Block([], [], [], self.separator)
        while self._lines:
            text = self._lines[0]
            cells = _plain_cells(text, self.separator)
            if cells is None or len(text) >= LONGEST_LINE - 1:
                return block
            number, _ = self._take_line()
            if text.strip(_BLANK):
                block.numbers.append(number)
                block.texts.append(text)
                block.cells.append(cells)
        return block

    def _whole_block(self) -> Block:
        """All lines at once, where none has a quote."""
        texts = list(self._lines)
        numbers = list(range(self._number, self._number + len(texts)))
        self._number += len(texts)
        self._lines.clear()
        full = [*map(str.strip, texts, repeat(_BLANK))]
        if not all(full):
            texts, numbers = list(compress(texts, full)), list(compress(numbers, full))
        cells = [text.split(self.separator) for text in texts]
        return Block(numbers, texts, cells, self.separator)

    def _next_line(self) -> tuple[int, str] | None:
        return self._take_line() if self._lines or self._fill() else None

    def _take_line(self) -> tuple[int, str]:
        self._number += 1
        return self._number - 1, self._lines.popleft()

    def _give_back(self, lines: list[str]) -> None:
        self._number -= len(lines)
        self._lines.extendleft(reversed(lines))
        self._has_quotes = True  # that is why they come back

    def _fill(self) -> bool:
        """Read some more whole lines; of one that is endless the end is passed over."""
        text = self._file.read(_BLOCK)
        if text and not text.endswith("\n"):
            text += tail if (tail := self._file.readline(LONGEST_LINE)) else ""
            while len(tail) == LONGEST_LINE and not tail.endswith("\n"):
                tail = self._file.readline(LONGEST_LINE)
        self._has_quotes = '"' in text
        self._lines.extend(text.removesuffix("\n").split("\n") if text else ())
        return bool(self._lines)

    def _record(self, number: int, text: str) -> Row | BrokenRow:
        if len(text) >= LONGEST_LINE - 1:
            message = f"the line has {LONGEST_LINE:,} characters or more"
            return BrokenRow(number, 1, message, "shorten it", text[:200])
        if not self.separator:
            self.separator = detect_separator(text)
            self._columns = text.count(self.separator) + 1
        if '"' not in text:
            return Row(number, tuple(text.split(self.separator)), text, self.separator)
        return self._quoted(number, text)

    def _quoted(self, number: int, text: str) -> Row | BrokenRow:
        """A record with quotes; it may go on over a few lines."""
        taken: list[str] = []
        whole = text
        while True:
            try:
                cells = tuple(cell for _, cell in _split(whole, self.separator))
            except _QuoteFault as fault:
                following = (
                    self._next_line() if fault.is_open and len(taken) < _MOST_LINES else None
                )
                if following and not self._is_row(following[1]):
                    taken.append(following[1])
                    whole += f"\n{following[1]}"
                    continue
                self._give_back([*taken, following[1]] if following else taken)
                return self._stray(number, text, fault)
            return Row(number, cells, whole, self.separator)

    def _is_row(self, line: str) -> bool:
        """Whether a line, as far as it is inside a quoted cell, looks like the next row."""
        inside = line.partition('"')[0]
        return "@" in inside and inside.count(self.separator) >= self._columns - 1

    def _stray(self, number: int, text: str, fault: _QuoteFault) -> BrokenRow:
        try:
            _split(text, self.separator)
        except _QuoteFault as first:
            fault = first
        message = "a cell goes on after its closing quote"
        if fault.is_open:
            message = "a quote opens here and does not close in this row"
        cure = 'remove it, or write "" for a quote inside a quoted cell'
        return BrokenRow(number, fault.at + 1, message, cure, text)


def _plain_cells(text: str, separator: str) -> list[str] | None:
    """The cells of a line that has no quotes, or only around whole cells; None for any other."""
    if '"' not in text:
        return text.split(separator)
    parts = text.split('"')
    bare, quoted = parts[::2], parts[1::2]
    if len(bare) == len(quoted):  # a quote is left open
        return None
    cells: list[str] = []
    for index, piece in enumerate(bare):
        if index:
            cells.append(quoted[index - 1])
        rest = _between(piece, separator, first=not index, last=index == len(quoted))
        if rest is None:
            return None
        cells += rest
    return cells


def _between(piece: str, separator: str, *, first: bool, last: bool) -> list[str] | None:
    """The cells before, between or after two quoted ones; None where no separator parts them."""
    if (not piece and first != last) or (piece == separator and not (first or last)):
        return []
    begin = 0 if first else 1
    end = len(piece) if last else -1
    if (begin and piece[:1] != separator) or (not last and piece[-1:] != separator):
        return None
    return piece[begin:end].split(separator)


def _split(text: str, separator: str) -> list[tuple[int, str]]:
    """Where each cell of a record begins, and its text."""
    cells: list[tuple[int, str]] = []
    at = 0
    while True:
        quoted = _QUOTED.match(text, at)
        if quoted:
            end = quoted.end()
            cells.append((at, quoted[1].replace('""', '"')))
        elif _OPENING.match(text, at):
            raise _QuoteFault(at, is_open=True)
        else:
            end = text.find(separator, at)
            end = len(text) if end < 0 else end
            cells.append((at, text[at:end]))
        if end >= len(text):
            return cells
        if text[end] != separator:
            raise _QuoteFault(at, is_open=False)
        at = end + 1
