"""The way through one relay: its gate, its pace, its rows, and what it and its domains say."""

import asyncio
import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.delivery import Accepted, Outcome, Reply
from newsletter.dispatch.clock import Clock, sleep_unless
from newsletter.dispatch.complaint import Whose, complaint_in, whose
from newsletter.dispatch.domains import Domain, Domains
from newsletter.dispatch.gate import Gate
from newsletter.dispatch.grievances import Grievance, Grievances
from newsletter.dispatch.leased import LeasedPace, Paces
from newsletter.dispatch.limits import Limits, Relay
from newsletter.dispatch.model import RunOptions, SlowPlace
from newsletter.dispatch.pace import Pace, Pacer
from newsletter.dispatch.queue import Queue, domain_of
from newsletter.dispatch.stock import Stock
from newsletter.dispatch.throttle import Cut, Heard
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import ClaimedRow
from newsletter.ledger.notes import Place, StoredPace
from newsletter.values import Rate

_NOTED_EVERY = 1.0
_SLOW_INTERVAL = 0.2
"""A restart takes longer than a shorter interval: nothing is gained by remembering its turns."""
_READY_SECONDS = 2.0
_LATELY = 60.0
"""Seconds after which a relay that nothing was sent through counts as done."""
_WINDOW = 2.0
"""Seconds until the next note at the latest: turns within them may be used before it."""


@dataclass
class Common:
    """What the roads of a run share."""

    stock: Stock
    clock: Clock
    options: RunOptions
    limits: Limits
    whole: Pace | None
    """The campaign's own pace, where several relays share it."""
    paces: Paces
    grievances: Grievances


