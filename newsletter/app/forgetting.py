"""Forgetting a reader: the ledger, this machine's files, and what only the officer can change."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.people import staged_address
from newsletter.app.readers import parse_reader
from newsletter.consent import Told
from newsletter.errors import LedgerError, UsageError
from newsletter.forgotten import Traces
from newsletter.ledger.ledger import Ledger
from newsletter.values import Address

_NOT_OURS = frozenset({".git", ".newsletter", ".venv", "node_modules", "__pycache__"})
_LEDGERS = ("-wal", "-shm", "-journal", ".lock", ".id")
_SPECIAL = str.maketrans({each: f"\\{each}" for each in r".[]{}()*+?^$|\\"})
_PATIENCE = 120  # seconds for git to go through its history


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file of the officer's in which the address stands."""

    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was done, or would be, and what is left to the officer."""

    address: str
    done: bool
    """False for a dry run."""
    rows: Mapping[str, int]
    """Rows of the ledger that told of the reader, by table."""
    removed: tuple[Path, ...]
    """Files of this machine's that held the address: test messages, old copies of the ledger."""
    cleaned: tuple[Path, ...]
    """Files of this machine's from which it was taken out."""
    places: tuple[Place, ...]
    commits: tuple[str, ...]
    """Commits of git's history that touch lines with the address."""
    campaigns: tuple[int, ...]
    """Campaigns whose own pages name it."""
    on_server: bool
    """Whether the ledger is on a server, whose log and backups are its own."""


def forget_reader(app: App, reader: str, *, dry_run: bool) -> Forgotten:
    """Leave 0 octets of a reader's address in the ledger and this machine's state.

    Its mark stays, so that no file, form or import brings the reader back. The officer's own
    files are never written to: where the address stands in them is told.
    """
    address = parse_reader(reader)
    _refuse_own(app, address)
    staged = staged_address(app, address)
    traces = Traces(address, staged)
    rows: Mapping[str, int] = {}
    campaigns: tuple[int, ...] = ()
    if not dry_run or has_ledger(app):
        with open_ledger(app) as ledger:
            rows = _in_ledger(app, ledger, address, staged, dry_run=dry_run)
            campaigns = ledger.campaigns_naming(address)
    doomed = [*traced_state(app, traces)]
    removed = tuple(path for path in doomed if _is_copy(app, path))
    cleaned = tuple(path for path in doomed if path not in removed)
    if not dry_run:
        _clean(removed, cleaned, traces)
    return Forgotten(
        address=address.text,
        done=not dry_run,
        rows=rows,
        removed=removed,
        cleaned=cleaned,
        places=tuple(places_of(app.root, Traces(address))),
        commits=_commits(app.root, address),
        campaigns=campaigns,
        on_server="://" in app.ledger_url(),
    )


def _in_ledger(
    app: App, ledger: Ledger, address: Address, staged: Address, *, dry_run: bool
) -> Mapping[str, int]:
    if dry_run:
        return ledger.traces_of(address, [staged])
    return ledger.forget(address, [staged], app.marks, Told(app.clock(), "officer"))


def _refuse_own(app: App, address: Address) -> None:
    sender = app.settings.sender
    own = {sender.address, sender.reply_to or "", app.settings.staging.address}
    if address.key in {each.casefold() for each in own}:
        message = f"{address} is the newsletter's own address, not a reader's"
        raise UsageError(message, cure="change newsletter.toml instead")


def traced_state(app: App, traces: Traces) -> Iterator[Path]:
    """Files of this machine's, besides the ledger itself, that hold the address."""
    paths = {*app.state_folder.rglob("*")}
    ledger = Path(app.ledger_url())
    if "://" not in app.ledger_url():
        paths.update(ledger.parent.glob(f"{ledger.name}.*"))
        live = {ledger, *(ledger.with_name(ledger.name + end) for end in _LEDGERS)}
        paths -= live
    yield from (path for path in sorted(paths) if path.is_file() and _holds(path, traces))


def _holds(path: Path, traces: Traces) -> bool:
    octets = path.read_bytes()
    return traces.are_in_octets(octets) or _mail_holds(path, octets, traces)


def _mail_holds(path: Path, octets: bytes, traces: Traces) -> bool:
    """Whether a message of the staging inbox says it once its parts are decoded."""
    if path.parent.name not in {"new", "cur", "tmp"}:
        return False
    message = message_from_bytes(octets, policy=policy.default)
    texts = [str(value) for part in message.walk() for value in part.values()]
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            texts.append(content.decode("utf-8", "replace"))
    return traces.are_in("\n".join(texts))


def _is_copy(app: App, path: Path) -> bool:
    """A test message, or an older copy of the ledger: of no use without what must go."""
    return path.is_relative_to(app.inbox_folder) or b"SQLite format 3" in path.read_bytes()[:16]


def _clean(removed: tuple[Path, ...], cleaned: tuple[Path, ...], traces: Traces) -> None:
    try:
        for path in removed:
            path.unlink()
        for path in cleaned:
            with path.open("r+b") as file:  # in place: whoever writes to it goes on
                erased = traces.erased_octets(file.read())
                file.seek(0)
                file.write(erased)
                file.truncate()
    except OSError as error:
        message = f"{error.filename} still holds the address: {error.strerror}"
        raise LedgerError(
            message, cure="give the right to write there, and say it again"
        ) from error


def places_of(root: Path, traces: Traces) -> Iterator[Place]:
    """Lines of the officer's files: lists, issues, reports that were saved."""
    for path in sorted(root.rglob("*")):
        if _NOT_OURS.isdisjoint(path.relative_to(root).parts) and path.is_file():
            octets = path.read_bytes()
            if traces.are_in_octets(octets):
                encoding = "utf-16" if b"\0" in octets[:1_000] else "latin-1"
                for line in traces.lines(octets.decode(encoding, "ignore")):
                    yield Place(path, line)


def _commits(root: Path, address: Address) -> tuple[str, ...]:
    """Commits that brought or took lines with the address, the newest first."""
    if shutil.which("git") is None:
        return ()
    words = ["git", "-C", str(root), "log", "--all", "--format=%h %cs", "-i"]
    pattern = f"-G{address.local.translate(_SPECIAL)}@{address.domain.translate(_SPECIAL)}"
    try:
        done = subprocess.run(  # noqa: S603 fixed words, no shell
            [*words, pattern, "--", "."],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return ("the history is too long to be searched here",)
    return tuple(done.stdout.splitlines()) if done.returncode == 0 else ()
