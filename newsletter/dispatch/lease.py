"""How long a worker may rely on its part: not as long as it takes to be thought gone.

A process that was frozen wakes without knowing it. So each final dot asks the clock first, one
that goes on while the machine sleeps: past the lease another worker may have the part.
"""

import time
from collections.abc import Callable

from newsletter.dispatch.clock import Clock

_SAFE_SHARE = 0.75
"""Of the time-out: the rest is for clocks that go at other speeds."""
_LOOK_EVERY = 0.05


class Lapsed(Exception):
    """The ledger was not heard of for so long that another worker may have the part."""


def since_boot() -> float:
    """Seconds that went by, those in which the machine slept among them where it counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Lease:
    """Renewed whenever the ledger says that the part is still ours."""

    def __init__(self, timeout: float, seconds: Callable[[], float] = since_boot) -> None:
        self._length = timeout * _SAFE_SHARE
        self._seconds = seconds
        self._until = seconds() + self._length

    def now(self) -> float:
        """Read before the ledger is asked: it sees the sign of life later than that."""
        return self._seconds()

    def renew(self, asked_at: float) -> None:
        """The ledger has seen that we live."""
        self._until = asked_at + self._length

    @property
    def holds(self) -> bool:
        """Whether nobody can have taken the part over."""
        return self._seconds() < self._until

    async def held(self, clock: Clock) -> None:
        """Wait until it holds."""
        while not self.holds:
            await clock.sleep(_LOOK_EVERY)
