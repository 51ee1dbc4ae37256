"""A relay in a process of its own that notes when each message came, and to which domain."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from newsletter.transport.options import Security, SmtpOptions
from newsletter.transport.smtp import SmtpTransport

_BEAT = 0.005
_HELLO = b"250-count.test\r\n250 PIPELINING\r\n"


@dataclass
class Counted:
    """When messages came, in seconds on the machine's monotonic clock, by domain."""

    port: int
    came: dict[str, list[float]] = field(default_factory=dict)
    refused: dict[str, list[float]] = field(default_factory=dict)
    """When recipients were told that it is too fast, by domain."""
    stalled: float = 0.0
    """Seconds for which it was kept waiting at most: what came then, it noted late and at once."""

    def transport(self) -> SmtpTransport:
        """The way there."""
        return SmtpTransport(SmtpOptions(host="127.0.0.1", port=self.port, security=Security.NONE))

    def times(self, *domains: str) -> list[float]:
        """All arrivals, or those for some domains, in order."""
        return sorted(at for name in domains or self.came for at in self.came[name])


@contextmanager
def counting_relay(*most: str) -> Iterator[Counted]:
    """Run it; once it has ended, ``came`` and ``refused`` are filled.

    ``slow.example=30``: that domain takes so many messages in any second, and says 450 4.7.0 above.
    """
    with subprocess.Popen(  # noqa: S603  our own relay
        [sys.executable, "-m", "tests.dispatch.counting", *most],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        counted = Counted(int(process.stdout.readline()))
        try:
            yield counted
        finally:
            process.stdin.close()
            came, refused, counted.stalled = json.loads(process.stdout.read())
            counted.came |= came
            counted.refused |= refused


@dataclass
class Pulse:
    """How long the event loop of whoever counts, or sends, was kept waiting at most, in seconds."""

    longest: float = 0.0

    async def beat(self) -> None:
        """For ever."""
        while True:
            due = time.monotonic() + _BEAT
            await asyncio.sleep(_BEAT)
            self.longest = max(self.longest, time.monotonic() - due)


def average(times: list[float]) -> float:
    """Messages a second, by the line that fits all arrivals best: one late edge bends it little."""
    return 1 / statistics.linear_regression(range(len(times)), times).slope


def worst_second(times: list[float]) -> int:
    """The most messages in any second."""
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


class _Strict:
    """Takes so many recipients of a domain in any second."""

    def __init__(self, most: dict[str, int]) -> None:
        self._most = most
        self._taken: dict[str, deque[float]] = {}
        self.came: dict[str, list[float]] = {}
        self.refused: dict[str, list[float]] = {}

    def fits(self, domain: str) -> bool:
        """Whether one more is taken; one that is not is noted."""
        if domain not in self._most:
            return True
        now, taken = time.monotonic(), self._taken.setdefault(domain, deque())
        while taken and taken[0] <= now - 1:
            taken.popleft()
        if len(taken) < self._most[domain]:
            taken.append(now)
            return True
        self.refused.setdefault(domain, []).append(now)
        return False


class _Talk(asyncio.Protocol):
    """One dialogue, quick: commands by line, bodies to the dot."""

    def __init__(self, strict: _Strict) -> None:
        self._strict, self._came = strict, strict.came
        self._received = b""
        self._in_body = False
        self._domain = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 count.test\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._in_body:
            _, dot, rest = self._received.partition(b"\r\n.\r\n")
            if dot:
                self._came.setdefault(self._domain, []).append(time.monotonic())
                self._in_body, self._received = False, rest
                self._transport.write(b"250 2.0.0 ok\r\n")
            return bool(dot)
        line, end, rest = self._received.partition(b"\r\n")
        if end:
            self._received = rest
            self._answer(line)
        return bool(end)

    def _answer(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"RCPT":
            domain = line.rpartition(b"@")[2].partition(b">")[0].decode()
            self._domain = domain if self._strict.fits(domain) else ""
            if not self._domain:
                self._transport.write(b"450 4.7.0 too fast for us\r\n")
                return
        if verb == b"DATA" and not self._domain:
            self._transport.write(b"503 5.5.1 no recipient\r\n")
            return
        self._in_body = verb == b"DATA"
        known = {b"EHLO": _HELLO, b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}
        self._transport.write(known.get(verb, b"250 ok\r\n"))


async def _serve() -> None:
    strict = _Strict({name: int(most) for name, most in (arg.split("=") for arg in sys.argv[1:])})
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Talk(strict), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    pulse = Pulse()
    beating = asyncio.create_task(pulse.beat())
    await loop.run_in_executor(None, sys.stdin.read)
    beating.cancel()
    sys.stdout.write(json.dumps([strict.came, strict.refused, pulse.longest]))


if __name__ == "__main__":
    asyncio.run(_serve())
