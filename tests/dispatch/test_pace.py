"""No more turns than the rate allows, evenly, and what came late is made up for with care."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.dispatch.pace import Pace, Pacer
from newsletter.values import Rate
from tests.doubles import FakeClock


def take(pacer: Pacer, clock: FakeClock, turns: int) -> list[float]:
    """When each turn came."""

    async def take_all() -> list[float]:
        times = []
        for _ in range(turns):
            await clock.sleep(pacer.reserve())
            times.append(clock.monotonic())
        return times

    return asyncio.run(take_all())


def test_turns_are_evenly_spaced_from_the_first() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("5/s"), clock)
    assert take(pacer, clock, 5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


@pytest.mark.slow
def test_time_that_went_by_unused_is_not_made_up_for_at_a_run() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("100/s"), clock)
    take(pacer, clock, 1)
    clock.advance(60)
    times = take(pacer, clock, 1000)
    assert times[-1] - times[0] == pytest.approx(9.99, abs=0.25)
    assert times[100] - times[0] >= 0.96


def test_a_slow_rate_keeps_its_distance() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("10000/day"), clock)
    assert take(pacer, clock, 3) == pytest.approx([0, 8.64, 17.28])
    assert pacer.delay == pytest.approx(8.64)


def test_a_pace_within_another_waits_for_both() -> None:
    clock = FakeClock()
    campaign = Pace(10, clock.monotonic())
    relays = [Pacer(Rate.parse("8/s"), clock, [campaign]) for _ in range(2)]

    async def share() -> list[float]:
        times: list[float] = []

        async def lane(pacer: Pacer) -> None:
            for _ in range(40):
                await clock.sleep(pacer.reserve())
                times.append(clock.monotonic())

        await asyncio.gather(*(lane(pacer) for pacer in relays))
        return times

    assert max(asyncio.run(share())) == pytest.approx(79 / 10, rel=0.02)


@pytest.mark.slow
@given(
    st.floats(min_value=0.5, max_value=2000),
    st.lists(st.floats(min_value=0, max_value=0.4), min_size=1, max_size=200),
)
def test_however_late_turns_are_asked_for_no_span_has_more_than_its_due(
    rate: float, lateness: list[float]
) -> None:
    pace, now, slots = Pace(rate, 0.0), 0.0, []
    for late in lateness:
        slots.append(pace.take(now))
        now = slots[-1] + late / rate * 20
    for first in range(len(slots)):
        for last in range(first, len(slots)):
            span = slots[last] - slots[first]
            assert last - first <= (span + 0.01) * rate * 1.025 + 1e-6
            assert last - first <= (span + 0.25) * rate + 1 + 1e-6


def test_a_turn_that_comes_late_by_the_machine_is_made_up_for_within_seconds() -> None:
    pace, now, slots = Pace(1000, 0.0), 0.0, []
    while now < 10:
        slots.append(now := pace.take(now))
        if len(slots) == 2000:
            now += 0.05  # the machine was busy
    assert len(slots) == pytest.approx(10_000, rel=0.001)
    worst = max(sum(1 for at in slots if start <= at < start + 1) for start in range(9))
    assert worst <= 1036


@pytest.mark.slow
@given(st.floats(0.01, 100), st.integers(0, 20), st.integers(0, 9), st.floats(0, 5))
def test_what_binds_others_covers_every_turn_that_may_be_used_in_the_window(
    rate: float, taken: int, turns: int, window: float
) -> None:
    pace = Pace(rate, 0.0)
    slots = [pace.take(0.0) for _ in range(taken)]
    until = pace.binding_until(turns, 0.0, window)
    slots += [pace.take(0.0) for _ in range(turns)]
    used = [slot for slot in slots if slot <= window]
    assert until >= max(used, default=0.0) - 1e-6
    assert until <= window + 1 / rate + 1e-6 or until <= pace.earliest(0.0) + 1e-6


def test_a_pace_that_nothing_limits_any_more_binds_nobody() -> None:
    assert Pace(math.inf, 3.0).binding_until(5, 3.0, 2.0) == 3.0
