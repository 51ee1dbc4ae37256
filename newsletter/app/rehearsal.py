"""Every reader's message filled once, before the first one leaves.

Readers whose page is the same and whose rows lack the same fields are filled alike: of each such
batch one message is really filled, so that many readers cost no more than being counted.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from newsletter.app.compose import unsubscribe_address
from newsletter.app.open import STAGING, App
from newsletter.app.people import staged_address
from newsletter.audience.subscribers import UNIT, SubscriberList
from newsletter.campaign import Plan
from newsletter.edition.model import BUILT_IN_SLOTS
from newsletter.errors import UsageError
from newsletter.message import CompiledMessage
from newsletter.recipients import Batch, FrozenRow, Recipients, fields_from_json
from newsletter.values import Address

Missing = Literal["error", "default"]
"""What a field is that a reader's row lacks: an error, or filled with its default or nothing."""

_NAMED = 3
_NOBODY_LACKS = ("email", "lists")
_DATE, _ID = "Mon, 01 Jan 2024 00:00:00 +0000", "<rehearsal@rehearsal.invalid>"


@dataclass(frozen=True, slots=True)
class Gap:
    """A field that some readers' rows lack although their page asks for it."""

    field: str
    readers: int
    empty: int
    """Of these, in whose sentence a slot without a default leaves a hole."""
    rows: tuple[str, ...] = ()
    """The first few of those: ``anna@soci.example (subscribers/members.csv:12)``."""


def rehearse(
    app: App,
    plan: Plan,
    recipients: Recipients,
    fields: AbstractSet[str],
    lists: Sequence[SubscriberList],
) -> tuple[Gap, ...]:
    """What readers lack, by field; ``UsageError`` when a message cannot be filled at all."""
    known = {*BUILT_IN_SLOTS, *fields}.difference(_NOBODY_LACKS)
    pages = [planned.compiled for planned in plan.variants]
    batches = recipients.batches([known & page.slot_names for page in pages], _NAMED)
    filled = dict.fromkeys(_NOBODY_LACKS, "-")
    holes = [known.intersection(page.missing(filled)) for page in pages]
    for batch in batches:
        _fill(app, pages[batch.variant], batch.first[0])
    return _gaps(app, batches, holes, lists)


def _fill(app: App, page: CompiledMessage, row: FrozenRow) -> None:
    """One message, filled as dispatch fills it."""
    _, address, _, cells, _ = row
    site = app.settings.site.url
    values = fields_from_json(cells)
    values |= {
        "email": address,
        "to_name": values.get("name", ""),
        "date": _DATE,
        "message_id": _ID,
        "unsubscribe_url": f"{site}/u/0",
        "preferences_url": f"{site}/p/0",
        "browser_url": f"{site}/v/0",
        "unsubscribe_mailto": f"mailto:{unsubscribe_address(app)}?subject=unsubscribe%200",
    }
    try:
        page.fill(values)
    except ValueError as error:
        message = f"the message for {address} cannot be filled: {error}"
        raise UsageError(message, cure="mend the row; nothing was recorded or sent") from error


def _gaps(
    app: App,
    batches: Iterable[Batch],
    holes: Sequence[AbstractSet[str]],
    lists: Sequence[SubscriberList],
) -> tuple[Gap, ...]:
    readers: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    first: dict[str, list[FrozenRow]] = {}
    for batch in batches:
        readers.update(dict.fromkeys(batch.lacking, batch.readers))
        for name in batch.lacking & holes[batch.variant]:
            empty[name] += batch.readers
            first.setdefault(name, []).extend(batch.first)
    named = {name: sorted(rows)[:_NAMED] for name, rows in first.items()}
    places = _places(app, {row[0] for rows in named.values() for row in rows}, lists)
    return tuple(
        Gap(
            name,
            readers[name],
            empty[name],
            tuple(places.get(row[0], row[1]) for row in named.get(name, ())),
        )
        for name in sorted(readers)
    )


def _places(app: App, keys: set[str], lists: Sequence[SubscriberList]) -> Mapping[str, str]:
    """For each address's key the address, with the row of the first list that has it."""
    found: dict[str, str] = {}
    for each in lists:
        left = keys.difference(found)
        if not left:
            break
        for block in each.subscribers.blocks():
            for line in block:
                key, number, address, *_ = line.split(UNIT, 3)
                seen = staged_address(app, Address(address)).key if app.profile == STAGING else key
                if seen in left:
                    place = f"{each.path.relative_to(app.root)}:{int(number)}"
                    found.setdefault(seen, f"{address} ({place})")
    return found
