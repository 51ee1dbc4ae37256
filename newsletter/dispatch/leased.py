"""A pace that several workers share: its turns are leased from the ledger, some ahead of time.

The ledger gives each turn once, by the server's clock. A worker asks, together with its next rows,
for as many turns as those rows can use; one that it comes too late for is lost, and made up for.
"""

import math
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from newsletter.dispatch.pace import Pace
from newsletter.dispatch.throttle import Cut
from newsletter.ledger.notes import Leased, Place, Wish

_LATE = 0.03
"""Seconds after which a turn is late: together with the next ones it would be too many."""
_LATE_SHARE = 0.25
"""The same, of the time between two turns, where turns are few."""
_CARRIED = 0.015
"""So large a share of a second's turns, of all workers, may be used however late."""
_DENSER = 0.5
"""Turns are asked for closer to each other than they were used: a worker that can do more may."""
_AGAIN = 0.05
"""Seconds after which it is looked again whether there are turns."""
_STEP = 1.0
"""A clock that went back by more seconds than this is believed at once."""
_MICROSECOND = 1e-6


class ServerClock:
    """What the server's clock says, on this machine's monotonic one.

    An answer takes its time: the quickest one tells best.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    def hear(self, server: int, now: float) -> None:
        """The server said this a moment before ``now``."""
        ahead = now - server * _MICROSECOND
        if self._ahead is None or ahead < self._ahead or ahead > self._ahead + _STEP:
            self._ahead = ahead
        else:  # clocks drift
            self._ahead += 0.01 * (ahead - self._ahead)

    def here(self, server: int) -> float:
        """The same instant on the monotonic clock."""
        return server * _MICROSECOND + (self._ahead or 0.0)


@dataclass(order=True, slots=True)
class _Cell:
    """Some turns at one instant."""

    at: float
    """On the monotonic clock."""
    server: int
    left: int = field(compare=False)
    each: int = field(compare=False)


class LeasedPace(Pace):
    """Turns of one place: no more than the ledger gave, no faster than its complaints allow."""

    def __init__(
        self,
        place: Place,
        limit: float,
        seconds: Callable[[], float],
        cut: Cut | None = None,
    ) -> None:
        super().__init__(limit, seconds(), cut)
        self._seconds = seconds
        self.place = place
        self.workers = 1
        self.waiting = 0
        """Those who want a turn of this place beside the rows that are to come."""
        self._cells: list[_Cell] = []
        self._late = max(_LATE, _LATE_SHARE / limit)
        self._lost = 0
        self._told = 0
        self._dense = True
        self._spent_late: deque[float] = deque()

    @property
    def share(self) -> float:
        """The part of the limit that is this worker's, if all want the same."""
        return 1.0 / self.workers

    @property
    def in_hand(self) -> int:
        """How many turns there are."""
        return sum(cell.left for cell in self._cells)

    def has_turns(self, now: float) -> bool:
        """Whether any is in hand."""
        del now
        self._drop_late(self._seconds())
        return bool(self._cells)

    def earliest(self, now: float) -> float:
        """When the first turn in hand is; soon, if there is none.

        ``now`` may lie ahead: what is late is late by the clock.
        """
        first = self._cells[0].at if self.has_turns(now) else now + _AGAIN
        return max(first, super().earliest(now))

    def take(self, now: float) -> float:
        """The next turn in hand; nobody asks without one."""
        slot = super().take(now)
        if not self.has_turns(now):
            return slot
        cell = self._cells[0]
        here = self._seconds()
        if cell.at < here - self._late:
            self._spent_late.append(here)
        cell.left -= 1
        if not cell.left:
            del self._cells[0]
        return max(slot, cell.at)

    def is_late(self, due: float, now: float) -> bool:
        """Whether it is so late that the turns of the others are there."""
        return now > due + self._late and self._may_carry(now) < 1

    def lose(self) -> None:
        """The ledger hears of it, and gives another."""
        self._lost += 1

    def wish(self, count: int, period: float, *, for_rows: bool) -> Wish:
        """Ask for so many more, to be used over ``period`` seconds; tell what came to nothing."""
        wanted = max(0, count - self.in_hand)
        self._told = self._lost
        unused = self._unneeded(count) if self.place.domain or not for_rows else []
        for cell in unused:
            self._cells.remove(cell)
        return Wish(
            self.place,
            self.throttle.limit,
            wanted,
            period * (_DENSER if self._dense else 1.0),
            for_rows=for_rows,
            lost=self._told,
            unused=tuple(cell.server for cell in unused),
            unused_turns=sum(cell.left for cell in unused),
        )

    def give(self, leased: Leased, clock: ServerClock) -> None:
        """The ledger gave these, and knows what was lost."""
        self._dense = self._told * 10 <= len(leased.at) * leased.each
        self._lost -= self._told
        self._told = 0
        for at in leased.at:
            insort(self._cells, _Cell(clock.here(at), at, leased.each, leased.each))

    def _unneeded(self, count: int) -> list[_Cell]:
        """Whole cells beyond what is wanted, the last ones first."""
        spare, found = self.in_hand - count, []
        for cell in reversed(self._cells):
            if cell.left > spare or cell.left < cell.each:
                break
            spare -= cell.left
            found.append(cell)
        return found

    def _drop_late(self, now: float) -> None:
        cells, limit = self._cells, now - self._late
        if not cells or cells[0].at >= limit:
            return
        late = 0
        while late < len(cells) and cells[late].at < limit:
            late += 1
        if late:
            turns = sum(cell.left for cell in cells[:late])
            while late and turns > self._may_carry(now):
                turns -= cells[0].left
                self._lost += cells[0].left
                del cells[0]
                late -= 1

    def _may_carry(self, now: float) -> float:
        """Turns that may be used later than they were, so few that no second has too many."""
        spent = self._spent_late
        while spent and spent[0] <= now - 1.0:
            spent.popleft()
        return int(_CARRIED * self.throttle.limit / self.workers) - len(spent)


class Paces:
    """Makes the paces of a run: its own, or shared with other workers."""

    def __init__(self, seconds: Callable[[], float] | None) -> None:
        self._seconds = seconds
        self.leased: dict[Place, LeasedPace] = {}
        self.clock = ServerClock()
        self.workers = 1

    @property
    def are_shared(self) -> bool:
        """Whether turns are leased."""
        return self._seconds is not None

    def make(self, place: Place, limit: float, now: float, cut: Cut | None = None) -> Pace:
        """The pace of a place; one without a limit is this run's own."""
        if self._seconds is None or limit == math.inf:
            return Pace(limit, now, cut)
        pace = self.leased.setdefault(place, LeasedPace(place, limit, self._seconds, cut))
        pace.workers = self.workers
        return pace

    def forget(self, place: Place) -> None:
        """Nobody there wants a turn any more."""
        self.leased.pop(place, None)

    def __iter__(self) -> Iterator[LeasedPace]:
        """Those that are shared."""
        return iter(self.leased.values())

    def give(self, leased: tuple[Leased, ...], workers: int, now: float) -> None:
        """What the ledger gave, and how many share."""
        self.workers = workers
        for pace in self.leased.values():
            pace.workers = workers
        for each in leased:
            self.clock.hear(each.asked_at, now)
            if each.place in self.leased:
                self.leased[each.place].give(each, self.clock)
