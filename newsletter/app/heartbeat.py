"""A worker's signs of life: a small file for each, and what `worker --health` makes of them.

Ages are told by the clock that nobody sets, within one start of the machine; one that was made
before the machine started is no sign of life.
"""

import asyncio
import contextlib
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from newsletter.app.open import App
from newsletter.ledger.lock import this_process

EVERY = 5.0
_STALE = 30.0
_STUCK = 300.0


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says of itself. The times are the machine's monotonic seconds."""

    pid: int
    host: str
    boot: str
    beat_at: float
    well_at: float
    """When it last looked at what is due, or sent, without trouble."""
    doing: str
    trouble: str


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """One worker, and whether it is well."""

    pid: int
    host: str
    well: bool
    seconds: float | None
    """Since its last sign of life; None if that was before the machine started."""
    doing: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Health:
    """All workers of a newsletter on this machine."""

    healthy: bool
    workers: tuple[WorkerHealth, ...]


class Heart:
    """Writes the signs of life of this process."""

    def __init__(self, app: App) -> None:
        self._folder = _folder(app)
        self._path = self._folder / f"{os.getpid()}.json"
        self._well_at = time.monotonic()
        self.doing = "begins"
        self.trouble = ""

    def well(self, doing: str) -> None:
        """Something was done without trouble."""
        self._well_at, self.doing, self.trouble = time.monotonic(), doing, ""

    @contextlib.asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Beat until the end; then there is no worker any more."""
        _forget_the_dead(self._folder)
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    async def _beat(self) -> None:
        while True:
            with contextlib.suppress(OSError):  # a full disk: then the signs grow old, and say so
                self.write()
            await asyncio.sleep(EVERY)

    def write(self) -> None:
        """One sign of life, whole or not at all."""
        me = this_process()
        beat = Beat(
            me.pid,
            me.host,
            me.boot,
            time.monotonic(),
            self._well_at,
            self.doing,
            self.trouble,
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(asdict(beat)))
        part.replace(self._path)


def health(app: App) -> Health:
    """Whether a worker runs here, and every one of them is well."""
    found = tuple(_judged(beat) for beat in _beats(_folder(app)))
    return Health(bool(found) and all(each.well for each in found), found)


def _judged(beat: Beat) -> WorkerHealth:
    now = time.monotonic()
    seconds = now - beat.beat_at if beat.boot == this_process().boot else None
    alive = seconds is not None and 0 <= seconds <= _STALE
    well = alive and now - beat.well_at <= _STUCK
    return WorkerHealth(beat.pid, beat.host, well, seconds, beat.doing, beat.trouble)


def _beats(folder: Path) -> Iterator[Beat]:
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError, TypeError):
            told: dict[str, Any] = json.loads(path.read_text())
            yield Beat(**told)


def _forget_the_dead(folder: Path) -> None:
    """Files of workers on this machine that are gone without a word."""
    me = this_process()
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            beat = Beat(**json.loads(path.read_text()))
            if beat.host == me.host and (beat.boot != me.boot or not _lives(beat.pid)):
                path.unlink()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _folder(app: App) -> Path:
    return app.state_folder / "workers"
