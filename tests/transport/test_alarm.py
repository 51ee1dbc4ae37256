"""One timer for all the waiting of a connection."""

import asyncio
import time

from newsletter.transport.alarm import Alarm


async def _rung(wind: list[float], *, still: bool = False, listen: float = 0.06) -> list[float]:
    begun, rung = time.monotonic(), list[float]()
    alarm = Alarm(lambda: rung.append(time.monotonic() - begun))
    for within in wind:
        alarm.wind(within)
    if still:
        alarm.still()
    await asyncio.sleep(listen)
    alarm.stop()
    return rung


def test_it_rings_once_and_not_before_its_time() -> None:
    (rung,) = asyncio.run(_rung([0.02]))

    assert rung >= 0.02


def test_a_later_time_puts_it_off() -> None:
    (rung,) = asyncio.run(_rung([0.01, 0.03]))

    assert rung >= 0.03


def test_an_earlier_time_is_heeded_after_a_long_wait_was_asked_for() -> None:
    (rung,) = asyncio.run(_rung([600, 0.01]))

    assert 0.01 <= rung < 1


def test_stilled_it_does_not_ring() -> None:
    assert asyncio.run(_rung([0.01], still=True)) == []


def test_stopped_it_leaves_nothing_behind() -> None:
    assert asyncio.run(_rung([0.02], listen=0)) == []
