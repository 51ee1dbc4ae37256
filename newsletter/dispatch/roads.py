"""All relays of a run: which reader goes where, and what the ledger is to know of it."""

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from newsletter.dispatch.allowance import Allowance, Canary
from newsletter.dispatch.clock import Clock
from newsletter.dispatch.domains import Domains
from newsletter.dispatch.grievances import Grievance, Grievances
from newsletter.dispatch.leased import LeasedPace, Paces
from newsletter.dispatch.limits import Relay
from newsletter.dispatch.model import RunOptions, SlowPlace
from newsletter.dispatch.queue import domain_of
from newsletter.dispatch.quota import Quota, Room
from newsletter.dispatch.road import Common, Road
from newsletter.dispatch.stock import Stock
from newsletter.ledger.model import Campaign, ClaimedRow, Grant, Result, Want
from newsletter.ledger.notes import ALL, Notes, Place, StoredPace, Wish
from newsletter.transport.base import Transport

_ALONE = "relay"
_SHORTEST, _LONGEST = 0.3, 2.0
_EACH = 0.12
"""Seconds between two questions to the ledger, for each worker: so all of them together ask some
eight times a second, however many they are."""
_ANSWERS = 3
"""A period is so many times as long as the ledger takes to answer."""
_SMOOTHING = 0.2
_RESERVE, _RESERVE_OF_SEVERAL = 1.5, 3.0
"""A group is so many periods' rows: they last until the next answer. Where there are several
relays their turns come only with the one after it."""
_HASTE = 0.25
_FIRST = 50
"""Rows that are asked for after the first ones, at most: it is not known yet how many are sent."""
_LOOK_SECONDS = 0.02
_MOST_A_SECOND = 4_000
_READY_SECONDS = 1.0
_SOON = 5.0
"""Seconds after which it is looked again whether a quota that is nearly used up has room."""


def relays_of(transport: Transport | Sequence[Relay]) -> Sequence[Relay]:
    """The relays that a run is given; one that is given alone needs no name."""
    return transport if isinstance(transport, Sequence) else (Relay(_ALONE, transport),)


