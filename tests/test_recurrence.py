"""When a series is due: words, cron, and every change of the clocks in every zone."""

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, takewhile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import UsageError
from newsletter.recurrence import Occurrence, Recurrence, parse_every
from tests.test_hours import ROME, ZONES

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)
A_SECOND = dt.timedelta(seconds=1)


def days(said: str, count: int = 3) -> list[str]:
    """The first days of a rule, with the time that clocks in Rome show."""
    place = zoneinfo.ZoneInfo(ROME)
    found = parse_every(said, default_zone=ROME).next(NOW, count)
    return [f"{each.due.instant.astimezone(place):%a %d %b %H:%M}" for each in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("every Monday 09:00", ["Mon 30 Nov 09:00", "Mon 07 Dec 09:00", "Mon 14 Dec 09:00"]),
        ("Mondays at 9:00", ["Mon 30 Nov 09:00", "Mon 07 Dec 09:00", "Mon 14 Dec 09:00"]),
        ("first Tuesday 10:00", ["Tue 01 Dec 10:00", "Tue 05 Jan 10:00", "Tue 02 Feb 10:00"]),
        ("1st tue 10:00", ["Tue 01 Dec 10:00", "Tue 05 Jan 10:00", "Tue 02 Feb 10:00"]),
        ("Mon - Wed 09:00", ["Mon 30 Nov 09:00", "Tue 01 Dec 09:00", "Wed 02 Dec 09:00"]),
        ("Mon–Wed 09:00", ["Mon 30 Nov 09:00", "Tue 01 Dec 09:00", "Wed 02 Dec 09:00"]),
        ("15 January 10:00", ["Fri 15 Jan 10:00", "Sat 15 Jan 10:00", "Mon 15 Jan 10:00"]),
        ("last Friday 17:30", ["Fri 25 Dec 17:30", "Fri 29 Jan 17:30", "Fri 26 Feb 17:30"]),
        (
            "the second Monday of the month, 08:15",
            ["Mon 14 Dec 08:15", "Mon 11 Jan 08:15", "Mon 08 Feb 08:15"],
        ),
        (
            "first and third Tuesday 10:00",
            ["Tue 01 Dec 10:00", "Tue 15 Dec 10:00", "Tue 05 Jan 10:00"],
        ),
        ("Mon,Thu 08:00", ["Mon 30 Nov 08:00", "Thu 03 Dec 08:00", "Mon 07 Dec 08:00"]),
        ("fri-mon 10:00", ["Sun 29 Nov 10:00", "Mon 30 Nov 10:00", "Fri 04 Dec 10:00"]),
        ("every weekday 18:00", ["Mon 30 Nov 18:00", "Tue 01 Dec 18:00", "Wed 02 Dec 18:00"]),
        ("weekends 10:00", ["Sun 29 Nov 10:00", "Sat 05 Dec 10:00", "Sun 06 Dec 10:00"]),
        ("every Monday 08:00 Z", ["Mon 30 Nov 09:00", "Mon 07 Dec 09:00", "Mon 14 Dec 09:00"]),
        ("every day 13:01", ["Sat 28 Nov 13:01", "Sun 29 Nov 13:01", "Mon 30 Nov 13:01"]),
        ("on the 15th 10:00", ["Tue 15 Dec 10:00", "Fri 15 Jan 10:00", "Mon 15 Feb 10:00"]),
        (
            "last day of the month 10:00",
            ["Mon 30 Nov 10:00", "Thu 31 Dec 10:00", "Sun 31 Jan 10:00"],
        ),
        (
            "first Tuesday of March and September 10:00",
            ["Tue 02 Mar 10:00", "Tue 07 Sep 10:00", "Tue 07 Mar 10:00"],
        ),
        ("0 9 * * 1", ["Mon 30 Nov 09:00", "Mon 07 Dec 09:00", "Mon 14 Dec 09:00"]),
        ("0 10 * * TUE#1", ["Tue 01 Dec 10:00", "Tue 05 Jan 10:00", "Tue 02 Feb 10:00"]),
        ("30 17 * * 5L Europe/Rome", ["Fri 25 Dec 17:30", "Fri 29 Jan 17:30", "Fri 26 Feb 17:30"]),
        ("every Monday 08:00 UTC", ["Mon 30 Nov 09:00", "Mon 07 Dec 09:00", "Mon 14 Dec 09:00"]),
    ],
)  # fmt: skip
def test_words_and_cron_say_the_same_days(said: str, expected: list[str]) -> None:
    assert days(said) == expected


