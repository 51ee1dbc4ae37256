"""One message over an open dialogue: MAIL, RCPT, DATA, body, dot, with the phase kept in sight.

The phase tells what silence means: before the final dot the relay cannot have accepted the
message, after it nobody knows (RFC 5321, 4.1.1.4 and 6.1).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from newsletter.delivery import Blame, Outcome, Phase, Refused, Reply, outcome_of
from newsletter.errors import RelayUnavailable
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.dialogue import Dialogue
from newsletter.transport.options import RelayFacts
from newsletter.transport.reply import Lost

_QUIT_SECONDS = 1.0
_CLOSING = 421
_NEGATIVE = 400
_TAKEN_AT_ONCE = 16_384
"""Octets: what a kernel's send buffer takes whole, so that body and dot may go as one."""
_ENVELOPE = (Phase.MAIL, Phase.RCPT, Phase.DATA)
_DOT_LINE = re.compile(rb"\r\n\.")  # a third quicker over a large body than ``in``
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")


@dataclass(slots=True)
class Habits:
    """How one relay is spoken to, as learned on the way; its connections share them."""

    pipelining: bool = True
    """Whether an envelope goes in one write where the relay offers it."""


class SmtpConnection:
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
        self.facts = facts
        self._keep = keep  # what opened the connection must not be collected while it is open
        self._dialogue = dialogue
        self._timeout = timeout
        self._dot_timeout = dot_timeout
        self._habits = habits
        self._phase = Phase.MAIL
        self._following: OutgoingMessage | None = None
        self._announced: OutgoingMessage | None = None

    @property
    def usable(self) -> bool:
        """False once the relay or the network ended the dialogue, or it fell out of step."""
        return self._dialogue.alive

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Hand one message over; ``before_dot`` runs just before the final dot is written."""
        self._phase = Phase.MAIL
        try:
            unfit = unsendable(message, self.facts)
            return unfit or await self._transact(message, before_dot)
        except Lost as loss:
            return self._lost(loss)
        except BaseException:
            # Half a message is on the wire: closing is the only way not to finish it.
            self._dialogue.abandon("interrupted")
            raise
        finally:
            self._following = None

    def announce(self, following: OutgoingMessage) -> None:
        """Tell which message comes next, before or while one is sent (until ``before_dot`` ends).

        Its envelope then goes with that one's final dot, where the relay takes it so, which saves
        a round trip; the next ``send`` must be given this very message. Nothing of it is handed
        over before that: a connection that is closed instead has sent nothing.
        """
        if self._at_once and not unsendable(following, self.facts):
            self._following = following

    async def check(self) -> None:
        """Say NOOP; raises ``RelayUnavailable`` when the relay does not answer it with 250."""
        try:
            reply = await self._dialogue.ask("NOOP", self._timeout)
            said = str(reply) if reply.code >= _NEGATIVE else ""
        except Lost as loss:
            said = str(loss)
        if said:
            message = f"{self.facts.place} let us in, then: {said}"
            raise RelayUnavailable(message, cure="try again later")

    async def close(self) -> None:
        """Say QUIT, wait for a second at most, and let go."""
        if self._announced:
            self._dialogue.abandon("closed")  # the body may be open: QUIT would be a part of it
        else:
            await self._dialogue.quit(_QUIT_SECONDS)

    @property
    def _at_once(self) -> bool:
        return self._habits.pipelining and self.facts.pipelining

    async def _transact(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        announced, self._announced = self._announced, None
        if announced and announced is not message:
            raise Lost("another message was announced")
        if announced:
            stopped = await self._judged()
        elif self._at_once:
            stopped = await self._at_a_stroke(message)
        else:
            stopped = await self._one_by_one(message)
        return stopped or await self._hand_over(message.content, before_dot)

    async def _one_by_one(self, message: OutgoingMessage) -> Outcome | None:
        """The envelope, each command after the answer to the last; an outcome where it ended."""
        for phase, command in _envelope(message, self.facts):
            self._phase = phase
            reply = await self._dialogue.ask(command, self._timeout)
            if not _goes_on(phase, reply.code):
                return await self._stopped(reply)
        return None

    async def _at_a_stroke(self, message: OutgoingMessage) -> Outcome | None:
        """The envelope in one write (RFC 2920, 3.1)."""
        spoken = self._dialogue.unasked()
        if spoken:
            return await self._stopped(spoken)
        self._dialogue.write(_written(message, self.facts), replies=len(_ENVELOPE))
        return await self._judged()

    async def _judged(self) -> Outcome | None:
        """Each answer to an envelope that was written at once, judged as if it were alone."""
        for unread, phase in zip((2, 1, 0), _ENVELOPE, strict=True):
            self._phase = phase
            reply = await self._dialogue.reply(self._timeout)
            if not _goes_on(phase, reply.code):
                return await self._stopped(reply, unread)
        return None

    async def _hand_over(self, content: bytes, before_dot: Callable[[], None]) -> Outcome:
        """The body and the final dot: one write for the small, two for the large."""
        self._phase = Phase.BODY
        rest = _stuffed(content)
        if len(rest) > _TAKEN_AT_ONCE:
            self._dialogue.write(rest)
            await self._dialogue.drain(self._timeout)
            rest = b""
        early = self._dialogue.unasked()
        if early:
            return outcome_of(Phase.BODY, early)
        before_dot()
        self._end(rest + b".\r\n")
        self._phase = Phase.DOT
        return self._ended(await self._dialogue.reply(self._dot_timeout))

    def _end(self, octets: bytes) -> None:
        """Write the final dot, and the next envelope behind it (the content may begin a group)."""
        following = self._following
        if following:
            envelope = _written(following, self.facts)
            self._dialogue.write(octets + envelope, replies=1 + len(_ENVELOPE))
        else:
            self._dialogue.write(octets, replies=1)
        self._announced = following

    async def _stopped(self, reply: Reply, unread: int = 0) -> Outcome:
        """The transaction ended before the body: clear it, or leave."""
        phase = self._phase
        if reply.code < _NEGATIVE or reply.code == _CLOSING:
            self._leave(reply)
        else:
            await self._clear(unread)
        return outcome_of(phase, reply)

    async def _clear(self, unread: int) -> None:
        """Read what is still owed, then forget the transaction; whatever comes, nothing is sent.

        A relay that opens the body though it refused the envelope is left: a lone dot could make
        it deliver an empty message (RFC 2920, 3.1, would have us send one).
        """
        try:
            for left in reversed(range(unread)):
                reply = await self._dialogue.reply(self._timeout)
                if reply.code == _CLOSING or (reply.code < _NEGATIVE and not left):
                    self._leave(reply)
                    return
            reply = await self._dialogue.ask("RSET", self._timeout)
        except Lost:
            self._doubt_pipelining(self._dialogue.misled)
        else:
            if reply.code >= _NEGATIVE:
                self._leave(reply)

    def _ended(self, reply: Reply) -> Outcome:
        if reply.code == _CLOSING or reply.code // 100 == 3:  # noqa: PLR2004 - intermediate
            self._leave(reply)
        return outcome_of(Phase.DOT, reply, f"the relay answered {reply}")

    def _lost(self, loss: Lost) -> Outcome:
        """A dot that the kernel never took, being last, is a dot that was not written."""
        self._dialogue.abandon(str(loss))
        self._doubt_pipelining(self._dialogue.misled)
        before = self._phase is Phase.DOT and self._dialogue.held and not self._announced
        return outcome_of(Phase.BODY if before else self._phase, None, str(loss))

    def _leave(self, reply: Reply) -> None:
        self._doubt_pipelining(reply.code < _NEGATIVE)
        self._dialogue.abandon("the relay is closing or out of step")

    def _doubt_pipelining(self, misled: bool) -> None:
        """Some relays (and things between) offer it and lose or mix up what is written at once."""
        if misled and self._phase in _ENVELOPE:
            self._habits.pipelining = False


def unsendable(message: OutgoingMessage, facts: RelayFacts) -> Refused | None:
    """Why this relay cannot be given the message at all; found without a word on the wire.

    An address is never altered to fit: without SMTPUTF8 a non-ASCII one is not sendable
    (RFC 6531, 3.5), and one that would break a command never is.
    """
    addresses = (message.sender, message.recipient)
    if _UNSAFE.search("".join(addresses)) or not message.recipient:
        return _unsent(Phase.RCPT, 553, "5.1.3 not an address", Blame.READER)
    if not facts.smtputf8 and not message.recipient.isascii():
        return _unsent(Phase.RCPT, 553, "5.6.7 the relay does not take SMTPUTF8", Blame.READER)
    if not facts.smtputf8 and not message.sender.isascii():
        return _unsent(Phase.MAIL, 550, "5.6.7 the relay does not take SMTPUTF8", Blame.US)
    if facts.size_limit and len(message.content) > facts.size_limit:
        text = f"5.3.4 {len(message.content)} octets, the relay takes {facts.size_limit}"
        return _unsent(Phase.MAIL, 552, text, Blame.MESSAGE)
    return None


def _unsent(phase: Phase, code: int, text: str, blame: Blame) -> Refused:
    return Refused(phase, Reply(code, f"{text} (not sent)"), blame)


def _envelope(message: OutgoingMessage, facts: RelayFacts) -> tuple[tuple[Phase, str], ...]:
    """Each command before the body, with its phase."""
    beyond_ascii = not (message.sender.isascii() and message.recipient.isascii())
    size = f" SIZE={len(message.content)}" if "size" in facts.extensions else ""
    utf8 = " SMTPUTF8" if beyond_ascii else ""
    return (
        (Phase.MAIL, f"MAIL FROM:<{message.sender}>{size}{utf8}"),
        (Phase.RCPT, f"RCPT TO:<{message.recipient}>"),
        (Phase.DATA, "DATA"),
    )


def _written(message: OutgoingMessage, facts: RelayFacts) -> bytes:
    return "".join(f"{command}\r\n" for _, command in _envelope(message, facts)).encode()


def _goes_on(phase: Phase, code: int) -> bool:
    """Whether this reply lets the next step follow (251: RFC 5321, 3.4)."""
    if phase is Phase.DATA:
        return code == 354  # noqa: PLR2004 - the one reply that opens the body
    return code == 250 or (phase is Phase.RCPT and code == 251)  # noqa: PLR2004 - RFC 5321, 4.3.2


def _stuffed(content: bytes) -> bytes:
    """The content, safe to be ended by a dot, were the compiler ever to break its promise."""
    if content.startswith(b".") or _DOT_LINE.search(content):
        content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return content if content.endswith(b"\r\n") else content + b"\r\n"
