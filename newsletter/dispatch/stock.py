"""What lies between the ledger and the lanes: rows to send, and outcomes to write."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from newsletter.ledger.model import ClaimedRow, Result

_GROUP_SECONDS, _LONGEST_GROUP_SECONDS = 0.05, 0.4
_EXCHANGES = 4
"""A group lasts as long as so many exchanges with the ledger: half of it is left meanwhile."""
_SMOOTHING = 0.5
_FARTHEST = 256
"""So many rows are asked for at most while none is found that may be sent now."""


class Rows(Protocol):
    """What waits for the lanes of one relay."""

    ready: deque[ClaimedRow]

    @property
    def idle(self) -> int:
        """Lanes that have nothing to do."""
        ...

    def rows(self) -> Iterator[ClaimedRow]:
        """All that wait."""
        ...

    def __len__(self) -> int:
        """How many wait."""
        ...


class Stock:
    """Rows in the relays' queues, rows in a lane's hands, outcomes waiting for a commit.

    A group is about 50 ms of traffic, or more where the ledger's disk is slow. Rows are asked for
    when half a group is left, so that the lanes go on while the ledger commits; then at most one
    and a half groups are claimed, besides those in hand. Fast runs have large groups because a
    commit costs the same for any number of rows, slow ones small groups so that whatever goes
    wrong touches few rows.
    """

    def __init__(self, largest_group: int = 2000, group_seconds: float = _GROUP_SECONDS) -> None:
        self.queues: list[Rows] = []
        self.results: list[Result] = []
        self.in_hand: dict[int, ClaimedRow] = {}
        self.later: list[tuple[int, float]] = []
        """Rows that are to go back to the ledger untried, each until when (monotonic)."""
        self._largest_group = largest_group
        self.group_seconds = group_seconds
        self._reach = 1
        self._is_dry: Callable[[], bool] = lambda: False
        self.low = 0
        """So few rows left in a queue are a reason to ask for more."""
        self._group = 1
        self._call = asyncio.Event()
        self._called = False
        self.is_called = False
        """Whether it is to be looked at already: to say so again changes nothing."""
        self._per_second = 0.0
        self._exchange_seconds = 0.0
        self._count = 0
        self._seconds = 0.0

    def finish(self, result: Result) -> None:
        """It was tried."""
        del self.in_hand[result.seq]
        self.results.append(result)
        if (len(self.results) >= self._group or not self.in_hand) and not self.is_called:
            self.wake()

    def written(self, count: int) -> None:
        """The ledger has the first so many outcomes."""
        del self.results[:count]

    def agree(self, claimed: Mapping[int, ClaimedRow]) -> tuple[int, list[ClaimedRow]]:
        """Follow the ledger after a question whose answer was lost.

        ``claimed`` is what it holds as claimed by this run. Outcomes that it has are dropped (how
        many is returned); rows that it granted and nobody has are returned, to be sent.
        """
        waiting = [each for each in self.results if not _has(claimed, each)]
        known = {row.seq for row in self.rows()} | set(self.in_hand)
        known |= {one.seq for one in waiting} | {seq for seq, _ in self.later}
        written = len(self.results) - len(waiting)
        self.results[:] = waiting
        return written, [row for seq, row in claimed.items() if seq not in known]

    def rows(self) -> Iterator[ClaimedRow]:
        """All that wait for a lane, in every queue."""
        for queue in self.queues:
            yield from queue.rows()

    async def needed(self) -> None:
        """Wait until rows run low, outcomes pile up, or somebody calls.

        What was said while the ledger was being asked may hold no longer: it is looked at again,
        or every exchange would be followed by one for a few rows.
        """
        while True:
            await self._call.wait()
            self._call.clear()
            self.is_called = False
            low = self.runs_low and not self._is_dry()
            if self._called or low or self._has_enough:
                self._called = False
                return

    @property
    def is_dry(self) -> bool:
        """Whether the ledger had nobody when it was asked a moment ago."""
        return self._is_dry()

    @property
    def _has_enough(self) -> bool:
        """Whether the outcomes are a group, or the last for now: nothing is gained by waiting."""
        last = self.results and not (self.in_hand or self.has_ready)
        return bool(last) or len(self.results) >= self._group

    def postpone(self, row: ClaimedRow, until: float) -> None:
        """It is not tried before; meanwhile the ledger has it."""
        self.later.append((row.seq, until))

    def granted(self, *, some: bool, is_dry: Callable[[], bool]) -> None:
        """What the ledger gave was laid into the queues.

        If there was ``some``, and none that may be sent now or none for the relay that has
        nothing to do, more is asked for next time, until readers are found whose domain is not
        slow. While ``is_dry`` running low is no reason to ask again: the ledger had nobody.
        """
        in_vain = some and (self._starves or not self.has_ready)
        self._reach = min(2 * self._reach, _FARTHEST) if in_vain else 1
        self._is_dry = is_dry
        if in_vain:
            self.call()

    def call(self) -> None:
        """Have the ledger asked now."""
        self._called = True
        self.wake()

    def wake(self) -> None:
        """Have it looked at whether the ledger is to be asked."""
        self.is_called = True
        self._call.set()

    @property
    def runs_low(self) -> bool:
        """Whether one of the relays has hardly anything to send."""
        return any(len(queue.ready) <= self.low for queue in self.queues)

    @property
    def group(self) -> int:
        """How many rows are asked for at a time."""
        return self._group

    @group.setter
    def group(self, count: int) -> None:
        self._group, self.low = count, count // 2

    @property
    def has_ready(self) -> bool:
        """Whether any lane may go on now."""
        return any(queue.ready for queue in self.queues)

    @property
    def _starves(self) -> bool:
        """Whether a relay has lanes that wait, and nothing for them."""
        return any(queue.idle and not queue.ready for queue in self.queues)

    @property
    def appetite(self) -> int:
        """How many rows to ask for: a group, and one for each lane that has nothing to do."""
        whole = self._group + sum(queue.idle for queue in self.queues)
        if self.runs_low:
            return max(whole, min(whole * self._reach, _FARTHEST))
        return max(0, whole - sum(len(queue.ready) for queue in self.queues))

    @property
    def is_quiet(self) -> bool:
        """Nothing to send, nothing in hand, nothing to write."""
        held = self.in_hand or self.results or self.later
        return not held and not any(map(len, self.queues))

    @property
    def claimed(self) -> int:
        """Rows that were claimed and have no outcome in the ledger yet."""
        waiting = sum(map(len, self.queues)) + len(self.later)
        return waiting + len(self.in_hand) + len(self.results)

    @property
    def is_starved(self) -> bool:
        """Whether lanes have nothing to do and no row waits for them."""
        return not self.has_ready and any(queue.idle for queue in self.queues)

    def may_reach(self, most: int) -> bool:
        """Whether more could be asked for at a time."""
        return self._group < min(most, self._largest_group)

    def reach_out(self, most: int) -> None:
        """Ask for more next time, twice as much at most: what was asked for did not last."""
        self.group = min(2 * self._group, max(most, self._group), self._largest_group)

    def measure(self, count: int, seconds: float, exchange: float = 0.0) -> None:
        """So many outcomes were written in so many seconds more; adapt the group.

        Looked at no sooner than after a group's time: many come at once after a wait. The ledger
        took ``exchange`` seconds of them.
        """
        self._exchange_seconds += _SMOOTHING * (exchange - self._exchange_seconds)
        self._count += count
        self._seconds += seconds
        if self._seconds < self.group_seconds or not self._count:
            return
        self._per_second += _SMOOTHING * (self._count / self._seconds - self._per_second)
        self._count, self._seconds = 0, 0.0
        lasts = min(_EXCHANGES * self._exchange_seconds, _LONGEST_GROUP_SECONDS)
        group = round(self._per_second * max(self.group_seconds, lasts))
        self.group = min(self._largest_group, max(1, group))


def _has(claimed: Mapping[int, ClaimedRow], result: Result) -> bool:
    """Whether the ledger has this outcome: its row is claimed no more, or for a later attempt."""
    row = claimed.get(result.seq)
    return row is None or row.delivery.attempts >= result.number
