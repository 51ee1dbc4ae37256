"""Everything that is known of one reader, for the reader (GDPR, article 15)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.app.consents import ReaderConsent, consent_of
from newsletter.app.forgetting import Place, places_of, traced_state
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.people import staged_address
from newsletter.app.readers import ReaderView, parse_reader, view_reader
from newsletter.errors import UsageError
from newsletter.forgotten import Traces
from newsletter.ledger.knowing import Row
from newsletter.values import Address


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one reader."""

    address: str
    written_at: dt.datetime
    newsletter: str
    controller: str
    """Who answers for the data: the sender's organisation and postal address."""
    reader: ReaderView
    consent: ReaderConsent | None
    forgotten: bool
    """Whether only a mark is left."""
    files: tuple[str, ...]
    """Where the address stands in the newsletter's files: ``subscribers/soci.csv:12``."""
    records: Mapping[str, tuple[Row, ...]]
    """Every row of the ledger that tells of the reader, by table."""


def disclose(app: App, words: str) -> Known:
    """Gather it; ``UsageError`` where nothing is known. Changes nothing."""
    address = parse_reader(words)
    staged = staged_address(app, address)
    view = view_reader(app, address)
    consent, forgotten, records = _recorded(app, address, staged)
    files = _files(app, address, staged)
    if not (consent or forgotten or records or files):
        message = f"nothing is known of {address}: no file, no list and no record has it"
        raise UsageError(message, cure="ask for each of the person's addresses")
    sender = app.settings.sender
    return Known(
        address=view.address,
        written_at=app.clock(),
        newsletter=app.settings.name,
        controller=", ".join([sender.organisation, *sender.postal_address]),
        reader=view,
        consent=consent,
        forgotten=forgotten,
        files=files,
        records=records,
    )


def _recorded(
    app: App, address: Address, staged: Address
) -> tuple[ReaderConsent | None, bool, Mapping[str, tuple[Row, ...]]]:
    if not has_ledger(app):
        return None, False, {}
    with open_ledger(app) as ledger:
        register = ledger.register(app.marks)
        events = tuple(register.events(address)) or tuple(register.events_of_forgotten(address))
        preferences = register.preferences_of(address)
        forgotten = register.is_barred(address) == "forgotten"
        records = ledger.everything_of(address, [staged])
    said = events or preferences.lists or preferences.language or preferences.tracking is not None
    consent = consent_of(address, preferences, events, app.clock()) if said else None
    return consent, forgotten, records


def _files(app: App, address: Address, staged: Address) -> tuple[str, ...]:
    """Lines of the officer's files, and files of this machine's besides the ledger."""
    places = [Place(path, 0) for path in traced_state(app, Traces(address, staged))]
    places = [*places_of(app.root, Traces(address)), *places]
    return tuple(_shown(app, place) for place in places)


def _shown(app: App, place: Place) -> str:
    inside = place.path.is_relative_to(app.root)
    name = place.path.relative_to(app.root).as_posix() if inside else str(place.path)
    return f"{name}:{place.line}" if place.line else name
