"""Where each key of a TOML file stands: the values are ``tomllib``'s, this follows the text.

It reads what ``tomllib`` accepted and judges nothing; the one fault that it tells is a key or a
table that is written twice, for there ``tomllib`` says only where the second value ends.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_GAP = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_PART = re.compile(r"[A-Za-z0-9_-]+|'[^'\n]*'|\"(?:\\.|[^\"\\\n])*\"")
_STRING = re.compile(
    r"\"\"\"(?:\\.|[^\\])*?\"\"\"\"{0,2}"
    r"|'''.*?''''{0,2}"
    r"|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")
_STEP = "\ud800"  # between the parts of a path: no key of TOML holds it
_OPEN, _CLOSE, _EQUALS, _COMMA = (re.compile(each) for each in (r"\[\[?", r"\]\]?", "=", ",?"))


class Spot(NamedTuple):
    """Where a key begins, and where its value begins and ends: characters from 0.

    A table's key is its header; an array's item has its value for a key.
    """

    key: int
    value: int
    end: int


class WrittenTwice(Exception):
    """A key or a table stands there for the second time."""

    def __init__(self, where: str, at: int) -> None:
        super().__init__(_dotted(where))
        self.where = _dotted(where)
        self.at = at


class Unreadable(ValueError):
    """The text is not TOML: nothing that ``tomllib`` accepts."""


def map_places(text: str) -> dict[str, Spot]:
    """The spot of every key, table and item, by its dotted path: ``sections.china.events.0.title``.

    A table that has no header of its own (``[sections.china]`` makes ``sections``) has that of
    its first mention. Raises ``WrittenTwice``, or ``Unreadable`` for what is not TOML.
    """
    reader = _Reader(text)
    reader.read()
    found = {_dotted(path): spot for path, spot in reader.implied.items()}
    return found | {_dotted(path): spot for path, spot in reader.spots.items()}


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    spots: dict[str, Spot] = field(default_factory=dict)
    implied: dict[str, Spot] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    """How many tables each array of ``[[tables]]`` has by now."""

    def read(self) -> None:
        table = ""
        self.skip(_GAP)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_GAP)

    def header(self) -> str:
        """``[a.b]`` or ``[[a.b]]``: the table in which the next pairs stand."""
        start = self.at
        several = self.take(_OPEN) == "[["
        *above, (last, _) = self.key()
        self.take(_CLOSE)
        spot = Spot(start, start, self.at)
        path = ""
        for name, _ in above:
            path = _join(path, name)
            self.implied.setdefault(path, spot)
            if path in self.lengths:
                path = _join(path, str(self.lengths[path] - 1))
        path = _join(path, last)
        if not several:
            self.keep(path, spot)
            return path
        count = self.lengths.get(path, 0)
        if not count:
            self.keep(path, spot)
        self.lengths[path] = count + 1
        item = _join(path, str(count))
        self.keep(item, spot)
        return item

    def pair(self, table: str) -> None:
        """``a.b = value``."""
        *above, (last, start) = self.key()
        path = table
        for name, at in above:
            path = _join(path, name)
            self.implied.setdefault(path, Spot(at, at, at))
        path = _join(path, last)
        if path in self.spots:
            raise WrittenTwice(path, start)
        self.take(_EQUALS)
        self.skip(_SPACE)
        self.value(path, start)

    def value(self, path: str, key: int) -> None:
        """What stands at a path: an array and an inline table with all that is in it."""
        start = self.at
        first = self.text[start : start + 1]
        self.spots[path] = Spot(key, start, start)
        if first == "[":
            self.inside("]", path)
        elif first == "{":
            self.inside("}", path)
        else:
            self.take(_STRING if first in {'"', "'"} else _SCALAR)
        self.spots[path] = Spot(key, start, self.at)

    def inside(self, end: str, path: str) -> None:
        """The items of an array, or the pairs of an inline table, up to the closing bracket."""
        self.at += 1
        self.skip(_GAP)
        count = 0
        while not self.text.startswith(end, self.at):
            if end == "]":
                self.value(_join(path, str(count)), self.at)
            else:
                self.pair(path)
            count += 1
            self.skip(_GAP)
            self.take(_COMMA)
            self.skip(_GAP)
        self.at += 1

    def key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, and where each stands."""
        parts = []
        while True:
            self.skip(_SPACE)
            at = self.at
            parts.append((_plain(self.take(_PART)), at))
            before = self.at
            self.skip(_DOT)
            if self.at == before:
                self.skip(_SPACE)
                return parts

    def keep(self, path: str, spot: Spot) -> None:
        if path in self.spots:
            raise WrittenTwice(path, spot.key)
        self.spots[path] = spot

    def skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            message = f"not TOML from character {self.at} on"
            raise Unreadable(message)
        self.at = found.end()
        return found[0]


def _join(path: str, name: str) -> str:
    return f"{path}{_STEP}{name}"


def _dotted(path: str) -> str:
    return path[1:].replace(_STEP, ".")


def _plain(part: str) -> str:
    """A part of a key without its quotes and escapes."""
    if part[0] == "'":
        return part[1:-1]
    if part[0] == '"':
        import tomllib

        value: str = tomllib.loads(f"x = {part}")["x"]
        return value
    return part
