"""The frozen audience: whoever gets a message, with the page that was chosen, in any number."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, compress
from typing import TypeVar

from newsletter.audience.cohort import Cohort, Crowd
from newsletter.audience.json_rows import quoted, woven
from newsletter.audience.model import Person
from newsletter.audience.spool import SortedSpool, Spool
from newsletter.edition.model import Variant
from newsletter.values import Address

UNIT = "\x1f"
"""Between the cells of a line; no cell holds it."""
_One = TypeVar("_One")
_Two = TypeVar("_Two")
FrozenRow = tuple[str, str, int, str, str]
"""A recipient as it is recorded: key, address, variant, fields and lists as JSON."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A row of the frozen audience: who, and which of the plan's variants (an index)."""

    person: Person
    variant: int


@dataclass(slots=True)
class Batch:
    """Recipients of one variant (an index) whose rows lack the same fields, and some of them."""

    variant: int
    lacking: frozenset[str]
    readers: int = 0
    first: list[FrozenRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Block:
    """What is known of some recipients without reading them."""

    full: frozenset[str]
    """The fields that nobody of them lacks."""
    readers: Counter[str]
    """How many see each variant, by its number."""


class Recipients(Collection[Recipient]):
    """A frozen audience in any number, each with the variant that was chosen; not in memory.

    ``choose`` sees those who are alike in the fields that it ``reads`` (as ``Segment`` does) once.
    Messages go to each one's ``box``, by default the address of the audience. No address comes
    twice. ``variants`` are those that occur, in the order of their keys; ``readers`` counts each.
    """

    def __init__(
        self,
        crowds: Iterable[Crowd],
        choose: Callable[[Person], Variant],
        reads: AbstractSet[str],
        box: Callable[[Address], Address] | None = None,
    ) -> None:
        self._spool = Spool()
        self._in_order = True
        self._last = ""
        self._blocks: list[_Block] = []
        numbers: dict[Variant, str] = {}
        self.zones: Counter[str] = Counter()
        """How many live in each time zone, as their lists have it."""

        def number(person: Person) -> str:
            return numbers.setdefault(choose(person), str(len(numbers)))

        for crowd in crowds:
            chosen = [each.judged(number, reads) for each in crowd.cohorts]
            mailed = [each.mailed_to(box) if box else each for each in crowd.cohorts]
            self._take(replace(crowd, cohorts=mailed), chosen)
            for each in crowd.cohorts:
                self.zones.update(each.zones)
        counts: Counter[str] = Counter()
        for block in self._blocks:
            counts.update(block.readers)
        self.variants = tuple(sorted(numbers, key=lambda variant: variant.key))
        self.readers = {variant: counts[numbers[variant]] for variant in self.variants}
        self._index = {numbers[v]: index for index, v in enumerate(self.variants)}

    def _take(self, crowd: Crowd, numbers: Sequence[Sequence[str]]) -> None:
        lines = crowd.in_order(map(_lines, crowd.cohorts, numbers))
        if not lines:
            return
        self._spool.add(lines)
        full = frozenset.intersection(*(each.full for each in crowd.cohorts))
        self._blocks.append(_Block(full, Counter(chain.from_iterable(numbers))))
        keys = [self._last, *crowd.in_order(each.keys for each in crowd.cohorts)]
        self._in_order = self._in_order and keys == sorted(keys)
        self._last = keys[-1]

    def rows(self) -> Iterator[FrozenRow]:
        """Each as it is recorded, in the order of the audience."""
        return chain.from_iterable(map(self._rows, self._spool.blocks()))

    def _rows(self, lines: Sequence[str]) -> Iterator[FrozenRow]:
        columns = zip(*[line.split(UNIT) for line in lines], strict=True)
        keys, addresses, numbers, fields, lists = columns
        indices = map(self._index.__getitem__, numbers)
        return zip(keys, addresses, indices, fields, lists, strict=True)

    def lines(self) -> Iterator[Sequence[str]]:
        """The same in blocks, each row in one line: its cells with ``UNIT`` between them.

        They lie so already where the variants were numbered as the plan numbers them.
        """
        if all(number == str(index) for number, index in self._index.items()):
            return self._spool.blocks()
        return (
            [UNIT.join(map(str, row)) for row in self._rows(lines)]
            for lines in self._spool.blocks()
        )

    def batches(self, asked: Sequence[AbstractSet[str]], most: int) -> Iterable[Batch]:
        """Them all, batched by variant and by the fields that it asks for and their rows lack.

        ``asked`` are fields by variant; each batch has its first rows, as many as ``most``.
        """
        found: dict[tuple[int, frozenset[str]], Batch] = {}
        for block, lines in zip(self._blocks, self._spool.blocks(), strict=True):
            counts = {self._index[number]: count for number, count in block.readers.items()}
            whole = [(variant, frozenset[str]()) for variant in counts]
            if all(asked[key[0]] <= block.full and key in found for key in whole):
                for key in whole:
                    found[key].readers += counts[key[0]]
            else:
                self._batch(found, lines, asked, most)
        return found.values()

    def _batch(
        self,
        found: dict[tuple[int, frozenset[str]], Batch],
        lines: Sequence[str],
        asked: Sequence[AbstractSet[str]],
        most: int,
    ) -> None:
        """Batch a block, row by row: what is empty in a row stands in its JSON."""
        rows = [*self._rows(lines)]
        names = sorted(frozenset().union(*asked))
        signs = [(f'"{name}":"', f'"{name}":""') for name in names]
        lacks = [[there not in r[3] or empty in r[3] for r in rows] for there, empty in signs]
        kinds = [*zip((row[2] for row in rows), *lacks, strict=True)]
        batches = {}
        for (variant, *lacking), readers in Counter(kinds).items():
            key = variant, frozenset(compress(names, lacking)) & asked[variant]
            batch = batches[variant, *lacking] = found.setdefault(key, Batch(*key))
            batch.readers += readers
        if any(len(batch.first) < most for batch in batches.values()):
            for row, kind in zip(rows, kinds, strict=True):
                if len(batches[kind].first) < most:
                    batches[kind].first.append(row)

    def by_key(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each one's key and lists, in the order of the keys."""
        if self._in_order:
            return ((row[0], _lists_from_json(row[4])) for row in self.rows())
        ordered = SortedSpool()
        for key, _, _, _, lists in self.rows():
            ordered.add([f"{key}\x1f{lists}"])
        parts = (line.split(UNIT) for block in ordered.blocks() for line in block)
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
            _to_json(dict(each.person.fields)),
            _lists_to_json(each.person.lists),
        )
        for each in recipients
    )


def _lines(cohort: Cohort, numbers: Sequence[str]) -> list[str]:
    """Each of a cohort: key, address, variant, fields and lists."""
    names = tuple(cohort.fields)
    cells = [quoted(column, in_ascii=False) for column in cohort.fields.values()]
    words = _words(cohort.lists, names)
    return woven(words, [cohort.keys, cohort.addresses, numbers, *cells])


def fields_from_json(stored: str) -> dict[str, str]:
    """The fields of a recipient as it is recorded."""
    return dict(json.loads(stored))


@lru_cache(maxsize=1_000)
def _words(lists: tuple[str, ...], names: tuple[str, ...]) -> Sequence[str]:
    """Such a line, cut where key, address, variant and cells stand."""
    fields = _to_json(dict.fromkeys(names, "\0")).replace("\\u0000", "\0")
    return f"\0{UNIT}\0{UNIT}\0{UNIT}{fields}{UNIT}{_lists_to_json(lists)}".split("\0")


def _to_json(value: object) -> str:
    """Compact, every letter as itself."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=10_000)
def _lists_to_json(lists: tuple[str, ...]) -> str:
    return _to_json(lists)


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
