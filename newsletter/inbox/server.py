"""The staging inbox: a real SMTP server on loopback that files what it gets and forwards nothing.

Run it inside an event loop (``start`` and ``stop``), or from plain code in a thread of its own
(``InboxThread``).
"""

import asyncio
import contextlib
import errno
import logging
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope

from newsletter.errors import NewsletterError
from newsletter.inbox.maildir import Envelope, file_message, prepare

DEFAULT_PORT = 2525
MAX_OCTETS = 25 * 1024 * 1024
_LINE_END = b"\r\n"
_FINAL_DOT = b"\r\n.\r\n"
_PIECE = 1 << 20
_IDENT = "staging inbox, nothing here reaches a reader"

# aiosmtpd tells each command to this logger; without a handler warnings would go to stderr.
logging.getLogger("mail.log").addHandler(logging.NullHandler())


class StagingInbox:
    """An SMTP server that files each message into the Maildir ``folder``.

    Port 0 asks for a free one; ``port`` is the real one once started. ``received`` counts the
    messages of this run.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
        self.folder = folder
        self.host = host
        self.port = port
        self.received = 0
        self._server: asyncio.Server | None = None
        self._dialogues: set[asyncio.BaseTransport] = set()

    @property
    def address(self) -> str:
        """``host:port``, as a person would write it."""
        return f"{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen; raises ``NewsletterError`` when the port or the folder cannot be had."""
        try:
            prepare(self.folder)
        except OSError as error:
            message = f"cannot make the staging inbox in {self.folder}: {error.strerror or error}"
            raise NewsletterError(message, cure="check the folder's permissions") from error
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._dialogue, self.host, self.port)
        except OSError as error:
            raise self._unavailable(error) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and end the open dialogues; what was answered with 250 is on disk."""
        if self._server is None:
            return
        self._server.close()
        for transport in tuple(self._dialogues):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)  # aborted dialogues end in the next turn of the loop
        self._server = None

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        await self.stop()

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: SmtpEnvelope
    ) -> str:
        """File one message; aiosmtpd calls this after the final dot."""
        content = envelope.original_content or b""
        told = Envelope(envelope.mail_from or "", tuple(envelope.rcpt_tos))
        try:
            name = file_message(self.folder, told, content)
        except OSError as error:
            return f"452 4.3.1 cannot file it: {error.strerror}"
        self.received += 1
        return f"250 2.0.0 filed as {name}"

    def _dialogue(self) -> SMTP:
        return _Dialogue(self, self._dialogues)

    def _unavailable(self, error: OSError) -> NewsletterError:
        if error.errno == errno.EADDRINUSE:
            message = f"port {self.port} on {self.host} is in use: another staging inbox, perhaps"
            return NewsletterError(message, cure="stop it, or set another staging.port")
        reason = error.strerror or error
        message = f"cannot listen on {self.address}: {reason}"
        return NewsletterError(message, cure="set another staging.port (1024 or above)")


class _Dialogue(SMTP):
    """aiosmtpd's protocol, known to its inbox while it is open, and quick with bodies."""

    def __init__(self, inbox: StagingInbox, dialogues: set[asyncio.BaseTransport]) -> None:
        super().__init__(
            inbox,
            data_size_limit=MAX_OCTETS,
            enable_SMTPUTF8=True,
            hostname="staging.localhost",
            ident=_IDENT,
            loop=asyncio.get_running_loop(),
        )
        self._inbox = inbox
        self._dialogues = dialogues

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._dialogues.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._dialogues.discard(self.transport)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Take a body in pieces: line by line, as aiosmtpd does, it takes ten times as long.

        Lines may have any length, so that a message with too long a one can be looked at.
        """
        if arg or not (self.session and self.envelope and self.envelope.rcpt_tos):
            await super().smtp_DATA(arg)
        else:
            await self.push("354 end with a dot on a line of its own")
            body = await self._body()
            if body is None:
                status = f"552 5.3.4 more than {MAX_OCTETS} octets"
            else:
                self.envelope.original_content = body
                status = await self._inbox.handle_DATA(self, self.session, self.envelope)
            self._set_post_data_state()  # type: ignore[no-untyped-call] # aiosmtpd
            await self.push(status)

    async def _body(self) -> bytes | None:
        """What comes before the final dot, unstuffed (RFC 5321, 4.5.2); None when too large.

        What follows the dot goes back to the reader, which is empty after each ``read``.
        """
        received = bytearray(_LINE_END)  # so that a dot on the very first line is found too
        looked_at, too_large = 0, False
        while (end := received.find(_FINAL_DOT, looked_at)) < 0:
            looked_at = max(0, len(received) - len(_FINAL_DOT))
            if len(received) > MAX_OCTETS:
                too_large = True
                del received[:looked_at]
                looked_at = 0
            piece = await self._reader.read(_PIECE)
            if not piece:
                raise ConnectionResetError
            received += piece
        rest = bytes(received[end + len(_FINAL_DOT) :])
        if rest:
            self._reader.feed_data(rest)
        body = bytes(received[: end + len(_LINE_END)]).replace(b"\r\n.", _LINE_END)
        return None if too_large else body[len(_LINE_END) :]


class InboxThread:
    """A staging inbox in a thread and event loop of its own, for code that has none."""

    def __init__(self, inbox: StagingInbox) -> None:
        self.inbox = inbox
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="staging inbox", daemon=True)

    def start(self) -> None:
        """Return once the inbox listens; raises as ``StagingInbox.start`` does."""
        self._thread.start()
        self._ready.wait()
        if self._failure:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        """Return once the inbox is closed."""
        if self._loop and self._stopping:
            with contextlib.suppress(RuntimeError):  # its loop ended by itself
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def __enter__(self) -> StagingInbox:
        """Start."""
        self.start()
        return self.inbox

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as failure:  # noqa: BLE001 - handed to the thread that started us
            self._failure = failure
        finally:
            self._ready.set()

    async def _live(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with self.inbox:
            self._ready.set()
            await self._stopping.wait()
