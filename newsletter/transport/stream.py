"""What any way of speaking SMTP over an open dialogue has in common: how it begins and ends.

Messages stand in line, in the order in which they were handed over; the next reply is to the
first of them.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.delivery import Outcome, Phase, Reply
from newsletter.errors import RelayUnavailable
from newsletter.transport.base import Feeder, Handover, OutgoingMessage
from newsletter.transport.dialogue import Dialogue
from newsletter.transport.envelope import Envelopes
from newsletter.transport.options import RelayFacts
from newsletter.transport.reply import Lost
from newsletter.transport.sent import Sent
from newsletter.transport.transit import Transit

CLOSING = 421
NEGATIVE = 400
_QUIT_SECONDS = 1.0
NOT_IMPLEMENTED = frozenset({500, 502})
"""The relay does not know the command (RFC 5321, 4.2.4), and is well."""


@dataclass(slots=True)
class Habits:
    """How one relay is spoken to, as learned on the way; its connections share them."""

    pipelining: bool = True
    """Whether an envelope goes in one write where the relay offers it."""
    chunking: bool = True
    """Whether messages go as chunks where the relay offers it and a window is set."""


class SmtpStream(ABC):
    """An open dialogue with a relay: the messages under way, and what its end means for each."""

    def __init__(
        self,
        dialogue: Dialogue,
        facts: RelayFacts,
        *,
        timeout: float,
        habits: Habits,
        keep: object = None,
    ) -> None:
        self.facts = facts
        self.feeder: Feeder | None = None
        self._keep = keep  # what opened the connection must not be collected while it is open
        self._dialogue = dialogue
        self._timeout = timeout
        self._habits = habits
        self._envelopes = Envelopes(facts)
        self._line: deque[Transit] = deque()
        dialogue.talker = self

    @property
    def usable(self) -> bool:
        """False once the relay or the network ended the dialogue, or it fell out of step."""
        return self._dialogue.alive

    @property
    def room(self) -> bool:
        """Whether one more message may be handed over now."""
        return not self._line and self._dialogue.alive

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        """Take one message while there is ``room``; ``handover`` is told its end."""
        unfit = self._envelopes.unfit(message)
        if unfit:
            handover.settled(unfit)
        else:
            self._take(Transit(message, handover))

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Hand one message over and wait for its outcome."""
        sent = Sent(before_dot)
        self.hand_over(message, sent)
        try:
            return await sent.end
        except asyncio.CancelledError:
            # Half a message is on the wire: closing is the only way not to finish it.
            self._break_off(asyncio.CancelledError())
            raise

    async def check(self) -> None:
        """Say NOOP; raises ``RelayUnavailable`` when the relay has nothing good to say to it."""
        try:
            reply = await self._dialogue.ask(b"NOOP", self._timeout)
            known = reply.code not in NOT_IMPLEMENTED
            said = str(reply) if reply.code >= NEGATIVE and known else ""
        except Lost as loss:
            said = str(loss)
        if said:
            message = f"{self.facts.place} let us in, then: {said}"
            raise RelayUnavailable(message, cure="try again later")

    async def close(self) -> None:
        """Say QUIT, wait for a second at most, and let go; what is under way is cut off."""
        if self._line:
            self._break_off(asyncio.CancelledError())
        else:
            await self._dialogue.quit(_QUIT_SECONDS)

    # For those who speak

    @abstractmethod
    def _take(self, transit: Transit) -> None:
        """Begin with it, or have it follow."""

    @abstractmethod
    def _mixed_up(self, phase: Phase) -> None:
        """Replies came that fit no command; ``phase`` is the first message's."""

    @abstractmethod
    def drained(self) -> None:
        """The kernel took all that was written."""

    @abstractmethod
    def overheard(self) -> None:
        """Said between messages: looked at before the next word."""

    def _leave(self, phase: Phase, reply: Reply) -> None:
        """End the dialogue; what was announced behind the message is given back."""
        if reply.code < NEGATIVE:
            self._mixed_up(phase)
        self._dialogue.abandon("the relay is closing or out of step")
        for transit in self._take_line():
            transit.handover.untried(None)

    def lost(self, loss: Lost) -> None:
        """The connection is gone: each message's end follows from how far it came."""
        self._dialogue.abandon(str(loss))
        taken = self._dialogue.outlet.taken
        for place, transit in enumerate(self._take_line()):
            if self._dialogue.misled and not place:
                self._mixed_up(transit.phase)
            outcome = transit.after_loss(str(loss), taken, first=not place)
            if outcome:
                transit.handover.settled(outcome)
            else:
                transit.handover.untried(None)

    def _break_off(self, error: BaseException) -> None:
        """End it on our side: the first message is cut off, nothing behind it was begun."""
        self._dialogue.abandon("interrupted")
        for transit in self._take_line():
            if transit.behind and transit.phase is Phase.MAIL:
                transit.handover.untried(None)
            else:
                transit.handover.cut(error)

    def _take_line(self) -> list[Transit]:
        line, self._line = list(self._line), deque()
        return line

    def rest(self) -> None:
        """All that came was told: the feeder's turn."""
        feeder = self.feeder
        if feeder:
            if self.room:
                feeder.refill()
            feeder.rest()
