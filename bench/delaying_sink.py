"""A relay that answers each command a while after it came, as one far away does.

``python -m bench.delaying_sink PORT DELAY_MS EXTENSIONS``: a process of its own. Replies keep
their order and wait side by side, so what is written at once costs one delay. EXTENSIONS are
those that it offers and takes, with commas between them: ``pipelining``, ``chunking``.
"""

import asyncio
import selectors
import sys
from collections import deque
from collections.abc import Sequence

HOST = "127.0.0.1"
_OK = b"250 2.0.0 Ok\r\n"
_END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One dialogue: takes everything, keeps nothing."""

    def __init__(self, delay: float, extensions: Sequence[str]) -> None:
        self._delay = delay
        self._offered = ["sink.example", *(each.upper() for each in extensions), "8BITMIME"]
        self._replies: deque[bytes] = deque()
        self._held = bytearray()
        self._octets = 0
        """Of a chunk that are still to come."""
        self._after_chunk = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  what TCP gives
        self._transport = transport
        self._reply(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Take whatever is whole."""
        self._held += data
        while self._taken():
            pass

    def _taken(self) -> bool:
        if self._octets:
            return self._chunk()
        if self._in_data:
            return self._body()
        line, found, _ = self._held.partition(b"\r\n")
        if not found:
            return False
        del self._held[: len(line) + 2]
        self._obey(bytes(line))
        return True

    def _chunk(self) -> bool:
        taken = min(self._octets, len(self._held))
        del self._held[:taken]
        self._octets -= taken
        if not self._octets:
            self._reply(self._after_chunk)
        return bool(taken)

    def _body(self) -> bool:
        end = self._held.find(_END)
        if end < 0:
            del self._held[: -len(_END)]
            return False
        del self._held[: end + len(_END)]
        self._in_data = False
        self._reply(_OK)
        return True

    def _obey(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        match verb.upper():
            case b"EHLO":
                *first, last = self._offered
                lines = [f"250-{each}\r\n" for each in first] + [f"250 {last}\r\n"]
                self._reply("".join(lines).encode())
            case b"DATA":
                self._in_data = True
                self._reply(b"354 Go on\r\n")
            case b"BDAT":
                self._octets, self._after_chunk = int(rest.split()[0]), _OK
                if not self._octets:
                    self._reply(_OK)
            case b"QUIT":
                self._reply(b"221 2.0.0 Bye\r\n")
            case _:
                self._reply(_OK)

    def _reply(self, reply: bytes) -> None:
        self._replies.append(reply)
        asyncio.get_running_loop().call_later(self._delay, self._say)

    def _say(self) -> None:
        """The replies wait equally long, so the oldest is due."""
        reply = self._replies.popleft()
        self._transport.write(reply)
        if reply.startswith(b"221"):
            self._transport.close()


async def serve(port: int, delay: float, extensions: Sequence[str]) -> None:
    """Until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(delay, extensions), HOST, port)
    await server.serve_forever()


def main() -> None:
    """The port, the delay in milliseconds, the extensions."""
    port, delay, extensions = sys.argv[1:]
    offered = [each for each in extensions.split(",") if each]
    with asyncio.Runner(loop_factory=_exact_loop) as runner:
        runner.run(serve(int(port), float(delay) / 1000, offered))


def _exact_loop() -> asyncio.AbstractEventLoop:
    """With ``select``, which sleeps to the microsecond; ``epoll`` rounds up to a millisecond."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


if __name__ == "__main__":
    main()
