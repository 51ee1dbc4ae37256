"""How long a silence lasts: one timer for all the waiting of a connection."""

import asyncio
import math
from collections.abc import Callable

_NEVER = math.inf


class Alarm:
    """Rings once when nothing stilled it in time.

    It is wound for every reply, so winding reads the clock and no more: the event loop's timer is
    set once, and looks when it fires whether the time was put off meanwhile.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ring = ring
        self._time = self._loop.time
        self._at = self._set_for = _NEVER
        self._timer: asyncio.TimerHandle | None = None

    def wind(self, within: float) -> None:
        """Ring in so many seconds, unless stilled or wound again before."""
        self._at = at = self._time() + within
        if at < self._set_for:
            self._set()

    def still(self) -> None:
        """Do not ring until wound again."""
        self._at = _NEVER

    def stop(self) -> None:
        """Let go of the event loop's timer."""
        self.still()
        if self._timer:
            self._timer.cancel()
            self._timer, self._set_for = None, _NEVER

    def _set(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._at, self._look, self._at)
        self._set_for = self._at

    def _look(self, expected: float) -> None:
        self._timer, self._set_for = None, _NEVER
        if self._at <= expected:
            self.still()
            self._ring()
        elif self._at < _NEVER:
            self._set()
