"""A process that is measured: what it said, how long it took, and what it cost."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_KILOBYTE = 1024  # ru_maxrss counts in these on Linux


class Failed(Exception):
    """A measured process ended in an error; the text is what it said last."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Seconds by the clock, seconds of CPU, peak memory in MB, and the standard output."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    output: str


def run(
    command: Sequence[str], *, folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Ran:
    """Run to the end; ``Failed`` with the last lines when the exit code is not 0."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        began = time.monotonic()
        child = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=said, stderr=complained, text=True
        )
        _, status, usage = os.wait4(child.pid, 0)  # Popen.wait would not tell the usage
        seconds = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output, complaint = _text(said), _text(complained)
    if child.returncode:
        last = "\n".join((output + complaint).strip().splitlines()[-8:])
        message = f"{command[0]} ended with {child.returncode}:\n{last}"
        raise Failed(message)
    cpu = usage.ru_utime + usage.ru_stime
    return Ran(seconds, cpu, usage.ru_maxrss * _KILOBYTE / 1e6, output)


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
