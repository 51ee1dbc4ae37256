"""Time, as a run sees it: the wall's for the ledger, the monotonic one for rates."""

import asyncio
import datetime as dt
import time
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


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Seconds since the machine started, more or less."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Asyncio's sleep."""
        await asyncio.sleep(seconds)
