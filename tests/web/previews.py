"""A live preview over a copy of the working example, and what it tells a window."""

import asyncio
import http.client
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from newsletter.app.live_preview import LivePreview
from newsletter.app.open import open_app
from newsletter.web.previewing import previewing
from tests.waiting import PATIENCE
from tests.web.pages import Client

EXAMPLE = Path(__file__).parents[2]
ISSUE = "2019-11-assemblea"
WRITTEN = f"issues/{ISSUE}/issue.toml"


def copy_example(root: Path) -> Path:
    """The working example in a folder of the test; nothing of it is sent anywhere."""
    for name in ("issues", "templates", "subscribers"):
        shutil.copytree(EXAMPLE / name, root / name)
    shutil.copy(EXAMPLE / "newsletter.toml", root)
    return root


def opened(root: Path) -> LivePreview:
    """The preview of the example's issue."""
    return LivePreview(open_app(root, environ={}), ISSUE)


@contextmanager
def previewed(root: Path, preview: LivePreview | None = None) -> Iterator[Client]:
    """The preview's page on a free port of loopback, following saves, while the block runs."""
    ready, ended = threading.Event(), threading.Event()
    ports: list[int] = []

    async def live() -> None:
        async with previewing(preview or opened(root)) as url:
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
        assert not thread.is_alive()


class Stream:
    """What one window is told, event by event."""

    def __init__(self, client: Client, query: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=PATIENCE)
        self._connection.request("GET", f"/events?{query}")
        self._answer = self._connection.getresponse()

    def __enter__(self) -> Self:
        """Begin to listen."""
        return self

    def __exit__(self, *_: object) -> None:
        """Go away."""
        self._connection.close()

    def next(self, wanted: str, holds: Callable[[Any], object] = lambda _: True) -> Any:
        """The next event of this kind for which it holds; the others are passed over."""
        kind = ""
        while True:
            line = self._answer.readline().decode()
            assert line, "the server told no more"
            line = line.rstrip("\r\n")
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind == wanted:
                told = json.loads(line.removeprefix("data: "))
                if holds(told):
                    return told


def line_of(beginning: str) -> int:
    """The line of the example's issue that begins so, from 1."""
    lines = (EXAMPLE / WRITTEN).read_text("utf-8").splitlines()
    return next(at for at, line in enumerate(lines, 1) if line.startswith(beginning))


@contextmanager
def mistaken(root: Path) -> Iterator[None]:
    """The issue with a subject that is no TOML, saved while the block runs, and mended after it."""
    change(root, 'subject = "', "subject = ")
    try:
        yield
    finally:
        change(root, "subject = ", 'subject = "')


def change(root: Path, old: str, new: str, file: str = WRITTEN) -> None:
    """Save a file with one thing changed."""
    text = (root / file).read_text("utf-8")
    assert old in text
    save(root, file, text.replace(old, new, 1))


def save(root: Path, file: str, text: str) -> None:
    """Put a file in its place in one step: nobody reads the half of it, however busy we are."""
    beside = root / "saved"
    beside.write_text(text, "utf-8")
    beside.replace(root / file)
