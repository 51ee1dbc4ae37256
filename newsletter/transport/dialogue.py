"""The wire of one SMTP dialogue: commands go out, exactly one reply comes back for each, in order.

A reply that is malformed, too long, or not asked for ends the dialogue: from then on nobody can
say which reply answers which command.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from newsletter.delivery import Reply
from newsletter.transport.alarm import Alarm
from newsletter.transport.outlet import TransportOutlet, outlet_of
from newsletter.transport.reply import Lost, one_line, read_replies, read_reply

_MOST_UNASKED = 32_768
_USUAL_LINE = 1_000
_CLOSING = b"421"
_CLOSING_CODE = 421

Owed = tuple[Callable[[Reply], None], float]
"""Who is told a reply, and the seconds that it may take once it is the next."""


class Usual(NamedTuple):
    """What mostly answers a write, all at once: a line that begins so, then lines that do not vary.

    Of it ``told`` hears the first reply alone.
    """

    begin: bytes
    codes: list[int]
    told: Callable[[Reply], None]


class Talker(Protocol):
    """Who speaks over a dialogue. What it raises as ``Lost`` comes back to ``lost``."""

    def drained(self) -> None:
        """The kernel took all that was written."""
        ...

    def overheard(self) -> None:
        """The relay said something that nobody asked for."""
        ...

    def lost(self, loss: Lost) -> None:
        """The dialogue is over; whatever is owed will not come."""
        ...

    def rest(self) -> None:
        """All that came was told."""
        ...


class Dialogue(asyncio.Protocol):
    """Takes over an open, greeted and authenticated connection.

    Replies that came whole before an end are still told. Writing raises ``Lost`` once the
    connection is gone or out of step.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.talker: Talker | None = None
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._too_late)
        self.unread = b""
        """What came and was not told yet: half a reply, or what nobody asked for."""
        self._owed: deque[Owed] = deque()
        self._usual: Usual | None = None
        self._words: bytes | None = None
        """What followed the first line of the usual replies the last time."""
        self._drains_within = 0.0
        self._lost = ""
        self._playing = False
        self.misled = False
        """Whether the end came from replies that were late, malformed or not asked for."""
        self.outlet = outlet_of(transport, self._drained, self._broken)
        transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether the replies that are owed, and those to other commands, may still come."""
        unasked = self.unread and not self._owed
        return not (self._lost or unasked or self._transport.is_closing())

    @property
    def owes(self) -> bool:
        """Whether a reply is still to come."""
        return bool(self._owed)

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Collect replies; tell them when they are whole."""
        if self._lost:
            return
        received = self.unread + data if self.unread else data
        usual = self._usual
        if usual and len(self._owed) == len(usual.codes):
            end = received.find(b"\n")
            short = end < _USUAL_LINE and received.startswith(usual.begin)
            if short and received[end:] == self._words:
                self.unread = b""
                self._owed.clear()
                self._play_usual(usual.told, received[:end])
                return
        if self._owed:
            self._collect(received)
            return
        self.unread = received
        if len(received) > _MOST_UNASKED:
            self._mislead("the relay spoke unasked, without an end")
        elif b"\n" in data:
            self._tell(lambda talker: talker.overheard())

    def eof_received(self) -> None:
        """The relay says nothing more; asyncio then closes our side too."""
        self._end("the relay closed the connection")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over."""
        self._end(f"connection lost: {exc}" if exc else "the relay closed the connection")

    def pause_writing(self) -> None:
        """The kernel takes no more for now (told to a transport's outlet only)."""
        if isinstance(self.outlet, TransportOutlet):
            self.outlet.held = True

    def resume_writing(self) -> None:
        """The kernel took everything."""
        if isinstance(self.outlet, TransportOutlet):
            self.outlet.held = False
            self._drained()

    # What a talker calls

    def write(self, octets: bytes, owed: Iterable[Owed] = (), usual: Usual | None = None) -> None:
        """Put octets on the wire, in order; replies will answer them, each told to whom it is owed.

        ``usual`` is a shorter way where just these were owed and came together. When it raises,
        the kernel took none of the octets.
        """
        if self._lost:
            raise Lost(self._lost)
        waiting = self._playing or bool(self._owed)
        self._owed.extend(owed)
        self._usual = usual
        self.outlet.write(octets)
        if not waiting:
            self._wind()

    def await_drain(self, within: float) -> None:
        """Have ``drained`` called, or the dialogue ended when the kernel takes too long."""
        self._drains_within = within
        self._alarm.wind(within)

    async def ask(self, command: bytes, within: float) -> Reply:
        """Write one command and wait for its reply; raises ``Lost`` without one."""
        spoken = self.unasked()
        if spoken:
            return spoken
        answer: asyncio.Future[Reply] = self._loop.create_future()
        asking = _Asking(answer)
        talker, self.talker = self.talker, asking
        try:
            self.write(command + b"\r\n", [(asking.answered, within)])
            return await answer
        except asyncio.CancelledError:
            self.abandon("interrupted")
            raise
        finally:
            self.talker = talker

    def unasked(self) -> Reply | None:
        """A 421 that the relay said by itself (RFC 5321, 3.8); anything else is out of step."""
        if not self.unread:
            return None
        whole = read_reply(self.unread)
        self.misled = self.misled or not self._lost
        self.abandon("the relay spoke unasked")
        if whole and whole[0].code == _CLOSING_CODE:
            return whole[0]
        raise Lost(self._lost)

    async def quit(self, within: float) -> None:
        """Say goodbye, wait no longer than told, and let go."""
        try:
            await self.ask(b"QUIT", within)
        except Lost:
            pass
        finally:
            self.abandon("closed")

    def abandon(self, reason: str) -> None:
        """Drop the connection at once; nobody is told."""
        self._lost = self._lost or reason
        self._alarm.stop()
        self._owed.clear()
        self.outlet.close()
        self._transport.abort()

    # Within

    def _collect(self, received: bytes) -> None:
        """Take the replies that are owed; one too many makes all that are unread doubtful."""
        owed, usual = len(self._owed), self._usual
        replies, rest, garbled = read_replies(received, owed)
        self.unread = rest
        if rest and len(replies) == owed and not _closes(replies, rest):
            self._mislead("the relay sent more than one reply at once")
            return
        if usual and not rest and [reply.code for reply in replies] == usual.codes:
            self._words = received[received.find(b"\n") :]
        if replies:
            self._play(replies)
        if garbled and not self._lost:
            self._mislead(garbled)

    def _play(self, replies: Iterable[Reply]) -> None:
        """Tell each one; what is said on hearing one may end the dialogue.

        Whoever hears one may ask whether more are owed: so only then is it owed no longer.
        """
        self._playing = True  # the alarm is wound once, at the end
        try:
            for reply in replies:
                told, _ = self._owed.popleft()
                told(reply)
                if self._lost:
                    break
            else:
                self._wind()
        except Lost as loss:
            self._over(loss)
        finally:
            self._playing = False
        if self.talker:
            self.talker.rest()

    def _play_usual(self, told: Callable[[Reply], None], line: bytes) -> None:
        """The same for the first of the usual replies, which speaks for all."""
        self._playing = True
        try:
            told(one_line(line))
            if not self._lost:
                self._wind()
        except Lost as loss:
            self._over(loss)
        finally:
            self._playing = False
        if self.talker:
            self.talker.rest()

    def _wind(self) -> None:
        if self._owed:
            self._drains_within = 0.0
            self._alarm.wind(self._owed[0][1])
        elif not (self._drains_within and self.outlet.held):
            self._alarm.still()

    def _tell(self, event: Callable[[Talker], None]) -> None:
        if self.talker and not self._lost:
            try:
                event(self.talker)
            except Lost as loss:
                self._over(loss)
            if self.talker:
                self.talker.rest()

    def _drained(self) -> None:
        self._wind()
        self._tell(lambda talker: talker.drained())

    def _broken(self, error: OSError) -> None:
        self._end(f"connection lost: {error}")

    def _too_late(self) -> None:
        if self._owed:
            self._mislead(f"no reply for {self._owed[0][1]:g} s")
        else:
            self._mislead(f"the relay took no more for {self._drains_within:g} s")

    def _mislead(self, reason: str) -> None:
        self.misled = self.misled or not self._lost
        self._end(reason)

    def _end(self, reason: str) -> None:
        if not self._lost:
            self.abandon(reason)
            self._over(Lost(reason))
            if self.talker:
                self.talker.rest()

    def _over(self, loss: Lost) -> None:
        self.abandon(str(loss))
        if self.talker:
            self.talker.lost(loss)


def _closes(replies: list[Reply], rest: bytes) -> bool:
    """Whether the relay said that it goes: what it says then answers nothing."""
    return rest.startswith(_CLOSING) or any(reply.code == _CLOSING_CODE for reply in replies)


class _Asking:
    """Waits for one reply."""

    def __init__(self, answer: asyncio.Future[Reply]) -> None:
        self._answer = answer

    def answered(self, reply: Reply) -> None:
        """Whoever was cancelled in this very round of the loop wants no reply any more."""
        if not self._answer.done():
            self._answer.set_result(reply)

    def drained(self) -> None:
        pass

    def overheard(self) -> None:
        pass

    def rest(self) -> None:
        pass

    def lost(self, loss: Lost) -> None:
        if not self._answer.done():
            self._answer.set_exception(loss)
