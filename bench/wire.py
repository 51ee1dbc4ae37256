"""The wire alone: what a message costs from the handing over to its outcome, beside smtp-source.

``python -m bench.wire`` sends the same octets over ten connections to ``smtp-sink``, in turns with
``smtp-source``, and prints messages a second, the ratio, and processor time a message. There is no
ledger and no filling here: those are measured with the whole, by ``python -m bench``.
"""

import argparse
import asyncio
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import cast

from bench.sink import HOST, SMTP_SOURCE, sink
from newsletter.delivery import Accepted, Outcome, Reply
from newsletter.transport.base import OutgoingMessage, Stream
from newsletter.transport.options import Security, SmtpOptions
from newsletter.transport.single import stream_over
from newsletter.transport.smtp import SmtpTransport

_LINE = b"abcdefghijklmnopqrstuvwxyz0123456789 " * 2 + b"\r\n"
_ROUNDS = 5


@dataclass
class Load:
    """So many messages, shared by the connections that ask for them."""

    left: int
    content: bytes
    failed: int = 0
    streams: list["_Fed"] = field(default_factory=list)


@dataclass
class _Fed:
    """One connection's feeder; its own handover, since a bare load has nothing to remember."""

    load: Load
    stream: Stream
    open: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def refill(self) -> None:
        while self.stream.room and self.load.left:
            self.load.left -= 1
            self.open += 1
            message = OutgoingMessage("a@c.example", "b@e.example", "", self.load.content, True)  # noqa: FBT003 - a tuple's field
            self.stream.hand_over(message, self)

    def rest(self) -> None:
        if not self.open:
            self.done.set()

    def before_dot(self) -> None:
        pass

    def settled(self, outcome: Outcome) -> None:
        self.open -= 1
        self.load.failed += not isinstance(outcome, Accepted)

    def untried(self, reply: Reply | None) -> None:
        del reply
        self.open -= 1
        self.load.left += 1

    def cut(self, error: BaseException) -> None:
        raise error


def content_of(size: int) -> bytes:
    """A message of so many octets, nearly."""
    head = b"From: <a@c.example>\r\nTo: <b@e.example>\r\nSubject: bench\r\n\r\n"
    return head + _LINE * ((size - len(head)) // len(_LINE))


async def send(options: SmtpOptions, load: Load, connections: int) -> float:
    """Send it all; seconds, without those of connecting."""
    transport = SmtpTransport(options)
    fed = [_Fed(load, stream_over(await transport.connect())) for _ in range(connections)]
    begun = time.perf_counter()
    for one in fed:
        one.stream.feeder = one
        one.refill()
    await asyncio.gather(*(one.done.wait() for one in fed if one.open))
    seconds = time.perf_counter() - begun
    await asyncio.gather(*(one.stream.close() for one in fed))
    return seconds


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if loop == "uvloop":
        return cast("Callable[[], asyncio.AbstractEventLoop]", import_module(loop).new_event_loop)
    return asyncio.new_event_loop


def _ours(port: int, messages: int, size: int, connections: int, loop: str) -> tuple[float, float]:
    options = SmtpOptions(host=HOST, port=port, security=Security.NONE)
    load = Load(messages, content_of(size))
    before = resource.getrusage(resource.RUSAGE_SELF)
    with asyncio.Runner(loop_factory=_loop_factory(loop)) as runner:
        seconds = runner.run(send(options, load, connections))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if load.failed:
        raise SystemExit(f"{load.failed} messages were not accepted")
    return messages / seconds, cpu / messages * 1e6


def _theirs(port: int, messages: int, size: int, connections: int) -> float:
    command = [SMTP_SOURCE, "-d", "-s", str(connections), "-m", str(messages), "-l", str(size)]
    begun = time.perf_counter()
    place = f"{HOST}:{port}"
    subprocess.run([*command, "-f", "a@c.example", "-t", "b@e.example", place], check=True)
    return messages / (time.perf_counter() - begun)


def main() -> None:
    """Print a line a round, and the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--size", type=int, default=4_700)
    parser.add_argument("--connections", type=int, default=10)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    given = parser.parse_args()
    load = (given.messages, given.size, given.connections)
    ratios, costs = [], []
    with sink() as port:
        for _ in range(given.rounds):
            rate, cost = _ours(port, *load, given.loop)
            theirs = _theirs(port, *load)
            ratios.append(rate / theirs)
            costs.append(cost)
            print(f"{rate:8.0f}/s {theirs:8.0f}/s  x{rate / theirs:.2f}  {cost:6.1f} µs")
    print(f"median x{statistics.median(ratios):.2f}, {statistics.median(costs):.1f} µs a message")


if __name__ == "__main__":
    main()
