"""What readers themselves said, as a plan takes it into account; and the audience of today."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.people import Readers, list_paths, read_people
from newsletter.audience.said import NOTHING_SAID, Said
from newsletter.audience.select import Suppressed
from newsletter.errors import LedgerError
from newsletter.ledger.ledger import Ledger


def said_by_readers(app: App, ledger: Ledger) -> Said:
    """Who joined, who left, whose consent lapsed, which language was chosen, who was forgotten."""
    register = ledger.register(app.marks)
    forgotten = register.forgotten()
    marks = app.marks

    def are_forgotten(keys: Sequence[str]) -> list[bool]:
        return marks.are_among(forgotten, keys)

    now = app.clock()
    names = [path.stem for path in list_paths(app)]
    return Said(
        left=register.left(),
        lapsed=register.lapsing(names, before=now, now=now),
        languages=register.languages(),
        joined=register.joined(),
        forgotten=are_forgotten if forgotten else None,
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """What the ledger knows today of who may be mailed."""

    said: Said = NOTHING_SAID
    suppressed: Suppressed | None = None


def hear(app: App) -> Heard:
    """The same for whoever has no ledger open; nothing where none was begun."""
    if not has_ledger(app):
        return Heard()
    with open_ledger(app) as ledger:
        return Heard(said_by_readers(app, ledger), Suppressed(ledger.suppression_reasons()))


def hear_if_there(app: App) -> Heard:
    """The same for what needs no ledger: a draft can be looked at while it cannot be asked."""
    try:
        return hear(app)
    except LedgerError:
        return Heard()


def readers_to_show(app: App, *, suppressed: bool = False) -> Readers:
    """Whom a plan would choose if it were made now, for pages to look at.

    ``suppressed`` leaves in who is never mailed.
    """
    heard = hear_if_there(app)
    never = None if suppressed else heard.suppressed
    return read_people(app, (), None, (), never, heard.said)
