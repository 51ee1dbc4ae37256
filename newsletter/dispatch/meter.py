"""The counts and the speed of a run, kept in memory while it goes."""

import datetime as dt
from collections import deque
from collections.abc import Mapping

from newsletter.delivery import Deferred, DeliveryState, Reply
from newsletter.ledger.model import ClaimedRow, Settlement

_WINDOW = 10.0


class Meter:
    """Moves each recipient from state to state, so that the counts always add up."""

    def __init__(self, counts: Mapping[DeliveryState, int]) -> None:
        self.last_reply: Reply | None = None
        self.next_retry_at: dt.datetime | None = None
        self.deferrals = 0
        self._counts = dict(counts)
        self.at_once = 0
        """Accepted at the first try since the counts were last asked for."""
        self._attempts = 0
        self._seen: deque[tuple[float, int]] = deque()

    @property
    def counts(self) -> Mapping[DeliveryState, int]:
        """Recipients in each state; those in a lane's hands count as what they were."""
        at_once, self.at_once = self.at_once, 0
        self._move(DeliveryState.QUEUED, DeliveryState.ACCEPTED, at_once)
        self._attempts += at_once
        return self._counts

    def settled(self, row: ClaimedRow, result: Settlement) -> None:
        """One attempt came to an end."""
        self._move(origin_of(row), result.after.state, 1)
        self._attempts += 1
        self.deferrals += isinstance(result.outcome, Deferred)
        self.last_reply = result.after.reply or self.last_reply

    def suppressed(self, count: int) -> None:
        """Rows that were suppressed since the audience was frozen."""
        self._move(DeliveryState.QUEUED, DeliveryState.SUPPRESSED, count)

    def per_second(self, at: float) -> float:
        """Attempts a second over the last ten seconds, or since the first question."""
        seen, attempts = self._seen, self._attempts + self.at_once
        if not attempts:
            seen.clear()  # until the first, it is not slow but not begun
        seen.append((at, attempts))
        while len(seen) > 2 and seen[1][0] <= at - _WINDOW:  # noqa: PLR2004  two make a distance
            seen.popleft()
        began, count = seen[0]
        return (attempts - count) / (at - began) if at > began else 0.0

    def _move(self, old: DeliveryState, new: DeliveryState, count: int) -> None:
        self._counts[old] = self._counts.get(old, 0) - count
        self._counts[new] = self._counts.get(new, 0) + count


def origin_of(row: ClaimedRow) -> DeliveryState:
    """What a claimed row was before: a deferral has its time, and was tried."""
    put_off = row.delivery.next_at and row.delivery.attempts
    return DeliveryState.DEFERRED if put_off else DeliveryState.QUEUED
