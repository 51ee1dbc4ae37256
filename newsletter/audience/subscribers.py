"""The subscribers of a list, in any number: each address once, in the order of the addresses."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.audience.model import Gravity, Remark, Subscriber
from newsletter.audience.spool import SortedSpool
from newsletter.errors import Problem
from newsletter.values import Address

UNIT = "\x1f"
"""Stands between the cells of a line; no cleaned cell holds it, and it sorts below them all."""
ABSENT = "\x1e"
"""Stands for a field that the subscriber does not have (and that is not just empty)."""
_AT_ONCE = 1_000


class Subscribers(Collection[Subscriber]):
    """What was read of one list; rows of the same address are one subscriber.

    The first row of an address counts, its empty cells filled from the later ones. What is many
    is not held in memory: it may be gone through as often as one likes.
    """

    def __init__(self, list_name: str, names: Sequence[str]) -> None:
        self.list_name = list_name
        self.names = tuple(names)
        """The fields of each line, in order."""
        self._spool = SortedSpool()
        self._distinct: int | None = None

    @classmethod
    def of(cls, list_name: str, subscribers: Iterable[Subscriber]) -> "Subscribers":
        """Those that are given."""
        given = tuple(subscribers)
        names = dict.fromkeys(name for each in given for name in each.fields)
        made = cls(list_name, tuple(names))
        made.add(line_of(each.address, each.line, each.fields, made.names) for each in given)
        return made

    def add(self, lines: Iterable[str]) -> None:
        """Add rows, each as ``line_of`` makes it."""
        self._spool.add(lines)

    def blocks(self) -> Iterator[list[str]]:
        """The rows' lines, sorted, rows of the same address one after another."""
        return self._spool.blocks()

    def repeated(self) -> Iterator[tuple[int, int, str]]:
        """Each row whose address an earlier one has: its line, the first one's, the address."""
        count = 0
        last = ""
        for block in self.blocks():
            keys = [line[: line.index(UNIT)] for line in block]
            count += len({*keys}) - (keys[0] == last)
            last = keys[-1]
        self._distinct = count
        if count < len(self._spool):
            for rows in groups(self.blocks()):
                first, *later = [row.split(UNIT, 3) for row in rows]
                yield from ((int(row[1]), int(first[1]), row[2]) for row in later)

    def read(self, rows: Sequence[Sequence[str]]) -> Subscriber:
        """The subscriber of the rows of one address, each a line taken apart."""
        fields: dict[str, str] = {}
        for index, (_, _, _, *cells) in enumerate(rows):
            read = fields_from(self.names, cells)
            fields = _filled(fields, read) if index else read
        return Subscriber(Address(rows[0][2]), fields, self.list_name, int(rows[0][1]))

    def __len__(self) -> int:
        """How many there are."""
        if self._distinct is None:
            next(self.repeated(), None)
        return self._distinct or 0

    def __iter__(self) -> Iterator[Subscriber]:
        """In the order of the addresses' keys."""
        return (self.read([row.split(UNIT) for row in rows]) for rows in groups(self.blocks()))

    def __contains__(self, wanted: object) -> bool:
        """Whether this very subscriber is there."""
        return any(each == wanted for each in self)


@dataclass(frozen=True, slots=True)
class SubscriberList:
    """A CSV under ``subscribers/``, read.

    rows = subscribers + duplicates + refused, always. Rows are what stands below the header;
    lines without any text are not rows.
    """

    name: str
    path: Path
    encoding: str
    separator: str
    subscribers: Subscribers
    rows: int
    columns: tuple[str, ...] = ()
    """The names of the fields in the file's order, ``email`` among them."""
    duplicates: int = 0
    """Rows merged into an earlier row of the same address."""
    refused: int = 0
    """Rows not imported."""
    remarks: tuple[Remark, ...] = ()
    """In the file's order; of each gravity the first thousand, then one that counts the rest."""

    def problems(self, *gravities: Gravity) -> tuple[Problem, ...]:
        """The problems of these gravities, in the file's order."""
        return tuple(each.problem for each in self.remarks if each.gravity in gravities)


def line_of(address: Address, number: int, fields: Mapping[str, str], names: Iterable[str]) -> str:
    """A row as a line: key, line number, address, and a cell for each of the names."""
    cells = [fields.get(name, ABSENT) for name in names]
    return UNIT.join((address.key, f"{number:09d}", address.text, *cells))


def fields_from(names: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The cells by name."""
    fields = dict(zip(names, cells, strict=True))
    if ABSENT in cells:
        return {name: cell for name, cell in fields.items() if cell != ABSENT}
    return fields


def groups(blocks: Iterable[list[str]]) -> Iterator[list[str]]:
    """Lines that begin with the same key, together."""
    group: list[str] = []
    key = ""
    for block in blocks:
        for line in block:
            if group and line.startswith(key):
                group.append(line)
                continue
            if group:
                yield group
            group = [line]
            key = line[: line.index(UNIT) + 1]
    if group:
        yield group


def whole_groups(blocks: Iterable[list[str]]) -> Iterator[list[str]]:
    """The same lines in blocks of some thousand, none of which ends between lines of one key."""
    waiting: list[str] = []
    for block in blocks:
        waiting += block
        if len(waiting) >= _AT_ONCE:
            key = waiting[-1][: waiting[-1].index(UNIT) + 1]
            end = bisect_left(waiting, key)
            if end:
                yield waiting[:end]
                waiting = waiting[end:]
    if waiting:
        yield waiting


def _filled(first: Mapping[str, str], later: Mapping[str, str]) -> dict[str, str]:
    """The first row, its empty cells filled from the later one."""
    return {name: cell or later.get(name, "") for name, cell in first.items()}
