"""A worker's signs of life: a small file for each, and what `worker --health` makes of them.

Ages are told by the clock that nobody sets, within one start of the machine; one that was made
before the machine started is no sign of life. Containers that share a folder may share a host
name, too, and count their processes from 1 each: the kernel's number of their space of pids
(pid_namespaces(7)) tells them apart.
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
_FORGOTTEN = 3600.0
_SPACE = Path("/proc/self/ns/pid")


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
    space: str = ""
    """Where its pid counts; empty where the kernel does not say."""


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
        self._path = self._folder / f"{_name()}.json"
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
            pid_space(),
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(asdict(beat)))
        part.replace(self._path)


def health(app: App) -> Health:
    """Whether a worker runs here, and every one of them is well.

    In a container *here* is the container, if a worker runs in it; else the whole machine.
    """
    me, space = this_process(), pid_space()
    beats = [each for each in _beats(_folder(app)) if me.boot == each.boot or me.host == each.host]
    near = [each for each in beats if (each.boot, each.space) == (me.boot, space)]
    found = tuple(_judged(beat) for beat in near or beats)
    return Health(bool(found) and all(each.well for each in found), found)


def pid_space() -> str:
    """The number of the space in which this process's pid counts; empty where none is told."""
    with contextlib.suppress(OSError):
        return str(_SPACE.stat().st_ino)
    return ""


def _name() -> str:
    """Of its own among all workers that may share the folder, and good for a file."""
    me = this_process()
    host = "".join(each if each.isalnum() else "-" for each in me.host)
    return f"{host}.{pid_space()}.{me.pid}"


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
    """Files of workers that are gone without a word; one that lives writes its own again."""
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            beat = Beat(**json.loads(path.read_text()))
            if _is_dead(beat) or time.time() - path.stat().st_mtime > _FORGOTTEN:
                path.unlink()


def _is_dead(beat: Beat) -> bool:
    """Whether it surely is; of other machines and containers nobody here can know."""
    me = this_process()
    if beat.boot != me.boot:
        return beat.host == me.host
    return beat.space in {pid_space(), ""} and not _lives(beat.pid)


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
