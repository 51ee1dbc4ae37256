"""One TOML file as it was read: its values, its lines, and where each key stands.

``tomllib`` gives the values, ``toml_places`` the places. Issues, segments, themes and settings
are all read here, so that the same mistake is told in the same words.
"""

import functools
import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from newsletter.errors import Problem
from newsletter.toml_places import Spot, Unreadable, WrittenTwice, map_places

MAX_BYTES: Final = 1_000_000
_BOM = b"\xef\xbb\xbf"
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_KEY_LINE = re.compile(r"\s*([A-Za-z0-9_.\"'-]+)\s*=|\s*\[")
_TWICE = ("Cannot overwrite a value", "Cannot declare", "Cannot mutate", "Duplicate")
_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t]*\n\s*|.)", re.DOTALL)
_LONG_NUMBER = re.compile(r"[0-9][0-9_]{4299,}")
_ESCAPED_BREAK = re.compile(r"\\[ \t]*\n")


class UnreadableToml(Exception):
    """The file is not there, not UTF-8, too large, or not TOML; carries the one problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class TomlFile:
    """A file's values and lines; places are mapped at first use."""

    path: Path
    text: str
    data: Mapping[str, Any]

    @functools.cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines, without their breaks."""
        return tuple(_lines(self.text))

    @functools.cached_property
    def _starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    @functools.cached_property
    def _map(self) -> Mapping[str, Spot]:
        return map_places(self.text)

    @functools.cached_property
    def places(self) -> Mapping[str, tuple[int, int]]:
        """Line and column, from 1, of every key: ``sections.china.events.0.title``."""
        return {where: self._at(spot.key) for where, spot in self._map.items()}

    def _at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def place(self, where: str) -> tuple[int, int]:
        """The place of a key, else of the nearest table that holds it, else the first line."""
        while where:
            if where in self.places:
                return self.places[where]
            where = where.rpartition(".")[0]
        return (1, 1) if self.text else (0, 0)

    def place_in_value(self, where: str, offset: int) -> tuple[int, int]:
        """The place of one character (from 0) of the string that a key has as its value."""
        spot = self._map.get(where)
        if spot is None:
            return self.place(where)
        starts = list(_character_starts(self.text[spot.value : spot.end]))
        return self._at(spot.value + starts[min(offset, len(starts) - 1)])

    def last_line(self, table: str) -> int:
        """The line, from 1, on which the last of a table's own values ends; 0 when it has none.

        Tables inside it that have headers of their own do not count.
        """
        inner = {where: spot for where, spot in self._map.items() if where.startswith(f"{table}.")}
        headers = {where for where, spot in inner.items() if self.text[spot.key] == "["}
        ends = (
            spot.end
            for where, spot in inner.items()
            if spot.key < spot.value and not _stands_in(where, headers)
        )
        return max((self._at(end - 1)[0] for end in ends), default=0)

    def line(self, number: int) -> str:
        """A line as it stands in the file, or nothing."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def problem(
        self, where: str, message: str, cure: str = "", offset: int | None = None
    ) -> Problem:
        """A problem at a key, or with ``offset`` inside its string."""
        at = self.place(where) if offset is None else self.place_in_value(where, offset)
        return Problem(self.path, message, cure, *at, where, self.line(at[0]))

    def value(self, where: str) -> Any:
        """What stands at a dotted key, or None."""
        value: Any = self.data
        for part in where.split("."):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def with_values(self, literals: Mapping[str, str]) -> str:
        """The text with other values at keys that it has; every other letter stays."""
        text = self.text
        spots = {where: self._map[where] for where in literals}
        for where in sorted(spots, key=lambda each: spots[each].value, reverse=True):
            text = f"{text[: spots[where].value]}{literals[where]}{text[spots[where].end :]}"
        return text


def read_toml(path: Path) -> TomlFile:
    """Read one file; ``UnreadableToml`` when it is no TOML at all.

    A byte-order mark and CRLF line ends, which Windows editors write, are accepted.
    """
    return _parsed(path, _text_of(path))


