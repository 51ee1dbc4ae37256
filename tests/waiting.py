"""Waiting for what another process or thread does: for a condition, and long on a busy machine."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 120.0
"""Seconds after which what did not come about is taken as never to come."""
_STEP = 0.01


def wait_until(
    holds: Callable[[], object], seconds: float = PATIENCE, every: float = _STEP
) -> None:
    """Look again and again until it holds; fails when it never does."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(every)


def is_frozen(process: int) -> bool:
    """Whether a process was stopped by a signal (proc(5), state T)."""
    return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "T"


def catches(process: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal (proc(5), SigCgt)."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
