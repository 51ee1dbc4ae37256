"""The rows for one relay, in order; those whose domain has no turn now wait apart.

A row of a slow domain neither holds a connection nor stands before others. A few are parked in
memory until their turn; the others go back to the ledger with a time.
"""

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from newsletter.dispatch.clock import Clock, sleep_unless
from newsletter.dispatch.domains import Domain, Domains
from newsletter.dispatch.pace import Pacer
from newsletter.dispatch.stock import Stock
from newsletter.ledger.model import ClaimedRow

_WINDOW = 2.5
"""Seconds before its turn from which on a row may be parked."""
_MOST_PARKED = 200
_LEAD = 0.8
"""Rows are to come back from the ledger so early in the window."""
_TICK = 0.0005
"""Seconds below which no clock tells two instants apart."""
_PLANNED_SECONDS = 60.0
"""Turns are planned so far ahead; whoever is beyond is looked at again: rates change."""
Jitter = Callable[[], float]
"""A number in [0, 1) by chance."""


class Queue:
    """What the lanes of one relay take from."""

    def __init__(
        self, stock: Stock, pacer: Pacer, domains: Domains, clock: Clock, jitter: Jitter
    ) -> None:
        self.ready: deque[ClaimedRow] = deque()
        self.most_ready: int | None = None
        """Beyond so many, rows go back: where there are several relays, one may be slow or away."""
        self._stock = stock
        self._pacer = pacer
        self._domains = domains
        self._clock = clock
        self._jitter = jitter
        self._postponed = 0
        self._back: deque[ClaimedRow] = deque()
        """Rows that had their domain's turn and were not tried."""
        self._parked: dict[str, deque[ClaimedRow]] = {}
        self._turns: list[tuple[float, str]] = []
        self._changed = asyncio.Event()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.in_line = 0
        """Lanes that wait for a leased turn, to see then which row it is for."""
        stock.queues.append(self)

    # For lanes

    async def take(self) -> ClaimedRow:
        """The next row to send, when there is one."""
        while (row := self.pop()) is None:
            await self.roused()
        return row

    async def roused(self) -> None:
        """Have nothing to do, until there may be a row."""
        self._stock.wake()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            self._pass_on(waiter)
            raise

    def pop(self) -> ClaimedRow | None:
        """The next row to send, if there is one now."""
        ready, stock = self.ready, self._stock
        row: ClaimedRow | None
        if self._back:
            row = self._back.popleft()
        elif self._domains.are_free and not self._parked:
            row = ready.popleft() if ready else None
        else:
            row = self._next_turn() or self._next_free()
        if row:
            stock.in_hand[row.seq] = row
        if len(ready) <= stock.low and not stock.is_called:
            stock.wake()
        return row

    def look(self) -> None:
        """Have more rows asked for, if these run low."""
        if len(self.ready) <= self._stock.low:
            self._stock.wake()

    def put_back(self, row: ClaimedRow) -> None:
        """It was not tried: it is the next one."""
        del self._stock.in_hand[row.seq]
        self._back.append(row)
        self._rouse(1)

    def put_back_without_turn(self, row: ClaimedRow) -> None:
        """The same, and it came too late for its turn: its domain's is lost as well."""
        now, name = self._clock.monotonic(), domain_of(row)
        domain = self._domains.find(name, now)
        if domain is None:
            self.put_back(row)
            return
        del self._stock.in_hand[row.seq]
        domain.pace.lose()
        domain.parked += 1
        self._parked.setdefault(name, deque()).appendleft(row)
        self._plan(name, domain, now)

    # For the ledger's side

    @property
    def idle(self) -> int:
        """Lanes that have nothing to do."""
        return len(self._waiters) + (0 if self.unparked else self.in_line)

    def add(self, rows: Sequence[ClaimedRow]) -> None:
        """The ledger granted these."""
        if self._domains.are_free and self.most_ready is None:
            self.ready.extend(rows)
        else:
            now = self._clock.monotonic()
            for row in rows:
                self._sort_in(row, now)
        self._rouse(len(self.ready))

    def rows(self) -> Iterator[ClaimedRow]:
        """All that wait, parked ones too."""
        yield from self._back
        yield from self.ready
        for parked in self._parked.values():
            yield from parked

    def __len__(self) -> int:
        """How many wait."""
        waiting = len(self._back) + len(self.ready)
        return waiting + sum(len(parked) for parked in self._parked.values())

    async def watch_turns(self) -> None:
        """Rouse a lane whenever a parked row's turn has come."""
        while True:
            self._changed.clear()
            wait = self._turns[0][0] - self._now() if self._turns else math.inf
            if wait <= 0:
                self._rouse(1)
            longest = max(wait, _TICK) if wait > 0 else math.inf
            await sleep_unless(self._clock, longest, self._changed)

    @property
    def unparked(self) -> int:
        """Rows that wait for no domain's turn."""
        return len(self._back) + len(self.ready)

    def look_again(self) -> None:
        """Turns of domains were given: when each comes is to be seen anew."""
        now = self._now()
        for name in self._parked:
            self._plan(name, self._domains.find(name, now), now)

    def _rouse(self, count: int) -> None:
        """Let so many idle lanes look again."""
        while count > 0 and self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                count -= 1

    def _pass_on(self, waiter: asyncio.Future[None]) -> None:
        """A lane that ends while it is roused leaves the row to another one."""
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        else:
            self._rouse(1)

    # Turns of domains

    def _next_turn(self) -> ClaimedRow | None:
        """The parked row whose turn comes first, if it is now."""
        now = self._now()
        if not self._pacer.has_turns:  # a domain's turn would go by while it waits for the relay's
            return None
        while self._turns and self._turns[0][0] <= now:
            _, name = heapq.heappop(self._turns)
            if name not in self._parked:  # planned more than once
                continue
            domain = self._domains.find(name, now)
            if domain and not domain.pace.is_free(now):
                self._plan(name, domain, now)
                continue
            return self._unpark(name, domain, now)
        return None

    def _unpark(self, name: str, domain: Domain | None, now: float) -> ClaimedRow:
        parked = self._parked[name]
        row = parked.popleft()
        self._changed.set()
        if domain:
            domain.parked -= 1
            domain.pace.take(now)
        if parked:
            self._plan(name, domain, now)
        else:
            del self._parked[name]
        return row

    def _next_free(self) -> ClaimedRow | None:
        now = self._now()
        while self.ready:
            row = self.ready.popleft()
            name = domain_of(row)
            domain = self._domains.find(name, now)
            if domain is None:
                return row
            is_free = name not in self._parked and domain.pace.is_free(now)
            if is_free and self._pacer.has_turns:
                domain.pace.take(now)
                return row
            self._set_aside(row, name, domain, now)
        return None

    def _sort_in(self, row: ClaimedRow, now: float) -> None:
        """Ready, unless others of its domain wait already."""
        if row.delivery.next_at and self._postponed:
            self._postponed -= 1
        if self.most_ready is not None and len(self.ready) >= self.most_ready:
            self._postponed += 1
            wait = (len(self.ready) + self._postponed) / self._pacer.per_second
            self._later(row, self._planned(wait, 0.0))
            return
        name = domain_of(row)
        domain = self._domains.find(name, now)
        if domain and row.delivery.next_at and domain.postponed:
            domain.postponed -= 1
        if domain is None or (name not in self._parked and domain.pace.is_free(now)):
            self.ready.append(row)
        else:
            self._set_aside(row, name, domain, now)

    def _set_aside(self, row: ClaimedRow, name: str, domain: Domain, now: float) -> None:
        """Park it if its turn is near, else back with it to the ledger for a time."""
        rate = usual_rate(domain, now)
        window = min(_WINDOW, _MOST_PARKED / rate)
        soonest = domain.pace.earliest(now) - now
        wait = soonest + domain.parked / rate
        if wait <= window:
            self._park(row, name, domain, now)
            return
        wait = self._planned(wait + domain.postponed / rate, soonest)
        domain.postponed += 1
        self._later(row, max(wait - _LEAD * window, 0.0))

    def _later(self, row: ClaimedRow, seconds: float) -> None:
        self._stock.postpone(row, self._clock.monotonic() + seconds)

    def _planned(self, wait: float, soonest: float) -> float:
        """How long a row stays in the ledger: to its turn, if that can be told by now."""
        if wait <= _PLANNED_SECONDS:
            return wait
        return max(soonest, _PLANNED_SECONDS * (1 + self._jitter()))

    def _park(self, row: ClaimedRow, name: str, domain: Domain, now: float) -> None:
        domain.parked += 1
        if name in self._parked:
            self._parked[name].append(row)
        else:
            self._parked[name] = deque([row])
            self._plan(name, domain, now)

    def _plan(self, name: str, domain: Domain | None, now: float) -> None:
        at = domain.pace.earliest(now) if domain else now
        heapq.heappush(self._turns, (at, name))
        self._changed.set()

    def _now(self) -> float:
        """When a row that is taken now is sent: the relay may have its turn later."""
        return self._clock.monotonic() + self._pacer.delay


def domain_of(row: ClaimedRow) -> str:
    """The reader's domain, in lower case."""
    return row.address.rpartition("@")[2]


def usual_rate(domain: Domain, now: float) -> float:
    """What a domain takes once it came back near to what it refused."""
    throttle = domain.pace.throttle
    rate = throttle.rate(now)
    return max(rate, min(throttle.limit, 0.9 * throttle.cut.refused)) if throttle.cut else rate
