"""A relay inside the process that follows its script, and tells at once whom it takes."""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.delivery import Accepted, InDoubt, Outcome, Phase, Reply, outcome_of, suppresses
from newsletter.errors import RelayError, RelayUnavailable, UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.transport.base import Feeder, Handover, OutgoingMessage
from newsletter.values import Address
from tests.promises.mortal import Process
from tests.promises.script import GOOD, Deed, Meddling

_CLOSING = 421


class SimulatedRelay:
    """Follows the script; whom it takes it tells at once, to somebody who does not die."""

    def __init__(self, process: Process, number: CampaignId, stop: asyncio.Event) -> None:
        self.process = process
        self.number = number
        self.stop = stop
        self.messages = 0
        self._deeds = list(process.script.deeds)
        self._away = process.script.away
        self._closed = process.script.closed

    async def connect(self) -> "SimulatedConnection":
        """A dialogue, once it is not away any more."""
        self.process.step()
        await asyncio.sleep(0)
        if self._away:
            self._away -= 1
            raise RelayUnavailable("no relay answers")
        if self._closed:
            raise RelayError("wrong password", cure="correct it")
        script = self.process.script
        return SimulatedConnection(self, script.window, eager=script.eager)

    def begin(self) -> Deed:
        """The next message: what is to be done with it, and what happens beside it."""
        self.process.send()
        match self.process.script.meddling:
            case (at, meddling) if at == self.messages:
                self._meddle(meddling)
        self.messages += 1
        return self._deeds.pop(0) if self._deeds else GOOD

    def _meddle(self, meddling: Meddling) -> None:
        now = self.process.clock.now()
        match meddling:
            case Meddling.SIGNAL:
                self.stop.set()
            case Meddling.AN_HOUR_ON:
                self.process.clock.set_by += 3600
            case Meddling.AN_HOUR_BACK:
                self.process.clock.set_by -= 3600
            case _:
                self._say(self.process.ledger, meddling, now)

    def _say(self, other: Ledger, meddling: Meddling, now: dt.datetime) -> None:
        try:
            if meddling is Meddling.PAUSE:
                other.pause(self.number, now)
            elif meddling is Meddling.CANCEL:
                other.cancel(self.number, now)
                self.process.tell("cancelled")
            else:
                last = [row.address for row in other.deliveries(self.number)][-1]
                self.process.tell("suppressing", last)
                other.suppress(Address.parse(last), "unsubscribed", "", "", now)
        except UsageError:
            pass  # paused or cancelled before


@dataclass
class _Flight:
    """One message in the air."""

    message: OutgoingMessage
    handover: Handover
    dotted: bool = False


class SimulatedConnection:
    """One dialogue; several messages may be in the air, each answered in its turn.

    An ``eager`` one writes every dot at once, as with BDAT and a window; else the next message's
    is written when the one in front was answered.
    """

    def __init__(self, relay: SimulatedRelay, window: int, *, eager: bool) -> None:
        self.usable = True
        self.feeder: Feeder | None = None
        self._relay = relay
        self._process = relay.process
        self._window = window
        self._eager = eager
        self._air: list[_Flight] = []
        self._work: asyncio.Task[None] | None = None

    @property
    def room(self) -> bool:
        """Whether the window has a place."""
        return self.usable and len(self._air) < self._window

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        """Take one; a task of its own talks."""
        flight = _Flight(message, handover)
        self._air.append(flight)
        if not self._eager or self._dot(flight):
            self._work = self._work or asyncio.create_task(self._talk())

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Lanes hand over."""
        raise AssertionError(message, before_dot)

    async def close(self) -> None:
        """What is in the air is cut."""
        self.usable = False
        if self._work:
            self._work.cancel()
        air, self._air = self._air, []
        for flight in air:
            if flight.dotted:
                self._process.tell("doubted")
            flight.handover.cut(asyncio.CancelledError())

    async def _talk(self) -> None:
        while self._air and self.usable:
            flight = self._air[0]
            deed = self._relay.begin()
            self._process.step()
            await self._process.clock.sleep(0.05)
            reaches = flight.dotted or deed.phase is Phase.DOT
            if reaches and not (flight.dotted or self._dot(flight)):
                return
            await self._answer(flight, deed, reaches=reaches)
        self._work = None

    async def _answer(self, flight: _Flight, deed: Deed, *, reaches: bool) -> None:
        process, outcome = self._process, deed.outcome_at(Phase.DOT if reaches else deed.phase)
        process.step()
        if reaches and (deed.takes or isinstance(outcome, Accepted)):
            self._takes(flight)
            process.step()
        await process.clock.sleep(0.05)
        process.step()
        reply = getattr(outcome, "reply", None)
        self.usable = not deed.leaves and reply is not None and reply.code != _CLOSING
        self._air.remove(flight)
        self._tell(flight, outcome)
        flight.handover.settled(outcome)
        if not self.usable:
            self._lose(reply if reply and reply.code == _CLOSING else None)
        if self.feeder and self.usable:
            self.feeder.refill()
        if self.feeder:
            self.feeder.rest()

    def _takes(self, flight: _Flight) -> None:
        self._process.tell("took", flight.message.recipient, flight.message.message_id)

    def _tell(self, flight: _Flight, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            self._process.tell("accepted", flight.message.recipient)
        if isinstance(outcome, InDoubt):
            self._process.tell("doubted")
        if suppresses(outcome):
            self._process.tell("dead", flight.message.recipient)

    def _lose(self, reply: Reply | None) -> None:
        """Who stood behind goes elsewhere; whose dot was written may have been taken."""
        air, self._air = self._air, []
        for flight in air:
            if flight.dotted:
                if self._relay.begin().takes:
                    self._takes(flight)
                self._process.tell("doubted")
                flight.handover.settled(outcome_of(Phase.DOT, None, "connection lost"))
            else:
                flight.handover.untried(reply)

    def _dot(self, flight: _Flight) -> bool:
        try:
            flight.handover.before_dot()
        except Exception as error:  # noqa: BLE001  told, as every stream does
            self.usable = False
            self._air.remove(flight)
            flight.handover.cut(error)
            self._lose(None)
            if self.feeder:
                self.feeder.rest()
            return False
        flight.dotted = True
        return True
