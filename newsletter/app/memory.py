"""The newsletter's ledger, opened where the settings say."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from newsletter.app.open import App
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.opening import name_of, was_made
from newsletter.ledger.residence import was_here


@contextlib.contextmanager
def open_ledger(app: App, *, create: bool = True) -> Iterator[Ledger]:
    """The newsletter's ledger, closed afterwards.

    With ``create=False``, ``UsageError`` where nothing was ever recorded.
    """
    if not create:
        refuse_without_ledger(app)
    url = app.ledger_url()
    state = app.state_folder if "://" in url else None
    with Ledger.open(url, create=create, state=state) as ledger:
        yield ledger


def refuse_without_ledger(app: App) -> None:
    """``UsageError`` where nothing was ever recorded."""
    if not has_ledger(app):
        raise UsageError(
            f"nothing was recorded here yet: there is no ledger at {name_of(app.ledger_url())}",
            cure="it begins with the first send; NEWSLETTER_LEDGER names another place",
            next_command="newsletter issue list",
        )


def ledger_notes(app: App) -> tuple[str, ...]:
    """What whoever reads this ledger must know: that it is a copy, and where it stands still."""
    if not has_ledger(app):
        return ()
    with open_ledger(app) as ledger:
        copied = ledger.copied
        return (f"{copied.message}; nothing is sent from it",) if copied else ()


def has_ledger(app: App) -> bool:
    """Whether anything was ever recorded here; one that is gone counts, and is told when opened.

    Whoever only looks makes none, in a file or on a server.
    """
    url = app.ledger_url()
    if "://" in url:
        return was_made(url, app.state_folder)
    return Path(url).exists() or was_here(Path(url))
