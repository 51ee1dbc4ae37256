"""Lists, segments, exclusions and suppressions to one audience, with its arithmetic."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from newsletter.audience.model import Arithmetic, Audience, Person, Subscriber, SubscriberList
from newsletter.audience.segments import Segment
from newsletter.values import Digest, digest_of

Exclusion = Segment | SubscriberList


def select_audience(
    lists: Sequence[SubscriberList],
    *,
    only: Segment | None = None,
    exclude: Sequence[Exclusion] = (),
    suppressed: Mapping[str, str] | None = None,
) -> Audience:
    """Who gets the message: each address once, in the order of the addresses.

    ``only`` keeps a segment; ``exclude`` takes whole lists and segments out; ``suppressed`` maps
    the key of an address to the reason why it is never mailed. The same lists in the same order
    with the same options give the same audience and digest, however their rows are ordered.
    """
    people = merge_lists(lists)
    chosen = [person for person in people if only is None or only.matches(person)]
    excluded_by = {each.name: 0 for each in exclude}
    reasons: Counter[str] = Counter()
    left = []
    tests = [(each.name, _membership(each)) for each in exclude]
    for person in chosen:
        name = next((name for name, holds in tests if holds(person)), None)
        reason = (suppressed or {}).get(person.address.key)
        if name is not None:
            excluded_by[name] += 1
        elif reason is not None:
            reasons[reason] += 1
        else:
            left.append(person)
    arithmetic = Arithmetic(
        on_lists=sum(each.rows for each in lists),
        duplicates=sum(each.duplicates for each in lists),
        refused=sum(each.refused for each in lists),
        overlap=sum(len(each.subscribers) for each in lists) - len(people),
        not_in_segment=len(people) - len(chosen),
        excluded=sum(excluded_by.values()),
        excluded_by=excluded_by,
        suppressed=dict(sorted(reasons.items())),
    )
    return Audience(tuple(left), arithmetic, _per_list(lists, left), _digest(left))


def merge_lists(lists: Sequence[SubscriberList]) -> tuple[Person, ...]:
    """One person per address over the lists, in the order of the addresses.

    Cells of the first list win; those it leaves empty come from the later ones.
    """
    rows: dict[str, list[Subscriber]] = {}
    for each in lists:
        for subscriber in each.subscribers:
            rows.setdefault(subscriber.address.key, []).append(subscriber)
    return tuple(_merge(rows[key]) for key in sorted(rows))


def _merge(rows: Sequence[Subscriber]) -> Person:
    first = rows[0]
    if len(rows) == 1:
        return Person(first.address, first.fields, (first.list_name,))
    fields = dict(first.fields)
    for row in rows[1:]:
        for name, cell in row.fields.items():
            if cell and not fields.get(name):
                fields[name] = cell
    return Person(first.address, fields, tuple(dict.fromkeys(row.list_name for row in rows)))


def _membership(exclusion: Exclusion) -> Callable[[Person], bool]:
    """Whether a person is in the segment, or on the list by the address."""
    if isinstance(exclusion, Segment):
        return exclusion.matches
    keys = {each.address.key for each in exclusion.subscribers}
    return lambda person: person.address.key in keys


def _per_list(lists: Sequence[SubscriberList], people: Iterable[Person]) -> dict[str, int]:
    counts = Counter(name for person in people for name in person.lists)
    return {each.name: counts[each.name] for each in lists}


def _digest(people: Iterable[Person]) -> Digest:
    return digest_of(
        *(
            json.dumps([each.address.text, each.lists, sorted(each.fields.items())]).encode()
            for each in people
        )
    )
