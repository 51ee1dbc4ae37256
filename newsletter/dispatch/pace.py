"""The global rate: evenly spaced turns on the monotonic clock (GCRA with a burst of one)."""

from newsletter.dispatch.clock import Clock
from newsletter.values import Rate

_CATCH_UP = 0.02
"""Seconds of lateness (of a timer, of a busy loop) that may be caught up."""
_LOWEST = 1 / 64
_RECOVERY = 1.1
_RECOVERY_SECONDS = 60.0


class Pacer:
    """Hands out turns so that no more than ``rate`` are taken, whoever asks.

    Ask before opening an envelope: one that is held open while waiting may time out.
    """

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._interval = 1.0 / rate.per_second
        self._clock = clock
        self._next = clock.monotonic()
        self._share = 1.0
        self._changed = clock.monotonic()

    async def turn(self) -> None:
        """Wait for the next free slot and take it. A turn that is given up stays taken."""
        wait = self.reserve()
        if wait > 0:
            await self._clock.sleep(wait)

    @property
    def delay(self) -> float:
        """Seconds that a turn asked for now would wait."""
        return max(0.0, self._next - self._clock.monotonic())

    @property
    def share(self) -> float:
        """The part of the rate that is used now: 1, or less after ``slow_down``."""
        return self._share

    def slow_down(self) -> None:
        """Halve the rate, at most once a second; it comes back by a tenth a minute."""
        now = self._clock.monotonic()
        if self._share < 1 and now - self._changed < 1:
            return
        self._recover(now)
        self._share = max(self._share / 2, _LOWEST)
        self._changed = now

    def reserve(self) -> float:
        """Take the next free slot; in how many seconds it is, 0 if it is now."""
        now = self._clock.monotonic()
        self._recover(now)
        slot = max(self._next, now - _CATCH_UP)
        self._next = slot + self._interval / self._share
        return max(0.0, slot - now)

    def _recover(self, now: float) -> None:
        steps = int((now - self._changed) / _RECOVERY_SECONDS)
        if self._share < 1 and steps:
            self._share = min(1.0, self._share * _RECOVERY**steps)
            self._changed += steps * _RECOVERY_SECONDS
