"""What lies between the ledger and the lanes: rows to send, and outcomes to write."""

import asyncio
from collections import deque
from collections.abc import Iterable

from newsletter.ledger.model import ClaimedRow, Settlement

_LARGEST_GROUP = 200
_GROUP_SECONDS = 0.05
_SMOOTHING = 0.5


class Stock:
    """Claimed rows waiting for a lane, rows in a lane's hands, outcomes waiting for a commit."""

    def __init__(self) -> None:
        self.rows: deque[ClaimedRow] = deque()
        self.results: list[Settlement] = []
        self.in_hand: dict[int, ClaimedRow] = {}
        self.group = 1
        self.idle = 0
        self._filled = asyncio.Event()
        self._call = asyncio.Event()
        self._called = False
        self._per_second = 0.0

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
        if not self.rows:
            return None
        row = self.rows.popleft()
        self.in_hand[row.seq] = row
        if self._runs_low:
            self._call.set()
        return row

    def put_back(self, row: ClaimedRow) -> None:
        """It was not tried: it is the next one."""
        del self.in_hand[row.seq]
        self.rows.appendleft(row)
        self._filled.set()

    def finish(self, result: Settlement) -> None:
        """It was tried."""
        del self.in_hand[result.seq]
        self.results.append(result)
        if self._asks:
            self._call.set()

    def add(self, rows: Iterable[ClaimedRow]) -> None:
        """The ledger granted these."""
        self.rows.extend(rows)
        if self.rows:
            self._filled.set()

    async def needed(self) -> None:
        """Wait until rows run low, outcomes pile up, or somebody calls.

        What was said while the ledger was being asked may hold no longer: it is looked at again,
        or every exchange would be followed by one for a few rows.
        """
        while True:
            await self._call.wait()
            self._call.clear()
            if self._called or self._asks:
                self._called = False
                return

    def call(self) -> None:
        """Have the ledger asked now."""
        self._called = True
        self._call.set()

    @property
    def appetite(self) -> int:
        """How many rows to ask for: a group, and one for each lane that has nothing to do."""
        if self._runs_low:
            return self.group + self.idle
        return max(0, self.group + self.idle - len(self.rows))

    @property
    def _runs_low(self) -> bool:
        return len(self.rows) <= self.group // 2

    @property
    def _asks(self) -> bool:
        return self._runs_low or len(self.results) >= self.group

    @property
    def is_quiet(self) -> bool:
        """Nothing to send, nothing in hand, nothing to write."""
        return not (self.rows or self.in_hand or self.results)

    def measure(self, count: int, seconds: float) -> None:
        """Adapt the group to about 50 ms of traffic, so that a crash touches few rows."""
        if not count or seconds <= 0:
            return
        self._per_second += _SMOOTHING * (count / seconds - self._per_second)
        self.group = min(_LARGEST_GROUP, max(1, round(self._per_second * _GROUP_SECONDS)))
