"""Importing readers into a list: suppressions first, and nobody comes back who said no."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from newsletter.app.list_file import ListFile
from newsletter.app.memory import open_ledger
from newsletter.app.open import App
from newsletter.audience.cells import LONGEST_CELL, FaultyAddress, clean_cell, read_address
from newsletter.audience.export_words import Tool, Verdict
from newsletter.audience.exports import Entry, read_export
from newsletter.audience.header import RESERVED, column_name
from newsletter.consent import Basis, Change, ConsentEvent, ConsentTo, Told, implied_until
from newsletter.errors import Problem, UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Suppression
from newsletter.ledger.register import Register
from newsletter.values import Address, parse_slug

_NEVER = {
    Verdict.UNSUBSCRIBED: "unsubscribed",
    Verdict.BOUNCED: "bounced",
    Verdict.COMPLAINED: "complained",
    Verdict.BARRED: "manual",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A cell that the file and the import fill differently; the file's stays."""

    source: str
    address: str
    field: str
    kept: str
    offered: str


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A row that is not imported, and why."""

    source: str
    address: str
    why: str


@dataclass
class Imported:
    """What an import did, or would do; its rows are all accounted for."""

    list_name: str
    path: Path
    tools: tuple[str, ...]
    done: bool
    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    suppressed: int = 0
    """Rows of addresses that are never mailed from now on, or were not before."""
    kept_out: list[KeptOut] = field(default_factory=list)
    repeated: int = 0
    """Rows of an address that an earlier row has."""
    refused: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    """Columns that the list's file does not have."""
    problems: tuple[Problem, ...] = ()
    new_list: bool = False
    """Whether there was no file of that name: a list more, or a name mistyped."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an import is to be taken."""

    tool: Tool | None = None
    basis: Basis = Basis.EXPRESS
    wording: str = ""


def import_readers(
    app: App, files: Sequence[Path], list_name: str, terms: Terms, *, dry_run: bool
) -> Imported:
    """Import exports into ``subscribers/NAME.csv``; with ``dry_run`` nothing is changed.

    Who unsubscribed, bounced or complained is suppressed before anybody is added. Who is
    suppressed, left the list or was forgotten is not added. Cells that the file has stay.
    """
    exports = [read_export(path, terms.tool) for path in files]
    file = ListFile.at(_path(app, list_name))
    new_list = not file.columns
    columns = tuple(dict.fromkeys(name for each in exports for name in each.columns))
    extra = tuple(dict.fromkeys(n for each in exports for e in each.entries for n in e.fields))
    left_out = file.take_columns(tuple(dict.fromkeys((*columns, *extra))))
    done = Imported(
        list_name=list_name,
        path=file.path,
        tools=tuple(dict.fromkeys(each.tool.value for each in exports)),
        done=not dry_run,
        rows=sum(each.rows for each in exports),
        refused=sum(each.refused for each in exports),
        left_out=left_out,
        problems=tuple(problem for each in exports for problem in each.problems),
        new_list=new_list,
    )
    entries = [entry for each in exports for entry in each.entries]
    with open_ledger(app) as ledger:
        _suppress(app, ledger, entries, done)
        register = ledger.register(app.marks)
        never = {e.address.key for e in entries if e.verdict in _NEVER}
        taken = _merge(entries, file, register, never, done)
        if not dry_run:
            _remember(register, taken, list_name, terms, app.clock())
            file.write()
    return done


def _path(app: App, list_name: str) -> Path:
    try:
        parse_slug(list_name.replace("_", "-"))
    except ValueError as error:
        raise UsageError(
            f"{list_name!r} cannot be a list's name", cure="use a-z, 0-9, -"
        ) from error
    return app.root / "subscribers" / f"{list_name}.csv"


def _suppress(app: App, ledger: Ledger, entries: Iterable[Entry], done: Imported) -> None:
    """Suppress who said no; who is so already, or was forgotten, stays as it is."""
    gone = [entry for entry in entries if entry.verdict in _NEVER]
    done.suppressed = len(gone)
    if not done.done:
        return
    barred = ledger.register(app.marks).barred(entry.address for entry in gone)
    now = app.clock()
    ledger.suppress_all(
        (entry.address, _suppression(entry, now))
        for entry in gone
        if entry.address.key not in barred
    )


def _suppression(entry: Entry, now: dt.datetime) -> Suppression:
    reason, source = _NEVER[entry.verdict], f"import {entry.source}"
    return Suppression(entry.address.text, reason, source, "", now)


