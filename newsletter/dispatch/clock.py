"""Time, as a run sees it: the wall's for the ledger, the monotonic one for rates."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from typing import Protocol


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
