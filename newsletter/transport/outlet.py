"""How octets reach the kernel, and how many of them did: that decides what a loss means.

A message whose last octet the kernel never took was not sent, whoever closed the connection.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Protocol

from newsletter.transport.reply import Lost

_SEND_BUFFER = 212_992
"""Octets: what Linux grants to anybody; it doubles it for what it keeps besides."""
_OVERHEAD = 4
_AT_ONCE = 16_384
"""What a kernel takes whole, whatever its buffers."""


class Outlet(Protocol):
    """Where a dialogue writes. Positions count all octets that were ever written to it."""

    queued: int
    """Where the last octet that was written ends."""
    at_once: int
    """So many octets, at most, are written in one piece with what decides over a message."""

    @property
    def taken(self) -> int:
        """No octet beyond this position reached the kernel."""
        ...

    @property
    def held(self) -> bool:
        """Whether some octets did not reach the kernel yet."""
        ...

    def write(self, octets: bytes) -> None:
        """Put octets behind the last ones; raises ``Lost`` when the kernel surely took none."""
        ...

    def close(self) -> None:
        """Write nothing more."""
        ...


def outlet_of(
    transport: asyncio.Transport, drained: Callable[[], None], lost: Callable[[OSError], None]
) -> Outlet:
    """The exact one over a clear socket, else what the event loop's transport tells.

    ``drained`` is called when the kernel took all that it had held back.
    """
    plain = transport.get_extra_info("socket")
    if plain is None or transport.get_extra_info("ssl_object") is not None:
        return TransportOutlet(transport)
    return SocketOutlet(socket.socket(fileno=os.dup(plain.fileno())), drained, lost)


class SocketOutlet:
    """Writes to the socket itself, so each octet that the kernel took is counted.

    The socket is a duplicate: it stays ours, whenever the event loop closes its own.
    """

    def __init__(
        self, own: socket.socket, drained: Callable[[], None], lost: Callable[[OSError], None]
    ) -> None:
        own.settimeout(0)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self.at_once = own.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // _OVERHEAD
        self._socket = own
        self._loop = asyncio.get_running_loop()
        self._drained = drained
        self._lost = lost
        self._left = bytearray()
        self.queued = 0

    @property
    def taken(self) -> int:
        """Exactly so many."""
        return self.queued - len(self._left)

    @property
    def held(self) -> bool:
        """Whether the kernel has yet to take some."""
        return bool(self._left)

    def write(self, octets: bytes) -> None:
        """At once, if the kernel has room."""
        taken = 0
        if not self._left:
            try:
                taken = self._socket.send(octets)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError as error:
                raise Lost(f"connection lost: {error}") from error
        self.queued += len(octets)
        if taken < len(octets):
            self._keep(octets[taken:])

    def close(self) -> None:
        """What is left is never written."""
        if self._socket.fileno() >= 0:
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _keep(self, octets: bytes) -> None:
        if not self._left:
            self._loop.add_writer(self._socket, self._go_on)
        self._left += octets

    def _go_on(self) -> None:
        try:
            del self._left[: self._socket.send(self._left)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._lost(error)
            return
        if not self._left:
            self._loop.remove_writer(self._socket)
            self._drained()


class TransportOutlet:
    """Writes through the event loop's transport (TLS), which tells only when all was taken."""

    def __init__(self, transport: asyncio.Transport) -> None:
        # Held is then anything left, not "more than 64 KB"; at 0 TLS would be held for ever.
        transport.set_write_buffer_limits(high=1, low=0)
        self.at_once = _AT_ONCE
        self._transport = transport
        self.queued = 0
        self.held = False

    @property
    def taken(self) -> int:
        """While any are held, the last one is; of the others nobody knows."""
        return self.queued - self.held

    def write(self, octets: bytes) -> None:
        """Through the transport's buffer."""
        if self._transport.is_closing():
            raise Lost("the connection is closed")
        self.queued += len(octets)
        self._transport.write(octets)
        if self._transport.is_closing():  # no word from the relay closed it
            self.queued -= len(octets)
            raise Lost("the connection was lost before this was written")

    def close(self) -> None:
        """The transport is closed by whoever opened it."""
