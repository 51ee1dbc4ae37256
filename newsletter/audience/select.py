"""Lists, segments, exclusions and suppressions to one audience, with its arithmetic."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.audience.fingerprint import Fingerprint
from newsletter.audience.model import Arithmetic, Person, Subscriber, Sums
from newsletter.audience.segments import Segment
from newsletter.audience.spool import SortedSpool, merge_blocks
from newsletter.audience.subscribers import UNIT, SubscriberList, fields_from, groups
from newsletter.values import Address, Digest

Exclusion = Segment | SubscriberList
_Blocks = Iterator[list[str]]
_SUPPRESSED = "s"
_EXCLUDED = "x"


def select_audience(
    lists: Sequence[SubscriberList],
    *,
    only: Segment | None = None,
    exclude: Sequence[Exclusion] = (),
    suppressed: "Mapping[str, str] | Suppressed | None" = None,
) -> "Audience":
    """Who gets the message: each address once, in the order of the addresses.

    ``only`` keeps a segment; ``exclude`` takes whole lists and segments out; ``suppressed`` maps
    the key of an address to the reason why it is never mailed. The same lists in the same order
    with the same options give the same audience and digest, however their rows are ordered.
    """
    if not isinstance(suppressed, Suppressed):
        suppressed = Suppressed((suppressed or {}).items())
    return Audience(lists, only, exclude, suppressed)


def merge_lists(lists: Sequence[SubscriberList]) -> "Audience":
    """Everybody on the lists, in the order of the addresses: one person per address.

    Cells of the first list win; those it leaves empty come from the later ones.
    """
    return select_audience(lists)


class Suppressed:
    """Who is never mailed, and why: pairs of an address's key and a reason, in any number."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._spool = SortedSpool()
        for key, reason in pairs:
            self._spool.add([UNIT.join((key, " ".join(reason.split())))])

    def blocks(self) -> _Blocks:
        """Lines of key and reason, sorted."""
        return self._spool.blocks()


