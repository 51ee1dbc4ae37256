"""The wire of one SMTP dialogue: commands go out, exactly one reply comes back for each, in order.

A reply that is malformed, too long, or not asked for ends the dialogue: from then on nobody can
say which reply answers which command.
"""

import asyncio
from collections import deque

from newsletter.delivery import Reply
from newsletter.transport.alarm import Alarm
from newsletter.transport.reply import Lost, read_reply

_MOST_UNASKED = 32_768
_CLOSING = b"421"
_CLOSING_CODE = 421
_NO_REPLY = "no reply"
_TAKES_NO_MORE = "the relay took no more"


class Dialogue(asyncio.Protocol):
    """Takes over an open, greeted and authenticated connection.

    Every method raises ``Lost`` once the connection is gone or out of step; replies that came
    whole before that are still read.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._too_late)
        self._received = bytearray()
        self._replies: deque[Reply] = deque()
        self._owed = 0
        self._waiter: asyncio.Future[None] | None = None
        self._waits_for = (_NO_REPLY, 0.0)
        self._lost = ""
        self.held = False
        """Whether the last octets that were written did not reach the kernel (yet, or ever)."""
        self.misled = False
        """Whether the end came from replies that were late, malformed or not asked for."""
        # Held is then anything left, not "more than 64 KB"; at 0 TLS would be held for ever.
        transport.set_write_buffer_limits(high=1, low=0)
        transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether the replies that are owed, and those to other commands, may still come."""
        unasked = self._received and not self._owed
        leaving = self._replies and self._replies[0].code == _CLOSING_CODE
        return not (self._lost or unasked or leaving or self._transport.is_closing())

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Collect replies; hand them over when they are whole."""
        if self._lost:
            return
        self._received += data
        if self._owed:
            self._collect()
        elif len(self._received) > _MOST_UNASKED:
            self._mislead("the relay spoke unasked, without an end")

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits."""
        self._lose(f"connection lost: {exc}" if exc else "the relay closed the connection")

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self.held = True

    def resume_writing(self) -> None:
        """The kernel took everything."""
        self.held = False
        self._wake()

    # What a transaction calls

    async def ask(self, command: str, within: float) -> Reply:
        """Write one command and wait for its reply."""
        spoken = self.unasked()
        if spoken:
            return spoken
        self.write(command.encode() + b"\r\n", replies=1)
        return await self.reply(within)

    def write(self, octets: bytes, *, replies: int = 0) -> None:
        """Put octets on the wire, in order; so many replies will answer them.

        When it raises, the kernel took none of them.
        """
        if self._lost or self._transport.is_closing():
            raise Lost(self._lost or "the connection is closed")
        self._owed += replies
        self._transport.write(octets)
        if self._transport.is_closing() and not self._lost:  # no word from the relay closed it
            raise Lost("the connection was lost before this was written")

    async def drain(self, within: float) -> None:
        """Wait until the kernel took all that was written."""
        while self.held:
            await self._wait(_TAKES_NO_MORE, within)
        if self._lost:
            raise Lost(self._lost)

    async def reply(self, within: float) -> Reply:
        """Wait for the next reply that is owed."""
        while not self._replies:
            await self._wait(_NO_REPLY, within)
        return self._replies.popleft()

    def unasked(self) -> Reply | None:
        """A 421 that the relay said by itself (RFC 5321, 3.8); anything else is out of step."""
        if not self._received:
            return None
        whole = read_reply(self._received)
        self._mislead("the relay spoke unasked")
        if whole and whole[0].code == _CLOSING_CODE:
            return whole[0]
        raise Lost(self._lost)

    async def quit(self, within: float) -> None:
        """Say goodbye, wait no longer than told, and let go."""
        try:
            await self.ask("QUIT", within)
        except Lost:
            pass
        finally:
            self.abandon("closed")

    def abandon(self, reason: str) -> None:
        """Drop the connection at once; whoever waits is told the reason."""
        self._lose(reason)
        self._transport.abort()

    # Within

    def _collect(self) -> None:
        """Take the replies that are owed; one too many makes all that are unread doubtful."""
        try:
            while self._owed and (whole := read_reply(self._received)):
                reply, self._received[:] = whole
                self._replies.append(reply)
                self._owed -= 1
        except Lost as garbled:
            self._mislead(str(garbled))
            return
        if self._received and not self._owed and not self._received.startswith(_CLOSING):
            self._replies.clear()
            self._mislead("the relay sent more than one reply at once")
        elif self._replies:
            self._wake()

    async def _wait(self, what: str, within: float) -> None:
        if self._lost:
            raise Lost(self._lost)
        self._waiter = self._loop.create_future()
        self._waits_for = (what, within)
        self._alarm.wind(within)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._alarm.still()

    def _too_late(self) -> None:
        what, within = self._waits_for
        self._mislead(f"{what} for {within:g} s")

    def _mislead(self, reason: str) -> None:
        self.misled = self.misled or not self._lost
        self.abandon(reason)

    def _lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._alarm.stop()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)