def test_a_rule_says_whose_clocks_count() -> None:
    named = parse_every("first Tuesday 10:00 Asia/Tokyo", default_zone=ROME)

    assert (named.words, named.zone) == ("first Tuesday 10:00", "Asia/Tokyo")
    assert str(parse_every("  every   Monday 09:00 ", default_zone=ROME)) == (
        "every Monday 09:00 Europe/Rome"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "it wants days and a time of day"),
        ("tomorrow", "it wants days and a time of day"),
        ("every Monday", "it wants days and a time of day"),
        ("2026-12-03 10:00", "is one day"),
        ("@daily", "it wants days and a time of day"),
        ("09:00", "it wants days and a time of day"),
        ("every 09:00", "its days cannot be read"),
        ("tuesday first 10:00", "its days cannot be read"),
        ("first weekday 10:00", "its days cannot be read"),
        ("first Mon-Fri 10:00", "its days cannot be read"),
        ("every Monday 25:00", "bad hour"),
        ("every Monday 09:61", "bad minute"),
        ("32nd 10:00", "bad day-of-month"),
        ("30th of February 10:00", "bad day-of-month"),
        ("every monady 09:00", "'monady' is neither a day nor a number of one"),
        ("every other Monday 09:00", "'other' is neither a day nor a number of one"),
        ("every second Monday 09:00", "may mean every other week"),
        ("*/5 * * * *", "comes more than once a day"),
        ("0 9,17 * * *", "comes more than once a day"),
        ("0 0 10 * * TUE", "has 6 fields"),
        ("0 0 10 ? * mon-fri", "has 6 fields"),
        ("0 10 * * TUE CET+1", "'CET+1' is not a time zone"),
        ("0 0 10 * * 2", "has 6 fields"),
        ("0 9 * *", "has 4 fields"),
        ("0 9 * * FUNDAY", "bad day-of-week"),
        ("every Monday 09:00 Europe/Roma", "'Europe/Roma' is not a time zone"),
        ("every Monday 09:00 ../../etc/passwd", "is not a time zone"),
        ("every Monday " + "9" * 300, "is no rule"),
        ("\x00 10:00", "neither a day"),
        ("² 10:00", "'²' is neither a day"),
        ("٣rd 10:00", "neither a day"),
        ("every Monday ٠٩:٠٠", "it wants days and a time of day"),
        ("every Monday 9:00 PM", "'PM' is not a time zone"),
        ("31 February 10:00", "is no rule"),
        ("every month 10:00", "its days cannot be read"),
        ("٣ ٣ * * *", "it wants days and a time of day"),
    ],
)
def test_what_is_no_rule_is_refused_with_a_way_to_write_one(said: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_every(said, default_zone=ROME)

    assert words in caught.value.message
    assert caught.value.cure


@pytest.mark.slow
@settings(deadline=None)
@given(st.text(alphabet="0123456789² *#/,-LWMONTUEfirstlad:@", max_size=40))
def test_whatever_is_typed_it_is_a_rule_or_refused(said: str) -> None:
    try:
        rule = parse_every(said, default_zone=ROME)
    except UsageError:
        return
    assert all(each.due.instant > NOW for each in rule.next(NOW, 2))


def daily(wall: dt.time, zone: str) -> Recurrence:
    return parse_every(f"every day {wall:%H:%M}", default_zone=zone)


def between(rule: Recurrence, begin: dt.datetime, end: dt.datetime) -> list[Occurrence]:
    return list(takewhile(lambda each: each.due.instant <= end, rule.after(begin)))


def check_all(zone: str, wall: dt.time, begin: dt.datetime, end: dt.datetime) -> None:
    """Every day that the calendar has, once, at the first instant when the time has come."""
    place = zoneinfo.ZoneInfo(zone)
    found = between(daily(wall, zone), begin, end)
    for one, other in pairwise(found):
        assert one.date < other.date
        assert one.due.instant < other.due.instant
    for each in found:
        _check_first_instant(each, wall, place)
    inner = _dates_of(place, begin + 2 * A_DAY, end - 2 * A_DAY)
    assert inner <= {each.date for each in found}, "no day is left out"
    assert {each.date for each in found} <= _dates_of(place, begin - 2 * A_DAY, end)


def _check_first_instant(each: Occurrence, wall: dt.time, place: dt.tzinfo) -> None:
    said = dt.datetime.combine(each.date, wall)
    shown, before = (
        instant.astimezone(place).replace(tzinfo=None)
        for instant in (each.due.instant, each.due.instant - A_SECOND)
    )
    if shown.replace(fold=0) != said:
        assert before < said < shown, "clocks skipped it: when they have gone forward"
    else:
        assert shown.fold == 0, "clocks show it twice: the first time"


def _dates_of(place: dt.tzinfo, begin: dt.datetime, end: dt.datetime) -> set[dt.date]:
    """The days that clocks show at some quarter of an hour."""
    quarters = int((end - begin) / dt.timedelta(minutes=15))
    instants = (begin + n * dt.timedelta(minutes=15) for n in range(quarters + 1))
    return {instant.astimezone(place).date() for instant in instants}


@cache
def changes(zone: str) -> tuple[tuple[dt.datetime, object, object], ...]:
    """The days in two years on which clocks in a zone are set, from which offset to which."""
    place = zoneinfo.ZoneInfo(zone)
    instants = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + n * A_DAY for n in range(730)]
    offsets = [instant.astimezone(place).utcoffset() for instant in instants]
    marked = zip(instants, pairwise(offsets), strict=False)
    return tuple((instant, *both) for instant, both in marked if both[0] != both[1])


