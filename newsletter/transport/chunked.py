"""Messages as single chunks (RFC 3030), several in the air: envelope and body go in one write.

The intent of each is recorded before that write, so a lost connection leaves as many messages in
doubt as are in the air: the window is the doubt, and an officer's choice.
"""

from newsletter.delivery import InDoubt, Outcome, Phase, Reply, outcome_of
from newsletter.transport.dialogue import Dialogue, Owed
from newsletter.transport.options import RelayFacts
from newsletter.transport.reply import Lost
from newsletter.transport.stream import CLOSING, NEGATIVE, NOT_IMPLEMENTED, Habits, SmtpStream
from newsletter.transport.transit import Transit

_OF_ADDRESSES = "2.1."
"""What no answer to a message begins with (RFC 3463, 3.2): it answers MAIL or RCPT."""


class ChunkedConnection(SmtpStream):
    """An open dialogue that takes up to ``window`` messages before the first one's answer."""

    def __init__(
        self,
        dialogue: Dialogue,
        facts: RelayFacts,
        *,
        timeout: float,
        dot_timeout: float,
        habits: Habits,
        window: int,
        keep: object = None,
    ) -> None:
        super().__init__(dialogue, facts, timeout=timeout, habits=habits, keep=keep)
        self._window = window
        self._closing = False
        self._clean = True
        envelope: tuple[Owed, ...] = (self._mail, timeout), (self._rcpt, timeout)
        self._owe_message = (*envelope, (self._bdat, dot_timeout))
        self._owe_after_another = ((self._rset, timeout), *self._owe_message)

    @property
    def usable(self) -> bool:
        """False once the relay or the network ended the dialogue, or is about to."""
        return not self._closing and self._dialogue.alive

    @property
    def room(self) -> bool:
        """Whether the window has a place, and the kernel took all that is in the air."""
        return len(self._line) < self._window and self.usable and not self._dialogue.outlet.held

    def _take(self, transit: Transit) -> None:
        try:
            spoken = None if self._dialogue.owes else self._dialogue.unasked()
            if spoken:
                transit.handover.settled(outcome_of(Phase.MAIL, spoken))
            elif self._may_begin(transit):
                self._line.append(transit)
                self._write(transit)
        except Lost as loss:
            if transit not in self._line:
                self._line.append(transit)
            self.lost(loss)

    @staticmethod
    def _may_begin(transit: Transit) -> bool:
        try:
            transit.handover.before_dot()
        except BaseException as error:  # noqa: BLE001  told; whoever handed it over decides
            transit.handover.cut(error)
            return False
        return True

    def _write(self, transit: Transit) -> None:
        """One write; behind another message RSET goes first: a refusal ends with its own."""
        message, envelopes = transit.message, self._envelopes
        octets = b"%b%bBDAT %d LAST\r\n%b" % (
            envelopes.mail(message),
            envelopes.rcpt(message),
            len(message.content),
            message.content,
        )
        owed = self._owe_message
        if len(self._line) > 1 or not self._clean:
            octets, owed = b"RSET\r\n" + octets, self._owe_after_another
        transit.end = self._dialogue.outlet.queued + len(octets)
        self._dialogue.write(octets, owed)

    def _rset(self, reply: Reply) -> None:
        self._closing = self._closing or reply.code == CLOSING

    def _mail(self, reply: Reply) -> None:
        self._judge(reply, reply.code == 250, Phase.RCPT)  # noqa: PLR2004 - RFC 5321, 4.3.2

    def _rcpt(self, reply: Reply) -> None:
        self._judge(reply, reply.code in {250, 251}, Phase.DOT)

    def _judge(self, reply: Reply, goes_on: bool, after: Phase) -> None:
        """What follows a refusal is owed all the same; the answer to the chunk comes last."""
        transit = self._line[0]
        if not (goes_on or transit.refusal):
            transit.refusal = transit.phase, reply
        transit.phase = after
        self._closing = self._closing or reply.code == CLOSING

    def _bdat(self, reply: Reply) -> None:
        transit = self._line.popleft()
        self._clean = reply.code == 250 and not transit.refusal  # noqa: PLR2004
        if reply.code == CLOSING or reply.code // 100 == 3:  # noqa: PLR2004 - intermediate
            self._closing = True
        if reply.text.startswith(_OF_ADDRESSES):
            self._out_of_step(transit, f"the answer to an address came last: {reply}")
            return
        unknown = reply.code in NOT_IMPLEMENTED and not transit.refusal
        if unknown:  # it offered them all the same: none of its connections is given any more
            self._habits.chunking, self._closing = False, True
        if self._closing and not self._line:
            self._dialogue.abandon("the relay is closing or out of step")
        if unknown:
            transit.handover.untried(None)
        else:
            transit.handover.settled(self._outcome(transit, reply))

    def _outcome(self, transit: Transit, reply: Reply) -> Outcome:
        if transit.refused is None:
            return outcome_of(Phase.DOT, reply)
        if reply.code < NEGATIVE:
            self._habits.chunking = False
            return InDoubt(f"the relay refused the envelope, then answered {reply}")
        return transit.refused

    def _out_of_step(self, transit: Transit, why: str) -> None:
        """No 354 keeps chunks in step: one answer too many would make 250 to RCPT an acceptance."""
        self._habits.chunking = False
        self._line.appendleft(transit)
        raise Lost(why)

    def _mixed_up(self, phase: Phase) -> None:
        """A relay whose answers are late, or too many, is not written to so again."""
        del phase
        self._habits.chunking = False

    def drained(self) -> None:
        """There is room again; ``rest`` tells."""

    def overheard(self) -> None:
        """Looked at before the next word."""
