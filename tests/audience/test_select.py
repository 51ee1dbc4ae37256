"""One message a person, and one sum that holds."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience.lists import load_list
from newsletter.audience.segments import load_segments, parse_expression
from newsletter.audience.select import Audience, merge_lists, select_audience
from tests.audience.make import make_list

EXAMPLE = Path(__file__).parents[2] / "subscribers"


def emails(audience: Audience) -> list[str]:
    return [person.address.text for person in audience]


def test_a_person_on_two_lists_gets_one_message() -> None:
    one = make_list("one", "a@x.example", "B@x.example", country="", name="First")
    two = make_list("two", "b@x.example", "c@x.example", country="IT", name="Second")
    audience = select_audience([one, two])
    assert emails(audience) == ["a@x.example", "B@x.example", "c@x.example"]
    assert list(audience)[1].lists == ("one", "two")
    assert list(audience)[1].fields == {"country": "IT", "name": "First"}
    assert audience.per_list == {"one": 2, "two": 2}
    assert (audience.arithmetic.overlap, audience.arithmetic.recipients) == (1, 3)


def test_whoever_falls_out_is_counted_once_and_by_name() -> None:
    members = make_list("members", *(f"{letter}@x.example" for letter in "abcdef"), duplicates=2)
    press = make_list("press", "A@x.example", "z@x.example")
    audience = select_audience(
        [members],
        only=parse_expression('email != "f@x.example"'),
        exclude=[press, parse_expression('email in ("a@x.example", "b@x.example")')],
        suppressed={"a@x.example": "bounced", "c@x.example": "unsubscribed"},
    )
    sums = audience.arithmetic
    assert emails(audience) == ["d@x.example", "e@x.example"]
    assert (sums.on_lists, sums.duplicates, sums.not_in_segment, sums.excluded) == (8, 2, 1, 2)
    assert list(sums.excluded_by.values()) == [1, 1]
    assert sums.suppressed == {"unsubscribed": 1}
    assert sums.recipients == len(audience)


ADDRESS = st.sampled_from([f"{local}@x.example" for local in ("a", "A", "b", "c", "d", "E", "e")])
ADDRESSES = st.lists(ADDRESS, max_size=6, unique_by=str.casefold)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(ADDRESSES, ADDRESSES, ADDRESSES, st.dictionaries(ADDRESS.map(str.lower), st.just("x")))
def test_the_sum_always_holds(
    one: list[str], two: list[str], out: list[str], suppressed: dict[str, str]
) -> None:
    audience = select_audience(
        [make_list("one", *one), make_list("two", *two, duplicates=3)],
        only=parse_expression('email != "b@x.example"'),
        exclude=[make_list("out", *out), parse_expression('starts(email, "c")')],
        suppressed=suppressed,
    )
    keys = [person.address.key for person in audience]
    assert audience.arithmetic.recipients == len(keys) == len(set(keys))
    assert audience.arithmetic.on_lists == len(one) + len(two) + 3
    assert sum(audience.arithmetic.excluded_by.values()) == audience.arithmetic.excluded
    gone = {each.casefold() for each in out} | suppressed.keys() | {"b@x.example", "c@x.example"}
    assert set(keys) == {each.casefold() for each in one + two} - gone


def test_the_order_of_rows_does_not_matter_but_a_field_does() -> None:
    first = select_audience([make_list("one", "a@x.example", "b@x.example")])
    turned = select_audience([make_list("one", "b@x.example", "a@x.example")])
    other = select_audience([make_list("one", "a@x.example", "b@x.example", name="x")])
    assert first.digest == turned.digest
    assert list(first) == list(turned)
    assert first.digest != other.digest


def test_the_example_is_clean_large_and_overlapping() -> None:
    lists = [load_list(EXAMPLE / f"{name}.csv") for name in ("members", "partners", "press")]
    assert [each.remarks for each in lists] == [(), (), ()]
    audience = select_audience(lists)
    assert audience.arithmetic.recipients >= 300
    assert audience.arithmetic.overlap > 0
    domains = {person.address.domain.rpartition(".")[2] for person in audience}
    assert domains == {"example", "test"}
    languages = {person.fields["language"] for person in audience}
    assert languages == {"it", "en", "fr-CA", "zh-Hans"}
    columns = {column for each in lists for column in each.columns}
    for segment in load_segments(EXAMPLE / "segments.toml", columns).values():
        inside = sum(segment.matches(person) for person in audience)
        assert 0 < inside < len(audience)


def test_merging_keeps_everyone_once() -> None:
    assert list(merge_lists([])) == []