def edges(zone: str) -> Iterator[tuple[dt.datetime, dt.time]]:
    """At each change of the clocks, times that it skips or shows twice, and one beside it."""
    place = zoneinfo.ZoneInfo(zone)
    for day, *_ in changes(zone):
        minutes = (day + n * dt.timedelta(minutes=15) for n in range(97))
        for one, other in pairwise(minutes):
            was, now = one.astimezone(place), other.astimezone(place)
            if was.utcoffset() != now.utcoffset():
                for away in (-30, 0, 30):
                    yield day, (was + dt.timedelta(minutes=away)).time()


@pytest.mark.slow
def test_at_every_change_of_clocks_in_every_zone_each_day_has_its_occurrence_once() -> None:
    tried = 0
    alike = {changes(zone): zone for zone in ZONES}  # those with the same clocks are tried once
    for zone in alike.values():
        for day, wall in edges(zone):
            check_all(zone, wall, day - 3 * A_DAY, day + 4 * A_DAY)
            tried += 1
    assert tried > 100


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    begin=st.datetimes(dt.datetime(1970, 1, 5), dt.datetime(2037, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    wall=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
)
@example("Pacific/Apia", dt.datetime(2011, 12, 27, tzinfo=dt.UTC), dt.time(12))
@example("Pacific/Apia", dt.datetime(2011, 12, 27, tzinfo=dt.UTC), dt.time(0))
@example("Pacific/Kwajalein", dt.datetime(1993, 8, 18, tzinfo=dt.UTC), dt.time(23, 59))
@example("Australia/Lord_Howe", dt.datetime(2026, 10, 1, tzinfo=dt.UTC), dt.time(2, 15))
@example("America/Sao_Paulo", dt.datetime(2018, 11, 1, tzinfo=dt.UTC), dt.time(0, 30))
def test_in_every_zone_and_year_no_day_is_left_out_and_none_comes_twice(
    zone: str, begin: dt.datetime, wall: dt.time
) -> None:
    check_all(zone, wall, begin, begin + 8 * A_DAY)


def test_a_day_that_a_country_skipped_has_no_occurrence() -> None:
    begin = dt.datetime(2011, 12, 28, tzinfo=dt.UTC)
    found = daily(dt.time(12), "Pacific/Apia").next(begin, 4)

    assert [each.date.day for each in found] == [28, 29, 31, 1]


def test_what_is_due_at_an_instant_is_not_after_it() -> None:
    rule = parse_every("every day 10:00", default_zone=ROME)
    first, second = rule.next(NOW, 2)

    assert rule.next(first.due.instant, 1) == (second,)
    assert rule.next(first.due.instant - A_SECOND, 1) == (first,)
