"""Who sends: one process at a time for each ledger, known by pid, host and time."""

import contextlib
import datetime as dt
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import LedgerError, LedgerLocked

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PATIENCE = 0.3
"""Seconds: a look is over at once, a sender stays."""
_CURE = "make room on the disk, or give yourself the right to write there"


@dataclass(frozen=True, slots=True)
class Process:
    """A process, and the start of the machine it runs on ('' where that is not known)."""

    pid: int
    host: str
    boot: str


def this_process() -> Process:
    """Pid, host name and boot id: pages written before a power cut may be lost, so it counts."""
    boot = ""
    with contextlib.suppress(OSError):
        boot = _BOOT_ID.read_text().strip()
    return Process(os.getpid(), socket.gethostname(), boot)


@contextmanager
def sending_lock(path: Path, now: dt.datetime, *, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock file while the block runs; ``LedgerLocked`` names who holds it otherwise.

    ``patience`` are the seconds in which that one may be done. The kernel lets go when the process
    dies, however it dies, so no lock is ever stale.
    """
    handle = _open(path)
    try:
        _acquire(handle, path, patience)
        _sign(handle, path, now)
        yield
    finally:
        os.close(handle)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock now."""
    if not path.exists():
        return False
    handle = _open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _open(path: Path, how: int = os.O_CREAT | os.O_RDWR) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, how, 0o600)
    except OSError as error:
        message = f"the lock {path} cannot be opened: {error.strerror}"
        raise LedgerError(message, cure=_CURE) from error


def _acquire(handle: int, path: Path, patience: float) -> None:
    """Try for a moment: a look from ``is_held`` is over at once, a sender stays."""
    limit = time.monotonic() + patience
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > limit:
                raise locked(path) from error
            time.sleep(0.02)


def locked(path: Path) -> LedgerLocked:
    """What to raise for a lock that another process holds: its pid, host and time."""
    holder = {"pid": "?", "host": "?", "since": "?"}
    with contextlib.suppress(OSError, ValueError):
        holder |= json.loads(path.read_text())
    return LedgerLocked(
        f"process {holder['pid']} on {holder['host']} has been sending since {holder['since']}",
        cure="wait for it, or pause it",
        next_command="newsletter status",
    )


def _sign(handle: int, path: Path, now: dt.datetime) -> None:
    process = this_process()
    since = now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    words = json.dumps({"pid": process.pid, "host": process.host, "since": since})
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, words.encode(), 0)
    except OSError as error:
        message = f"the lock {path} cannot be written: {error.strerror}"
        raise LedgerError(message, cure=_CURE) from error
