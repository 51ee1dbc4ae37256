"""Evenly spaced turns on the monotonic clock: GCRA, on average and at the peak."""

import math
from collections.abc import Sequence

from newsletter.dispatch.clock import Clock
from newsletter.dispatch.throttle import Cut, Heard, Throttle
from newsletter.values import Rate

_OWED = 0.25
"""Seconds of lateness (of a timer, of a busy machine) that are made up for."""
_PEAK = 1.025
"""How much faster than the rate that is done, so that no second has many more than its due."""
_AT_ONCE = 0.01
"""Seconds' worth of turns that may be taken at the same instant."""
_HAIR = 1e-9


class Pace:
    """The turns of one place: a relay, a domain, or a whole campaign.

    Two cells (ITU-T I.371, the generic cell rate algorithm): one keeps the average and owes what
    came late, the other lets nobody make up for it at a run.
    """

    def __init__(self, limit: float, now: float, cut: Cut | None = None) -> None:
        self.throttle = Throttle(limit, cut)
        self._due = now
        self._peak = now
        self._fresh = True

    def earliest(self, now: float) -> float:
        """When the next turn is, on the monotonic clock; at ``now`` or later."""
        return max(self._due, self._peak, now)

    def take(self, now: float) -> float:
        """Take the next turn; when it is."""
        due, peak, throttle = self._due, self._peak, self.throttle
        slot = due if due > now else now  # noqa: FURB136  a call of max costs more than all of this
        slot = peak if peak > slot else slot  # noqa: FURB136
        if self._fresh:  # before the first turn nobody was late
            self._fresh, due = False, slot
        interval = 1.0 / (throttle.rate(now) if throttle.cut else throttle.limit)
        owed, at_once = slot - _OWED, slot - _AT_ONCE
        self._due = (due if due > owed else owed) + interval  # noqa: FURB136
        self._peak = (peak if peak > at_once else at_once) + interval / _PEAK  # noqa: FURB136
        return slot

    @property
    def share(self) -> float:
        """The part of its limit that is this run's."""
        return 1.0

    def has_turns(self, now: float) -> bool:
        """Whether there are any: of one's own there always are."""
        del now
        return True

    def is_late(self, due: float, now: float) -> bool:
        """Whether a turn for then must not be used any more: one's own always may."""
        del due, now
        return False

    def lose(self) -> None:
        """A turn came to nothing."""

    def is_free(self, now: float) -> bool:
        """Whether a turn taken now would be now."""
        return self.earliest(now) <= now + _HAIR

    def was_used_since(self, at: float) -> bool:
        """Whether a turn was taken after that."""
        return not self._fresh and self._due > at

    def wait_until(self, at: float) -> None:
        """No turn before that."""
        self._due = max(self._due, at)

    def binding_until(self, turns: int, now: float, window: float) -> float:
        """Before when nobody else may send, if this process is gone at any moment of a window.

        Turns that were taken for later than ``window`` seconds from now are not used by then;
        up to ``turns`` more may be taken and used.
        """
        interval = 1.0 / self.throttle.rate(now)
        free, last = self.earliest(now), now + window
        if not interval:  # nothing limits it any more
            return free
        if free > last:
            return free - max(0, math.ceil((free - last - interval) / interval)) * interval
        return free + min(turns, math.floor((last - free) / interval) + 1) * interval


class Pacer:
    """Hands out turns so that no more than the rates allow are taken, whoever asks.

    Ask before opening an envelope: one that is held open while waiting may time out. Each of
    ``within`` is a wider pace (the whole campaign's) that must have a turn too.
    """

    def __init__(
        self, rate: Rate, clock: Clock, within: Sequence[Pace] = (), pace: Pace | None = None
    ) -> None:
        self._clock = clock
        self.pace = pace or Pace(rate.per_second, clock.monotonic())
        self._within = tuple(within)

    def reserve(self) -> float:
        """Take the next free slot; in how many seconds it is, 0 if it is now.

        A turn that is given up stays taken.
        """
        now = self._clock.monotonic()
        slot = self.pace.take(now)
        for wider in self._within:
            slot = max(slot, wider.take(now))
        return slot - now if slot > now else 0.0

    @property
    def has_turns(self) -> bool:
        """Whether a turn may be asked for: those that are leased may have run out."""
        now = self._clock.monotonic()
        return all(each.has_turns(now) for each in (self.pace, *self._within))

    def is_lost(self, due: float | None) -> bool:
        """Whether a turn that was taken for then came to nothing: others' turns are there now."""
        if due is None:
            return False
        now = self._clock.monotonic()
        late = [each.is_late(due, now) for each in (self.pace, *self._within)]
        if any(late):
            for each in (self.pace, *self._within):
                each.lose()
        return any(late)

    @property
    def delay(self) -> float:
        """Seconds that a turn asked for now would wait."""
        now = self._clock.monotonic()
        slots = [each.earliest(now) for each in (self.pace, *self._within)]
        return max(0.0, max(slots) - now)

    @property
    def per_second(self) -> float:
        """Messages a second that may leave now."""
        now = self._clock.monotonic()
        return min(each.throttle.rate(now) for each in (self.pace, *self._within))

    @property
    def share(self) -> float:
        """The part of the rate that is used now: 1, or less after a complaint."""
        return self.pace.throttle.rate(self._clock.monotonic()) / self.pace.throttle.limit

    def slow_down(self, heard: Heard | None = None, words: str = "") -> bool:
        """Halve the rate, at most once a second; whether it was done."""
        now = self._clock.monotonic()
        known = heard or Heard(self.pace.throttle.rate(now), 1.0)
        return self.pace.throttle.complained(now, known, words)
