"""A process that is measured: what it said, how long it took, and what it cost at each moment."""

import os
import subprocess
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_KILOBYTE = 1024  # ru_maxrss counts in these on Linux
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
_EVERY = 0.02


class Failed(Exception):
    """A measured process ended in an error; the text is what it said last."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a process had used at one moment: seconds since 1970, seconds of CPU, MB."""

    at: float
    cpu_seconds: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds by the clock, seconds of CPU, peak memory in MB, the output, and the course of it."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    output: str
    course: tuple[Look, ...]

    def cpu_between(self, began: float, ended: float) -> float:
        """Seconds of CPU between two moments, to a fiftieth of a second or so."""
        return self._look(ended).cpu_seconds - self._look(began).cpu_seconds

    def peak_until(self, moment: float) -> float:
        """MB at most, as far as it was looked at."""
        return max(look.rss_mb for look in self.course if look.at <= moment)

    def _look(self, moment: float) -> Look:
        at = bisect_left(self.course, moment, key=lambda look: look.at)
        return self.course[min(at, len(self.course) - 1)]


def run(
    command: Sequence[str], *, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Ran:
    """Run to the end; ``Failed`` with the last lines when the exit code is not 0."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        start, began = time.time(), time.monotonic()
        child = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=said, stderr=complained, text=True
        )
        watch = _Watch(child.pid, start)
        _, status, usage = os.wait4(child.pid, 0)  # Popen.wait would not tell the usage
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        cpu = usage.ru_utime + usage.ru_stime
        course = watch.ended(Look(start + seconds, cpu, 0))
        output, complaint = _text(said), _text(complained)
    if child.returncode:
        last = "\n".join((output + complaint).strip().splitlines()[-8:])
        message = f"{command[0]} ended with {child.returncode}:\n{last}"
        raise Failed(message)
    return Ran(seconds, cpu, usage.ru_maxrss * _KILOBYTE / 1e6, output, course)


class _Watch:
    """Looks at a process now and then, from a thread, until it has ended."""

    def __init__(self, pid: int, start: float) -> None:
        self._file = Path(f"/proc/{pid}/stat")
        self._looks = [Look(start, 0, 0)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def ended(self, last: Look) -> tuple[Look, ...]:
        """Everything that was seen, and the end."""
        self._over.set()
        self._thread.join()
        return (*self._looks, last)

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            try:
                told = self._file.read_text(encoding="ascii").rpartition(")")[2].split()
            except OSError:  # it has ended, or this system has no such files
                return
            cpu, pages = int(told[11]) + int(told[12]), int(told[21])  # proc(5), less three
            self._looks.append(Look(time.time(), cpu / _TICK, pages * _PAGE_MB))


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
