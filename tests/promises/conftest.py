"""One ledger for all campaigns of a module: opening one takes as long as a campaign."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsletter.ledger.ledger import Ledger
from newsletter.values import Address
from tests.doubles import START

_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of random name is made in it


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: nobody cuts the power of a test."""
    where = str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def shared() -> Iterator[Ledger]:
    """A ledger for all campaigns of this module: opening one takes as long as a campaign."""
    with quick_folder() as folder, Ledger.open(folder / "ledger.db") as ledger:
        yield ledger


@pytest.fixture
def ledger(shared: Ledger) -> Iterator[Ledger]:
    """With nobody suppressed."""
    yield shared
    for each in shared.suppressions():
        shared.unsuppress(Address(each.address), START)
