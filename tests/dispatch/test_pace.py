"""No more turns than the rate allows, evenly, and fewer while the relay throttles."""

import asyncio

import pytest

from newsletter.dispatch.pace import Pacer
from newsletter.values import Rate
from tests.doubles import FakeClock


def take(pacer: Pacer, clock: FakeClock, turns: int) -> list[float]:
    """When each turn came."""

    async def take_all() -> list[float]:
        times = []
        for _ in range(turns):
            await pacer.turn()
            times.append(clock.monotonic())
        return times

    return asyncio.run(take_all())


def test_turns_are_evenly_spaced_from_the_first() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("5/s"), clock)
    assert take(pacer, clock, 5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


def test_time_that_went_by_unused_is_not_made_up_for() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("2/s"), clock)
    take(pacer, clock, 1)
    clock.advance(60)
    assert take(pacer, clock, 3) == pytest.approx([60, 60.48, 60.98])


def test_a_slow_rate_keeps_its_distance() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("10000/day"), clock)
    assert take(pacer, clock, 3) == pytest.approx([0, 8.64, 17.28])
    assert pacer.delay == pytest.approx(8.64)


def test_slowing_down_halves_the_rate_once_a_second_at_most() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("10/s"), clock)
    pacer.slow_down()
    pacer.slow_down()
    assert pacer.share == 0.5
    clock.advance(1)
    pacer.slow_down()
    assert pacer.share == 0.25


def test_the_rate_comes_back_by_a_tenth_a_minute() -> None:
    clock = FakeClock()
    pacer = Pacer(Rate.parse("10/s"), clock)
    pacer.slow_down()
    clock.advance(120)
    take(pacer, clock, 1)
    assert pacer.share == pytest.approx(0.605)
    clock.advance(3600)
    take(pacer, clock, 1)
    assert pacer.share == 1.0
