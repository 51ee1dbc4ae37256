"""What the figures were measured on and with: enough to read them, nothing that names a host."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import distributions, version
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """CPU model, cores, and the load of the last minute when the run began."""

    cpu: str
    cores: int
    load: float

    def __str__(self) -> str:
        """In one line."""
        return f"{self.cpu}, {self.cores} cores, load {self.load:.1f} at the start"


def this_machine() -> Machine:
    """The machine as it is now."""
    return Machine(_cpu(), os.cpu_count() or 1, round(os.getloadavg()[0], 2))


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The Python, the databases and those of the packages that are installed, with versions."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    found |= {name: version(name) for name in packages if any(distributions(name=name))}
    tools = {
        "postfix": ["dpkg-query", "-W", "-f", "${Version}", "postfix"],
        "node": ["node", "--version"],
    }
    return found | {name: said for name, ask in tools.items() if (said := _answer(ask))}


def _answer(command: list[str]) -> str:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ran.stdout.strip()
