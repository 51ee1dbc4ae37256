"""Many at a time come out as one by one: the same people, the same sums, the same digest."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience import subscribers
from newsletter.audience.cohort import Crowd
from newsletter.audience.fingerprint import Fingerprint
from newsletter.audience.model import Person, Subscriber
from newsletter.audience.segments import Segment, parse_expression
from newsletter.audience.select import Audience, select_audience
from newsletter.audience.subscribers import SubscriberList, Subscribers
from newsletter.values import Address, Digest, digest_of
from tests.audience.make import make_person

CELL = st.text(st.characters(exclude_categories=["C"], exclude_characters="\n"), max_size=4)
FIELDS = st.dictionaries(st.sampled_from(["country", "interests", "note"]), CELL, max_size=3)
EMAIL = st.sampled_from(
    [f"{local}@{domain}.example" for local in ("a", "A", "b", "c", "d") for domain in "xy"]
)
Row = tuple[str, dict[str, str]]
ROWS = st.lists(st.tuples(EMAIL, FIELDS), max_size=12)
PERSON = st.builds(
    Person,
    EMAIL.map(Address.parse),
    st.dictionaries(st.sampled_from(["country", "interests", "note"]), st.text(max_size=4)),
    st.sampled_from([("one",), ("one", "two")]),
)
SAVED = {
    "abroad": parse_expression('country != "IT"', ["country"]),
    "near": parse_expression('country in ("IT", "") or contains(note, "a")', ["country", "note"]),
}
SEGMENTS = [
    parse_expression(text, ["country", "interests", "note"], SAVED)
    for text in (
        "country",
        'domain == "x.example"',
        'email in ("a@x.example", "b@y.example")',
        '"one" in lists',
        'not interests and note != "x"',
        'segment("abroad") and not segment("near")',
    )
]
SEGMENT = st.sampled_from(SEGMENTS)


@dataclass(frozen=True)
class Given:
    """Rows of lists, and who is left out of them."""

    lists: Mapping[str, Sequence[Row]]
    only: Segment | None
    exclude: Sequence[Segment | Sequence[Row]]
    suppressed: Mapping[str, str]

    def audience(self) -> Audience:
        """Selected by the newsletter."""
        return select_audience(
            [made_list(name, rows) for name, rows in self.lists.items()],
            only=self.only,
            exclude=[
                each if isinstance(each, Segment) else made_list("out", each)
                for each in self.exclude
            ],
            suppressed=self.suppressed,
        )

    def told(self) -> tuple[list[Person], Counter[str]]:
        """Selected one by one, as the words of the room say it."""
        fallen: Counter[str] = Counter()
        chosen = []
        for person in merged_by_hand(self.lists):
            why = self.why_not(person)
            fallen[why] += bool(why)
            chosen += [] if why else [person]
        return chosen, fallen

    def why_not(self, person: Person) -> str:
        """The first thing that takes a person out."""
        if self.only and not self.only.matches(person):
            return "not in the segment"
        if any(takes_out(each, person) for each in self.exclude):
            return "excluded"
        return self.suppressed.get(person.address.key, "")


GIVEN = st.builds(
    Given,
    st.dictionaries(st.sampled_from(["one", "two", "three"]), ROWS, max_size=3),
    st.none() | SEGMENT,
    st.lists(SEGMENT | ROWS, max_size=2),
    st.dictionaries(EMAIL.map(str.casefold), st.sampled_from(["bounced", "manual"])),
)


def made_list(name: str, rows: Sequence[Row]) -> SubscriberList:
    """The list of these rows."""
    people = [
        Subscriber(Address.parse(email), fields, name, line)
        for line, (email, fields) in enumerate(rows, start=2)
    ]
    repeated = len(rows) - len({email.casefold() for email, _ in rows})
    found = Subscribers.of(name, people)
    return SubscriberList(name, Path(f"{name}.csv"), "utf-8", ",", found, len(rows), (), repeated)


def takes_out(exclusion: Segment | Sequence[Row], person: Person) -> bool:
    """Whether the person is in the segment, or in a row."""
    if isinstance(exclusion, Segment):
        return exclusion.matches(person)
    return any(email.casefold() == person.address.key for email, _ in exclusion)


def merged_by_hand(lists: Mapping[str, Sequence[Row]]) -> Sequence[Person]:
    """Everybody once, by key: cells that are empty come from later rows of the list, then lists."""
    keys = sorted({email.casefold() for rows in lists.values() for email, _ in rows})
    people = []
    for key in keys:
        found: dict[str, dict[str, str]] = {}
        spelt: list[str] = []
        for name, rows in lists.items():
            for email, fields in rows:
                if email.casefold() == key:
                    spelt.append(email)
                    first = found.setdefault(name, dict(fields))
                    first.update({n: first[n] or fields.get(n, "") for n in first})
        whole, *later = found.values()
        for fields in later:
            whole.update({n: cell for n, cell in fields.items() if cell and not whole.get(n)})
        people.append(Person(Address.parse(spelt[0]), whole, tuple(found)))
    return people


def digest_by_hand(people: Sequence[Person]) -> Digest:
    """The digest as the room describes it."""
    texts = [json.dumps([p.address.text, p.lists, sorted(p.fields.items())]) for p in people]
    return digest_of(*[text.encode() for text in texts])


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 5, 1000])
@settings(max_examples=150, deadline=None)
@given(given_=GIVEN)
def test_an_audience_is_whoever_would_be_selected_one_by_one(at_once: int, given_: Given) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subscribers, "_AT_ONCE", at_once)
        audience = given_.audience()
        people, fallen = given_.told()
        assert list(audience) == people
    sums = audience.arithmetic
    assert audience.digest == digest_by_hand(people)
    assert sums.not_in_segment == fallen.pop("not in the segment", 0)
    assert sums.excluded == fallen.pop("excluded", 0)
    assert sums.suppressed == {reason: count for reason, count in fallen.items() if count}
    assert sums.recipients == len(people)
    assert audience.per_list == {
        name: sum(name in person.lists for person in people) for name in given_.lists
    }


@pytest.mark.slow
@given(st.lists(PERSON), SEGMENT)
def test_a_segment_says_of_many_what_it_says_of_each(
    people: list[Person], segment: Segment
) -> None:
    crowd = Crowd.of(people)
    assert list(crowd) == people
    verdicts = crowd.in_order(each.judged(segment.matches, segment.reads) for each in crowd.cohorts)
    assert verdicts == [segment.matches(person) for person in people]


def test_a_judge_is_asked_once_for_all_who_are_alike_in_what_it_reads() -> None:
    people = [make_person(f"r{n}@x.example", country="FR" if n % 3 else "IT") for n in range(30)]
    asked: list[Person] = []
    [cohort] = Crowd.of(people).cohorts
    cohort.judged(asked.append, {"country"})
    assert asked == people[:2]


@pytest.mark.slow
@given(st.lists(PERSON))
def test_the_digest_hangs_on_letters_that_json_escapes(people: list[Person]) -> None:
    fingerprint = Fingerprint()
    for at in range(0, len(people), 3):
        fingerprint.add(Crowd.of(people[at : at + 3]))
    assert fingerprint.digest() == digest_by_hand(people)
