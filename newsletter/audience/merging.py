"""Several lists to one row of people: each address once, with whatever else is known of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, groupby
from operator import itemgetter

from newsletter.audience.cohort import Cohort, cohorts_of
from newsletter.audience.model import Person, Subscriber
from newsletter.audience.said import Said
from newsletter.audience.segments import Segment
from newsletter.audience.spool import SortedSpool, merge_blocks
from newsletter.audience.subscribers import ABSENT, UNIT, SubscriberList, whole_groups

Exclusion = Segment | SubscriberList
_Blocks = Iterator[list[str]]
_Rows = Sequence[Sequence[str]]
_SUPPRESSED = "s"
_EXCLUDED = "x"
_GONE = "g"
_LANGUAGE = "c"


class Suppressed:
    """Who is never mailed, and why: pairs of an address's key and a reason, in any number."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._spool = SortedSpool()
        for key, reason in pairs:
            self._spool.add([UNIT.join((key, " ".join(reason.split())))])

    def blocks(self) -> _Blocks:
        """Lines of key and reason, sorted."""
        return self._spool.blocks()


@dataclass(frozen=True, slots=True)
class Marks:
    """What an address has besides its rows: places among the exclusions, and a suppression."""

    excluded: frozenset[int] = frozenset()
    reason: str | None = None


_NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Part:
    """People who are alike and have the same marks; their places among those beside them."""

    cohort: Cohort
    places: Sequence[int]
    marks: Marks = _NO_MARKS

    def __len__(self) -> int:
        """How many they are."""
        return len(self.places)

    def where(self, holds: Sequence[bool]) -> "Part":
        """Those for whom it holds."""
        if all(holds):
            return self
        places = tuple(compress(self.places, holds))
        return replace(self, cohort=self.cohort.where(holds), places=places)


def merged(
    lists: Sequence[SubscriberList],
    exclude: Sequence[Exclusion],
    suppressed: Suppressed,
    said: Said,
    gone: Counter[str],
) -> Iterator[Sequence[Part]]:
    """Everybody on the lists, in the order of the addresses' keys, many at a time.

    Fields of the first list win; cells that it leaves empty come from the later ones. Subscribers
    who are on a list no more are counted in ``gone``, by why.
    """
    merging = _Merging(lists, gone)
    sources = [
        *(_tagged(each.subscribers.blocks(), str(at)) for at, each in enumerate(lists)),
        *(
            _tagged(each.subscribers.blocks(), f"{_EXCLUDED}{at}")
            for at, each in enumerate(exclude)
            if isinstance(each, SubscriberList)
        ),
        _tagged(suppressed.blocks(), _SUPPRESSED),
        _tagged(said.gone(), _GONE),
        _tagged(said.languages(), _LANGUAGE),
    ]
    for lines in whole_groups(merge_blocks(sources)):
        yield merging.parts([line.split(UNIT) for line in lines])


def _tagged(blocks: _Blocks, tag: str) -> _Blocks:
    """Each line with what it belongs to at its end."""
    end = UNIT + tag
    for block in blocks:
        yield [line + end for line in block]


class _Merging:
    """Makes people of rows that have been tagged."""

    def __init__(self, lists: Sequence[SubscriberList], gone: Counter[str]) -> None:
        self._gone = gone
        self._lists = [each.subscribers for each in lists]
        self._at = {str(at): at for at in range(len(lists))}

    def parts(self, rows: _Rows) -> list[Part]:
        """The people of these rows, which hold every row of each address."""
        keys = [*map(itemgetter(0), rows)]
        tags = {*map(itemgetter(-1), rows)}
        if len(tags) == 1 and len({*keys}) == len(keys):
            return self._singles(tags.pop(), rows, range(len(rows)))
        return self._mixed(rows, keys)

    def _mixed(self, rows: _Rows, keys: Sequence[str]) -> list[Part]:
        """Where addresses come several times, or of several lists."""
        alone: dict[str, list[int]] = {}
        people: dict[Marks, list[tuple[int, Person]]] = {}
        for _, group in groupby(range(len(rows)), keys.__getitem__):
            places = [*group]
            if len(places) == 1:
                alone.setdefault(rows[places[0]][-1], []).append(places[0])
                continue
            person, marks = self._several([rows[at] for at in places])
            if person:
                people.setdefault(marks, []).append((places[0], person))
        parts = [
            part
            for tag, places in alone.items()
            for part in self._singles(tag, [rows[at] for at in places], places)
        ]
        parts += [Part(*each, marks) for marks, some in people.items() for each in cohorts_of(some)]
        return parts

    def _singles(self, tag: str, rows: _Rows, places: Sequence[int]) -> list[Part]:
        """Those who are on one list alone; nobody of addresses that are on none of them."""
        if tag not in self._at:
            return []
        of = self._lists[self._at[tag]]
        keys, _, addresses, *cells, _ = zip(*rows, strict=True)
        if not any(ABSENT in column for column in cells):
            fields = dict(zip(of.names, cells, strict=True))
            return [Part(Cohort((of.list_name,), keys, addresses, fields), places)]
        people = (
            (place, person)
            for place, row in zip(places, rows, strict=True)
            if (person := _merge([of.read([row[:-1]])]))
        )
        return [Part(*each) for each in cohorts_of(people)]

    def _several(self, rows: _Rows) -> tuple[Person | None, Marks]:
        """Whoever is on several lists, or on one and has marks."""
        found: dict[int, list[Sequence[str]]] = {}
        excluded = set()
        reason = None
        gone: dict[str, str] = {}
        language = ""
        for *row, tag in rows:
            if tag == _SUPPRESSED:
                reason = row[1]
            elif tag == _GONE:
                gone[row[1]] = row[2]
            elif tag == _LANGUAGE:
                language = row[1]
            elif tag.startswith(_EXCLUDED):
                excluded.add(int(tag.removeprefix(_EXCLUDED)))
            else:
                found.setdefault(self._at[tag], []).append(row)
        read = [self._lists[at].read(some) for at, some in sorted(found.items())]
        person = self._person(read, gone, language)
        return person, Marks(frozenset(excluded), reason)

    def _person(
        self, read: Sequence[Subscriber], gone: Mapping[str, str], language: str
    ) -> Person | None:
        """One reader of these subscribers, but for the lists that the reader is on no more."""
        self._gone.update(gone[each.list_name] for each in read if each.list_name in gone)
        person = _merge([each for each in read if each.list_name not in gone])
        if person and language:
            return replace(person, fields={**person.fields, "language": language})
        return person


def _merge(rows: Sequence[Subscriber]) -> Person | None:
    if not rows:
        return None
    first = rows[0]
    fields = dict(first.fields)
    for row in rows[1:]:
        for name, cell in row.fields.items():
            if cell and not fields.get(name):
                fields[name] = cell
    return Person(first.address, fields, tuple(dict.fromkeys(row.list_name for row in rows)))
