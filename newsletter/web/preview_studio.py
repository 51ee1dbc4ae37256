"""What happens after a save: read again, the pages that are looked at first, then the rest.

All work is done in one thread, beside the event loop: windows wait in its queue, and the pages
nobody looks at are made one at a time, so that the next save never waits for more than one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from newsletter.app.live_preview import LivePreview, PageSeen, Verdict
from newsletter.errors import InputError, NewsletterError, Problem

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_SECOND_LOOK: Final = 0.06  # seconds: an editor may be in the middle of writing
_AFTER_PAINT: Final = 0.25  # seconds the windows have to themselves


@dataclass(frozen=True, slots=True)
class View:
    """What one window looks at: a variant's key or a reader's address, or every page."""

    variant: str = ""
    reader: str = ""
    every: bool = False


@dataclass(frozen=True, slots=True)
class Painting:
    """A page for a window; ``first`` and ``last`` of the pages that it asked for."""

    page: PageSeen
    saved: float
    first: bool = True
    last: bool = True


@dataclass(frozen=True, slots=True)
class Mistake:
    """Why there is no new page: the last good one stays."""

    problems: tuple[Problem, ...]


Event = Painting | Mistake | Verdict


class Studio:
    """One preview, the thread that works on it, and the windows that look at it."""

    def __init__(self, preview: LivePreview) -> None:
        self.preview = preview
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="preview")
        self._wake = asyncio.Event()
        self._number = 1  # of readings
        self._saved = time.time()
        self._problems: tuple[Problem, ...] = ()
        self._verdict: Verdict | Mistake | None = None
        self._rest: asyncio.Task[None] | None = None
        self._closed = False

    async def work(
        self, errand: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs
    ) -> _Result:
        """Do something with the preview, after what waits already."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: errand(*given, **named))

    async def begin(self) -> None:
        """Make the first page, so that the first save finds everything warm."""
        with suppress(NewsletterError):  # the first window is told
            await self.work(self.preview.page, "", "")
        self._make_rest()

    async def changed(self, files: Collection[Path]) -> None:
        """Read again what was saved, and tell the windows."""
        self._saved = max((_moment(file) for file in files), default=0.0) or time.time()
        if self._rest:
            self._rest.cancel()
        try:
            await self._refresh(files)
            self._problems = ()
        except NewsletterError as error:
            self._problems = problems_of(error, self.preview)
        self._number += 1
        self._verdict = None
        self._tell()
        if not self._problems:
            self._make_rest()

    async def _refresh(self, files: Collection[Path]) -> None:
        try:
            await self.work(self.preview.refresh, files)
        except NewsletterError:
            await asyncio.sleep(_SECOND_LOOK)
            await self.work(self.preview.refresh, files)

    async def events(self, view: View) -> AsyncIterator[Event]:
        """What a window is to show: at once, and after each save, until the preview ends."""
        shown, judged = 0, None
        while not self._closed:
            wake = self._wake
            if shown != self._number:
                fresh, shown = shown == 0, self._number
                async for event in self._pages(view, shown, fresh=fresh):
                    yield event
            elif self._verdict is not judged:
                judged = self._verdict
                if judged is not None:
                    yield judged
            else:
                await wake.wait()

    async def _pages(self, view: View, number: int, *, fresh: bool) -> AsyncIterator[Event]:
        """The pages of one reading; where it failed, a fresh window gets the last good ones too."""
        if fresh or not self._problems:
            keys = [each.key for each in self.preview.variants()] if view.every else [view.variant]
            for at, key in enumerate(keys):
                if number != self._number:
                    return
                try:
                    page = await self.work(self.preview.page, key, view.reader)
                except NewsletterError as error:
                    yield Mistake(problems_of(error, self.preview))
                    return
                yield Painting(page, self._saved, at == 0, at == len(keys) - 1)
        if self._problems:
            yield Mistake(self._problems)

    def _make_rest(self) -> None:
        self._rest = asyncio.create_task(self._finish())

    async def _finish(self) -> None:
        """The pages nobody looks at, and the verdict over all."""
        await asyncio.sleep(_AFTER_PAINT)
        steps = self.preview.make_ready()
        try:
            while await self.work(_step, steps):
                pass
            self._verdict = await self.work(self.preview.verdict)
        except NewsletterError as error:
            self._verdict = Mistake(problems_of(error, self.preview))
        self._tell()

    def _tell(self) -> None:
        self._wake.set()
        self._wake = asyncio.Event()

    async def close(self) -> None:
        """Let go of every window."""
        self._closed = True
        if self._rest:
            self._rest.cancel()
        self._tell()
        self._thread.shutdown(wait=False, cancel_futures=True)


def problems_of(error: NewsletterError, preview: LivePreview) -> tuple[Problem, ...]:
    """An error as problems with a place; what has none stands at the top of the issue."""
    if isinstance(error, InputError):
        return error.problems
    path = preview.reading.issue.folder / "issue.toml"
    return (Problem(path, error.message, error.cure),)


def _step(steps: Iterator[None]) -> bool:
    return next(steps, _step) is not _step


def _moment(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:  # gone by now: the folder it was in is what changed
        return 0.0
