"""The live preview as the officer runs it: a page on loopback that follows her saves."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from newsletter.app.hosted import image_file
from newsletter.app.live_preview import LivePreview
from newsletter.app.open import App
from newsletter.errors import NewsletterError, UsageError
from newsletter.settings import FILE_NAME
from newsletter.web.preview import create_preview
from newsletter.web.preview_studio import Studio
from newsletter.web.serving import serving

_TOGETHER: Final = 20  # milliseconds: what is saved within them is one save
_PORT: Final = 8026
_STEP: Final = 5  # milliseconds between two looks at what the system reports
_SETTINGS: Final = {FILE_NAME, ".env"}
_NEEDED: Final = ("watchfiles", "sse_starlette")

_Saves = Collection[tuple[object, str]]
Watch = asyncio.Task[None]


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
        stack.push_async_callback(_end, over, await _follow(studio, over))
        if missed := preview.saved_since_read():
            await studio.changed(missed)
        await studio.begin()
        yield address


async def _follow(studio: Studio, over: asyncio.Event) -> Sequence[Watch]:
    """Hand on every save: of the issue, themes and readers at any depth, and of the settings."""
    root = studio.preview.reading.app.root
    return [
        await _watch(studio, over, studio.preview.folders, deep=True),
        await _watch(studio, over, (root,), deep=False),
    ]


async def _end(over: asyncio.Event, watches: Sequence[Watch]) -> None:
    over.set()
    await asyncio.gather(*watches)


async def _watch(
    studio: Studio, over: asyncio.Event, folders: Iterable[Path], *, deep: bool
) -> Watch:
    """Begin to watch; from here on nothing is missed.

    Raises ``NewsletterError`` when the system will not watch.
    """
    from watchfiles import awatch

    saves = awatch(
        *folders,
        debounce=_TOGETHER,
        step=_STEP,
        stop_event=over,
        recursive=deep,
        watch_filter=None,
    )
    first = asyncio.ensure_future(anext(saves, None))
    await asyncio.sleep(0)  # by now it has asked the system
    if first.done() and (error := first.exception()):
        raise NewsletterError(
            f"this machine will not watch the newsletter's files: {error}",
            cure="raise fs.inotify.max_user_watches and max_user_instances, or use --once",
        ) from error
    return asyncio.create_task(_hand_on(studio, saves, first, deep=deep))


async def _hand_on(
    studio: Studio, saves: AsyncIterator[_Saves], first: Awaitable[_Saves | None], *, deep: bool
) -> None:
    changes = await first
    while changes is not None:
        files = {Path(name) for _, name in changes}
        wanted = {file for file in files if deep or file.name in _SETTINGS}
        if wanted:
            await studio.changed(wanted)
        changes = await anext(saves, None)