class Road:
    """One relay of a run."""

    def __init__(self, relay: Relay, rate: Rate, lanes: int, common: Common) -> None:
        self.relay = relay
        self.called = ""
        """The relay's name, where it is one of several."""
        self.lanes = relay.connections or lanes
        self.tried = 0
        """Messages since the ledger last heard of it."""
        self._clock = clock = common.clock
        slower, now = _slower(rate, relay.rate), clock.monotonic()
        pace = common.paces.make(Place(relay.name), slower.per_second, now)
        self.pacer = Pacer(slower, clock, [common.whole] if common.whole else [], pace)
        self.gate = Gate(relay.transport, clock, common.options)
        self.domains = Domains(common.limits, now, common.paces, relay.name)
        self.is_leased = common.paces.are_shared
        """Whether a lane must see whether there are turns before it asks for one."""
        self._given = asyncio.Event()
        self._first_in_line = asyncio.Lock()
        self._tally = self.domains.tally
        self._grievances = common.grievances
        self.queue = Queue(common.stock, self.pacer, self.domains, clock, common.options.jitter)
        self._noted_at = -_NOTED_EVERY

    def share(self, roads: Sequence["Road"]) -> None:
        """It is one of several: what it cannot send soon must not fill the memory."""
        self.called = self.relay.name
        self.queue.most_ready = max(1, round(_READY_SECONDS * self.pacer.per_second)) + self.lanes
        others = [road for road in roads if road is not self]
        self.gate.others_work = lambda: any(road.works for road in others)

    @property
    def works(self) -> bool:
        """Whether something was sent of late, and the relay is there."""
        lately = self._clock.monotonic() - _LATELY
        return self.gate.away_since is None and self.pacer.pace.was_used_since(lately)

    @property
    def lacks_turns(self) -> bool:
        """Whether a row must wait for the ledger to give a turn."""
        return self.is_leased and not self.pacer.has_turns

    @property
    def has_turn_now(self) -> bool:
        """Whether a leased turn may be taken and used at once."""
        return self.pacer.has_turns and self.pacer.delay <= 0

    async def next_row(self) -> ClaimedRow | None:
        """Wait for a leased turn, in line with the other lanes; the row that it is for.

        A row is chosen when the turn has come, not before: a turn that is given meanwhile may be
        earlier, and a reader's domain may have its own by then. The turn is still to be taken.
        Without a row it waits until there may be one, and returns None.
        """
        self.queue.in_line += 1
        try:
            async with self._first_in_line:
                row = await self._row_for_turn()
        finally:
            self.queue.in_line -= 1
        if row is None:
            await self.queue.roused()
        return row

    async def _row_for_turn(self) -> ClaimedRow | None:
        while len(self.queue):
            if self.has_turn_now:
                return self.queue.pop()
            self.queue.look()
            wait = self.pacer.delay if self.pacer.has_turns else math.inf
            await sleep_unless(self._clock, wait, self._given)
        return None

    def turns_given(self) -> None:
        """The ledger gave some: whoever waits for one looks again."""
        self._given.set()
        self._given = asyncio.Event()
        self.queue.look_again()

    @property
    def waits_for_turns(self) -> bool:
        """Whether readers wait and a turn is lacking, their domain's or the relay's."""
        if self.lacks_turns:
            return len(self.queue) > 0
        return any(d.parked and not _in_hand(d) for _, d in self.domains)

    @property
    def wanted_turns(self) -> int:
        """Rows that could go now if there were a turn of the relay's."""
        parked = sum(min(domain.parked, _soon(domain)) for _, domain in self.domains)
        return self.queue.unparked + parked

    def accepted(self, row: ClaimedRow) -> None:
        """A message was taken: it counts."""
        self.tried += 1
        self.gate.away_since = None
        self._tally.accepted(row.address, self._clock.monotonic())

    def heed(self, row: ClaimedRow, outcome: Outcome) -> bool:
        """See what an answer means for the pace; True if it only asked for fewer messages."""
        if isinstance(outcome, Accepted):
            self.accepted(row)
            return False
        self.tried += 1
        self.gate.away_since = None
        now = self._clock.monotonic()
        name = domain_of(row)
        reply = complaint_in(outcome)
        if reply is None:
            self._tally.note(name, now)
            return False
        if whose(outcome) is Whose.DOMAIN:
            if self.domains.complained(name, now, str(reply)):
                self._slow_down(now, reply)
            domain = self.domains.find(name, now)
            if domain and domain.pace.throttle.was_cut_at(now):
                self._tell(name, domain.pace.throttle.cut)
            return not self.domains.is_lowest(name, now)
        self._tally.note(name, now, complained=True)
        self._slow_down(now, reply)
        return not self.pacer.pace.throttle.is_lowest(now)

    def complained(self, reply: Reply) -> None:
        """The relay said goodbye with this, and no message was tried."""
        self._slow_down(self._clock.monotonic(), reply)

    def _slow_down(self, now: float, reply: Reply) -> None:
        if self.pacer.slow_down(self._tally.whole(now), str(reply)):
            self._tell("", self.pacer.pace.throttle.cut)

    def _tell(self, name: str, cut: Cut | None) -> None:
        if cut:
            at = to_microseconds(self._clock.now())
            self._grievances.add(Place(self.relay.name, name), at, cut.refused, cut.words)

    def overhear(self, told: Grievance, age: float) -> None:
        """Slow down for what a place said to another worker, so many seconds ago.

        What was said within the second after this one slowed down was about the time before.
        """
        now = self._clock.monotonic()
        if told.domain:
            throttle, heard = self.domains.listen(told.domain, now)
        else:
            throttle, heard = self.pacer.pace.throttle, self._tally.whole(now)
        rate = max(heard.per_second, told.refused)
        throttle.complained(now - age, Heard(rate, 1.0), told.words)

    # For those who watch

    def slow_places(self) -> Iterator[SlowPlace]:
        """The relay and its domains, where they complained or make readers wait."""
        now = self._clock.monotonic()
        yield from self._slow("", self.pacer.pace, len(self.queue), now)
        for name, domain in self.domains:
            yield from self._slow(name, domain.pace, domain.waiting, now)

    def _slow(self, name: str, pace: Pace, waiting: int, now: float) -> Iterator[SlowPlace]:
        rate = min(pace.throttle.rate(now), self.pacer.per_second)  # it may grow beyond it
        if pace.throttle.cut or (name and waiting):
            words = pace.throttle.cut.words if pace.throttle.cut else ""
            yield SlowPlace(self.relay.name, name, waiting, rate, words)

    # For the ledger

    def notes(self, now: dt.datetime, *, ending: bool) -> Iterator[StoredPace]:
        """What has changed and is worth to be kept."""
        here = self._clock.monotonic()
        fast = self.pacer.per_second > 1 / _SLOW_INTERVAL
        if here - self._noted_at < _NOTED_EVERY and fast and not ending:
            return
        self._noted_at = here
        self.domains.forget_idle(here)
        window = 0.0 if ending else _WINDOW
        turns = 0 if ending else len(self.queue)
        ahead = self.pacer.pace.binding_until(turns, here, window) - here
        yield self._note("", self.pacer.pace, ahead, 0, now)
        for name, domain in self.domains:
            if not domain.noted or domain.pace.throttle.cut or _is_slow(domain, here):
                domain.noted = domain.pace.throttle.rate(here) == domain.pace.throttle.limit
                turns = 0 if ending else domain.parked
                ahead = domain.pace.binding_until(turns, here, window) - here
                yield self._note(name, domain.pace, ahead, domain.waiting, now)

    def _note(
        self, name: str, pace: Pace, ahead: float, waiting: int, now: dt.datetime
    ) -> StoredPace:
        cut, here = pace.throttle.cut, self._clock.monotonic()
        lease = dt.timedelta(seconds=max(ahead, 0.0))
        return StoredPace(
            place=Place(self.relay.name, name),
            next_turn=now + lease,
            lease=lease,
            refused=cut.refused if cut else None,
            refused_at=now - dt.timedelta(seconds=here - cut.at) if cut else None,
            words=cut.words if cut else "",
            waiting=waiting,
        )

    def restore(self, stored: StoredPace, now: dt.datetime) -> None:
        """Go on where an earlier run was; no clock that stepped meanwhile makes it wait longer."""
        here = self._clock.monotonic()
        wait = min(max(stored.next_turn - now, dt.timedelta()), stored.lease).total_seconds()
        cut = None
        if stored.refused is not None and stored.refused_at is not None:
            since = max((now - stored.refused_at).total_seconds(), 0.0)
            cut = Cut(stored.refused, here - since, stored.words)
        if stored.place.domain:
            self.domains.restore(stored.place.domain, cut, here + wait, here)
        else:
            self.pacer.pace.throttle.cut = cut
            self.pacer.pace.wait_until(here + wait)


def _in_hand(domain: Domain) -> int:
    pace = domain.pace
    return pace.in_hand if isinstance(pace, LeasedPace) else domain.parked


def _soon(domain: Domain) -> int:
    """Turns of a domain that are there, or may come with the next answer."""
    pace = domain.pace
    if not isinstance(pace, LeasedPace):
        return domain.parked
    return max(pace.in_hand, math.ceil(pace.throttle.limit * pace.share * _NOTED_EVERY))


def _is_slow(domain: Domain, now: float) -> bool:
    return domain.pace.throttle.rate(now) < 1 / _SLOW_INTERVAL and not domain.pace.is_free(now)


def _slower(campaign: Rate, relay: Rate | None) -> Rate:
    return relay if relay and relay.per_second < campaign.per_second else campaign
