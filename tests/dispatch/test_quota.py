"""No hour and no day, wherever it begins, has more than its quota."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.quota import Quota, Spent, instant_of, minute_of

NOW = dt.datetime(2026, 12, 3, 9, 30, 59, tzinfo=dt.UTC)
MINUTE = minute_of(NOW)


def test_a_quota_that_is_not_set_leaves_room_for_all() -> None:
    assert Spent({MINUTE: 10**9}).room(Quota(), MINUTE).now > 10**12


def test_what_was_tried_in_the_last_hour_counts_and_what_came_before_does_not() -> None:
    spent = Spent({MINUTE - 61: 100, MINUTE - 60: 20, MINUTE: 3})
    assert spent.room(Quota(hour=50), MINUTE).now == 27


def test_a_full_hour_says_when_there_is_room_again() -> None:
    spent = Spent({MINUTE - 30: 40, MINUTE - 10: 20})
    room = spent.room(Quota(hour=50), MINUTE)
    assert room.now == 0
    assert room.until == instant_of(MINUTE - 30 + 61)
    assert room.words == "50 messages an hour"


def test_the_limit_that_frees_last_is_the_one_that_is_told() -> None:
    spent = Spent({MINUTE - 30: 60})
    room = spent.room(Quota(hour=50, day=55), MINUTE)
    assert (room.words, room.until) == ("55 messages a day", instant_of(MINUTE - 30 + 1441))


def test_minutes_are_those_of_the_wall_clock_in_utc() -> None:
    assert instant_of(MINUTE) == NOW.replace(second=0)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_steps_an_hour_neither_bursts_nor_waits_for_ever(hours: int) -> None:
    spent = Spent({MINUTE: 50})
    room = spent.room(Quota(hour=50), MINUTE + hours * 60)
    assert room.now == 0
    assert room.until is not None
    assert room.until <= instant_of(MINUTE) + dt.timedelta(hours=2)


@pytest.mark.slow
@given(
    st.integers(1, 30),
    st.lists(st.tuples(st.integers(0, 25), st.integers(1, 40)), max_size=60),
)
def test_no_window_ever_holds_more_than_the_quota(most: int, wishes: list[tuple[int, int]]) -> None:
    quota, spent, minute = Quota(hour=most), Spent({}), MINUTE
    sent: list[tuple[int, int]] = []
    for later, wanted in wishes:
        minute += later
        room = spent.room(quota, minute)
        if room.until:
            assert room.until > instant_of(minute)
            assert spent.room(quota, minute_of(room.until)).now > 0
        taken = min(wanted, room.now)
        spent.add(minute, taken)
        sent.append((minute, taken))
    for start, _ in sent:
        assert sum(count for at, count in sent if start <= at <= start + 60) <= most
