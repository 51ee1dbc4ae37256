"""The live preview as the officer runs it: a page on loopback that follows her saves."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from newsletter.app.live_preview import LivePreview
from newsletter.app.open import App
from newsletter.errors import UsageError
from newsletter.settings import FILE_NAME
from newsletter.web.preview import create_preview
from newsletter.web.preview_studio import Studio
from newsletter.web.serving import serving
from newsletter.web.staging import image_file

_TOGETHER: Final = 20  # milliseconds: what is saved within them is one save
_PORT: Final = 8026
_STEP: Final = 5  # milliseconds between two looks at what the system reports
_SETTINGS: Final = {FILE_NAME, ".env"}
_NEEDED: Final = ("watchfiles", "sse_starlette")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the officer wants to see first: an issue, and there a reader's page or a language's.

    Without a port it is 8026, or any other that is free.
    """

    issue: str | None = None
    reader: str = ""
    language: str | None = None
    port: int | None = None


def run_preview(app: App, wish: Wish, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; ``ready`` gets the page's address once it answers.

    Raises ``UsageError`` without the extra ``preview`` or for a reader or language that is not
    there, ``NewsletterError`` for a port that is taken, and what is wrong with the issue.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise UsageError(
            "the live preview needs two more packages: watchfiles and sse-starlette",
            cure='pip install "newsletter[preview]"; or build the page once with --once',
            next_command=f"newsletter preview {wish.issue or ''} --once".replace("  ", " "),
        )
    preview = LivePreview(app, wish.issue)
    query = preview.first_view(wish.reader, wish.language)
    asyncio.run(_serve(preview, wish.port, lambda address: ready(address + query)))


async def _serve(preview: LivePreview, port: int | None, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with previewing(preview, _free(_PORT) if port is None else port) as address:
        ready(address)
        await stop.wait()


def _free(port: int) -> int:
    """The port, or 0 (any) where another program has it."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


@asynccontextmanager
async def previewing(preview: LivePreview, port: int = 0) -> AsyncIterator[str]:
    """The preview's page, following what is saved, while the block runs; gives its address."""
    app = preview.reading.app
    studio, over = Studio(preview), asyncio.Event()
    page = create_preview(studio, lambda path: image_file(app, path))
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(
            serving(page, port=port, cure="choose another with --port")
        )
        stack.push_async_callback(studio.close)
        await studio.begin()
        watch = asyncio.create_task(_follow(studio, over))
        try:
            yield address
        finally:
            over.set()
            await watch


async def _follow(studio: Studio, over: asyncio.Event) -> None:
    """Hand on every save: of the issue, themes and readers at any depth, and of the settings."""
    root = studio.preview.reading.app.root
    async with asyncio.TaskGroup() as group:
        group.create_task(_watch(studio, over, studio.preview.folders, deep=True))
        group.create_task(_watch(studio, over, (root,), deep=False))


async def _watch(
    studio: Studio, over: asyncio.Event, folders: Iterable[Path], *, deep: bool
) -> None:
    from watchfiles import awatch

    async for changes in awatch(
        *folders,
        debounce=_TOGETHER,
        step=_STEP,
        stop_event=over,
        recursive=deep,
        watch_filter=None,
    ):
        files = {Path(name) for _, name in changes}
        wanted = {file for file in files if deep or file.name in _SETTINGS}
        if wanted:
            await studio.changed(wanted)
