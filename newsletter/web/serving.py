"""Running a page's server inside an event loop that already runs."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Sequence

import uvicorn
from starlette.types import ASGIApp

from newsletter.errors import NewsletterError


class _Server(uvicorn.Server):
    """uvicorn, leaving Ctrl-C to whoever runs the loop; ``ready`` is set once it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@contextlib.asynccontextmanager
async def serving(
    app: ASGIApp,
    host: str = "127.0.0.1",
    port: int = 8025,
    cure: str = "set another staging.web_port",
    *,
    trusted: Sequence[str] = (),
    finish: int = 1,
) -> AsyncIterator[str]:
    """Serve while the block runs; gives the page's address. Port 0 asks for a free one.

    ``trusted`` are servers in front whose word on a client's address is believed; ``finish`` is
    how many seconds open requests get at the end. Raises ``NewsletterError`` with this cure when
    the port cannot be had.
    """
    listener = _listener(host, port, cure)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=finish,
        proxy_headers=bool(trusted),
        forwarded_allow_ips=list(trusted),
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.ready.wait()
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        await task
        listener.close()


def _listener(host: str, port: int, cure: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        message = f"the page cannot have port {port} on {host}: {error.strerror or error}"
        raise NewsletterError(message, cure=cure) from error
    return listener
