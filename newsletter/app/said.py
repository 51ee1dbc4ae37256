"""What readers themselves said, as a plan takes it into account."""

from collections.abc import Sequence

from newsletter.app.open import App
from newsletter.app.people import list_paths
from newsletter.audience.said import Said
from newsletter.ledger.ledger import Ledger


def said_by_readers(app: App, ledger: Ledger) -> Said:
    """Who joined, who left, whose consent lapsed, which language was chosen, who was forgotten."""
    register = ledger.register(app.marks)
    forgotten = register.forgotten()
    marks = app.marks

    def are_forgotten(keys: Sequence[str]) -> list[bool]:
        return [mark in forgotten for mark in marks.of_many(keys)]

    now = app.clock()
    names = [path.stem for path in list_paths(app)]
    return Said(
        left=register.left(),
        lapsed=register.lapsing(names, before=now, now=now),
        languages=register.languages(),
        joined=register.joined(),
        forgotten=are_forgotten if forgotten else None,
    )
