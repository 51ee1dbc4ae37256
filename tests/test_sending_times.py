"""Window and quiet hours together, in every zone and over each change of the clocks."""

import datetime as dt

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import UsageError
from newsletter.hours import parse_hours, parse_quiet
from newsletter.sending_times import SendingTimes
from tests.test_hours import DAYS, INSTANTS, MINUTE, ROME, TIMES, ZONES, at


def times(window: str = "", quiet: str = "", zone: str = ROME) -> SendingTimes:
    return SendingTimes(
        parse_hours(window, default_zone=zone) if window else None,
        parse_quiet(quiet, default_zone=zone) if quiet else None,
    )


def test_nothing_said_is_at_any_time() -> None:
    assert times().are_open(at("2026-11-23 03:00"))
    assert times().next_close(at("2026-11-23 03:00")) is None
    assert not times().is_limited


def test_in_the_quiet_hours_nothing_leaves_and_it_goes_on_when_they_end() -> None:
    night = times(quiet="22:00-07:00")

    assert not night.are_open(at("2026-11-23 22:00"))
    assert night.next_open(at("2026-11-23 23:15")) == at("2026-11-24 07:00")
    assert night.next_close(at("2026-11-24 07:00")) == at("2026-11-24 22:00")
    assert night.closed_by(at("2026-11-23 23:00")) == "in the quiet hours 22:00-07:00 Europe/Rome"


def test_quiet_hours_cut_a_hole_into_the_window() -> None:
    both = times("Mon-Fri 08:00-18:00", "12:30-14:00")

    assert both.next_close(at("2026-11-23 09:00")) == at("2026-11-23 12:30")
    assert both.next_open(at("2026-11-23 12:45")) == at("2026-11-23 14:00")
    assert both.next_open(at("2026-11-27 18:00")) == at("2026-11-30 08:00")
    assert both.after(at("2026-11-23 12:00"), dt.timedelta(hours=1)) == at("2026-11-23 14:30")


def test_each_counts_on_the_clocks_of_its_own_zone() -> None:
    both = times("08:00-18:00 Europe/Rome", "22:00-07:00 America/New_York")

    assert both.next_open(at("2026-11-23 06:00")) == at("2026-11-23 13:00")


def test_a_night_that_the_clocks_shorten_or_lengthen_ends_at_its_wall_time() -> None:
    night = times(quiet="22:00-07:00")

    assert night.next_open(at("2027-03-28 00:00")) - at("2027-03-27 22:00").astimezone(
        dt.UTC
    ) == dt.timedelta(hours=8)
    assert night.next_open(at("2026-10-25 00:00")) - at("2026-10-24 22:00").astimezone(
        dt.UTC
    ) == dt.timedelta(hours=10)


@pytest.mark.parametrize(("window", "quiet"), [("", "00:00-24:00"), ("09:00-10:00", "08:00-12:00")])
def test_quiet_hours_that_leave_no_time_are_said(window: str, quiet: str) -> None:
    with pytest.raises(ValueError, match="no time is left"):
        times(window, quiet).next_open(at("2026-11-23"))


def test_quiet_hours_that_cannot_be_read_are_called_so() -> None:
    with pytest.raises(UsageError, match="the quiet hours 'late' cannot be read") as raised:
        parse_quiet("late", default_zone=ROME)
    assert "22:00-07:00" in raised.value.cure


@pytest.mark.slow
@settings(deadline=None)
@given(
    zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
    days=DAYS,
    spans=st.tuples(TIMES, TIMES, TIMES, TIMES),
    instant=INSTANTS,
)
@example(
    (ROME, ROME),
    "",
    ("00:00", "24:00", "01:30", "02:30"),
    dt.datetime(2026, 10, 25, 0, tzinfo=dt.UTC),
)
@example(
    (ROME, ROME),
    "",
    ("02:00", "04:00", "02:15", "03:15"),
    dt.datetime(2027, 3, 28, 0, tzinfo=dt.UTC),
)
def test_the_next_time_is_the_first_at_which_both_allow_it_in_every_zone(
    zones: tuple[str, str], days: str, spans: tuple[str, str, str, str], instant: dt.datetime
) -> None:
    begin, end, dusk, dawn = spans
    if begin == end or dusk == dawn:
        return
    window = parse_hours(f"{days} {begin}-{end}", default_zone=zones[0])
    quiet = parse_quiet(f"{dusk}-{dawn}", default_zone=zones[1])
    both = SendingTimes(window, quiet)
    try:
        opens = both.next_open(instant)
    except ValueError:
        limit = instant + dt.timedelta(days=14)
        looked = [instant + number * 7 * MINUTE for number in range((limit - instant).days * 200)]
        assert not any(window.are_open(each) and not quiet.are_open(each) for each in looked)
        return
    assert opens >= instant
    assert window.are_open(opens)
    assert not quiet.are_open(opens)
    step = max((opens - instant) / 200, MINUTE)
    looked = [instant + number * step for number in range(200)]
    assert not any(both.are_open(each) for each in looked if each < opens)
    closes = both.next_close(opens)
    assert closes is not None
    assert closes > opens
    assert not both.are_open(closes)


@pytest.mark.slow
@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    days=DAYS,
    begin=TIMES,
    end=TIMES,
    instant=INSTANTS,
    minutes=st.integers(1, 600),
)
def test_a_length_of_open_time_is_passed_in_the_open_minutes(
    zone: str, days: str, begin: str, end: str, instant: dt.datetime, minutes: int
) -> None:
    if begin == end:
        return
    hours = times(f"{days} {begin}-{end}", zone=zone)
    done = hours.after(instant, minutes * MINUTE)

    passed, moment = dt.timedelta(), instant
    while (opens := hours.next_open(moment)) < done:
        closes = hours.next_close(opens)
        moment = min(closes or done, done)
        passed += moment - opens
    assert passed == minutes * MINUTE


def test_what_takes_over_a_year_of_open_time_is_said() -> None:
    with pytest.raises(ValueError, match="not done before"):
        times("Mon 08:00-08:01").after(at("2026-11-23"), dt.timedelta(hours=5))