def shared_toml(path: Path) -> TomlFile:
    """The same; a file that says what it said before is neither parsed nor mapped anew.

    It is read each time and compared by all it says, so no change is missed, however quick. Its
    values are shared: they are looked at, never written to.
    """
    return _remembered(path, _text_of(path))


def _text_of(path: Path) -> str:
    return _decode(path, _bytes_of(path))


@functools.lru_cache(maxsize=64)
def _remembered(path: Path, text: str) -> TomlFile:
    return _parsed(path, text)


def _parsed(path: Path, text: str) -> TomlFile:
    try:
        return TomlFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UnreadableToml(_syntax_problem(path, text, str(error))) from error
    except RecursionError as error:
        problem = Problem(path, "brackets are nested too deep", "flatten them")
        raise UnreadableToml(problem) from error
    except ValueError as error:  # Python's own limit on digits; tomllib lets it through
        raise UnreadableToml(_long_number(path, text)) from error


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnreadableToml(Problem(path, f"the file cannot be read: {reason}")) from error
    if len(content) > MAX_BYTES:
        cure = "keep pictures and attachments outside the TOML file"
        raise UnreadableToml(Problem(path, "the file is larger than 1 MB", cure))
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
        raise UnreadableToml(Problem(path, message, cure, line, column, source=source)) from error


def _lines(text: str) -> list[str]:
    """As TOML counts them: other signs than LF that end a line elsewhere do not end it here."""
    return text.removesuffix("\n").split("\n")


def _syntax_problem(path: Path, text: str, said: str) -> Problem:
    lines = _lines(text)
    match = _AT.search(said)
    end = len(lines), len(lines[-1]) + 1
    line, column = (int(match[1]), int(match[2])) if match and match[1] else end
    message = _AT.sub("", said)
    if "Illegal character '\\n'" in message:
        message = "a string is not closed on its line"
    cure = "mend the line: strings stand in quotes, every bracket is closed"
    if message.startswith(_TWICE):
        return _written_twice(path, text, line)
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    return Problem(path, f"this is not TOML: {message}", cure, line, column, source=source)


def _long_number(path: Path, text: str) -> Problem:
    found = _LONG_NUMBER.search(text)
    before = text[: found.start()] if found else ""
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    message = "a number has more digits than a number may have"
    source = _lines(text)[line - 1]
    return Problem(path, message, "shorten it, or put it in quotes", line, column, source=source)


def _written_twice(path: Path, text: str, ended: int) -> Problem:
    """The second key or table of a name; ``ended`` is the line on which tomllib noticed."""
    lines, cure = _lines(text), "a key stands once in a table, and a table once in a file"
    try:
        map_places(text)
        line, column, where = _key_before(lines, ended)
    except WrittenTwice as error:
        before = text[: error.at]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        where = error.where
    except Unreadable:
        line, column, where = _key_before(lines, ended)
    source = lines[line - 1]
    header = source[column - 1 :].startswith("[")
    said = where if header else where.rpartition(".")[2]
    return Problem(path, f"written twice: {said}", cure, line, column, where, source)


def _key_before(lines: list[str], line: int) -> tuple[int, int, str]:
    """The key or table that ends at a line; tomllib names where the value ends."""
    for number in range(min(line, len(lines)), 0, -1):
        text = lines[number - 1]
        if _KEY_LINE.match(text):
            column = len(text) - len(text.lstrip()) + 1
            return number, column, text.split("=")[0].strip().strip("[]")
    return line, 0, ""


def _stands_in(where: str, tables: Collection[str]) -> bool:
    while "." in where:
        where = where.rpartition(".")[0]
        if where in tables:
            return True
    return False


def _character_starts(raw: str) -> Iterator[int]:
    """Where each character of a TOML string's value stands in its source, and where it ends."""
    quotes = 3 if raw[:3] in {'"""', "'''"} else 1
    at = quotes
    if quotes > 1 and raw.startswith("\n", at):
        at += 1
    while at < len(raw) - quotes:
        escape = _ESCAPE.match(raw, at) if raw[0] == '"' else None
        if not (escape and _ESCAPED_BREAK.match(raw, at)):
            yield at
        at = escape.end() if escape else at + 1
    yield len(raw) - quotes
