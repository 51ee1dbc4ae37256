"""A quick relay for one test, in a thread of its own: it answers by recipient and keeps all."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

_FINAL_DOT = b"\r\n.\r\n"


class Relay:
    """An SMTP server on a free port of loopback.

    ``answers`` holds, for a recipient, the replies to RCPT in turn; where they end, and for
    everybody else, the answer is 250. ``seconds`` pass before each answer to a final dot.
    """

    def __init__(
        self, answers: Mapping[str, Sequence[str]] | None = None, *, seconds: float = 0.0
    ) -> None:
        self._answers = {who: list(said) for who, said in (answers or {}).items()}
        self._seconds = seconds
        self._hung_up_on: set[str] = set()
        self.port = 0
        self.connections = 0
        self.received: list[tuple[str, bytes]] = []
        self.senders: dict[str, str] = {}
        """The envelope's sender of each recipient's last message."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        assert self._loop
        assert self._end
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def will_answer(self, recipient: str, *replies: str) -> None:
        """These are the next replies to a recipient's RCPT."""
        self._answers[recipient] = list(replies)

    def will_hang_up(self, recipient: str) -> None:
        """The next message to a recipient is not taken, and its final dot is not answered."""
        self._hung_up_on.add(recipient)

    @property
    def recipients(self) -> list[str]:
        """Who was accepted, in order."""
        return [who for who, _ in self.received]

    @property
    def counts(self) -> Counter[str]:
        """How often each was accepted."""
        return Counter(self.recipients)

    def message_of(self, recipient: str) -> EmailMessage:
        """The one message that a recipient got."""
        found = [content for who, content in self.received if who == recipient]
        assert len(found) == 1, f"{len(found)} messages to {recipient}"
        return parsed(found[0])

    async def _live(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        talks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task
            talks.add(task)
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 22)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(b"220 relay.test ready\r\n")
        recipient = sender = ""
        while line := (await reader.readline()).decode("latin-1").strip():
            verb = line.split()[0].upper()
            if verb == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                self.senders[recipient] = sender
                writer.write(f"{self._reply(recipient)}\r\n".encode())
            elif verb == "DATA":
                writer.write(b"354 go ahead\r\n")
                content = await reader.readuntil(_FINAL_DOT)
                await asyncio.sleep(self._seconds)
                if recipient in self._hung_up_on:
                    self._hung_up_on.discard(recipient)
                    return
                self.received.append((recipient, unstuffed(content)))
                writer.write(f"250 2.0.0 queued as {len(self.received):06d}\r\n".encode())
            else:
                writer.write(b"221 2.0.0 bye\r\n" if verb == "QUIT" else b"250 2.0.0 ok\r\n")
            await writer.drain()

    def _reply(self, recipient: str) -> str:
        script = self._answers.get(recipient)
        return script.pop(0) if script else "250 2.1.5 ok"


def unstuffed(content: bytes) -> bytes:
    """What stood before the final dot (RFC 5321, 4.5.2)."""
    return content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")


def parsed(content: bytes) -> EmailMessage:
    """A message as a mail program reads it."""
    return message_from_bytes(content, policy=policy.default)


@contextmanager
def free_port() -> Iterator[int]:
    """A port on which nobody answers."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
