"""An SMTP server in a process of its own: it outlives every sender that is killed.

What it saw is a line in a file, written at the moment it happens: a connection opened, a body
begun, a message taken (with its Message-ID), a connection shut.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

_LIMIT = 1 << 22
_POLL = 0.01


@dataclass
class Relay:
    """Takes everything, after small delays; while the file ``held`` exists it takes nothing."""

    log: Path
    pipelining: bool = True
    chunking: bool = False
    before: float = 0.0
    """Seconds, at most, between the final dot and the moment when the message is taken."""
    after: float = 0.0
    """Seconds, at most, between that moment and the answer."""
    deferring: float = 0.0
    """Of a thousand, so many recipients are put off with 451."""
    seed: int = 0
    held: Path | None = None
    first: int = 1
    """The number of its first connection, where several write to one file."""

    def __post_init__(self) -> None:
        """Open the file."""
        self._file = os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._chance = random.Random(self.seed)  # noqa: S311  no secret
        self._numbers = count(self.first)

    def note(self, *words: object) -> None:
        """One line."""
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from greeting to end."""
        number = next(self._numbers)
        self.note("open", number)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await _Talk(self, number, reader, writer).converse()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        self.note("shut", number)

    async def take(self, number: int, recipient: str, content: bytes) -> None:
        """The message is this relay's from now on; the answer comes a little later."""
        await self._rest(self.before)
        while self.held and self.held.exists():  # noqa: ASYNC110  the rig says it by a file
            await asyncio.sleep(_POLL)
        self.note("took", number, recipient, message_id_of(content))
        await self._rest(self.after)

    def puts_off(self) -> bool:
        """Whether this recipient is to come back later."""
        return self._chance.random() * 1000 < self.deferring

    async def _rest(self, longest: float) -> None:
        if longest:
            await asyncio.sleep(self._chance.random() * longest)


class _Talk:
    def __init__(
        self,
        relay: Relay,
        number: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._relay = relay
        self._number = number
        self._reader = reader
        self._writer = writer
        self._recipient = ""
        self._parts: list[bytes] = []

    async def converse(self) -> None:
        """Commands until QUIT or the end."""
        self._say("220 relay.test ready")
        while line := await self._reader.readline():
            verb, _, rest = line.decode("latin-1").strip().partition(" ")
            if not await self._obey(verb.upper(), rest):
                return
            await self._writer.drain()

    async def _obey(self, verb: str, rest: str) -> bool:
        match verb:
            case "EHLO":
                self._greet()
            case "RCPT":
                self._address(rest)
            case "DATA" if self._recipient:
                await self._data()
            case "DATA":
                self._say("503 5.5.1 no recipient")
            case "BDAT":
                await self._chunk(rest)
            case "QUIT":
                self._relay.note("quit", self._number)
                self._say("221 2.0.0 bye")
                return False
            case _:
                self._recipient = ""
                self._say("250 2.0.0 ok")
        return True

    def _greet(self) -> None:
        offers = ["PIPELINING"] * self._relay.pipelining + ["CHUNKING"] * self._relay.chunking
        lines = ["relay.test", *offers, "ENHANCEDSTATUSCODES", "8BITMIME"]
        for line in lines[:-1]:
            self._say(f"250-{line}")
        self._say(f"250 {lines[-1]}")

    def _address(self, rest: str) -> None:
        if self._relay.puts_off():
            self._say("451 4.2.1 later")
            return
        self._recipient = rest.partition("<")[2].partition(">")[0]
        self._say("250 2.1.5 ok")

    async def _data(self) -> None:
        self._relay.note("body", self._number, self._recipient)
        self._say("354 go ahead")
        await self._end(await self._reader.readuntil(b"\r\n.\r\n"))

    async def _chunk(self, rest: str) -> None:
        size, _, last = rest.partition(" ")
        self._relay.note("body", self._number, self._recipient)
        self._parts.append(await self._reader.readexactly(int(size)))
        if not self._recipient:
            self._parts.clear()
            self._say("503 5.5.1 no recipient")
        elif last.upper() == "LAST":
            await self._end(b"".join(self._parts))
        else:
            self._say("250 2.0.0 more")

    async def _end(self, content: bytes) -> None:
        await self._relay.take(self._number, self._recipient, content)
        self._recipient = ""
        self._parts.clear()
        self._say("250 2.0.0 queued")

    def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())


def message_id_of(content: bytes) -> str:
    """What stands in the header; ``-`` where there is none."""
    for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"message-id":
            return value.strip().decode("latin-1")
    return "-"


async def _live(relay: Relay) -> None:
    server = await asyncio.start_server(relay.talk, "127.0.0.1", 0, limit=_LIMIT, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until the rig lets go


def main(words: str) -> None:
    """Serve until stdin ends; the first line of stdout is the port."""
    given: dict[str, Any] = json.loads(words)
    held = given.pop("held", None)
    log = Path(given.pop("log"))
    asyncio.run(_live(Relay(log, held=Path(held) if held else None, **given)))


if __name__ == "__main__":
    main(*sys.argv[1:])
