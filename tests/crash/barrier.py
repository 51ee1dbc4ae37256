"""Several processes begin in the same moment: each says that it is there, and waits for a file."""

import os
import time
from pathlib import Path

_PATIENCE = 60.0
_MOMENT = 0.0002


def pass_through(gate: Path) -> None:
    """Wait until the gate is open."""
    gate.with_name(f"{gate.name}.{os.getpid()}").touch()
    while not gate.exists():
        time.sleep(_MOMENT)


def let_pass(gate: Path, processes: int) -> None:
    """Open the gate once so many wait at it."""
    limit = time.monotonic() + _PATIENCE
    while len(list(gate.parent.glob(f"{gate.name}.*"))) < processes:
        assert time.monotonic() < limit, "a process did not come to the gate"
        time.sleep(_MOMENT)
    gate.touch()
