"""People side by side: what is alike in many of them is worked out once for them all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain, compress, repeat
from operator import itemgetter
from typing import TypeVar

from newsletter.audience.model import ZONE_FIELDS, Person
from newsletter.values import Address

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Cohort:
    """People on the same lists and with the same fields: a column of each."""

    lists: tuple[str, ...]
    keys: Sequence[str]
    addresses: Sequence[str]
    fields: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        """How many they are."""
        return len(self.keys)

    def __iter__(self) -> Iterator[Person]:
        """One by one."""
        rows = zip(*self.fields.values(), strict=True) if self.fields else repeat(())
        for address, cells in zip(self.addresses, rows, strict=False):  # a repeat has no end
            yield Person(Address(address), dict(zip(self.fields, cells, strict=True)), self.lists)

    @property
    def full(self) -> frozenset[str]:
        """The fields in which all of them have something."""
        return frozenset(name for name, column in self.fields.items() if all(column))

    @property
    def zones(self) -> Counter[str]:
        """How many live in each time zone, as their lists have it; nothing where they say none."""
        columns = [self.fields[name] for name in ZONE_FIELDS if name in self.fields]
        if not columns:
            return Counter({"": len(self)})
        if len(columns) == 1:
            return Counter(columns[0])
        return Counter(first or second for first, second in zip(*columns, strict=True))

    def person(self, at: int) -> Person:
        """One of them."""
        fields = {name: column[at] for name, column in self.fields.items()}
        return Person(Address(self.addresses[at]), fields, self.lists)

    def where(self, holds: Sequence[bool]) -> "Cohort":
        """Those for whom it holds."""
        return Cohort(
            self.lists,
            tuple(compress(self.keys, holds)),
            tuple(compress(self.addresses, holds)),
            {name: tuple(compress(column, holds)) for name, column in self.fields.items()},
        )

    def mailed_to(self, box: Callable[[Address], Address]) -> "Cohort":
        """The same people under other addresses."""
        boxes = [box(Address(address)) for address in self.addresses]
        keys, addresses = [each.key for each in boxes], [each.text for each in boxes]
        return replace(self, keys=keys, addresses=addresses)

    def judged(self, judge: Callable[[Person], _One], reads: AbstractSet[str]) -> Sequence[_One]:
        """What the judge says of each: asked once for all who are alike in what it reads.

        ``reads`` are fields, and ``email`` or ``domain``; the lists are the same for all.
        """
        columns = [column for name, column in self.fields.items() if name in reads]
        if "email" in reads:
            columns.append(self.addresses)
        elif "domain" in reads:
            columns.append([address.rpartition("@")[2] for address in self.addresses])
        kinds = [*zip(*columns, strict=True)] if columns else [()] * len(self)
        first = dict(zip(reversed(kinds), range(len(kinds) - 1, -1, -1), strict=True))
        ordered = sorted(first.items(), key=itemgetter(1))
        verdicts = {kind: judge(self.person(at)) for kind, at in ordered}
        return [*map(verdicts.__getitem__, kinds)]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Some people of an audience, in cohorts.

    ``order`` says where each of them in turn stands in the cohorts, laid end to end; None where
    that is the order already.
    """

    cohorts: Sequence[Cohort]
    order: Sequence[int] | None = None

    @classmethod
    def of(cls, people: Iterable[Person]) -> "Crowd":
        """These people."""
        return laid_out(cohorts_of(enumerate(people)))

    def __iter__(self) -> Iterator[Person]:
        """One by one, in their order."""
        return iter(self.in_order(self.cohorts))

    def in_order(self, columns: Iterable[Iterable[_One]]) -> list[_One]:
        """What was worked out for each cohort, in the order of the people."""
        laid = [*chain.from_iterable(columns)]
        return laid if self.order is None else [laid[at] for at in self.order]


Placed = tuple[Cohort, Sequence[int]]
"""A cohort, and the places of its people in a row of many."""


def cohorts_of(people: Iterable[tuple[int, Person]]) -> list[Placed]:
    """People with their places, those who are alike together."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[tuple[int, Person]]] = {}
    for place, person in people:
        alike.setdefault((person.lists, tuple(person.fields)), []).append((place, person))
    return [
        (_cohort(lists, names, [person for _, person in placed]), [place for place, _ in placed])
        for (lists, names), placed in alike.items()
    ]


def _cohort(lists: tuple[str, ...], names: tuple[str, ...], people: Sequence[Person]) -> Cohort:
    return Cohort(
        lists,
        [person.address.key for person in people],
        [person.address.text for person in people],
        {name: [person.fields[name] for person in people] for name in names},
    )


def laid_out(parts: Sequence[Placed]) -> Crowd:
    """A crowd of cohorts, in the order of their people's places."""
    cohorts = [cohort for cohort, _ in parts]
    if len(parts) == 1:
        return Crowd(cohorts)
    places = [*chain.from_iterable(places for _, places in parts)]
    return Crowd(cohorts, sorted(range(len(places)), key=places.__getitem__))