class Roads:
    """The relays of a run; the first one is for every reader whose domain no other one names."""

    def __init__(
        self,
        relays: Sequence[Relay],
        campaign: Campaign,
        stock: Stock,
        clock: Clock,
        options: RunOptions,
    ) -> None:
        terms = campaign.terms
        several = len(relays) > 1
        self.paces = Paces(clock.monotonic if options.share else None)
        now, rate = clock.monotonic(), terms.rate.per_second
        whole = self.paces.make(ALL, rate, now) if several else None
        self.grievances = Grievances()
        self._common = Common(
            stock, clock, options, options.limits, whole, self.paces, self.grievances
        )
        self.all = tuple(
            Road(relay, terms.rate, terms.connections, self._common) for relay in relays
        )
        self._clock = clock
        self._stock = stock
        self._by_domain = {name: road for road in self.all for name in road.relay.domains}
        if several:
            for road in self.all:
                road.share(self.all)
        self.allowance = Allowance({}, {}, None)
        self._asked_at = now
        self._took = 0.0
        self._is_new = True
        self._reserve = _RESERVE_OF_SEVERAL if several else _RESERVE
        self.period = 0.0
        """Seconds that lie between two questions to the ledger, where workers share it."""

    def remember(
        self,
        stored: Sequence[StoredPace],
        tried: Mapping[Place, Mapping[int, int]],
        canary: Canary | None,
    ) -> None:
        """Go on where earlier runs were: paces, quotas, and the first few of this campaign."""
        now = self._clock.now()
        named = {road.relay.name: road for road in self.all}
        for pace in stored:
            if pace.place.relay in named:
                named[pace.place.relay].restore(pace, now)
        self.allowance = Allowance(self._quotas(), tried, canary)

    def _quotas(self) -> Mapping[Place, Quota]:
        quotas = {Place(road.relay.name): road.relay.quota for road in self.all}
        return quotas | {ALL: self._common.limits.quota}

    def of(self, row: ClaimedRow) -> Road:
        """The road that a reader's message takes."""
        if not self._by_domain:
            return self.all[0]
        return self._by_domain.get(domain_of(row), self.all[0])

    # Rows

    def add(self, rows: Sequence[ClaimedRow]) -> None:
        """Lay granted rows into the relays' queues; one that has used up its quota gets none."""
        if len(self.all) == 1:
            self.all[0].queue.add(rows)
            return
        for road in self.all:
            mine = [row for row in rows if self.of(row) is road]
            room = self.allowance.room(Place(road.relay.name), self._clock.now())
            fits = max(0, room.now - self._claimed(road))
            road.queue.add(mine[:fits])
            for row in mine[fits:]:
                self._stock.postpone(row, self._clock.monotonic() + self._seconds_to(room))

    def _claimed(self, road: Road) -> int:
        """Rows of one relay that have no outcome in the ledger yet."""
        in_hand = sum(self.of(row) is road for row in self._stock.in_hand.values())
        return len(road.queue) + in_hand + road.tried

    def _seconds_to(self, room: Room) -> float:
        wait = (room.until - self._clock.now()).total_seconds() if room.until else 0.0
        return max(wait, _SOON)

    def appetite(self, now: dt.datetime) -> int:
        """How many rows may be asked for now."""
        wish = self._stock.appetite
        return min(wish, self.allowance.rows(self._bounds, self._stock.claimed, now))

    def exhausted(self, now: dt.datetime) -> Room | None:
        """The quota that is used up and binds every relay, if one is."""
        rooms = [(place, self.allowance.room(place, now)) for place in self._bounds]
        empty = [room for _, room in rooms if room.now <= 0]
        return max(empty, key=lambda room: room.until or now, default=None)

    @property
    def _bounds(self) -> tuple[Place, ...]:
        return (ALL, *((Place(self.all[0].relay.name),) if len(self.all) == 1 else ()))

    # What workers share

    def wants(self, want: Want) -> Want:
        """The same, with the turns to lease and the quotas that hold over all workers."""
        if not self.paces.are_shared:
            return want
        self._asked_at = self._clock.monotonic()
        now = self._clock.now()
        caps = tuple(self.allowance.caps(now))
        capped = frozenset(self._bounds) & {cap.place for cap in caps}
        return replace(want, turns=tuple(self._wishes()), caps=caps, capped=capped)

    def _wishes(self) -> Iterator[Wish]:
        """Turns for whoever waits for one; rows that are to come want theirs too.

        Which of several relays a row is for the ledger cannot tell: then none has a turn before
        it is here, of its relay's and of all together, and the two lie beside each other.
        """
        period, named = self.period, {road.relay.name: road for road in self.all}
        for pace in list(self.paces):
            relay, domain = pace.place
            if domain:
                count = self._soon(pace, named[relay].domains)
            elif relay:
                count = named[relay].wanted_turns
            else:
                count = sum(road.wanted_turns for road in self.all)
            yield pace.wish(count, period, for_rows=len(self.all) == 1)

    @staticmethod
    def _soon(pace: LeasedPace, domains: Domains) -> int:
        """Readers of one domain whose turn may come before the ledger is asked again."""
        return min(
            domains.parked(pace.place.domain), math.ceil(_READY_SECONDS * pace.throttle.limit)
        )

    def heed(self, grant: Grant) -> None:
        """See what the ledger gave to this worker."""
        if not self.paces.are_shared:
            return
        took = self._clock.monotonic() - self._asked_at
        self._took += _SMOOTHING * (took - self._took)
        self.period = min(max(_SHORTEST, grant.workers * _EACH, _ANSWERS * self._took), _LONGEST)
        self._stock.group_seconds = self._reserve * self.period
        if self._is_new:
            self._is_new = False
            self._stock.group = max(self._stock.group, min(self._fair_group // 2, _FIRST))
        self.paces.give(grant.leased, grant.workers, self._clock.monotonic())
        self.allowance.hear(grant.room, grant.spent)
        for road in self.all:
            road.turns_given()

    def overhear(self, told: Sequence[Grievance], now: int) -> None:
        """Spare the places that complained to other workers."""
        named = {road.relay.name: road for road in self.all}
        for each in self.grievances.news(told, now):
            if each.relay in named:
                named[each.relay].overhear(each, each.age(now))

    @property
    def are_starving(self) -> bool:
        """Whether rows wait for turns."""
        return any(road.is_leased and road.waits_for_turns for road in self.all)

    async def breathe(self, is_over: Callable[[], object]) -> None:
        """Let some time go by since the ledger was asked: less where lanes have nothing to do."""
        if not self.paces.are_shared:
            return
        while not is_over():
            starved = self._stock.is_starved and not self._stock.is_dry
            if not self._stock.may_reach(self._fair_group):
                break  # more cannot be asked for at a time, so it is asked for more often
            since = self._clock.monotonic() - self._asked_at
            if since >= (self.period * _HASTE if starved else self.period):
                break
            await self._clock.sleep(_LOOK_SECONDS)
        if self._stock.is_starved and self.period:
            self._stock.reach_out(self._fair_group)

    @property
    def _fair_group(self) -> int:
        """Twice the rows that this worker can use, if all want the same."""
        shares = [road.pacer.pace.throttle.limit * road.pacer.pace.share for road in self.all]
        return math.ceil(2 * self._reserve * self.period * min(sum(shares), _MOST_A_SECOND))

    # Notes

    def notes(self, *, ending: bool) -> Notes:
        """What the ledger is to be told with the next group, or with the last one."""
        now, here = self._clock.now(), self._clock.monotonic()
        tried = {Place(road.relay.name): road.tried for road in self.all if road.tried}
        if tried:
            tried[ALL] = sum(tried.values())
        later = [
            (seq, now + dt.timedelta(seconds=max(until - here, 0.0)))
            for seq, until in self._stock.later
        ]
        paces = [pace for road in self.all for pace in road.notes(now, ending=ending)]
        return Notes(paces, tried, later)

    def noted(self, notes: Notes, results: Sequence[Result]) -> None:
        """The ledger has it."""
        self.allowance.count(notes.tried, self._clock.now())
        if self.allowance.canary:
            self.allowance.canary.tried += sum(each.number == 1 for each in results)
        for road in self.all:
            road.tried -= notes.tried.get(Place(road.relay.name), 0)
        del self._stock.later[: len(notes.postponed)]

    # For those who watch

    def slow_places(self) -> tuple[SlowPlace, ...]:
        """Relays and domains that complained or make readers wait, the most waiting first."""
        found: Iterator[SlowPlace] = (each for road in self.all for each in road.slow_places())
        return tuple(sorted(found, key=lambda place: -place.waiting))

    @property
    def open(self) -> int:
        """Connections that are open."""
        return sum(road.gate.open for road in self.all)

    @property
    def note(self) -> str:
        """What holds one of them up, in a sentence, or nothing."""
        return next((road.gate.note for road in self.all if road.gate.note), "")

    @property
    def per_second(self) -> float:
        """Messages a second that may leave now."""
        rate = sum(road.pacer.per_second for road in self.all)
        whole = self._common.whole
        return min(rate, whole.throttle.limit) if whole else rate
