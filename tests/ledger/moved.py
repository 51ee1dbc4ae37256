"""For doubles that copy a ledger where the world would move it."""

import sqlite3
from contextlib import closing
from pathlib import Path


def as_if_moved(ledger: Path) -> Path:
    """The copy forgets where its original lived, so that it is nobody's copy."""
    if ledger.is_file():
        with closing(sqlite3.connect(ledger)) as direct, direct:
            direct.execute("DELETE FROM meta WHERE key = 'home'")
        ledger.with_name(f"{ledger.name}.id").unlink(missing_ok=True)
    return ledger
