"""The frozen audience: whoever gets a message, with the page that was chosen, in any number."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from newsletter.audience.model import Person
from newsletter.audience.spool import SortedSpool, Spool
from newsletter.edition.model import Variant
from newsletter.values import Address

_UNIT = "\x1f"
_BLOCK = 1_000
_One = TypeVar("_One")
_Two = TypeVar("_Two")
FrozenRow = tuple[str, str, int, str, str]
"""A recipient as it is recorded: key, address, variant, fields and lists as JSON."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row of the frozen audience: who, and which of the plan's variants (an index)."""

    person: Person
    variant: int


class Recipients(Collection[Recipient]):
    """A frozen audience in any number, each with the variant that was chosen; not in memory.

    ``variants`` are those that occur, in the order of their keys; ``readers`` counts each. No
    address comes twice.
    """

    def __init__(self, seats: Iterable[tuple[Person, Variant]]) -> None:
        self._spool = Spool()
        self._in_order = True
        numbers: dict[Variant, int] = {}
        counts: Counter[int] = Counter()
        last = ""
        block: list[str] = []
        for person, variant in seats:
            number = numbers.setdefault(variant, len(numbers))
            counts[number] += 1
            address = person.address.text
            key = address.casefold()
            self._in_order = self._in_order and last < key
            last = key
            fields, lists = fields_to_json(person.fields), _lists_to_json(person.lists)
            block.append(f"{key}\x1f{address}\x1f{number}\x1f{fields}\x1f{lists}")
            if len(block) == _BLOCK:
                self._spool.add(block)
                block = []
        self._spool.add(block)
        self.variants = tuple(sorted(numbers, key=lambda variant: variant.key))
        self.readers = {variant: counts[numbers[variant]] for variant in self.variants}
        self._index = {str(numbers[v]): index for index, v in enumerate(self.variants)}

    def rows(self) -> Iterator[FrozenRow]:
        """Each as it is recorded, in the order of the audience."""
        index = self._index
        for block in self._spool.blocks():
            for line in block:
                key, address, number, fields, lists = line.split(_UNIT)
                yield key, address, index[number], fields, lists

    def by_key(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each one's key and lists, in the order of the keys."""
        if self._in_order:
            return ((row[0], _lists_from_json(row[4])) for row in self.rows())
        ordered = SortedSpool()
        for key, _, _, _, lists in self.rows():
            ordered.add([f"{key}\x1f{lists}"])
        parts = (line.split(_UNIT) for block in ordered.blocks() for line in block)
        return ((key, _lists_from_json(lists)) for key, lists in parts)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._spool)

    def __iter__(self) -> Iterator[Recipient]:
        """In the order of the audience."""
        for _, address, variant, fields, lists in self.rows():
            person = Person(Address(address), fields_from_json(fields), _lists_from_json(lists))
            yield Recipient(person, variant)

    def __contains__(self, wanted: object) -> bool:
        """Whether this very recipient is there."""
        return any(each == wanted for each in self)


def frozen(recipients: Collection[Recipient]) -> Iterator[FrozenRow]:
    """Each of the recipients as it is recorded."""
    if isinstance(recipients, Recipients):
        return recipients.rows()
    return (
        (
            each.person.address.key,
            each.person.address.text,
            each.variant,
            fields_to_json(each.person.fields),
            _lists_to_json(each.person.lists),
        )
        for each in recipients
    )


def fields_to_json(fields: Mapping[str, str]) -> str:
    """Fields as compact JSON, every letter as itself.

    Put together by a form where that gives the same: no cell holds what JSON escapes.
    """
    template, quotes = _form(tuple(fields))
    text = template % tuple(fields.values())
    if text.isprintable() and "\\" not in text and text.count('"') == quotes:
        return text
    return json.dumps(dict(fields), ensure_ascii=False, separators=(",", ":"))


def fields_from_json(stored: str) -> dict[str, str]:
    """What ``fields_to_json`` made text of."""
    return dict(json.loads(stored))


@lru_cache(maxsize=1_000)
def _form(names: tuple[str, ...]) -> tuple[str, int]:
    """The JSON of fields of these names, with %s for each value, and its quotes."""
    text = json.dumps(dict.fromkeys(names, "\0"), ensure_ascii=False, separators=(",", ":"))
    return text.replace("%", "%%").replace("\\u0000", "%s"), text.count('"')


@lru_cache(maxsize=10_000)
def _lists_to_json(lists: tuple[str, ...]) -> str:
    return json.dumps(lists, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=10_000)
def _lists_from_json(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))


def in_both(
    one: Iterable[tuple[str, _One]], two: Iterable[tuple[str, _Two]]
) -> Iterator[tuple[tuple[str, _One], tuple[str, _Two]]]:
    """Whatever has the same key in two rows sorted by it; the second is gone through to its end."""
    left = iter(one)
    mine = next(left, None)
    for yours in two:
        while mine and mine[0] < yours[0]:
            mine = next(left, None)
        if mine and mine[0] == yours[0]:
            yield mine, yours
