"""The counts and the speed of a run, kept in memory while it goes."""

import datetime as dt
from collections import deque
from collections.abc import Mapping

from newsletter.delivery import DeliveryState, Reply
from newsletter.ledger.model import ClaimedRow, Settlement

_WINDOW = 10.0


class Meter:
    """Moves each recipient from state to state, so that the counts always add up."""

    def __init__(self, counts: Mapping[DeliveryState, int]) -> None:
        self.counts = dict(counts)
        self.last_reply: Reply | None = None
        self.next_retry_at: dt.datetime | None = None
        self._ticks: deque[float] = deque(maxlen=5000)

    def settled(self, row: ClaimedRow, result: Settlement, at: float) -> None:
        """One attempt came to an end, ``at`` seconds on the monotonic clock."""
        self._move(origin_of(row), result.after.state, 1)
        self.last_reply = result.after.reply or self.last_reply
        self._ticks.append(at)

    def suppressed(self, count: int) -> None:
        """Rows that were suppressed since the audience was frozen."""
        self._move(DeliveryState.QUEUED, DeliveryState.SUPPRESSED, count)

    def per_second(self, at: float) -> float:
        """Attempts a second over the last ten seconds, or since the first."""
        while self._ticks and self._ticks[0] < at - _WINDOW:
            self._ticks.popleft()
        if len(self._ticks) < 2:  # noqa: PLR2004  one tick has no distance
            return 0.0
        return (len(self._ticks) - 1) / max(at - self._ticks[0], 0.001)

    def _move(self, old: DeliveryState, new: DeliveryState, count: int) -> None:
        self.counts[old] = self.counts.get(old, 0) - count
        self.counts[new] = self.counts.get(new, 0) + count


def origin_of(row: ClaimedRow) -> DeliveryState:
    """What a claimed row was before: a deferral has its time."""
    return DeliveryState.DEFERRED if row.delivery.next_at else DeliveryState.QUEUED
