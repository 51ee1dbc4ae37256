"""Ledgers that moved, as lines for a person to read."""

from collections.abc import Iterator

from newsletter.app.moving import Migrated, Moved
from newsletter.cli.layout import counted, number, table


def moved(done: Moved) -> Iterator[str]:
    """What arrived, and what that means."""
    rows = [(each.name, number(each.rows)) for each in done.tables if each.rows]
    yield from table(rows)
    yield f"{counted(done.rows, 'row')} copied to {done.target}, each proved to be as it was"
    yield f"{done.source} sends no more: keep it as a backup"


def migrated(done: Migrated) -> Iterator[str]:
    """From which form to which."""
    if done.before == done.after:
        yield f"{done.ledger} is up to date ({done.after})"
        return
    yield f"{done.ledger} was brought up to date: {done.before or 'new'} → {done.after}"
    if done.kept:
        yield f"as it was: {done.kept}"
