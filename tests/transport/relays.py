"""Relays that live for one test: a scripted one for every misbehaviour, and a real one."""

import asyncio
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from newsletter.transport.base import OutgoingMessage
from newsletter.transport.options import Security, SmtpOptions


class Act(Enum):
    """What a relay may do instead of answering."""

    DROP = "close the connection"
    RESET = "reset the connection"
    HANG = "say nothing more"
    PAUSE = "let the client read"
    DRIP = "write the next piece byte by byte"


Step = tuple[bytes | Act, ...]
PATIENT = {"timeout": 60.0, "dot_timeout": 60.0}
"""For relays that answer: how long it takes is the machine's affair, and its disk's."""
_IMPATIENT = {"timeout": 0.3, "dot_timeout": 0.3}
_LAST = re.compile(rb"(?:^|\n)\d{3} [^\n]*\n\Z")
GOOD: Mapping[str, bytes] = {
    "GREETING": b"220 relay.test ready\r\n",
    "EHLO": b"250-relay.test\r\n250 8BITMIME\r\n",
    "HELO": b"250 relay.test\r\n",
    "MAIL": b"250 2.1.0 sender ok\r\n",
    "RCPT": b"250 2.1.5 recipient ok\r\n",
    "DATA": b"354 go ahead\r\n",
    "DOT": b"250 2.0.0 queued as 4F2A\r\n",
    "BDAT": b"250 2.0.0 queued as 5A1B\r\n",
    "RSET": b"250 2.0.0 reset\r\n",
    "NOOP": b"250 2.0.0 ok\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}
CHUNKING = b"250-relay.test\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 8BITMIME\r\n"
PIPELINING = b"250-relay.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


@dataclass
class ScriptedRelay:
    """Answers well, but for the steps of the script at one message (counted from 0).

    Unless the script says otherwise, what follows a refused MAIL or RCPT is refused too. ``BODY``
    is played once a first piece of the body has arrived; ``accepted`` holds the bodies that were
    answered with 250, whether or not the answer was read.
    """

    script: Mapping[str, Step]
    at: int = 0
    port: int = 0
    heard: list[str] = field(default_factory=list)
    accepted: list[bytes] = field(default_factory=list)
    connections: int = 0
    always: bool = False
    """Whether the script is played at every message."""
    _message: int = -1
    _refused: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one dialogue, to its end or the script's."""
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await play(self._step("GREETING"), writer)
            while line := await reader.readline():
                await self._command(line.decode().strip(), reader, writer)
        writer.close()

    async def _command(
        self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        verb = line.split(maxsplit=1)[0].upper()
        self.heard.append(line)
        self._message += verb == "MAIL"
        self._refused = self._refused and verb in {"RCPT", "DATA", "BDAT"}
        if verb == "BDAT":
            await self._chunk(int(line.split()[1]), reader, writer)
            return
        step = self._step(verb)
        await play(self._step(verb), writer)
        self._refused = self._refused or (verb in {"MAIL", "RCPT"} and not _is_good(step))
        if verb == "DATA" and any(_opens_the_body(piece) for piece in step):
            await self._body(reader, writer)

    async def _chunk(
        self, octets: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if "BODY" in self.script and self._message == self.at:
            await reader.read(1_000)
            await play(self._step("BODY"), writer)
        body = await reader.readexactly(octets)
        answer = self._step("BDAT")
        if answer and isinstance(answer[0], bytes) and answer[0].startswith(b"25"):
            self.accepted.append(body)
        await play(self._step("BDAT"), writer)

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if "BODY" in self.script and self._message == self.at:
            await reader.read(1_000)
            await play(self._step("BODY"), writer)
        body = bytearray()
        while not body.endswith(b"\r\n.\r\n"):
            line = await reader.readline()  # no further than the dot: a command may follow
            if not line:
                raise Ended
            body += line
        answer = self._step("DOT")
        if isinstance(answer[0], bytes) and answer[0].startswith(b"250"):
            self.accepted.append(bytes(body[:-3]))
        await play(self._step("DOT"), writer)

    def _step(self, verb: str) -> Step:
        here = self.always or self._message in {self.at, -1} or verb == "EHLO"
        if verb in self.script and here:
            return self.script[verb]
        if self._refused and verb in {"RCPT", "DATA", "BDAT"}:
            return (b"503 5.5.1 bad sequence of commands\r\n",)
        return (GOOD.get(verb, b"502 5.5.1 what?\r\n"),)


def _is_good(step: Step) -> bool:
    """Whether it lets the transaction go on; a reply that comes later is the script's affair."""
    return not step or any(isinstance(piece, bytes) and piece.startswith(b"2") for piece in step)


def _is_answer(step: Step) -> bool:
    """Whether it ends soon with the last line of a reply, or the connection."""
    last = step[-1] if step and Act.DRIP not in step else b""
    return last in {Act.DROP, Act.RESET} or (isinstance(last, bytes) and bool(_LAST.search(last)))


def _opens_the_body(piece: bytes | Act) -> bool:
    return isinstance(piece, bytes) and piece.endswith(GOOD["DATA"])


class Ended(ConnectionAbortedError):
    """The script closes the connection."""


async def play(step: Step, writer: asyncio.StreamWriter) -> None:
    """Say and do what a step holds; ``Ended`` where it closes the connection."""
    drip = False
    for piece in step:
        match piece:
            case bytes() if drip:
                await _write_slowly(writer, piece)
            case bytes():
                writer.write(piece)
                await writer.drain()
            case Act.DRIP:
                drip = True
            case Act.PAUSE:
                await asyncio.sleep(0.02)
            case Act.HANG:
                await asyncio.Event().wait()
            case Act.DROP:
                raise Ended
            case Act.RESET:
                reset(writer)
    await asyncio.sleep(0)  # uvloop writes when its round is over: each answer a packet of its own


async def _write_slowly(writer: asyncio.StreamWriter, piece: bytes) -> None:
    for octet in piece:
        writer.write(bytes([octet]))
        await writer.drain()
        await asyncio.sleep(0.002)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN, and stop the script."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    raise Ended


@asynccontextmanager
async def relay(
    script: Mapping[str, Step] | None = None, at: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ScriptedRelay]:
    """A scripted relay on a free port of loopback."""
    scripted = ScriptedRelay(script or {}, at)
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        with suppress(asyncio.CancelledError):
            await scripted.serve(reader, writer)
        writer.close()

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)  # a sender soon has to wait
    server = await asyncio.start_server(serve, sock=listener, ssl=tls)
    scripted.port = server.sockets[0].getsockname()[1]
    try:
        yield scripted
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


def options_for(relay: ScriptedRelay | int, **changes: object) -> SmtpOptions:
    """Clear text to loopback; with no patience, but where every step of a script is an answer."""
    answers = isinstance(relay, ScriptedRelay) and all(map(_is_answer, relay.script.values()))
    defaults: dict[str, object] = {
        "host": "127.0.0.1",
        "port": relay.port if isinstance(relay, ScriptedRelay) else relay,
        "security": Security.NONE,
        **(PATIENT if answers else _IMPATIENT),
    }
    return SmtpOptions(**{**defaults, **changes})  # type: ignore[arg-type] # a test's shorthand


def message_to(
    recipient: str, content: bytes = b"Subject: prova\r\n\r\nCiao\r\n"
) -> OutgoingMessage:
    """The smallest message, to one address."""
    return OutgoingMessage("news@alisei.test", recipient, f"<{recipient}>", content)