def _merge(
    entries: Sequence[Entry], file: ListFile, register: Register, never: set[str], done: Imported
) -> list[Entry]:
    """Put the subscribed ones into the file; those that are in it now."""
    left = {key for key, name in register.left() if name == done.list_name}
    barred = register.barred(entry.address for entry in entries)
    seen: set[str] = set()
    taken = []
    for entry in entries:
        if entry.verdict in _NEVER:
            continue
        why = _why_not(entry, barred, left, never)
        if why:
            done.kept_out.append(KeptOut(entry.source, entry.address.text, why))
        elif entry.address.key in seen:
            done.repeated += 1
        else:
            seen.add(entry.address.key)
            taken.append(entry)
            _place(entry, file, done)
    return taken


def _why_not(entry: Entry, barred: Mapping[str, str], left: set[str], never: set[str]) -> str:
    if entry.verdict is Verdict.UNCONFIRMED:
        return "never confirmed"
    if entry.verdict is Verdict.UNKNOWN:
        return "its state is not known here: write it as active or unsubscribed"
    if entry.address.key in never:
        return "suppressed by another row of this import"
    if entry.address.key in left:
        return "left this list"
    return barred.get(entry.address.key, "")


def _place(entry: Entry, file: ListFile, done: Imported) -> None:
    known = file.cells_of(entry.address)
    if known is None:
        file.add(entry.address, entry.fields)
        done.added += 1
        return
    offered = {n: cell for n, cell in entry.fields.items() if n in known and cell}
    filled = {name: cell for name, cell in offered.items() if not known[name]}
    for name, cell in offered.items():
        if known[name] and known[name] != cell:
            conflict = Conflict(entry.source, entry.address.text, name, known[name], cell)
            done.conflicts.append(conflict)
    if filled:
        file.fill(entry.address, filled)
        done.changed += 1
    else:
        done.unchanged += 1


def _remember(
    register: Register, entries: Iterable[Entry], list_name: str, terms: Terms, now: dt.datetime
) -> None:
    """A consent with its source for each reader of whom none is known for this list."""
    known = {event.address.casefold() for event in register.events(None, None, list_name)}
    events = (
        (entry.address, _event(entry, list_name, terms, now))
        for entry in entries
        if entry.address.key not in known
    )
    register.add_events(events)


def _event(entry: Entry, list_name: str, terms: Terms, now: dt.datetime) -> ConsentEvent:
    since = min(entry.since or now, now)
    lapses = implied_until(since) if terms.basis is Basis.IMPLIED else None
    told = Told(since, entry.source, terms.wording, entry.fields.get("language", ""), entry.ip)
    return ConsentEvent(
        entry.address.text,
        ConsentTo.NEWSLETTER,
        list_name,
        Change.IMPORTED,
        terms.basis,
        told,
        lapses,
        f"imported {now:%Y-%m-%d}",
    )


def add_reader(
    app: App, address: Address, list_name: str, fields: Mapping[str, str], source: str, terms: Terms
) -> Imported:
    """Add one reader to a list, with where the consent came from.

    ``UsageError`` for what the list's file could not hold.
    """
    address, fields = _fit(address), _fitting(fields)
    source = " ".join(source.split())
    if not source:
        message = "it is not said where the consent came from"
        raise UsageError(message, cure='say it, as in --source "form at the assembly"')
    file = ListFile.at(_path(app, list_name))
    done = Imported(list_name, file.path, (), done=True, rows=1, new_list=not file.columns)
    entry = Entry(address, fields, Verdict.SUBSCRIBED, Path(source), 0)
    done.left_out = file.take_columns(tuple(fields))
    with open_ledger(app) as ledger:
        register = ledger.register(app.marks)
        taken = _merge([entry], file, register, set(), done)
        event = [
            (each.address, replace(made, told=replace(made.told, source=source)))
            for each in taken
            for made in [_event(each, list_name, terms, app.clock())]
        ]
        register.add_events(event)
        file.write()
    return done


def _fit(address: Address) -> Address:
    try:
        return read_address(address.text)
    except FaultyAddress as error:
        raise UsageError(error.message, cure=error.cure) from error


def _fitting(fields: Mapping[str, str]) -> dict[str, str]:
    """The cells by the names of their columns, cleaned as those of a file are."""
    fitting: dict[str, str] = {}
    for given, cell in fields.items():
        name, cleaned = column_name(given), clean_cell(cell)[0]
        if name in {"", "email", *RESERVED}:
            message = f"{given!r} cannot be a field of a reader's"
            raise UsageError(message, cure="name a column, as in first_name=Anna")
        if len(cleaned) > LONGEST_CELL:
            message = f"{given} has {len(cleaned):,} characters, the most is {LONGEST_CELL:,}"
            raise UsageError(message, cure="shorten it")
        fitting[name] = cleaned
    return fitting
