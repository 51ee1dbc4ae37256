"""Sending windows: what the clocks on the wall show, in every zone and over each change."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.app.days_off import days_off
from newsletter.errors import UsageError
from newsletter.hours import parse_hours

ROME = "Europe/Rome"
OFFICE = "Mon-Fri 08:00-18:00 Europe/Rome"
ZONES = sorted(zoneinfo.available_timezones() - {"Factory", "localtime"})
MINUTE = dt.timedelta(minutes=1)


def at(text: str, zone: str = ROME) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo(zone))


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2026-11-23 07:59", False),
        ("2026-11-23 08:00", True),
        ("2026-11-23 17:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-28 10:00", False),
        ("2026-11-29 10:00", False),
    ],
)
def test_office_hours_are_open_on_workdays_from_their_first_minute_to_before_their_last(
    instant: str, is_open: bool
) -> None:
    assert parse_hours(OFFICE, default_zone="UTC").are_open(at(instant)) is is_open


def test_a_dash_of_prose_is_a_hyphen() -> None:
    assert parse_hours(OFFICE.replace("-", "–"), default_zone="UTC").words == OFFICE


@pytest.mark.slow
def test_the_holidays_of_several_countries_are_those_of_each() -> None:
    both = days_off("it, DE-BY")
    either = [dt.date(2027, 6, 2), dt.date(2027, 10, 3), dt.date(2027, 8, 15)]
    assert all(day in both for day in either)
    assert dt.date(2027, 6, 3) not in both
    assert dt.date(2027, 10, 3) not in days_off("IT")
    with pytest.raises(UsageError, match="no holidays are known of 'XX'"):
        days_off("IT,XX")


def test_after_friday_evening_comes_monday_morning() -> None:
    hours = parse_hours(OFFICE, default_zone="UTC")

    assert hours.next_open(at("2026-11-27 18:00")) == at("2026-11-30 08:00")
    assert hours.next_close(at("2026-11-27 09:00")) == at("2026-11-27 18:00")


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    hours = parse_hours("Fri 22:00-06:00", default_zone=ROME)

    assert hours.are_open(at("2026-11-28 05:59"))
    assert not hours.are_open(at("2026-11-27 05:59"))
    assert hours.next_close(at("2026-11-27 23:00")) == at("2026-11-28 06:00")


def test_no_window_begins_on_a_day_off() -> None:
    days_off = {dt.date(2026, 12, 7), dt.date(2026, 12, 8)}
    hours = parse_hours(OFFICE, default_zone="UTC", days_off=days_off)

    assert not hours.are_open(at("2026-12-08 10:00"))
    assert hours.next_open(at("2026-12-04 18:00")) == at("2026-12-09 08:00")


def test_a_window_that_the_clocks_skip_opens_when_they_have_gone_forward() -> None:
    hours = parse_hours("02:15-04:00", default_zone=ROME)

    assert hours.next_open(at("2027-03-28 00:30")) == at("2027-03-28 03:00")


def test_a_window_that_the_clocks_repeat_is_open_each_time() -> None:
    hours = parse_hours("02:15-02:45", default_zone=ROME)
    first = dt.datetime(2026, 10, 25, 0, 15, tzinfo=dt.UTC)

    assert hours.next_open(at("2026-10-25 01:00")) == first
    closed = hours.next_close(first)
    assert closed == first + 30 * MINUTE
    assert hours.next_open(closed) == first + 60 * MINUTE


def test_a_window_that_is_always_open_never_closes() -> None:
    hours = parse_hours("00:00-24:00", default_zone=ROME)

    assert hours.next_close(at("2026-11-23 12:00")) is None


def test_where_every_day_is_a_day_off_there_is_no_next_time() -> None:
    class EveryDay(list[dt.date]):
        def __contains__(self, day: object) -> bool:
            return True

    with pytest.raises(ValueError, match="no such time"):
        parse_hours(OFFICE, default_zone="UTC", days_off=EveryDay()).next_open(at("2026-11-23"))


@pytest.mark.parametrize(
    "text",
    [
        "Mon-Fri 08:00-18:00",
        "monday-friday 8:00-18:00",
        "Mon,Tue,Wed,Thu,Fri 08:00-12:00, 12:00-18:00 Europe/Rome",
        " mon-thu, fri 08:00 - 18:00  Europe/Rome",
        "Mon, tues, Wed, thurs - fri 08:00—18:00",
        "every weekday 08:00−18:00",
    ],
)
def test_each_way_to_say_office_hours_means_the_same(text: str) -> None:
    hours, same = parse_hours(text, default_zone=ROME), parse_hours(OFFICE, default_zone="UTC")

    week = [at("2026-11-23 00:00") + 17 * number * MINUTE for number in range(600)]
    assert [hours.are_open(each) for each in week] == [same.are_open(each) for each in week]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not days, hours and a zone"),
        ("whenever", "not days, hours and a zone"),
        ("Mon-Fry 08:00-18:00", "did you mean Fri"),
        ("Mon-Fri 08:00-25:00", "25:00 is no time of day"),
        ("Mon-Fri 08:60-18:00", "08:60 is no time of day"),
        ("Mon-Fri 24:00-06:00", "a day begins at 00:00"),
        ("Mon-Fri 08:00-08:00", "begins and ends at the same time"),
        ("Mon-Fri 08:00", "'08:00' is not like 08:00-18:00"),
        ("Mon-Fri 08:00-18:00 Europe/Roma", "not a time zone"),
        ("Mon--Fri 08:00-18:00", "is not a day of the week"),
        ("Mon-Fri 08:00-18:00 Europe/Rome, please", "not days, hours and a zone"),
    ],
)
def test_what_cannot_be_read_is_said_with_an_example(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        parse_hours(text, default_zone=ROME)

    assert raised.value.cure


DAYS = st.sampled_from(["", "Mon-Fri", "Sat", "Sun,Wed", "Fri-Mon"])
TIMES = st.integers(0, 95).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
INSTANTS = st.datetimes(
    min_value=dt.datetime(2019, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=dt.datetime(2035, 1, 1),  # noqa: DTZ001  same
    timezones=st.just(dt.UTC),
)


@pytest.mark.slow
@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), days=DAYS, begin=TIMES, end=TIMES, instant=INSTANTS)
@example(ROME, "", "02:15", "02:45", dt.datetime(2026, 10, 24, 23, tzinfo=dt.UTC))
@example(ROME, "", "02:15", "02:45", dt.datetime(2027, 3, 28, 0, tzinfo=dt.UTC))
@example("Australia/Lord_Howe", "", "01:45", "02:00", dt.datetime(2027, 4, 3, 14, tzinfo=dt.UTC))
@example("Pacific/Apia", "Fri", "10:00", "11:00", dt.datetime(2019, 12, 29, tzinfo=dt.UTC))
def test_the_next_opening_is_the_first_open_minute_in_every_zone(
    zone: str, days: str, begin: str, end: str, instant: dt.datetime
) -> None:
    if begin == end:
        return
    hours = parse_hours(f"{days} {begin}-{end}", default_zone=zone)
    opens = hours.next_open(instant)

    assert opens >= instant
    assert hours.are_open(opens)
    assert opens == instant or not hours.are_open(opens - dt.timedelta(microseconds=1))
    step = max((opens - instant) / 300, MINUTE)
    looked = [instant + number * step for number in range(300)]
    assert not any(hours.are_open(each) for each in looked if each < opens)
