"""Each reader's own clocks, in every zone and over each change of them."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import UsageError
from newsletter.local_time import LocalTime, Passed, undecided
from newsletter.schedule import first_instant_of, instant_of, is_zone
from tests.test_hours import ROME, ZONES

WALLS = st.datetimes(min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2035, 1, 1))  # noqa: DTZ001
TEN = dt.datetime(2026, 12, 3, 10)  # noqa: DTZ001  a wall time has no zone
A_SECOND = dt.timedelta(seconds=1)


def utc(*numbers: int) -> dt.datetime:
    return dt.datetime(*numbers, tzinfo=dt.UTC)  # type: ignore[misc, arg-type]


def test_each_zone_is_due_when_its_own_clocks_show_the_time() -> None:
    local = LocalTime(TEN, ROME)
    parts = local.parts({"": 3, ROME: 2, "Asia/Tokyo": 1, "America/New_York": 4}, utc(2026, 12, 1))

    assert [(part.cell, part.at) for part in parts] == [
        ("Asia/Tokyo", utc(2026, 12, 3, 1)),
        ("", utc(2026, 12, 3, 9)),
        (ROME, utc(2026, 12, 3, 9)),
        ("America/New_York", utc(2026, 12, 3, 15)),
    ]
    assert local.due(parts[0].at).instant == utc(2026, 12, 3, 1)


def test_who_names_no_zone_or_none_that_there_is_lives_in_the_default_one() -> None:
    parts = LocalTime(TEN, ROME).parts({"": 1, "Europe/Roma": 1, "+05:00": 1}, utc(2026, 12, 1))

    assert {part.zone for part in parts} == {ROME}
    assert [part.cell for part in parts if part.is_unknown] == ["+05:00", "Europe/Roma"]


def test_a_time_that_the_clocks_skip_is_when_they_have_gone_forward() -> None:
    skipped = dt.datetime(2027, 3, 28, 2, 30)  # noqa: DTZ001
    assert first_instant_of(skipped, ROME) == utc(2027, 3, 28, 1)


def test_a_time_that_the_clocks_show_twice_is_the_first_one() -> None:
    twice = dt.datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001
    assert first_instant_of(twice, ROME) == utc(2026, 10, 25, 0, 30)


@pytest.mark.slow
@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), wall=WALLS)
@example("Australia/Lord_Howe", dt.datetime(2026, 10, 4, 2, 15))  # noqa: DTZ001
@example("Pacific/Apia", dt.datetime(2011, 12, 30, 12))  # noqa: DTZ001
@example(ROME, dt.datetime(2027, 3, 28, 2, 30))  # noqa: DTZ001
@example(ROME, dt.datetime(2026, 10, 25, 2, 30))  # noqa: DTZ001
def test_in_every_zone_it_is_the_first_instant_at_which_the_time_has_come(
    zone: str, wall: dt.datetime
) -> None:
    wall = wall.replace(microsecond=0)
    found = first_instant_of(wall, zone)
    place = zoneinfo.ZoneInfo(zone)

    assert found.astimezone(place).replace(tzinfo=None) >= wall
    assert (found - A_SECOND).astimezone(place).replace(tzinfo=None) < wall
    try:
        assert instant_of(wall, zone) == found
    except UsageError:
        shown = found.astimezone(place).replace(tzinfo=None)
        assert shown > wall or found.astimezone(place).fold == 0


@pytest.mark.slow
@settings(deadline=None)
@given(
    cells=st.dictionaries(st.sampled_from(["", "Nowhere", *ZONES]), st.integers(1, 9)), wall=WALLS
)
def test_no_reader_is_lost_between_the_parts_and_each_shows_her_time(
    cells: dict[str, int], wall: dt.datetime
) -> None:
    wall = wall.replace(microsecond=0)
    parts = LocalTime(wall, ROME).parts(cells, utc(1999, 1, 1))

    assert {part.cell: part.readers for part in parts} == cells
    assert [part.at for part in parts] == sorted(part.at for part in parts)
    assert all(part.at == first_instant_of(wall, part.zone) for part in parts)


def test_readers_whose_time_has_passed_are_told_and_wait_for_a_word() -> None:
    now, cells = utc(2026, 12, 3, 8), {"Asia/Tokyo": 5, ROME: 2}
    parts = LocalTime(TEN, ROME).parts(cells, now)
    at_once = LocalTime(TEN, ROME, Passed.NOW).parts(cells, now)
    later = LocalTime(TEN, ROME, Passed.NEXT_DAY).parts(cells, now)

    assert undecided(parts, None) == 5
    assert [(part.cell, part.at, part.passed) for part in at_once] == [
        ("Asia/Tokyo", now, True),
        (ROME, utc(2026, 12, 3, 9), False),
    ]
    assert [(part.cell, part.at, part.passed) for part in later] == [
        (ROME, utc(2026, 12, 3, 9), False),
        ("Asia/Tokyo", utc(2026, 12, 4, 1), True),
    ]
    assert undecided(later, Passed.NEXT_DAY) == 0


def test_a_time_that_has_passed_everywhere_is_refused() -> None:
    with pytest.raises(UsageError, match="has passed on every reader's clocks"):
        LocalTime(TEN, ROME, Passed.NOW).parts({"Asia/Tokyo": 1, ROME: 1}, utc(2026, 12, 5))


def test_only_the_very_name_of_a_zone_is_one() -> None:
    assert is_zone("Europe/Rome")
    assert not any(is_zone(name) for name in ("europe/rome", "localtime", "Factory", "+01:00", ""))


@pytest.mark.slow
@settings(deadline=None)
@given(WALLS, st.integers(0, 40), st.sampled_from(ZONES))
@example(dt.datetime(2011, 12, 30, 10), 0, "Pacific/Apia")  # noqa: DTZ001  a day that was skipped
def test_whoever_waits_for_the_next_day_waits_for_the_first_that_is_to_come(
    wall: dt.datetime, days: int, zone: str
) -> None:
    now = first_instant_of(wall, zone) + days * dt.timedelta(days=1) + A_SECOND
    found = LocalTime(wall, ROME, Passed.NEXT_DAY).part(zone, 1, now)
    later = (first_instant_of(wall + n * dt.timedelta(days=1), zone) for n in range(days + 3))
    assert found.at == next(at for at in later if at > now)


def test_a_time_of_long_ago_waits_for_the_next_day_as_any_other() -> None:
    ages = LocalTime(dt.datetime(2, 1, 1, 10), ROME, Passed.NEXT_DAY)  # noqa: DTZ001
    assert ages.part(ROME, 1, utc(2026, 12, 3, 12)).at == utc(2026, 12, 4, 9)
    with pytest.raises(UsageError, match="0002-01-01 10:00 has passed"):
        ages.parts({ROME: 1}, utc(2026, 12, 3, 12))
