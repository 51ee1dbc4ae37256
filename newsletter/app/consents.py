"""Consent as proof: who agreed to what, when, where, after which words; and what lapses."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.people import list_paths
from newsletter.app.readers import parse_reader
from newsletter.audience.cells import harmless
from newsletter.consent import (
    Change,
    ConsentEvent,
    ConsentTo,
    Lapse,
    Preferences,
    Standing,
    standing,
)
from newsletter.errors import LedgerError, UsageError
from newsletter.values import Address


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """One event, as it is shown and exported."""

    at: str
    address: str
    purpose: str
    list_name: str
    change: str
    basis: str
    source: str
    wording: str
    language: str
    ip: str
    lapses_at: str
    detail: str


@dataclass(frozen=True, slots=True)
class ListStanding:
    """How one reader's consent to one list (or to tracking) stands."""

    purpose: str
    list_name: str
    stands: Standing


@dataclass(frozen=True, slots=True)
class ReaderConsent:
    """Everything that is known of one reader's consent."""

    address: str
    preferences: Preferences
    standing: tuple[ListStanding, ...]
    events: tuple[ConsentLine, ...]


@dataclass(frozen=True, slots=True)
class Expiring:
    """Implied consents that have lapsed, and those that will within so many days."""

    within_days: int
    lapses: tuple[Lapse, ...]

    @property
    def over(self) -> int:
        """How many have lapsed: their readers are not mailed."""
        return sum(each.over for each in self.lapses)


def consent_events(
    app: App, list_name: str | None = None, purpose: str | None = None
) -> Iterator[ConsentLine]:
    """Every event in order, all or those about a list or a purpose."""
    about = _purpose(purpose)
    if not has_ledger(app):
        return
    with open_ledger(app) as ledger:
        for event in ledger.register(app.marks).events(None, about, list_name):
            yield _line(event)


def show_consent(app: App, reader: str) -> ReaderConsent:
    """One reader's; ``UsageError`` where nothing was ever said."""
    address = parse_reader(reader)
    nothing = f"no consent of {address} is recorded"
    cure = "a row in a file is no proof; subscribers import and add record where it came from"
    if not has_ledger(app):
        raise UsageError(nothing, cure=cure)
    with open_ledger(app) as ledger:
        register = ledger.register(app.marks)
        events = tuple(register.events(address)) or tuple(register.events_of_forgotten(address))
        preferences = register.preferences_of(address)
    if not events and not preferences.lists:
        raise UsageError(nothing, cure=cure)
    return consent_of(address, preferences, events, app.clock())


def consent_of(
    address: Address, preferences: Preferences, events: Sequence[ConsentEvent], now: dt.datetime
) -> ReaderConsent:
    """What was said, and how it stands after that."""
    lines = tuple(map(_line, events))
    return ReaderConsent(address.text, preferences, tuple(_standings(events, now)), lines)


def _standings(events: Iterable[ConsentEvent], now: dt.datetime) -> Iterator[ListStanding]:
    """What is about all lists is about each."""
    given = tuple(events)
    for purpose, name in sorted({(each.purpose, each.list_name) for each in given}):
        about = [e for e in given if e.purpose == purpose and e.list_name in {name, ""}]
        yield ListStanding(purpose.value, name, standing(about, now))


def expiring_consents(app: App, within_days: int) -> Expiring:
    """Implied consents that lapse soon or have lapsed, the earliest first."""
    if not has_ledger(app):
        return Expiring(within_days, ())
    now = app.clock()
    lists = [path.stem for path in list_paths(app)]
    with open_ledger(app) as ledger:
        found = ledger.register(app.marks).lapsing(lists, now + dt.timedelta(within_days), now)
        ordered = sorted(found, key=lambda each: (each.until, each.key, each.list_name))
    return Expiring(within_days, tuple(ordered))


def export_consents(
    app: App, output: Path | None, list_name: str | None, purpose: str | None, *, as_json: bool
) -> str:
    """The events as CSV or JSON: written to a file, whose ending decides, or given back."""
    if output is not None:
        as_json = output.suffix.lower() == ".json"
    events = consent_events(app, list_name, purpose)
    text = _as_json(events) if as_json else _as_csv(events)
    if output is None:
        return text
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        message = f"{output} cannot be written: {error.strerror}"
        raise LedgerError(message, cure="name another file") from error
    return ""


def _as_json(events: Iterable[ConsentLine]) -> str:
    rows = [asdict(event) for event in events]
    return json.dumps({"consents": rows}, ensure_ascii=False, indent=2) + "\n"


def _as_csv(events: Iterable[ConsentLine]) -> str:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(ConsentLine.__slots__)
    for event in events:
        writer.writerow(map(harmless, asdict(event).values()))
    return written.getvalue()


def _line(event: ConsentEvent) -> ConsentLine:
    told = event.told
    return ConsentLine(
        at=told.at.isoformat(),
        address=event.address,
        purpose=event.purpose.value,
        list_name=event.list_name,
        change=event.change.value,
        basis=event.basis.value if event.change in {Change.GIVEN, Change.IMPORTED} else "",
        source=told.source,
        wording=told.wording,
        language=told.language,
        ip=told.ip,
        lapses_at=event.lapses_at.isoformat() if event.lapses_at else "",
        detail=event.detail,
    )


def _purpose(word: str | None) -> ConsentTo | None:
    try:
        return ConsentTo(word) if word else None
    except ValueError as error:
        cure = "use one of " + ", ".join(ConsentTo)
        raise UsageError(f"{word!r} is no purpose", cure=cure) from error