class Audience:
    """Lists and segments, less exclusions and suppressions, in one fixed order.

    Nobody is held in memory: going through an audience selects it anew, with the same result.
    Its sums are known once it was gone through; whoever asks before that goes through it.
    """

    def __init__(
        self,
        lists: Sequence[SubscriberList],
        only: Segment | None,
        exclude: Sequence[Exclusion],
        suppressed: Suppressed,
    ) -> None:
        self._lists = tuple(lists)
        self._only = only
        self._exclude = tuple(exclude)
        self._suppressed = suppressed
        self._sums: Sums | None = None

    def __iter__(self) -> Iterator[Person]:
        """Everybody, in the order of the addresses' keys."""
        tally = _Tally()
        lists_of: Counter[tuple[str, ...]] = Counter()
        fingerprint = Fingerprint()
        tests = [_membership(each, at) for at, each in enumerate(self._exclude)]
        for person, marks in self._people():
            tally.people += 1
            if self._only and not self._only.matches(person):
                continue
            tally.chosen += 1
            if (marks or tests) and tally.takes_out(person, marks or _NO_MARKS, tests):
                continue
            lists_of[person.lists] += 1
            fingerprint.add(person)
            yield person
        self._sums = Sums(
            tally.arithmetic(self._lists, self._exclude),
            self._per_list(lists_of),
            fingerprint.digest(),
        )

    def __len__(self) -> int:
        """How many there are."""
        return self.arithmetic.recipients

    @property
    def sums(self) -> Sums:
        """What is known of the audience as a whole."""
        if self._sums is None:
            for _ in self:
                pass
        if self._sums is None:  # going through it made them
            raise AssertionError
        return self._sums

    @property
    def arithmetic(self) -> Arithmetic:
        """How the lists became these people."""
        return self.sums.arithmetic

    @property
    def per_list(self) -> Mapping[str, int]:
        """Recipients on each list."""
        return self.sums.per_list

    @property
    def digest(self) -> Digest:
        """Over addresses and fields, in order."""
        return self.sums.digest

    def _people(self) -> "Iterator[tuple[Person, _Marks | None]]":
        """Each person on the lists, with what else is known of the address."""
        merging = _Merging(self._lists)
        for rows in groups(merge_blocks(self._sources())):
            if len(rows) == 1:
                person = merging.single(rows[0])
                if person:
                    yield person, None
                continue
            person, marks = merging.several(rows)
            if person:
                yield person, marks

    def _sources(self) -> Iterator[_Blocks]:
        for at, each in enumerate(self._lists):
            yield _tagged(each.subscribers.blocks(), str(at))
        for at, exclusion in enumerate(self._exclude):
            if isinstance(exclusion, SubscriberList):
                yield _tagged(exclusion.subscribers.blocks(), f"{_EXCLUDED}{at}")
        yield _tagged(self._suppressed.blocks(), _SUPPRESSED)

    def _per_list(self, lists_of: Counter[tuple[str, ...]]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for names, count in lists_of.items():
            counts.update(dict.fromkeys(names, count))
        return {each.name: counts[each.name] for each in self._lists}


@dataclass(frozen=True, slots=True)
class _Marks:
    """What an address has besides its rows: places among the exclusions, and a suppression."""

    excluded: frozenset[int] = frozenset()
    reason: str | None = None


_NO_MARKS = _Marks()
_Membership = tuple[int, Callable[[Person, _Marks], bool]]


class _Merging:
    """Makes people of the tagged lines of one address."""

    def __init__(self, lists: Sequence[SubscriberList]) -> None:
        self._lists = [each.subscribers for each in lists]
        self._by_tag = {
            str(at): (each.subscribers.names, (each.name,)) for at, each in enumerate(lists)
        }

    def single(self, row: str) -> Person | None:
        """Who is on one list alone; None for an address that is on none of them."""
        parts = row.split(UNIT)
        known = self._by_tag.get(parts[-1])
        if known is None:
            return None
        names, lists = known
        return Person(Address(parts[2]), fields_from(names, parts[3:-1]), lists)

    def several(self, rows: Sequence[str]) -> tuple[Person | None, _Marks]:
        """Whoever is on several lists, or on one and has marks."""
        found: dict[int, list[str]] = {}
        excluded = set()
        reason = None
        for row in rows:
            line, _, tag = row.rpartition(UNIT)
            if tag == _SUPPRESSED:
                reason = line.partition(UNIT)[2]
            elif tag.startswith(_EXCLUDED):
                excluded.add(int(tag.removeprefix(_EXCLUDED)))
            else:
                found.setdefault(int(tag), []).append(line)
        read = [self._lists[at].read(lines) for at, lines in sorted(found.items())]
        person = _merge(read) if read else None
        return person, _Marks(frozenset(excluded), reason)


class _Tally:
    """Counts what people fall to."""

    def __init__(self) -> None:
        self.people = self.chosen = 0
        self._excluded: Counter[int] = Counter()
        self._reasons: Counter[str] = Counter()

    def takes_out(self, person: Person, marks: _Marks, tests: Sequence[_Membership]) -> bool:
        """Whether an exclusion or a suppression applies; the first that does is counted."""
        at = next((at for at, holds in tests if holds(person, marks)), None)
        if at is not None:
            self._excluded[at] += 1
        elif marks.reason is not None:
            self._reasons[marks.reason] += 1
        return at is not None or marks.reason is not None

    def arithmetic(
        self, lists: Sequence[SubscriberList], exclude: Sequence[Exclusion]
    ) -> Arithmetic:
        """The sum, once everybody was gone through."""
        excluded_by: Counter[str] = Counter()
        for at, each in enumerate(exclude):
            excluded_by[each.name] += self._excluded[at]
        return Arithmetic(
            on_lists=sum(each.rows for each in lists),
            duplicates=sum(each.duplicates for each in lists),
            refused=sum(each.refused for each in lists),
            overlap=sum(len(each.subscribers) for each in lists) - self.people,
            not_in_segment=self.people - self.chosen,
            excluded=self._excluded.total(),
            excluded_by=dict(excluded_by),
            suppressed=dict(sorted(self._reasons.items())),
        )


def _tagged(blocks: _Blocks, tag: str) -> _Blocks:
    """Each line with what it belongs to at its end."""
    end = UNIT + tag
    for block in blocks:
        yield [line + end for line in block]


def _membership(exclusion: Exclusion, at: int) -> _Membership:
    """Whether a person is in the segment, or on the list by the address."""
    if isinstance(exclusion, Segment):
        return at, lambda person, _: exclusion.matches(person)
    return at, lambda _, marks: at in marks.excluded


def _merge(rows: Sequence[Subscriber]) -> Person:
    first = rows[0]
    fields = dict(first.fields)
    for row in rows[1:]:
        for name, cell in row.fields.items():
            if cell and not fields.get(name):
                fields[name] = cell
    return Person(first.address, fields, tuple(dict.fromkeys(row.list_name for row in rows)))
