"""One TOML file as it was read: its values, and the place of each.

``tomllib`` gives the values, parse-errors (tree-sitter) the places: its whole map of an 8 KB
issue takes 3 ms and is needed anyway, because lint and preview point at the officer's line.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from parse_errors.source_map import build_source_map

from newsletter.errors import IssueError, Problem
from newsletter.issue.model import Place

MAX_BYTES: Final = 1_000_000
_BOM = b"\xef\xbb\xbf"
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY_LINE = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=|\s*\[")
_TWICE = ("Cannot overwrite a value", "Cannot declare", "Cannot mutate", "Duplicate")


@dataclass(frozen=True, slots=True)
class Source:
    """A file's values, the place of each dotted key, and its lines."""

    path: Path
    data: Mapping[str, Any]
    places: Mapping[str, Place]
    lines: tuple[str, ...]

    def has(self, where: str) -> bool:
        """Whether the file itself says something at this key."""
        return self._value(where) is not None

    def says(self, where: str) -> bool:
        """Whether the file itself gives a value, not a table, at this key."""
        return self.has(where) and not isinstance(self._value(where), dict | list)

    def problem(self, where: str, message: str, cure: str = "") -> Problem:
        """A problem at a key, or at the nearest table that holds it."""
        place = self._nearest(where)
        if not place:
            return Problem(self.path, message, cure, where=where)
        source = self.lines[place.line - 1] if place.line <= len(self.lines) else ""
        return Problem(self.path, message, cure, place.line, place.column, where, source)

    def _value(self, where: str) -> Any:
        value: Any = self.data
        for part in where.split("."):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def _nearest(self, where: str) -> Place | None:
        while where:
            if where in self.places:
                return self.places[where]
            where = where.rpartition(".")[0]
        return Place(self.path, 1, 1) if self.lines else None


def read_source(path: Path) -> Source:
    """Read one file; ``IssueError`` when it is no TOML at all.

    A byte-order mark and CRLF line ends, which Windows editors write, are accepted.
    """
    text = _decode(path, _bytes_of(path))
    lines = tuple(text.splitlines())
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise IssueError([_syntax_problem(path, lines, str(error))]) from error
    except RecursionError as error:
        raise IssueError([Problem(path, "brackets are nested too deep", "flatten them")]) from error
    return Source(path, data, _places(path, text), lines)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise IssueError([Problem(path, f"the file cannot be read: {reason}")]) from error
    if len(content) > MAX_BYTES:
        cure = "keep pictures and attachments outside the TOML file"
        raise IssueError([Problem(path, "the file is larger than 1 MB", cure)])
    return content


def _decode(path: Path, content: bytes) -> str:
    content = content.removeprefix(_BOM)
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        start = before.rfind(b"\n") + 1
        column = len(content[start : error.start].decode("utf-8", "replace")) + 1
        source = content.split(b"\n")[line - 1].decode("cp1252", "replace").rstrip("\r")
        message = f"the file is not UTF-8: byte 0x{content[error.start]:02X}"
        cure = "save it as UTF-8"
        raise IssueError([Problem(path, message, cure, line, column, source=source)]) from error


def _syntax_problem(path: Path, lines: tuple[str, ...], said: str) -> Problem:
    match = _AT.search(said)
    line, column = (int(match[1]), int(match[2])) if match and match[1] else (len(lines), 0)
    message = _AT.sub("", said)
    if "Illegal character '\\n'" in message:
        message = "a string is not closed on its line"
    cure = "mend the line: strings stand in quotes, every bracket is closed"
    if message.startswith(_TWICE):
        line, column, where = _key_before(lines, line)
        source = lines[line - 1]
        cure = "a key stands once in a table, and a table once in a file"
        return Problem(path, f"written twice: {where}", cure, line, column, where, source)
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return Problem(path, f"this is not TOML: {message}", cure, line, column, source=source)


def _key_before(lines: tuple[str, ...], line: int) -> tuple[int, int, str]:
    """The key or table that ends at a line; tomllib names where the value ends."""
    for number in range(min(line, len(lines)), 0, -1):
        text = lines[number - 1]
        if _KEY_LINE.match(text):
            column = len(text) - len(text.lstrip()) + 1
            return number, column, text.split("=")[0].strip().strip("[]")
    return line, 0, ""


def _places(path: Path, text: str) -> dict[str, Place]:
    places = {}
    for pointer, entry in build_source_map(text, "toml").items():
        where = pointer.strip("/").replace("/", ".").replace("~1", "/").replace("~0", "~")
        start = entry.key_start or entry.value_start
        if where:
            places[where] = Place(path, start.line + 1, start.column + 1)
    return places
