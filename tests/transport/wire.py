"""A connection without a network: what is written is kept, what is answered is given."""

import asyncio
from collections.abc import Callable
from typing import cast

from newsletter.transport.dialogue import Dialogue
from newsletter.transport.options import RelayFacts
from newsletter.transport.stream import Habits
from newsletter.transport.transaction import SmtpConnection

Answer = Callable[[bytes, "Wire"], None]
"""Plays kernel and relay: told what was just written, and over which wire."""


class Wire(asyncio.Transport):
    """Keeps what is written, and lets the test answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer
        self.protocol: Dialogue
        self.written: list[bytes] = []
        self.closing = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Remember whom to tell."""
        self.protocol = cast("Dialogue", protocol)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is buffered here."""

    def is_closing(self) -> bool:
        """Whether the test or the client ended it."""
        return self.closing

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep it, and let the test answer."""
        self.written.append(bytes(data))
        self._answer(bytes(data), self)

    def abort(self) -> None:
        """Gone."""
        self.closing = True


def connection_over(wire: Wire, *, pipelining: bool) -> SmtpConnection:
    """A connection whose relay offers PIPELINING or not."""
    offered = frozenset({"pipelining"} if pipelining else ())
    return SmtpConnection(
        Dialogue(wire),
        RelayFacts("relay.test:25", offered),
        timeout=0.1,
        dot_timeout=0.1,
        habits=Habits(),
    )
