"""Setting a warm-up: the day that a relay is at, or its curve, written into newsletter.toml."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.open import App, open_app
from newsletter.app.warming import RelayWarmth, warmth
from newsletter.app.whole_file import write_whole
from newsletter.errors import SettingsError, UsageError
from newsletter.schedule import local_date
from newsletter.settings import FILE_NAME
from newsletter.settings.options import RelayOptions, WarmupOptions
from newsletter.toml_file import TomlFile, UnreadableToml, read_toml
from newsletter.values import nearest

_CURVE = re.compile(r"[1-9][0-9]{0,9}(?:[ ,]+[1-9][0-9]{0,9}){0,399}")
_BOM = b"\xef\xbb\xbf"
_LAST_DAY = 400


@dataclass(frozen=True, slots=True)
class WarmupWish:
    """What the officer says: a first day, or which day of the curve today is; a curve."""

    relay: str | None = None
    """One of ``[relays]``; None: the main relay."""
    start: str | None = None
    day: int | None = None
    curve: str | None = None


@dataclass(frozen=True, slots=True)
class WarmupSet:
    """What stands in the settings now, and how far each relay is by it."""

    table: str
    start: dt.date
    curve: tuple[int, ...]
    relays: tuple[RelayWarmth, ...]


def set_warmup(app: App, wish: WarmupWish) -> WarmupSet:
    """Write the start or the curve of a relay's warm-up; every other letter of the file stays.

    Raises ``UsageError`` for what cannot be read, or would not count.
    """
    relay, table = _relay_of(app, wish.relay)
    before = _options_of(app, relay, table)
    start = _start(app, wish) or (before.start if before else None)
    curve = _curve(wish) or (before.curve if before else None)
    if not (wish.start or wish.day is not None or wish.curve):
        raise UsageError(
            "say what to set: --day, --start or --curve", next_command="newsletter warmup status"
        )
    if start is None or curve is None:
        missing = "--curve 200,500,1000" if curve is None else "--day 1"
        raise UsageError(f"[{table}] is not there yet: a new warm-up wants {missing} too")
    after = WarmupOptions(start=start, curve=curve)
    _write(app, table, after)
    fresh = open_app(app.root, profile=app.profile, clock=app.clock)
    return WarmupSet(table, start, curve, warmth(fresh))


def _relay_of(app: App, name: str | None) -> tuple[RelayOptions, str]:
    """A relay, and the table that its warm-up stands in."""
    settings = app.settings
    if name is not None:
        if name not in settings.relays:
            near = nearest(name, settings.relays)
            there = f"there are: {', '.join(settings.relays)}" if settings.relays else ""
            cure = f"did you mean {near!r}?" if near else there or "leave --relay out"
            raise UsageError(f"there is no relay {name!r}", cure=cure)
        return settings.relays[name], f"relays.{name}.warmup"
    main = settings.main_relay
    if main.warmup is None:
        return main, "warmup"
    whose = f"relays.{settings.default_relay}" if settings.default_relay else "relay"
    return main, f"{whose}.warmup"


def _options_of(app: App, relay: RelayOptions, table: str) -> WarmupOptions | None:
    return relay.warmup or (app.settings.warmup if table == "warmup" else None)


def _start(app: App, wish: WarmupWish) -> dt.date | None:
    if wish.day is not None:
        if wish.start:
            raise UsageError("--day and --start say the same thing: give one of them")
        if not 1 <= wish.day <= _LAST_DAY:
            raise UsageError(f"there is no day {wish.day} of a warm-up", cure="the first is day 1")
        today = local_date(app.clock(), app.settings.schedule.zone)
        return today - dt.timedelta(days=wish.day - 1)
    if wish.start is None:
        return None
    try:
        return dt.date.fromisoformat(wish.start)
    except ValueError as error:
        message = f"{wish.start!r} is no date"
        raise UsageError(message, cure="write for example 2026-12-01") from error


def _curve(wish: WarmupWish) -> tuple[int, ...] | None:
    if wish.curve is None:
        return None
    if not _CURVE.fullmatch(wish.curve.strip()):
        message = f"{wish.curve!r} is no curve"
        raise UsageError(message, cure="write the messages of each day in turn: 200,500,1000")
    return tuple(int(each) for each in re.split(r"[ ,]+", wish.curve.strip()))


def _write(app: App, table: str, wanted: WarmupOptions) -> None:
    """Write it, and take it back if the settings do not say it then."""
    path = app.root / FILE_NAME
    content = path.read_bytes()
    write_whole(path, _changed(path, content, table, wanted))
    try:
        fresh = open_app(app.root, profile=app.profile, clock=app.clock)
        _check_that_it_counts(fresh, table, wanted)
    except (UsageError, SettingsError):
        write_whole(path, content)
        raise


def _check_that_it_counts(app: App, table: str, wanted: WarmupOptions) -> None:
    named = table.split(".")[1] if table.startswith("relays.") else None
    relay, _ = _relay_of(app, named)
    if _options_of(app, relay, table) != wanted:
        raise UsageError(
            f"[{table}] in {FILE_NAME} does not count",
            cure="a profile's table or a NEWSLETTER_ variable says it too; change it there",
        )


def _changed(path: Path, content: bytes, table: str, wanted: WarmupOptions) -> bytes:
    values = {"start": f"{wanted.start}", "curve": f"{[*wanted.curve]}"}
    try:
        source = read_toml(path)
    except UnreadableToml as error:
        raise SettingsError([error.problem]) from error
    there = source.value(table)
    text = _replaced(source, table, values) if there else _appended(source, table, values)
    mark = _BOM if content.startswith(_BOM) else b""
    return mark + (text.replace("\n", "\r\n") if b"\r\n" in content else text).encode()


def _replaced(source: TomlFile, table: str, values: dict[str, str]) -> str:
    """What is as it was keeps its spelling, too."""
    other = {
        f"{table}.{key}": literal
        for key, literal in values.items()
        if str(source.value(f"{table}.{key}")) != literal
    }
    return source.with_values(other)


def _appended(source: TomlFile, table: str, values: dict[str, str]) -> str:
    lines = "".join(f"{key} = {literal}\n" for key, literal in values.items())
    gap = "" if source.text.endswith("\n") else "\n"
    return f"{source.text}{gap}\n[{table}]\n{lines}"
