"""A frozen audience: whoever goes in comes out, as it is recorded."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience import spool
from newsletter.audience.lists import load_list
from newsletter.audience.model import Person
from newsletter.audience.select import select_audience
from newsletter.edition.model import Variant
from newsletter.recipients import Recipient, Recipients, frozen, in_both
from newsletter.values import Address, Language, SectionId
from tests.audience.make import seated

ITALIAN = Variant(Language("it"), (SectionId("news"), SectionId("china")))
ENGLISH = Variant(Language("en"), (SectionId("news"),))
FIELDS = st.dictionaries(st.sampled_from(["name", "country", "a_b"]), st.text(max_size=6))
SEATS = st.lists(st.tuples(FIELDS, st.sampled_from([ITALIAN, ENGLISH]), st.integers(1, 2)))


def people(
    seats: list[tuple[dict[str, str], Variant, int]],
) -> list[tuple[Person, Variant]]:
    return [
        (Person(Address(f"R{at:03d}@soci.example"), fields, ("one", "two")[:lists]), variant)
        for at, (fields, variant, lists) in enumerate(seats)
    ]


@pytest.mark.slow
@given(SEATS)
def test_fields_are_the_json_that_any_writer_would_write(
    seats: list[tuple[dict[str, str], Variant, int]],
) -> None:
    written = [row[3] for row in seated(people(seats)).rows()]
    assert written == [
        json.dumps(fields, ensure_ascii=False, separators=(",", ":")) for fields, _, _ in seats
    ]


@pytest.mark.slow
@given(SEATS)
def test_whoever_goes_in_comes_out_with_the_page_that_was_chosen(
    seats: list[tuple[dict[str, str], Variant, int]],
) -> None:
    given_people = people(seats)
    made = seated(given_people)
    assert len(made) == len(given_people)
    assert [(each.person, made.variants[each.variant]) for each in made] == given_people
    assert sum(made.readers.values()) == len(given_people)
    plain = tuple(Recipient(person, made.variants.index(seen)) for person, seen in given_people)
    assert list(frozen(made)) == list(frozen(plain))


@pytest.mark.slow
@given(SEATS, st.integers(1, 4), st.integers(1, 3))
def test_recipients_are_batched_by_page_and_by_what_their_rows_lack(
    seats: list[tuple[dict[str, str], Variant, int]], at_once: int, most: int
) -> None:
    made = seated(people(seats), at_once)
    asked = [{"name", "a_b"} if variant == ITALIAN else {"country"} for variant in made.variants]
    found: dict[tuple[int, frozenset[str]], list[object]] = {}
    for row in made.rows():
        fields = json.loads(row[3])
        lacking = frozenset(name for name in asked[row[2]] if not fields.get(name))
        found.setdefault((row[2], lacking), []).append(row)
    batches = made.batches(asked, most)
    assert [((b.variant, b.lacking), b.readers) for b in batches] == [
        (key, len(rows)) for key, rows in found.items()
    ]
    for batch, rows in zip(batches, found.values(), strict=True):
        assert batch.first[0] == rows[0]
        assert not batch.lacking or batch.first == rows[:most]


@pytest.mark.slow
@given(st.lists(st.integers(0, 99), unique=True))
def test_recipients_come_by_key_though_the_audience_has_another_order(numbers: list[int]) -> None:
    seats = [(Person(Address(f"r{n}@x.example"), {}, ("one",)), ITALIAN) for n in numbers]
    keys = [key for key, _ in seated(seats).by_key()]
    assert keys == sorted(f"r{n}@x.example" for n in numbers)


@pytest.mark.slow
@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_two_sorted_rows_meet_where_their_keys_are_the_same(one: set[int], two: set[int]) -> None:
    mine = [(f"{number:02d}", number) for number in sorted(one)]
    yours = ((f"{number:02d}", -number) for number in sorted(two))
    met = [(now, then) for (_, now), (_, then) in in_both(mine, yours)]
    assert met == [(number, -number) for number in sorted(one & two)]
    assert next(yours, None) is None


def peak_of(path: Path, readers: int) -> int:
    """Octets that planning for so many takes at most, from the list to what is recorded."""
    rows = (f"reader{n * 7919 % readers}@list{n % 9}.example,Name {n},it" for n in range(readers))
    path.write_text("\n".join(["email,name,language", *rows]), encoding="utf-8")
    tracemalloc.start()
    try:
        audience = select_audience([load_list(path)])
        made = Recipients(audience.crowds(), lambda _: ITALIAN, set())
        assert sum(1 for _ in made.rows()) == len(audience) == readers
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_RUN", 500)
    monkeypatch.setattr(spool, "_PART", 50)
    peak_of(tmp_path / "warm.csv", 4_000)
    few, many = (peak_of(tmp_path / f"{number}.csv", number) for number in (4_000, 24_000))
    assert many < few * 1.4
