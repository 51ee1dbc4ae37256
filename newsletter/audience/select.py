"""Lists, segments, exclusions and suppressions to one audience, with its arithmetic."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from newsletter.audience.cohort import Crowd, laid_out
from newsletter.audience.fingerprint import Fingerprint
from newsletter.audience.merging import Exclusion, Part, Suppressed, merged
from newsletter.audience.model import Arithmetic, Person, Sums
from newsletter.audience.said import NOTHING_SAID, Said
from newsletter.audience.segments import Segment
from newsletter.audience.subscribers import SubscriberList
from newsletter.values import Digest

__all__ = ["Audience", "Exclusion", "Suppressed", "merge_lists", "select_audience"]


def select_audience(
    lists: Sequence[SubscriberList],
    *,
    only: Segment | None = None,
    exclude: Sequence[Exclusion] = (),
    suppressed: "Mapping[str, str] | Suppressed | None" = None,
    said: Said = NOTHING_SAID,
) -> "Audience":
    """Who gets the message: each address once, in the order of the addresses.

    ``only`` keeps a segment; ``exclude`` takes whole lists and segments out; ``suppressed`` maps
    the key of an address to the reason why it is never mailed; ``said`` is what readers said of the
    lists, those who joined by form being among ``lists``. The same lists in the same order
    with the same options give the same audience and digest, however their rows are ordered.
    """
    if not isinstance(suppressed, Suppressed):
        suppressed = Suppressed((suppressed or {}).items())
    return Audience(lists, only, exclude, suppressed, said)


def merge_lists(lists: Sequence[SubscriberList]) -> "Audience":
    """Everybody on the lists, in the order of the addresses: one person per address.

    Cells of the first list win; those it leaves empty come from the later ones.
    """
    return select_audience(lists)


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
        said: Said,
    ) -> None:
        self._lists = tuple(lists)
        self._only = only
        self._exclude = tuple(exclude)
        self._suppressed = suppressed
        self._said = said
        self._sums: Sums | None = None

    def __iter__(self) -> Iterator[Person]:
        """Everybody, in the order of the addresses' keys."""
        for crowd in self.crowds():
            yield from crowd

    def crowds(self) -> Iterator[Crowd]:
        """The same, many at a time."""
        sieve = _Sieve(self._only, self._exclude, self._said)
        lists_of: Counter[tuple[str, ...]] = Counter()
        fingerprint = Fingerprint()
        for parts in merged(self._lists, self._exclude, self._suppressed, self._said, sieve.gone):
            kept = [part for each in parts if len(part := sieve.kept(each))]
            if kept:
                crowd = laid_out([(part.cohort, part.places) for part in kept])
                for cohort in crowd.cohorts:
                    lists_of[cohort.lists] += len(cohort)
                fingerprint.add(crowd)
                yield crowd
        self._sums = Sums(
            sieve.arithmetic(self._lists), self._per_list(lists_of), fingerprint.digest()
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

    def _per_list(self, lists_of: Counter[tuple[str, ...]]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for names, count in lists_of.items():
            counts.update(dict.fromkeys(names, count))
        return {each.name: counts[each.name] for each in self._lists}


class _Sieve:
    """Lets through who is to have the message, and counts what the others fall to."""

    def __init__(self, only: Segment | None, exclude: Sequence[Exclusion], said: Said) -> None:
        self._only = only
        self._exclude = exclude
        self._said = said
        self.gone: Counter[str] = Counter()
        """Subscribers who are on their list no more, by why."""
        self._people = self._chosen = 0
        self._excluded: Counter[int] = Counter()
        self._reasons: Counter[str] = Counter()

    def kept(self, part: Part) -> Part:
        """Whoever is left; the first thing that takes somebody out is counted."""
        self._people += len(part)
        if self._only:
            part = part.where(part.cohort.judged(self._only.matches, self._only.reads))
        self._chosen += len(part)
        for at, exclusion in enumerate(self._exclude):
            left = part.where(_spared(part, exclusion, at))
            self._excluded[at] += len(part) - len(left)
            part = left
        if part.marks.reason is not None:
            self._reasons[part.marks.reason] += len(part)
            return part.where([False] * len(part))
        return self._remembered(part)

    def _remembered(self, part: Part) -> Part:
        """Without those who were forgotten."""
        if self._said.forgotten is None:
            return part
        forgotten = self._said.forgotten(part.cohort.keys)
        left = part.where([not each for each in forgotten])
        self._reasons["forgotten"] += len(part) - len(left)
        return left

    def arithmetic(self, lists: Sequence[SubscriberList]) -> Arithmetic:
        """The sum, once everybody was gone through."""
        excluded_by: Counter[str] = Counter()
        for at, each in enumerate(self._exclude):
            excluded_by[each.name] += self._excluded[at]
        return Arithmetic(
            on_lists=sum(each.rows for each in lists),
            duplicates=sum(each.duplicates for each in lists),
            refused=sum(each.refused for each in lists),
            gone={why: n for why, n in sorted(self.gone.items()) if n},
            overlap=sum(len(each.subscribers) for each in lists) - self._people - self.gone.total(),
            not_in_segment=self._people - self._chosen,
            excluded=self._excluded.total(),
            excluded_by=dict(excluded_by),
            suppressed={reason: n for reason, n in sorted(self._reasons.items()) if n},
        )


def _spared(part: Part, exclusion: Exclusion, at: int) -> Sequence[bool]:
    """Who is not in the segment, or not on the list by the address."""
    if isinstance(exclusion, Segment):
        inside = part.cohort.judged(exclusion.matches, exclusion.reads)
        return [not each for each in inside]
    return [at not in part.marks.excluded] * len(part)
