"""A relay in memory that is fed: several messages in the air, on a clock that does not wait."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.delivery import Accepted, InDoubt, Outcome
from newsletter.transport.base import Feeder, Handover, OutgoingMessage
from tests.doubles import FakeClock, accept

Script = Callable[[int, OutgoingMessage], Outcome | None]
"""The outcome of a message, by its number from 1; None loses the connection."""


def takes_all(number: int, message: OutgoingMessage) -> Outcome | None:
    """Everything."""
    del number
    return accept(message)


@dataclass
class FedRelay:
    """Takes ``window`` messages at once on each connection and answers after ``seconds``.

    The intent of the first is asked for at once, of those behind it once the one in front was
    answered, as where the next envelope goes with the final dot; ``eager`` asks for all at once.
    """

    clock: FakeClock
    script: Script = takes_all
    window: int = 2
    seconds: float = 0.0
    eager: bool = False
    begun: list[float] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    untried: list[str] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    numbered: int = 0

    async def connect(self) -> "FedConnection":
        """A new one."""
        self.connections += 1
        self.open += 1
        return FedConnection(self)


@dataclass
class _Flight:
    message: OutgoingMessage
    handover: Handover
    dotted: bool = False


@dataclass
class FedConnection:
    """One connection, and what is in the air."""

    relay: FedRelay
    usable: bool = True
    feeder: Feeder | None = None
    air: list[_Flight] = field(default_factory=list)
    work: asyncio.Task[None] | None = None

    @property
    def room(self) -> bool:
        """Whether the window has a place."""
        return self.usable and len(self.air) < self.relay.window

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        """Take one; answers come from a task."""
        self.relay.begun.append(self.relay.clock.monotonic())
        flight = _Flight(message, handover)
        self.air.append(flight)
        if self.relay.eager and not self._dot(flight):
            return
        self.work = self.work or asyncio.create_task(self._answer())

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Lanes feed it."""
        del message, before_dot
        raise AssertionError

    async def close(self) -> None:
        """What is in the air is cut."""
        self.usable = False
        self.relay.open -= 1
        if self.work:
            self.work.cancel()
        for flight in self.air:
            flight.handover.cut(asyncio.CancelledError())
        self.air.clear()

    async def _answer(self) -> None:
        while self.air and self.usable:
            if not self.air[0].dotted and not self._dot(self.air[0]):
                return
            await self.relay.clock.sleep(self.relay.seconds)
            self._settle(self.air.pop(0))
            if self.feeder and self.usable:
                self.feeder.refill()
            if self.feeder:
                self.feeder.rest()
        self.work = None

    def _dot(self, flight: _Flight) -> bool:
        try:
            flight.handover.before_dot()
        except Exception as error:  # noqa: BLE001  told, as every stream does
            self.usable = False
            air, self.air = self.air, []
            flight.handover.cut(error)
            for other in air:
                if other is not flight:
                    other.handover.untried(None)
            if self.feeder:
                self.feeder.rest()
            return False
        flight.dotted = True
        return True

    def _settle(self, flight: _Flight) -> None:
        self.relay.numbered += 1
        outcome = self.relay.script(self.relay.numbered, flight.message)
        if isinstance(outcome, Accepted):
            self.relay.accepted.append(flight.message.recipient)
        if outcome is not None:
            flight.handover.settled(outcome)
            return
        self.usable = False
        for each in [flight, *self.air]:
            if each.dotted:
                each.handover.settled(InDoubt("connection lost"))
            else:
                self.relay.untried.append(each.message.recipient)
                each.handover.untried(None)
        self.air.clear()
