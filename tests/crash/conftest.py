"""What every rig needs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.forks import Forks


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """A process that forks senders."""
    with Forks() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where nothing waits for a disk: what a killed process wrote is there without one."""
    memory = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
    if not memory.is_dir():
        yield tmp_path
        return
    place = Path(tempfile.mkdtemp(prefix="newsletter-crash-", dir=memory))
    try:
        yield place
    finally:
        shutil.rmtree(place)
