"""A plan is a pure function of words and people: the same inputs, the same plan and digests."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.model import Arithmetic, Person, Sums
from newsletter.campaign import Page, Plan, Terms, plan_campaign
from newsletter.edition.model import Edition, Variant
from newsletter.values import Address, IssueSlug, Language, Rate, SectionId, digest_of
from tests.audience.make import seated
from tests.message.make import SLOTS, make_compiled

SLUG = IssueSlug("2026-11-news")
NEWS, CHINA = SectionId("news"), SectionId("china")
VARIANTS = (
    Variant(Language("it"), (NEWS, CHINA)),
    Variant(Language("it"), (NEWS,)),
    Variant(Language("en"), (NEWS,)),
)
TERMS = Terms(
    rate=Rate(5, 1),
    connections=4,
    profile="production",
    envelope_sender="news@alisei.example",
    unsubscribe_base="https://alisei.example",
    unsubscribe_mailto="news@alisei.example",
)
PAGES = {
    variant: Page(
        Edition(variant, f"subject {variant.key}", "preheader", "<p>x</p>", "x", SLOTS),
        make_compiled(),
    )
    for variant in VARIANTS
}


def person(number: int) -> Person:
    """Someone on one list, or on two."""
    lists = ("members", "partners")[: 1 + number % 2]
    return Person(Address(f"r{number}@soci.example"), {"name": f"R{number}"}, lists)


def sums_of(people: tuple[Person, ...]) -> Sums:
    """Sums that fit these people."""
    on_lists = sum(len(one.lists) for one in people)
    per_list = {name: sum(name in p.lists for p in people) for name in ("members", "partners")}
    sums = Arithmetic(on_lists, on_lists - len(people), not_in_segment=0, excluded=0)
    digest = digest_of(*(one.address.key.encode() for one in people))
    return Sums(sums, per_list, digest)


def plan(choices: list[int]) -> Plan:
    """A plan whose n-th reader sees the page of the n-th choice."""
    people = tuple(person(number) for number in range(len(choices)))
    recipients = seated(zip(people, [VARIANTS[choice] for choice in choices], strict=True))
    return plan_campaign(SLUG, digest_of(b"words"), sums_of(people), recipients, PAGES, TERMS)


@pytest.mark.slow
@given(st.lists(st.integers(0, 2), min_size=1, max_size=40))
def test_every_reader_is_in_the_plan_once_with_the_page_that_was_chosen(
    choices: list[int],
) -> None:
    made = plan(choices)
    again = plan(choices)
    assert list(made.recipients) == list(again.recipients)
    assert replace(made, recipients=()) == replace(again, recipients=())
    assert [r.person.address.text for r in made.recipients] == [
        f"r{number}@soci.example" for number in range(len(choices))
    ]
    chosen = [made.variants[recipient.variant].variant for recipient in made.recipients]
    assert chosen == [VARIANTS[choice] for choice in choices]


@pytest.mark.slow
@given(st.lists(st.integers(0, 2), min_size=1, max_size=40))
def test_the_sums_of_a_plan_add_up(choices: list[int]) -> None:
    made = plan(choices)
    assert sum(variant.readers for variant in made.variants) == len(choices)
    assert made.arithmetic.recipients == len(made.recipients)
    assert made.section_readers[NEWS] == len(choices)
    assert made.section_readers.get(CHINA, 0) == choices.count(0)
    assert {variant.variant for variant in made.variants} == {VARIANTS[c] for c in choices}


def test_the_order_of_pages_does_not_hang_on_who_comes_first() -> None:
    assert [v.variant for v in plan([0, 1, 2]).variants] == [
        v.variant for v in plan([2, 1, 0]).variants
    ]


def test_a_page_that_was_not_rendered_is_a_fault_and_not_an_empty_mail() -> None:
    people = (person(0),)
    recipients = seated([(people[0], VARIANTS[0])])
    with pytest.raises(KeyError):
        plan_campaign(SLUG, digest_of(b""), sums_of(people), recipients, {}, TERMS)
