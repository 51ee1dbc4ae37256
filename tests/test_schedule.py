"""Wall times, zones and changes of the clocks."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import UsageError
from newsletter.schedule import (
    Due,
    Verdict,
    check_future,
    first_instant_of,
    instant_of,
    parse_when,
    verdict,
    zone_of,
)

ROME = "Europe/Rome"
ZONES = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-03 10:00 Europe/Rome",
        "2026-12-03T10:00 Europe/Rome",
        "  2026-12-03 10:00:00 Europe/Rome ",
        "2026-12-03T10:00:00+01:00",
        "2026-12-03 10:00 +0100",
        "2026-12-03 09:00 UTC",
        "2026-12-03T09:00Z",
    ],
)
def test_each_form_of_a_time_names_the_same_instant(text: str) -> None:
    due = parse_when(text, default_zone="Asia/Tokyo")

    assert due.instant == utc(2026, 12, 3, 9)
    assert due.instant.tzinfo is dt.UTC
    assert not due.zone_assumed


def test_a_time_without_a_zone_takes_the_default_and_says_so() -> None:
    due = parse_when("2026-12-03T10:00", default_zone=ROME)

    assert due == Due(utc(2026, 12, 3, 9), "2026-12-03T10:00:00", ROME)
    assert due.zone_assumed
    assert str(due) == "2026-12-03 10:00 Europe/Rome (by default) (2026-12-03 09:00 UTC)"


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "2026-12-03", "2026-13-03 10:00", "2026-02-30 10:00", "2026-12-03 25:00",
     "03/12/2026 10:00", "2026-12-03 10:00 Europe/Rome at noon"],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_when(text, default_zone=ROME)

    assert "2026-12-03 10:00 Europe/Rome" in caught.value.cure
    assert repr(text) in caught.value.message


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Roma", ROME),
        ("europe/rome", ROME),
        ("Rome", ROME),
        ("Europe/Pariss", "Europe/Paris"),
        ("UTC+1", "+01:00"),
        ("gmt-3:30", "-03:30"),
        ("+1", "+01:00"),
        ("+01", "+01:00"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name: str, meant: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_when(f"2026-12-03 10:00 {name}", default_zone=ROME)

    assert caught.value.cure == f"did you mean {meant}?"


@pytest.mark.parametrize("name", ["CEST", "BST", "IST", "PST"])
def test_an_abbreviation_is_not_taken_for_another_one(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        zone_of(name)
    assert "Europe/Rome" in caught.value.cure


def test_a_time_by_twelve_hours_is_told_how_hours_count() -> None:
    with pytest.raises(UsageError) as caught:
        zone_of("pm")
    assert "write 21:00" in caught.value.cure


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/localtime", "+99:99", "+01:60", "UTC+31", "", "localtime"]
)
def test_a_zone_is_never_a_path_nor_an_impossible_offset(name: str) -> None:
    with pytest.raises(UsageError, match="is not a time zone"):
        zone_of(name)


def test_an_ambiguous_time_is_refused_with_both_instants() -> None:
    with pytest.raises(UsageError) as caught:
        parse_when("2026-10-25 02:30 Europe/Rome", default_zone=ROME)

    assert "happens twice in Europe/Rome" in caught.value.message
    assert "00:30 UTC (+02:00)" in caught.value.message
    assert "01:30 UTC (+01:00)" in caught.value.message
    assert caught.value.cure == 'write "2026-10-25 02:30 +02:00" or "2026-10-25 02:30 +01:00"'


def test_each_cure_for_an_ambiguous_time_names_one_of_its_instants() -> None:
    with pytest.raises(UsageError) as caught:
        instant_of("2026-10-25T02:30:00", ROME)

    instants = [
        parse_when(choice, default_zone=ROME).instant
        for choice in caught.value.cure.split('"')[1::2]
    ]
    assert instants == [utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)]


def test_a_time_that_the_clocks_skip_is_refused_with_the_nearest_valid_one() -> None:
    with pytest.raises(UsageError) as caught:
        parse_when("2027-03-28 02:30 Europe/Rome", default_zone=ROME)

    assert "does not exist" in caught.value.message
    assert "from 01:59:59 straight to 03:00:00" in caught.value.message
    assert caught.value.cure == 'write "2027-03-28 03:00 Europe/Rome" or later'


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-10-25T01:59:59", utc(2026, 10, 24, 23, 59, 59)),
        ("2026-10-25T03:00:00", utc(2026, 10, 25, 2)),
        ("2027-03-28T01:59:59", utc(2027, 3, 28, 0, 59, 59)),
        ("2027-03-28T03:00:00", utc(2027, 3, 28, 1)),
    ],
)
def test_the_seconds_beside_a_change_of_clocks_are_plain(wall: str, instant: dt.datetime) -> None:
    assert instant_of(wall, ROME) == instant


def test_a_day_that_a_country_skipped_does_not_exist() -> None:
    with pytest.raises(UsageError) as caught:
        parse_when("2011-12-30 12:00 Pacific/Apia", default_zone=ROME)

    assert caught.value.cure == 'write "2011-12-31 00:00 Pacific/Apia" or later'


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(min_value=dt.datetime(1990, 1, 1), max_value=dt.datetime(2040, 1, 1)),  # noqa: DTZ001 - wall times
)
def test_in_every_zone_an_instant_shows_its_wall_time_or_is_refused(
    zone: str, wall: dt.datetime
) -> None:
    wall = wall.replace(microsecond=0)
    place = zoneinfo.ZoneInfo(zone)
    showing = {
        candidate
        for fold in (0, 1)
        if (candidate := wall.replace(tzinfo=place, fold=fold).astimezone(dt.UTC))
        .astimezone(place)
        .replace(tzinfo=None)
        == wall
    }
    if len(showing) == 1:
        assert instant_of(wall, zone) == showing.pop()
    else:
        with pytest.raises(UsageError, match="twice" if showing else "does not exist"):
            instant_of(wall, zone)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    year=st.integers(2020, 2037),
    month=st.integers(1, 12),
)
def test_at_every_change_of_clocks_the_cures_are_valid_times(
    zone: str, year: int, month: int
) -> None:
    place = zoneinfo.ZoneInfo(zone)
    start = utc(year, month, 1)
    for hour in range(0, 31 * 24, 1):
        before, after = (start + dt.timedelta(hours=h) for h in (hour, hour + 1))
        change = _shift(after, place) - _shift(before, place)
        if not change:
            continue
        wall = before.astimezone(place).replace(tzinfo=None, fold=0) + dt.timedelta(hours=1)
        wall += change / 2 if change > dt.timedelta() else -change / 2 - dt.timedelta(hours=1)
        _check_cures(wall, zone)


def _shift(instant: dt.datetime, place: dt.tzinfo) -> dt.timedelta:
    return instant.astimezone(place).utcoffset() or dt.timedelta()


def _check_cures(wall: dt.datetime, zone: str) -> None:
    try:
        instant_of(wall, zone)
    except UsageError as refused:
        for choice in refused.cure.split('"')[1::2]:
            assert parse_when(choice, default_zone=zone).instant


@pytest.mark.parametrize("zone", ["UTC", ROME, "America/New_York", "+01:00"])
def test_a_time_after_which_no_other_fits_the_calendar_is_refused(zone: str) -> None:
    wall = utc(9999, 12, 31, 12).replace(tzinfo=None)
    for read in (instant_of, first_instant_of):
        with pytest.raises(UsageError, match="beyond the calendar"):
            read(wall, zone)


def test_a_time_that_has_passed_is_refused() -> None:
    due = parse_when("2026-12-03 10:00", default_zone=ROME)

    check_future(due, utc(2026, 12, 3, 8, 59, 59))
    with pytest.raises(UsageError, match="has passed: it is 2026-12-03 09:00 UTC"):
        check_future(due, utc(2026, 12, 3, 9))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (utc(2026, 12, 3, 8, 59, 59), Verdict.WAITING),
        (utc(2026, 12, 3, 9), Verdict.DUE_NOW),
        (utc(2026, 12, 3, 11), Verdict.DUE_NOW),
        (utc(2026, 12, 3, 11, 0, 1), Verdict.MISSED),
    ],
)
def test_a_campaign_waits_then_is_due_and_past_the_grace_is_missed(
    now: dt.datetime, expected: Verdict
) -> None:
    assert verdict(parse_when("2026-12-03 10:00", default_zone=ROME), now) is expected
