"""One message over an open dialogue: MAIL, RCPT, DATA, body, dot, with the phase kept in sight.

The phase tells what silence means: before the final dot the relay cannot have accepted the
message, after it nobody knows (RFC 5321, 4.1.1.4 and 6.1).
"""

import re
from collections.abc import Callable, Iterator

from newsletter.delivery import Blame, Outcome, Phase, Refused, Reply, outcome_of
from newsletter.errors import RelayUnavailable
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.dialogue import Dialogue, Lost
from newsletter.transport.options import RelayFacts

_QUIT_SECONDS = 1.0
_GO_AHEAD = 354
_CLOSING = 421
_NEGATIVE = 400
_UNSAFE = re.compile(r"[\x00-\x20\x7f<>]")


class SmtpConnection:
    """An open dialogue with a relay that takes one message after the other."""

    def __init__(
        self,
        dialogue: Dialogue,
        facts: RelayFacts,
        *,
        timeout: float,
        dot_timeout: float,
        keep: object = None,
    ) -> None:
        self.facts = facts
        self._keep = keep  # what opened the connection must not be collected while it is open
        self._dialogue = dialogue
        self._timeout = timeout
        self._dot_timeout = dot_timeout
        self._phase = Phase.MAIL

    @property
    def usable(self) -> bool:
        """False once the relay or the network ended the dialogue, or it fell out of step."""
        return self._dialogue.alive

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Hand one message over; ``before_dot`` runs just before the final dot is written."""
        unfit = unsendable(message, self.facts)
        if unfit:
            return unfit
        self._phase = Phase.MAIL
        try:
            return await self._transact(message, before_dot)
        except Lost as loss:
            self._dialogue.abandon(str(loss))
            return outcome_of(self._phase, None, str(loss))
        except BaseException:
            # Half a message is on the wire: closing is the only way not to finish it.
            self._dialogue.abandon("interrupted")
            raise

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
        await self._dialogue.quit(_QUIT_SECONDS)

    async def _transact(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        for phase, command, expected in _envelope(message, self.facts):
            self._phase = phase
            reply = await self._dialogue.ask(command, self._timeout)
            if reply.code != expected and not (phase is Phase.RCPT and reply.code == 251):  # noqa: PLR2004 - RFC 5321, 3.4
                return await self._stopped(reply)
        self._phase = Phase.BODY
        self._dialogue.write(_stuffed(message.content))
        await self._dialogue.drain(self._timeout)
        early = self._dialogue.unasked()
        if early:
            return outcome_of(Phase.BODY, early)
        before_dot()
        self._dialogue.write(b".\r\n")
        self._phase = Phase.DOT
        return self._ended(await self._dialogue.reply(self._dot_timeout))

    async def _stopped(self, reply: Reply) -> Outcome:
        """The transaction ended before the body: clear it, or leave."""
        phase = self._phase
        if reply.code < _NEGATIVE or reply.code == _CLOSING:
            self._dialogue.abandon("the relay is closing or out of step")
        else:
            await self._reset()
        return outcome_of(phase, reply)

    def _ended(self, reply: Reply) -> Outcome:
        if reply.code == _CLOSING or reply.code // 100 == 3:  # noqa: PLR2004 - intermediate
            self._dialogue.abandon("the relay is closing or out of step")
        return outcome_of(Phase.DOT, reply, f"the relay answered {reply}")

    async def _reset(self) -> None:
        try:
            reply = await self._dialogue.ask("RSET", self._timeout)
        except Lost:
            return
        if reply.code >= _NEGATIVE:
            self._dialogue.abandon("the relay refused RSET")


def unsendable(message: OutgoingMessage, facts: RelayFacts) -> Refused | None:
    """Why this relay cannot be given the message at all; found without a word on the wire.

    An address is never altered to fit: without SMTPUTF8 a non-ASCII one is not sendable
    (RFC 6531, 3.5), and one that would break a command never is.
    """
    addresses = (message.sender, message.recipient)
    if any(_UNSAFE.search(address) for address in addresses) or not message.recipient:
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


def _envelope(message: OutgoingMessage, facts: RelayFacts) -> Iterator[tuple[Phase, str, int]]:
    """Each command before the body, with its phase and the one reply that lets us go on."""
    beyond_ascii = not (message.sender + message.recipient).isascii()
    size = f" SIZE={len(message.content)}" if "size" in facts.extensions else ""
    utf8 = " SMTPUTF8" if beyond_ascii else ""
    yield Phase.MAIL, f"MAIL FROM:<{message.sender}>{size}{utf8}", 250
    yield Phase.RCPT, f"RCPT TO:<{message.recipient}>", 250
    yield Phase.DATA, "DATA", _GO_AHEAD


def _stuffed(content: bytes) -> bytes:
    """The content, safe to be ended by a dot, were the compiler ever to break its promise."""
    if b"\r\n." in content or content.startswith(b"."):
        content = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    return content if content.endswith(b"\r\n") else content + b"\r\n"
