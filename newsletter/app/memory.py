"""The newsletter's ledger, opened where the settings say."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from newsletter.app.open import App
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger


@contextlib.contextmanager
def open_ledger(app: App, *, create: bool = True) -> Iterator[Ledger]:
    """The newsletter's ledger, closed afterwards.

    With ``create=False``, ``UsageError`` where nothing was ever recorded.
    """
    if not create and not has_ledger(app):
        raise UsageError(
            "nothing was recorded here yet",
            cure="the ledger begins with the first send",
            next_command="newsletter issue list",
        )
    url = app.ledger_url()
    state = app.state_folder if "://" in url else None
    with Ledger.open(url, create=create, state=state) as ledger:
        yield ledger


def has_ledger(app: App) -> bool:
    """Whether anything was ever recorded here."""
    url = app.ledger_url()
    return "://" in url or Path(url).exists()
