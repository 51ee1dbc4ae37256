"""Messages over an open dialogue, each with its phase kept in sight: MAIL, RCPT, DATA, body, dot.

Each reply is judged within the event loop's callback and answered by the next write, so nothing
waits for a task. Where the relay offers PIPELINING (RFC 2920), the envelope goes in one write, and
the next message's envelope goes with the final dot.
"""

from newsletter.delivery import Accepted, Phase, Reply, outcome_of
from newsletter.transport.base import Intents
from newsletter.transport.dialogue import Dialogue, Owed, Usual
from newsletter.transport.envelope import safe_content
from newsletter.transport.options import RelayFacts
from newsletter.transport.reply import Lost
from newsletter.transport.stream import CLOSING, NEGATIVE, Habits, SmtpStream
from newsletter.transport.transit import Transit

_ENVELOPE = (Phase.MAIL, Phase.RCPT, Phase.DATA)


class SmtpConnection(SmtpStream):
    """An open dialogue with a relay that takes one message after the other."""

    def __init__(
        self,
        dialogue: Dialogue,
        facts: RelayFacts,
        *,
        timeout: float,
        dot_timeout: float,
        habits: Habits,
        keep: object = None,
    ) -> None:
        super().__init__(dialogue, facts, timeout=timeout, habits=habits, keep=keep)
        self.intents: Intents | None = None
        self._held: tuple[Transit, bytes] | None = None
        """What waits for its intent."""
        self._following: Transit | None = None
        self._offering = False
        self._answered = False
        self._owe_mail: Owed = (self._mail, timeout)
        self._owe_rcpt: Owed = (self._rcpt, timeout)
        self._owe_data: Owed = (self._data, timeout)
        self._owe_dot: Owed = (self._dot, dot_timeout)
        self._owe_rset: Owed = (self._rset, timeout)
        self._owe_envelope = (self._owe_mail, self._owe_rcpt, self._owe_data)
        self._owe_dot_and_envelope = (self._owe_dot, *self._owe_envelope)
        self._usual = Usual(b"250 ", [250, 250, 250, 354], self._went_well)
        self._said = Accepted(Reply(250, ""))
        """The last acceptance of these; many relays say the same of each message."""
        self._offered = facts.pipelining

    @property
    def room(self) -> bool:
        """Whether nothing is under way, or the next envelope can go with the final dot."""
        if self._offering:
            return self._following is None
        return not self._line and self._dialogue.alive

    def _take(self, transit: Transit) -> None:
        if self._offering:
            transit.behind = True
            self._following = transit
        else:
            self._begin(transit)

    # The envelope

    @property
    def _at_once(self) -> bool:
        return self._offered and self._habits.pipelining

    def _begin(self, transit: Transit) -> None:
        self._line.append(transit)
        message = transit.message
        try:
            if self._at_once:
                self._say(self._envelopes.whole(message), self._owe_envelope)
            else:
                self._say(self._envelopes.mail(message), (self._owe_mail,))
        except Lost as loss:
            self.lost(loss)

    def _say(self, commands: bytes, owed: tuple[Owed, ...]) -> None:
        """Write them; a 421 that the relay said already is the answer to the first."""
        spoken = self._dialogue.unasked()
        if spoken:
            owed[0][0](spoken)
        else:
            self._dialogue.write(commands, owed)

    def _mail(self, reply: Reply) -> None:
        transit = self._line[0]
        if reply.code != 250:  # noqa: PLR2004 - RFC 5321, 4.3.2
            self._refused(transit, reply)
            return
        transit.phase = Phase.RCPT
        if not self._dialogue.owes:
            self._say(self._envelopes.rcpt(transit.message), (self._owe_rcpt,))

    def _rcpt(self, reply: Reply) -> None:
        transit = self._line[0]
        if transit.refusal:
            self._also(reply, opens=False)
        elif reply.code not in {250, 251}:  # RFC 5321, 4.3.2 and 3.4
            self._refused(transit, reply)
        else:
            transit.phase = Phase.DATA
            if not self._dialogue.owes:
                self._say(b"DATA\r\n", (self._owe_data,))

    def _data(self, reply: Reply) -> None:
        transit = self._line[0]
        if transit.refusal:
            self._also(reply, opens=reply.code < NEGATIVE)
        elif reply.code != 354:  # noqa: PLR2004 - the one reply that opens the body
            self._refused(transit, reply)
        else:
            transit.phase = Phase.BODY
            self._body(transit)

    # The body

    def _body(self, transit: Transit) -> None:
        """One write, dot included, of what the kernel takes at once; else it is waited for."""
        message, dialogue = transit.message, self._dialogue
        content = message.content if message.proved else safe_content(message)
        if len(content) <= dialogue.outlet.at_once:
            self._end(transit, content)
            return
        dialogue.write(content)
        if dialogue.outlet.held:
            dialogue.await_drain(self._timeout)
        else:
            self._end(transit, b"")

    def drained(self) -> None:
        """The kernel took the body: now the dot."""
        if self._line and self._line[0].phase is Phase.BODY:
            self._end(self._line[0], b"")

    def _end(self, transit: Transit, rest: bytes) -> None:
        """Write what is left and the final dot, with the next envelope behind it if there is one.

        The content may begin a group of commands (RFC 2920, 3.1).
        """
        if self._dialogue.unread:
            self._end_early(transit)
            return
        feeder = self.feeder
        if feeder and self._offered and self._habits.pipelining:
            # The next message before the intent: what is written then goes at once.
            self._offering = True
            feeder.refill()
            self._offering = False
        if self.intents:
            self._held = transit, rest
            self.intents.intend(self, transit.handover)
            return
        try:
            transit.handover.before_dot()
        except BaseException as error:  # noqa: BLE001  told; whoever handed it over decides
            self._break_off(error)
            return
        self._write_dot(transit, rest)

    def _end_early(self, transit: Transit) -> None:
        """The relay said goodbye before the dot; what was to follow is given back."""
        early = self._dialogue.unasked()
        _, *behind = self._take_line()
        transit.handover.settled(outcome_of(Phase.BODY, early))
        for each in behind:
            each.handover.untried(None)

    def proceed(self) -> None:
        """The intent is recorded: write what waits, unless the end of the connection came first."""
        held, self._held = self._held, None
        if held:
            try:
                if not self._dialogue.unread:
                    self._write_dot(*held)
                    return
                self._end_early(held[0])
            except Lost as loss:
                self.lost(loss)
            super().rest()

    def hold_back(self, error: BaseException) -> None:
        """It is not: the dialogue ends before the dot."""
        if self._held:
            self._break_off(error)
            super().rest()

    def _write_dot(self, transit: Transit, rest: bytes) -> None:
        dialogue, following = self._dialogue, self._following
        transit.phase = Phase.DOT
        transit.end = dialogue.outlet.queued + len(rest) + 3  # the dot's line
        if following:
            self._following = None
            self._line.append(following)
            envelope = self._envelopes.whole(following.message)
            octets = b"%b.\r\n%b" % (rest, envelope)
            dialogue.write(octets, self._owe_dot_and_envelope, self._usual)
        else:
            dialogue.write(rest + b".\r\n", (self._owe_dot,))

    def _went_well(self, reply: Reply) -> None:
        """The one message was accepted, and the next one's body may come: the way of most."""
        line = self._line
        if reply is not self._said.reply:
            self._said = Accepted(reply)
        line.popleft().handover.settled(self._said)
        if not line:
            return
        transit = line[0]
        transit.phase = Phase.BODY
        message, dialogue, feeder, intents = (
            transit.message,
            self._dialogue,
            self.feeder,
            self.intents,
        )
        small = message.proved and len(message.content) <= dialogue.outlet.at_once
        if not (small and feeder and intents) or dialogue.unread:
            self._body(transit)
            return
        self._offering = True  # the same as that, straight on
        feeder.refill()
        self._offering = False
        self._held = transit, message.content
        intents.intend(self, transit.handover)

    def _dot(self, reply: Reply) -> None:
        transit = self._line.popleft()
        self._answered = True
        if reply.code == CLOSING or reply.code // 100 == 3:  # noqa: PLR2004 - intermediate
            self._leave(transit.phase, reply)
        transit.handover.settled(outcome_of(Phase.DOT, reply))

    # When it does not go on

    def _refused(self, transit: Transit, reply: Reply) -> None:
        """The transaction ends before the body: clear it, or leave."""
        if reply.code == CLOSING and self._answered and transit.phase is Phase.MAIL:
            # Said along with the answer to the dot: of itself, not on hearing of this message.
            self._line.popleft()
            self._leave(transit.phase, reply)
            transit.handover.untried(reply)
            return
        transit.refusal = transit.phase, reply
        if reply.code < NEGATIVE or reply.code == CLOSING:
            self._give_up(transit, reply)
        elif not self._dialogue.owes:
            self._clear(transit)

    def _also(self, reply: Reply, *, opens: bool) -> None:
        """What follows a refused command is owed, and read.

        A relay that opens the body though it refused the envelope is left: a lone dot could make
        it deliver an empty message (RFC 2920, 3.1, would have us send one).
        """
        transit = self._line[0]
        if reply.code == CLOSING or opens:
            self._give_up(transit, reply)
        elif not self._dialogue.owes:
            self._clear(transit)

    def _clear(self, transit: Transit) -> None:
        """Forget the transaction; nothing of it was sent, whatever comes."""
        spoken = self._dialogue.unasked()
        if spoken:
            self._give_up(transit, spoken)
        else:
            self._dialogue.write(b"RSET\r\n", (self._owe_rset,))

    def _rset(self, reply: Reply) -> None:
        transit = self._line[0]
        if reply.code >= NEGATIVE:
            self._give_up(transit, reply)
        else:
            self._line.popleft()
            self._tell_refusal(transit)

    def _give_up(self, transit: Transit, reply: Reply) -> None:
        self._line.popleft()
        self._leave(transit.refusal[0] if transit.refusal else transit.phase, reply)
        self._tell_refusal(transit)

    @staticmethod
    def _tell_refusal(transit: Transit) -> None:
        if outcome := transit.refused:
            transit.handover.settled(outcome)

    def overheard(self) -> None:
        """Said between messages: looked at before the next word. In a body it ends it."""
        if self._line and self._line[0].phase is Phase.BODY and not self._held:
            self._end(self._line[0], b"")

    def rest(self) -> None:
        """All that came was told: the feeder's turn."""
        self._answered = False
        if self._line and self.feeder:  # there is no room
            self.feeder.rest()
        else:
            super().rest()

    def _take_line(self) -> list[Transit]:
        following, self._following, self._held = self._following, None, None
        return [*super()._take_line(), *([following] if following else [])]

    def _mixed_up(self, phase: Phase) -> None:
        """Some relays (and things between) offer it and lose or mix up what is written at once."""
        if phase in _ENVELOPE:
            self._habits.pipelining = False
