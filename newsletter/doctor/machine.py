"""The machine itself: its clock, the room on its disk, how long a safe write takes."""

import datetime as dt
import os
import shutil
import tempfile
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median

from newsletter.doctor.examination import Result, bad, good, unknown, warning

_LITTLE = 200_000_000
_TOO_LITTLE = 20_000_000
_SLOW_MS = 50.0
_ROUNDS = 7
_CLOCK_WARNS = 60.0
_CLOCK_FAILS = 900.0


def examine_disk(folder: Path) -> Result:
    """Whether there is room for the ledger and its journal."""
    try:
        free = shutil.disk_usage(_there(folder)).free
    except OSError as error:
        return bad("disk", f"{folder}: {error.strerror}", "give yourself the right to write there")
    words = f"{free // 1_000_000} MB free for the ledger"
    if free < _TOO_LITTLE:
        return bad("disk", words, "make room before you send")
    if free < _LITTLE:
        return warning("disk", words, "make room: a million readers take about 200 MB")
    return good("disk", words)


def examine_sync(folder: Path) -> Result:
    """How long one safe write takes: each group of messages waits for one."""
    try:
        took = _sync_times(_there(folder))
    except OSError as error:
        cure = "give yourself the right to write there"
        return bad("sync", f"{folder} cannot be written: {error.strerror}", cure)
    words = f"a safe write takes {took:.1f} ms"
    if took > _SLOW_MS:
        return warning("sync", words, "put the ledger on a local disk, not on a network's")
    return good("sync", words)


def _sync_times(folder: Path) -> float:
    times = []
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".sync-") as file:
        for _ in range(_ROUNDS):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    return median(times)


def examine_clock(now: dt.datetime, said: str) -> Result:
    """The clock beside that of a server, as its ``Date`` header says it."""
    try:
        theirs = parsedate_to_datetime(said)
    except (TypeError, ValueError):
        return unknown("clock", "no server said what time it is")
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=dt.UTC)
    off = abs((now - theirs).total_seconds())
    words = f"this clock and the web server's differ by {off:.0f} s"
    cure = "switch on time synchronization (systemd-timesyncd, chrony)"
    if off > _CLOCK_FAILS:
        return bad("clock", words, cure)
    if off > _CLOCK_WARNS:
        return warning("clock", words, cure)
    return good("clock", words)


def _there(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next((each for each in (folder, *folder.parents) if each.is_dir()), folder)
