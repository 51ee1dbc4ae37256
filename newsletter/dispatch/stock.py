"""What lies between the ledger and the lanes: rows to send, and outcomes to write."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping

from newsletter.ledger.model import ClaimedRow, Result

_GROUP_SECONDS = 0.05
_SMOOTHING = 0.5


class Stock:
    """Claimed rows waiting for a lane, rows in a lane's hands, outcomes waiting for a commit.

    A group is about 50 ms of traffic. Rows are asked for when half a group is left, so that the
    lanes go on while the ledger commits; then at most one and a half groups are claimed, besides
    those in hand. Fast runs have large groups because a commit costs the same for any number of
    rows, slow ones small groups so that whatever goes wrong touches few rows.
    """

    def __init__(self, largest_group: int = 2000) -> None:
        self.rows: deque[ClaimedRow] = deque()
        self.results: list[Result] = []
        self.in_hand: dict[int, ClaimedRow] = {}
        self.idle = 0
        self._largest_group = largest_group
        self._group = 1
        self._low = 0
        self._filled = asyncio.Event()
        self._call = asyncio.Event()
        self._called = False
        self._per_second = 0.0
        self._count = 0
        self._seconds = 0.0

    async def take(self) -> ClaimedRow:
        """The next row to send, when there is one."""
        while (row := self.pop()) is None:
            self.idle += 1
            self._filled.clear()
            self._call.set()
            try:
                await self._filled.wait()
            finally:
                self.idle -= 1
        return row

    def pop(self) -> ClaimedRow | None:
        """The next row to send, if there is one now."""
        rows = self.rows
        if not rows:
            return None
        row = rows.popleft()
        self.in_hand[row.seq] = row
        if len(rows) <= self._low:
            self._call.set()
        return row

    def put_back(self, row: ClaimedRow) -> None:
        """It was not tried: it is the next one."""
        del self.in_hand[row.seq]
        self.rows.appendleft(row)
        self._filled.set()

    def finish(self, result: Result) -> None:
        """It was tried."""
        del self.in_hand[result.seq]
        self.results.append(result)
        if len(self.results) >= self._group:
            self._call.set()

    def add(self, rows: Iterable[ClaimedRow]) -> None:
        """The ledger granted these."""
        self.rows.extend(rows)
        if self.rows:
            self._filled.set()

    def written(self, count: int) -> None:
        """The ledger has the first so many outcomes."""
        del self.results[:count]

    def agree(self, claimed: Mapping[int, ClaimedRow]) -> int:
        """Follow the ledger after a question whose answer was lost.

        ``claimed`` is what it holds as claimed by this run. Outcomes that it has are dropped (how
        many is returned); rows that it granted and nobody has are there to be sent.
        """
        waiting = [each for each in self.results if not _has(claimed, each)]
        known = {row.seq for row in self.rows} | set(self.in_hand) | {one.seq for one in waiting}
        written = len(self.results) - len(waiting)
        self.results[:] = waiting
        self.add(row for seq, row in claimed.items() if seq not in known)
        return written

    async def needed(self) -> None:
        """Wait until rows run low, outcomes pile up, or somebody calls.

        What was said while the ledger was being asked may hold no longer: it is looked at again,
        or every exchange would be followed by one for a few rows.
        """
        while True:
            await self._call.wait()
            self._call.clear()
            if self._called or len(self.rows) <= self._low or len(self.results) >= self._group:
                self._called = False
                return

    def call(self) -> None:
        """Have the ledger asked now."""
        self._called = True
        self._call.set()

    @property
    def group(self) -> int:
        """How many rows are asked for at a time."""
        return self._group

    @group.setter
    def group(self, count: int) -> None:
        self._group, self._low = count, count // 2

    @property
    def appetite(self) -> int:
        """How many rows to ask for: a group, and one for each lane that has nothing to do."""
        if len(self.rows) <= self._low:
            return self._group + self.idle
        return max(0, self._group + self.idle - len(self.rows))

    @property
    def is_quiet(self) -> bool:
        """Nothing to send, nothing in hand, nothing to write."""
        return not (self.rows or self.in_hand or self.results)

    def measure(self, count: int, seconds: float) -> None:
        """So many outcomes were written in so many seconds more; adapt the group.

        Looked at no sooner than after a group's time: many come at once after a wait.
        """
        self._count += count
        self._seconds += seconds
        if self._seconds < _GROUP_SECONDS or not self._count:
            return
        self._per_second += _SMOOTHING * (self._count / self._seconds - self._per_second)
        self._count, self._seconds = 0, 0.0
        self.group = min(self._largest_group, max(1, round(self._per_second * _GROUP_SECONDS)))


def _has(claimed: Mapping[int, ClaimedRow], result: Result) -> bool:
    """Whether the ledger has this outcome: its row is claimed no more, or for a later attempt."""
    row = claimed.get(result.seq)
    return row is None or row.delivery.attempts >= result.number
