"""A relay on loopback that misbehaves where it is told to, and remembers whom it took."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from tests.transport.relays import GOOD, Act, Step, play

_OPENS_BODY = GOOD["DATA"]
_LIMIT = 16_000_000
_ENTRY = frozenset({"GREETING", "EHLO", "HELO", "STARTTLS", "AUTH"})
_LEAVES = GOOD["DOT"] + b"421 4.3.2 closing\r\n"


@dataclass(frozen=True)
class Fault:
    """What the relay says instead, by command; ``BODY`` once a first piece of the body came.

    ``takes`` says whether the relay has the message, whatever it answers; None: if it says 250.
    """

    script: Mapping[str, Step]
    takes: bool | None = None
    tls: ssl.SSLContext | None = None
    """The certificate that this connection is shown, where it is not the relay's own."""

    @property
    def at_entry(self) -> bool:
        """Whether it befalls a connection and not a message."""
        return self.tls is not None or bool(_ENTRY & set(self.script))


_NONE: Mapping[int, Fault] = {}


def no_fault(number: int) -> Fault | None:
    """A relay that is well."""
    return _NONE.get(number)


Fate = Callable[[int], Fault | None]
"""From the number of a connection or a message, from 0, to what befalls it."""


@dataclass
class FaultyRelay:
    """Takes messages; ``taken`` lists the recipients of those it has, in order.

    ``entry`` is asked at each connection, ``fate`` at each MAIL. After the messages whose numbers
    are in ``leaves_after`` it closes, in one packet with its answer. ``at_most`` is its limit of
    connections at a time, ``a_connection`` that of messages on one.
    """

    offer: tuple[str, ...] = ("8BITMIME",)
    entry: Fate = no_fault
    fate: Fate = no_fault
    leaves_after: frozenset[int] = frozenset()
    at_most: int = 1_000
    a_connection: int = 1_000_000
    tls: ssl.SSLContext | None = None
    port: int = 0
    taken: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    """The Message-IDs of those that were taken, in the same order."""
    heard: list[str] = field(default_factory=list)
    connections: int = 0
    messages: int = 0
    open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one dialogue, to its end or the fault's."""
        fault = self.entry(self.connections)
        self.connections += 1
        self.open += 1
        talk = _Talk(self, reader, writer, fault)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await talk.hold()
        finally:
            self.open -= 1
            writer.close()


class _Talk:
    """One dialogue."""

    def __init__(
        self,
        relay: FaultyRelay,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        at_entry: Fault | None,
    ) -> None:
        self._relay = relay
        self._reader = reader
        self._writer = writer
        self._at_entry = at_entry
        self._fault: Fault | None = None
        self._number = -1
        self._here = 0
        self._recipient = ""
        self._refused = False

    async def hold(self) -> None:
        """From the greeting to the end."""
        if self._relay.open > self._relay.at_most:
            self._writer.write(b"421 4.7.0 too many connections\r\n")
            raise ConnectionAbortedError
        await play(self._step("GREETING"), self._writer)
        while line := await self._reader.readline():
            await self._obey(line.decode().strip())

    async def _obey(self, line: str) -> None:
        self._relay.heard.append(line)
        verb = line.split(maxsplit=1)[0].upper()
        if verb == "MAIL":
            self._begin()
        if verb == "RCPT":
            self._recipient = line.partition("<")[2].partition(">")[0]
        step = self._step(verb)
        await play(step, self._writer)
        if verb in {"MAIL", "RCPT"} and not _goes_on(step):
            self._refused = True
        if verb == "STARTTLS" and step == (GOOD_ENTRY["STARTTLS"],):
            await self._encrypt()
        if verb == "DATA" and any(_opens_the_body(piece) for piece in step):
            await self._body()
        if verb == "QUIT":
            raise ConnectionAbortedError

    async def _encrypt(self) -> None:
        shown = (self._at_entry and self._at_entry.tls) or self._relay.tls
        assert shown, "a relay without a certificate offered STARTTLS"
        await self._writer.start_tls(shown)

    def _begin(self) -> None:
        self._number = self._relay.messages
        self._relay.messages += 1
        self._here += 1
        self._fault = self._relay.fate(self._number)
        self._refused = False
        if self._here > self._relay.a_connection:
            self._fault = Fault({"MAIL": (b"421 4.7.0 too many messages\r\n", Act.DROP)})

    async def _body(self) -> None:
        if self._fault and "BODY" in self._fault.script:
            await self._reader.read(1_000)
            self._writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's
            await play(self._fault.script["BODY"], self._writer)
        content = await self._reader.readuntil(b"\r\n.\r\n")  # no further: a command may follow
        step = self._step("DOT")
        if _takes(self._fault, step):
            self._relay.taken.append(self._recipient)
            self._relay.ids.append(_message_id(content))
        await play(step, self._writer)

    def _step(self, verb: str) -> Step:
        for fault in (self._at_entry, self._fault):
            if fault and verb in fault.script:
                return fault.script[verb]
        if verb == "EHLO":
            return (_lines("250", "relay.test", *self._relay.offer),)
        if self._refused and verb in {"RCPT", "DATA"}:
            return (b"503 5.5.1 bad sequence of commands\r\n",)
        if verb == "DOT" and self._number in self._relay.leaves_after:
            return (_LEAVES, Act.DROP)
        return (GOOD.get(verb) or GOOD_ENTRY.get(verb, b"502 5.5.1 what?\r\n"),)


GOOD_ENTRY: Mapping[str, bytes] = {
    "STARTTLS": b"220 2.0.0 go ahead\r\n",
    "AUTH": b"235 2.7.0 welcome\r\n",
}


def _lines(code: str, *texts: str) -> bytes:
    """A reply of several lines."""
    marks = ["-"] * (len(texts) - 1) + [" "]
    lines = (f"{code}{mark}{text}\r\n" for mark, text in zip(marks, texts, strict=True))
    return "".join(lines).encode()


def _message_id(content: bytes) -> str:
    found = re.search(rb"^Message-ID: (<[^>]*>)\r$", content, re.MULTILINE)
    return found[1].decode() if found else ""


def _takes(fault: Fault | None, step: Step) -> bool:
    if fault and fault.takes is not None:
        return fault.takes
    return any(isinstance(piece, bytes) and piece.startswith(b"250") for piece in step)


def _goes_on(step: Step) -> bool:
    """Whether it lets the transaction go on; a reply that comes later is the script's affair."""
    return not step or any(isinstance(piece, bytes) and piece.startswith(b"2") for piece in step)


def _opens_the_body(piece: bytes | Act) -> bool:
    return isinstance(piece, bytes) and piece.endswith(_OPENS_BODY)


@asynccontextmanager
async def on_loopback(relay: FaultyRelay, *, small: bool = False) -> AsyncIterator[FaultyRelay]:
    """The relay on a free port; a ``small`` one takes little before a sender has to wait."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        task.add_done_callback(talks.discard)
        with suppress(asyncio.CancelledError):
            await relay.serve(reader, writer)

    listener = socket.create_server(("127.0.0.1", 0))
    if small:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
    server = await asyncio.start_server(serve, sock=listener, limit=_LIMIT)
    relay.port = listener.getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for task in [*talks]:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
