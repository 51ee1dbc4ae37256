"""The wire of one SMTP dialogue: a command goes out, exactly one reply comes back.

A reply that is malformed, too long, or not asked for ends the dialogue: from then on nobody can
say which reply answers which command.
"""

import asyncio
import re

from newsletter.delivery import Reply

_MAX_LINE = 8_192
_MAX_REPLY = 32_768
_MAX_TEXT = 1_000
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3} ")
_CLOSING = b"421"


class Lost(Exception):
    """The dialogue ended without an answer; the text says how."""


def read_reply(received: bytes | bytearray) -> tuple[Reply, bytes] | None:
    """The first whole reply and what follows it, or None while it is incomplete.

    Raises ``Lost`` for what no reply can be (RFC 5321, 4.2: three digits, the same in each line).
    A bare LF ends a line too.
    """
    texts: list[bytes] = []
    code = b""
    rest = bytes(received)
    while b"\n" in rest:
        line, _, rest = rest.partition(b"\n")
        match = _LINE.fullmatch(line.rstrip(b"\r"))
        if not match or len(line) > _MAX_LINE or code not in {b"", match[1]}:
            shown = storable(line[:80])
            message = f"the relay's reply makes no sense: {shown!r}"
            raise Lost(message)
        code = match[1]
        texts.append(match[3] or b"")
        if match[2] != b"-":
            return Reply(int(code), _join(texts)), rest
    return None


def _join(texts: list[bytes]) -> str:
    """One text of a reply's lines; an enhanced code that each line repeats is kept once."""
    lines = [storable(text) for text in texts]
    first = _ENHANCED.match(lines[0])
    if first:
        lines = [lines[0], *(line.removeprefix(first[0]) for line in lines[1:])]
    joined = " ".join(line for line in lines if line)
    return joined if len(joined) <= _MAX_TEXT else joined[: _MAX_TEXT - 1] + "…"


def storable(raw: bytes) -> str:
    """A text that any database and terminal takes: no surrogate, no control character."""
    text = " ".join(raw.decode("utf-8", "backslashreplace").split())
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text
    )


class Dialogue(asyncio.Protocol):
    """Takes over an open, greeted and authenticated connection.

    Every method raises ``Lost`` once the connection is gone or out of step.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._received = bytearray()
        self._waiter: asyncio.Future[Reply] | None = None
        self._lost = ""
        self._writable = asyncio.Event()
        self._writable.set()
        # Drained then means: all handed to the kernel, not "below 64 KB".
        transport.set_write_buffer_limits(high=1, low=0)
        transport.set_protocol(self)

    @property
    def alive(self) -> bool:
        """Whether another command can be answered."""
        return not self._lost and not self._received and not self._transport.is_closing()

    # What the event loop calls

    def data_received(self, data: bytes) -> None:
        """Collect a reply; hand it over when it is whole."""
        if self._lost:
            return
        self._received += data
        if len(self._received) > _MAX_REPLY:
            self.abandon("the relay's reply has no end")
        elif b"\n" in data:
            self._answer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits."""
        self._lose(f"connection lost: {exc}" if exc else "the relay closed the connection")

    def pause_writing(self) -> None:
        """The kernel takes no more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The kernel took everything."""
        self._writable.set()

    # What a transaction calls

    async def ask(self, command: str, within: float) -> Reply:
        """Write one command and wait for its reply."""
        spoken = self.unasked()
        if spoken:
            return spoken
        self.write(command.encode() + b"\r\n")
        return await self.reply(within)

    def write(self, octets: bytes) -> None:
        """Put octets on the wire, in order."""
        if self._lost or self._transport.is_closing():
            raise Lost(self._lost or "the connection is closed")
        self._transport.write(octets)

    async def drain(self, within: float) -> None:
        """Wait until the kernel took all that was written."""
        try:
            if not self._writable.is_set():
                await asyncio.wait_for(self._writable.wait(), within)
        except TimeoutError:
            self.abandon(f"the relay took no more for {within:g} s")
        if self._lost:
            raise Lost(self._lost)

    async def reply(self, within: float) -> Reply:
        """Wait for the reply to what was written last."""
        if self._lost:
            raise Lost(self._lost)
        self._waiter = asyncio.get_running_loop().create_future()
        self._answer()
        try:
            return await asyncio.wait_for(self._waiter, within)
        except TimeoutError:
            self.abandon(f"no reply within {within:g} s")
            raise Lost(self._lost) from None
        finally:
            self._waiter = None

    def unasked(self) -> Reply | None:
        """A 421 that the relay said by itself (RFC 5321, 3.8); anything else is out of step."""
        if not self._received:
            return None
        whole = read_reply(self._received)
        self.abandon("the relay spoke unasked")
        if whole and whole[0].code == int(_CLOSING):
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

    def _lose(self, reason: str) -> None:
        self._lost = self._lost or reason
        self._writable.set()
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(Lost(self._lost))

    def _answer(self) -> None:
        if not self._waiter or self._waiter.done():
            return
        try:
            whole = read_reply(self._received)
        except Lost as garbled:
            self.abandon(str(garbled))
            return
        if not whole:
            return
        reply, rest = whole
        self._received[:] = rest
        if rest and not rest.startswith(_CLOSING):
            self.abandon("the relay sent more than one reply at once")
        else:
            self._waiter.set_result(reply)
