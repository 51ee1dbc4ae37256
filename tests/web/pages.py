"""A page's server in a thread of its own, and a client that knows nothing but HTTP."""

import asyncio
import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.types import ASGIApp

from newsletter.web.serving import serving
from tests.waiting import PATIENCE


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass(frozen=True)
class Client:
    """Asks one server."""

    port: int

    @property
    def origin(self) -> str:
        """The server's origin."""
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: str | bytes | None = None,
    ) -> Answer:
        """One request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def post(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A form, as a page without script sends it."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask(path, "POST", kind | dict(headers or {}), urlencode(fields))


@contextmanager
def served(app: ASGIApp) -> Iterator[Client]:
    """The app on a free port of loopback, while the block runs."""
    ready, ended = threading.Event(), threading.Event()
    ports: list[int] = []

    async def live() -> None:
        async with serving(app, port=0) as url:
            ports.append(int(url.rstrip("/").rpartition(":")[2]))
            ready.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(live()), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield Client(ports[0])
    finally:
        ended.set()
        thread.join(PATIENCE)
