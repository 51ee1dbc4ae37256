"""What readers said outweighs what the files say, and the one sum still holds."""

import datetime as dt
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.audience.said import LAPSED, LEFT, Said
from newsletter.audience.segments import parse_expression
from newsletter.audience.select import Audience, select_audience
from newsletter.consent import Joined, Lapse
from newsletter.values import Address
from tests.audience.make import make_list

NOW = dt.datetime(2026, 11, 28, tzinfo=dt.UTC)


def emails(audience: Audience) -> list[str]:
    return [person.address.text for person in audience]


def joined(email: str, name: str, language: str = "", **fields: str) -> Joined:
    return Joined(Address.parse(email), name, fields, language)


def lapse(key: str, name: str, *, over: bool = True) -> Lapse:
    return Lapse(key, key, name, NOW, over)


def test_a_file_does_not_bring_back_who_left_its_list() -> None:
    soci = make_list("soci", "Anna@x.example", "b@x.example")
    amici = make_list("amici", "anna@x.example", "c@x.example")
    said = Said(left=[("anna@x.example", "soci"), ("c@x.example", "amici")])
    audience = select_audience([soci, amici], said=said)
    assert emails(audience) == ["anna@x.example", "b@x.example"]
    assert [person.lists for person in audience] == [("amici",), ("soci",)]
    assert audience.arithmetic.gone == {LEFT: 2}
    assert audience.arithmetic.overlap == 0
    assert audience.arithmetic.recipients == 2
    assert audience.per_list == {"soci": 1, "amici": 1}


def test_who_joined_by_form_is_there_and_the_readers_words_win() -> None:
    soci = make_list("soci", "anna@x.example", language="it", first_name="ANNA", country="IT")
    said = Said(
        joined=[
            joined("Anna@x.example", "soci", "fr", first_name="Anna"),
            joined("new@x.example", "soci", "en"),
        ]
    )
    audience = select_audience([*said.joined, soci], said=said)
    anna, new = audience
    assert anna.fields == {"first_name": "Anna", "language": "fr", "country": "IT"}
    assert new.fields["language"] == "en"
    assert audience.per_list == {"soci": 2}
    assert (audience.arithmetic.on_lists, audience.arithmetic.overlap) == (3, 1)


def test_a_language_that_was_chosen_wins_over_every_file_and_picks_the_segment() -> None:
    soci = make_list("soci", "a@x.example", "b@x.example", language="it")
    said = Said(languages=[("a@x.example", "en"), ("stranger@x.example", "fr")])
    only = parse_expression('language == "en"', frozenset({"language"}))
    audience = select_audience([soci], only=only, said=said)
    assert emails(audience) == ["a@x.example"]
    assert select_audience([soci]).digest != select_audience([soci], said=said).digest


def test_an_implied_consent_that_lapsed_takes_its_reader_out_with_the_reason() -> None:
    soci = make_list("soci", "a@x.example", "b@x.example")
    said = Said(lapsed=[lapse("a@x.example", "soci"), lapse("b@x.example", "soci", over=False)])
    audience = select_audience([soci], said=said)
    assert emails(audience) == ["b@x.example"]
    assert audience.arithmetic.gone == {LAPSED: 1}


def test_who_was_forgotten_is_left_out_of_every_list() -> None:
    def forgotten(keys: Sequence[str]) -> list[bool]:
        return [key.startswith("a") for key in keys]

    said = Said(forgotten=forgotten, joined=[joined("a2@x.example", "web")])
    audience = select_audience(
        [*said.joined, make_list("soci", "A@x.example", "b@x.example")], said=said
    )
    assert emails(audience) == ["b@x.example"]
    assert audience.arithmetic.suppressed == {"forgotten": 2}


def test_what_was_typed_into_a_form_is_cleaned_and_fills_no_reserved_field() -> None:
    said = Said(
        joined=[
            joined("a@x.example", "web", "", **{"First name": "An\x1fna\u202e", "domain": "evil"})
        ]
    )
    (person,) = select_audience(said.joined, said=said)
    assert person.fields == {"first_name": "An na"}


NAMES = ("one", "two")
KEYS = [f"{letter}@x.example" for letter in "abcde"]
ON_LIST = st.lists(st.sampled_from(KEYS), max_size=5, unique=True)
PAIRS = st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(NAMES)), max_size=6, unique=True)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    files=st.fixed_dictionaries(dict.fromkeys(NAMES, ON_LIST)),
    forms=PAIRS,
    left=PAIRS,
    lapsed=PAIRS,
    suppressed=st.dictionaries(st.sampled_from(KEYS), st.just("bounced")),
    forgotten=st.sets(st.sampled_from(KEYS)),
)
def test_files_and_joined_less_left_lapsed_suppressed_forgotten_are_the_recipients(
    files: Mapping[str, Sequence[str]],
    forms: Sequence[tuple[str, str]],
    left: Sequence[tuple[str, str]],
    lapsed: Sequence[tuple[str, str]],
    suppressed: Mapping[str, str],
    forgotten: set[str],
) -> None:
    said = Said(
        left=left,
        lapsed=[lapse(*pair) for pair in lapsed],
        joined=[joined(key, name) for key, name in sorted(forms, key=lambda each: each[1])],
        forgotten=lambda keys: [key in forgotten for key in keys],
    )
    lists = [*said.joined, *(make_list(name, *files[name]) for name in NAMES)]
    audience = select_audience(lists, suppressed=suppressed, said=said)
    placed = {(key, name) for name in NAMES for key in files[name]} | {*forms}
    kept = placed - {*left} - {*lapsed}
    wanted = {key for key, _ in kept} - {*suppressed} - forgotten
    assert emails(audience) == sorted(wanted)
    assert audience.arithmetic.recipients == len(wanted)
    assert {(person.address.key, name) for person in audience for name in person.lists} == {
        pair for pair in kept if pair[0] in wanted
    }
