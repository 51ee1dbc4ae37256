"""Time, as a run sees it: the wall's for the ledger, the monotonic one for rates."""

import asyncio
import datetime as dt
import math
import time
from collections.abc import Callable
from typing import Protocol

from newsletter.ledger.instants import to_microseconds


class Clock(Protocol):
    """Where time comes from; a test's goes as fast as it likes."""

    def now(self) -> dt.datetime:
        """The instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from some fixed moment, never set back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others work for so long."""
        ...


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class SystemClock:
    """The machine's own clocks; ``wall`` may be another one of theirs."""

    def __init__(self, wall: Callable[[], dt.datetime] = _utc_now) -> None:
        self._wall = wall

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        return self._wall()

    def monotonic(self) -> float:
        """Seconds since the machine started, more or less."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Asyncio's sleep."""
        await asyncio.sleep(seconds)


class RoundClock:
    """A clock that is read once in a round of the event loop: all that one round does is now.

    Only the loop's own thread may ask it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._known = False
        self._now, self._monotonic, self._micros = clock.now(), clock.monotonic(), 0

    def now(self) -> dt.datetime:
        """The instant of this round."""
        if not self._known:
            self._look()
        return self._now

    def micros(self) -> int:
        """The same in microseconds since 1970."""
        if not self._known:
            self._look()
        return self._micros

    def monotonic(self) -> float:
        """The other clock, at the same instant."""
        if not self._known:
            self._look()
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Whoever slept looks anew."""
        await self._clock.sleep(seconds)
        self._known = False

    def _look(self) -> None:
        self._now, self._monotonic = self._clock.now(), self._clock.monotonic()
        self._micros = to_microseconds(self._now)
        self._known = True
        self._loop.call_soon(self._forget)

    def _forget(self) -> None:
        self._known = False


async def sleep_unless(clock: Clock, seconds: float, happens: asyncio.Event) -> None:
    """Sleep for so long (for ever: ``math.inf``), or until the event is set."""
    if seconds == math.inf:
        await happens.wait()
        return
    event = asyncio.ensure_future(happens.wait())
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({event, timer}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        event.cancel()
        timer.cancel()
