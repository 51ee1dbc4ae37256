"""A relay's first days, on the calendar of every zone."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.dispatch.quota import Quota, Spent, instant_of, minute_of
from newsletter.warmup import Warmup
from tests.test_hours import INSTANTS, ROME, ZONES

FIRST = dt.date(2026, 12, 1)
CURVE = (200, 400, 800)
A_DAY = dt.timedelta(days=1)
CURVES = st.lists(st.integers(1, 50), min_size=1, max_size=6).map(tuple)


def noon(day: int) -> dt.datetime:
    return dt.datetime(2026, 12, day, 11, tzinfo=dt.UTC)


def test_each_day_has_its_number_the_days_before_the_first_and_none_after_the_last() -> None:
    warmup = Warmup(FIRST, CURVE, ROME)

    assert [warmup.most(FIRST + n * A_DAY) for n in (-9, 0, 1, 2, 3)] == [200, 200, 400, 800, None]


def test_a_campaign_spills_over_to_the_next_days_and_what_was_sent_counts() -> None:
    warmup = Warmup(FIRST, CURVE, ROME)

    assert [*warmup.spread(1500, 50, noon(1))] == [
        (FIRST, 150),
        (FIRST + A_DAY, 400),
        (FIRST + 2 * A_DAY, 800),
        (FIRST + 3 * A_DAY, 150),
    ]
    assert [*warmup.spread(10, 0, noon(9))] == [(dt.date(2026, 12, 9), 10)]


def test_days_on_which_nothing_may_leave_take_nothing() -> None:
    warmup = Warmup(FIRST, CURVE, ROME)
    closed = warmup.begins(FIRST + A_DAY)
    days = [*warmup.spread(300, 0, noon(1), lambda opens, _: opens != closed)]

    assert days == [(FIRST, 200), (FIRST + 2 * A_DAY, 100)]


@pytest.mark.slow
@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), curve=CURVES, count=st.integers(0, 500), begins=INSTANTS)
def test_nobody_is_lost_between_the_days_and_no_day_has_too_many(
    zone: str, curve: tuple[int, ...], count: int, begins: dt.datetime
) -> None:
    warmup = Warmup(begins.date(), curve, zone)
    days = [*warmup.spread(count, 0, begins)]

    assert sum(taken for _, taken in days) == count
    assert all(taken <= (warmup.most(day) or count) for day, taken in days)
    assert [day for day, _ in days] == sorted({day for day, _ in days})


@pytest.mark.slow
@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), curve=CURVES, begins=INSTANTS, steps=st.integers(1, 90))
def test_whenever_it_is_asked_no_day_of_the_zones_calendar_exceeds_the_curve(
    zone: str, curve: tuple[int, ...], begins: dt.datetime, steps: int
) -> None:
    warmup, spent = Warmup(begins.date(), curve, zone), Spent({})
    sent: dict[dt.date, int] = {}
    for step in range(60):
        minute = minute_of(begins) + step * steps
        room = spent.room(Quota(warmup=warmup), minute)
        taken = min(room.now, 7)
        day = instant_of(minute).astimezone(zoneinfo.ZoneInfo(zone)).date()
        sent[day] = sent.get(day, 0) + taken
        if room.now <= 0:
            assert room.until is not None
            assert room.until == warmup.begins(day + A_DAY)
            assert room.until > instant_of(minute)
        elif taken:
            spent.add(minute, taken)
    assert all(n <= (warmup.most(day) or n) for day, n in sent.items())
