"""Where a ledger lives: a copy must not send what its original may have sent meanwhile.

Two things are remembered. In the ledger: the machine, the file (device, inode, birth, path), a
token that changes whenever somebody begins or ends to send, and which file the marker is. In that
small file beside it: which ledger it is and the same token. A copy is another file; a backup that
was laid over the ledger has an older token than the marker, or tells of another marker where both
were laid over; a marker without a ledger tells of one that is gone.
"""

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from newsletter.errors import LedgerCopied, LedgerError
from newsletter.ledger.database import Database
from newsletter.ledger.file_identity import FileIdentity, identity_of
from newsletter.ledger.model import Turn
from newsletter.ledger.remembered import HOME, IDENTITY, MOVED, store, value

_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
TAKE_OVER = "newsletter ledger take-over"
SEND_FROM_THERE = (
    "send from there; take over here only if that one will never send again, for it cannot know"
)
PUT_BACK = (
    "put the newer one back; take over with this one only if that is lost, for whom it mailed "
    "since is not known here"
)
NOWHERE = """
    UPDATE meta SET value = json_set(value, '$.inode', 0) WHERE key = 'home' AND value <> ''"""
"""A backup lives in no file: laid where a ledger was removed, it may get that file's number."""


@dataclass(frozen=True, slots=True)
class Home:
    """Where a ledger last sent, or was made."""

    machine: str
    """A hash of the machine's id; empty where it has none, as in many containers."""
    device: int
    inode: int
    path: str
    host: str
    token: str
    sent: str = ""
    """When somebody last began to send, in UTC; empty if nobody has."""
    born: int = 0
    """Nanoseconds since 1970; 0 where it is not known, here and below."""
    marker: int = 0
    """The marker's inode; 0 in a ledger of a program that did not remember it yet."""
    marker_born: int = 0

    @property
    def file_identity(self) -> FileIdentity:
        """The ledger's."""
        return FileIdentity(self.inode, self.born)

    @property
    def marker_identity(self) -> FileIdentity:
        """Its marker's."""
        return FileIdentity(self.marker, self.marker_born)


@dataclass(frozen=True, slots=True)
class Marker:
    """What the file beside the ledger says of it."""

    ledger: str
    token: str
    following: str = ""
    """The token that is being written into the ledger, so that no crash makes a stranger of it."""
    sent: str = ""


class Residence:
    """Knows whether a SQLite ledger is still where it sent from."""

    def __init__(self, database: Database, file: Path, marker: Path) -> None:
        self._database = database
        self._file = file
        self.marker = marker

    @property
    def known(self) -> bool:
        """Whether the ledger remembers a place at all; one of an older program does not."""
        with self._database.read() as connection:
            return _home(connection) is not None

    def why_not(self) -> LedgerCopied | None:
        """Why this ledger must not send from here, or None.

        Both are read until they are of one moment: another process may be changing the token.
        """
        while True:
            seen = marker, mark = self._look()
            with self._database.read() as connection:
                home, identity = _home(connection), value(connection, IDENTITY)
                moved = value(connection, MOVED)
            if seen == self._look():
                break
        if moved:
            return _moved(moved)
        if home is None:
            return None
        if home.inode and not _same_file(home, self._here("")):
            return _copied(home)
        known = marker is None or home.token in {marker.token, marker.following}
        if marker and (marker.ledger != identity or not known):
            return _outdated(marker)
        if not home.inode:
            return _copied(home)
        if not home.marker or (marker and marker.following):
            return None
        if mark is None:
            return _unmarked(home, self.marker.name)
        return None if mark.may_be(home.marker_identity) else _outdated(marker)

    def refuse_copy(self) -> None:
        """Raise ``LedgerCopied`` unless this ledger may send from here."""
        if found := self.why_not():
            raise found

    def turn(self, now: dt.datetime | None = None) -> None:
        """Remember this place under a new token: somebody begins (``now``) or ends to send.

        The marker knows the new token before the ledger has it, and the ledger knows the file
        that then becomes the marker.
        """
        with self._database.read() as connection:
            home, identity = _home(connection), value(connection, IDENTITY)
        sent = written(now) if now else home.sent if home else ""
        here = dataclasses.replace(self._here(secrets.token_hex(8)), sent=sent)
        old = home.token if home else ""
        following = self.marker.with_name(f"{self.marker.name}.next")
        with _told(self.marker):
            mark = _write(following, Marker(identity, here.token, "", sent))
        here = dataclasses.replace(here, marker=mark.inode, marker_born=mark.born)
        write_marker(self.marker, Marker(identity, old, here.token, sent))
        with self._database.write() as connection:
            store(connection, HOME, json.dumps(dataclasses.asdict(here)))
        with _told(self.marker):
            following.replace(self.marker)

    def began(self, turn: Turn, now: dt.datetime) -> None:
        """The token tells of every run already."""

    def take_over(self, identity: str) -> None:
        """Be the true one from now on, under a new name: journals of the old one are not its."""
        with self._database.write() as connection:
            store(connection, IDENTITY, identity)
            store(connection, MOVED, "")
        self.marker.unlink(missing_ok=True)
        self.turn()

    def _here(self, token: str) -> Home:
        try:
            device, found = self._file.stat().st_dev, identity_of(self._file)
        except OSError as error:
            message = f"the ledger {self._file} is gone"
            raise LedgerError(message, cure="restore it, or a backup of it") from error
        host, path = socket.gethostname(), str(self._file.absolute())
        return Home(_machine(), device, found.inode, path, host, token, born=found.born)

    def _look(self) -> tuple[Marker | None, FileIdentity | None]:
        """What the marker says, and which file it is."""
        try:
            return read_marker(self.marker), identity_of(self.marker)
        except OSError:
            return None, None


def marker_of(file: Path) -> Path:
    """Where the marker of a ledger's file lies, unless its state has a folder of its own."""
    return file.with_name(f"{file.name}.id")


def was_here(file: Path) -> bool:
    """Whether a marker tells of a ledger in this place."""
    return marker_of(Path(os.path.realpath(file))).exists()


def refuse_vanished(file: Path | str, marker: Path) -> None:
    """Raise ``LedgerError`` where a ledger was: to begin anew would mail everybody again."""
    if not marker.exists():
        return
    sent = _sent(marker)
    told = f"last sent on {sent}" if sent else "had not sent"
    message = f"the ledger {file} is gone: {marker.name} beside it tells of one that {told}"
    cure = f"restore it or a backup of it; remove {marker.name} only to begin anew"
    raise LedgerError(message, cure=cure)


def _sent(marker: Path) -> str:
    """When it says that somebody last began to send; a server's marker says it in the same way."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return str(json.loads(marker.read_text(encoding="utf-8")).get("sent", ""))
    return ""


def read_marker(path: Path) -> Marker | None:
    """What the marker says; None where there is none, or it cannot be read."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Marker(**json.loads(path.read_text(encoding="utf-8")))
    return None


def write_marker(path: Path, marker: Marker) -> None:
    """In one step, and on the disk before the ledger says the same."""
    with _told(path):
        part = path.with_name(f"{path.name}.part")
        _write(part, marker)
        part.replace(path)


def _write(path: Path, marker: Marker) -> FileIdentity:
    """Another file, whatever a crash has left in its place."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(dataclasses.asdict(marker), file)
        file.flush()
        os.fsync(handle)
    return identity_of(path)


@contextlib.contextmanager
def _told(marker: Path) -> Iterator[None]:
    """``LedgerError`` where there is no room or no right."""
    try:
        yield
    except OSError as error:
        ledger, why = marker.with_suffix(""), error.strerror or error
        message = f"the ledger {ledger} cannot be used: {marker.name} cannot be written: {why}"
        raise LedgerError(message, cure="make room, or give the right to write there") from error


def _same_file(home: Home, here: Home) -> bool:
    """A move keeps the inode; a device's number may change with a mount, but not the path too."""
    if home.machine and here.machine and home.machine != here.machine:
        return False
    if home.device != here.device and home.path != here.path:
        return False
    return home.file_identity.may_be(here.file_identity)


def _copied(home: Home) -> LedgerCopied:
    told = f"and last sent on {home.sent}" if home.sent else "and had not sent when it was copied"
    return LedgerCopied(
        f"this ledger is a copy: its original lived at {home.path} on {home.host}, {told}",
        cure=SEND_FROM_THERE,
        next_command=TAKE_OVER,
    )


def mark_moved(connection: Connection, name: str, now: dt.datetime) -> None:
    """Have the ledger remember that another one goes on in its place."""
    store(connection, MOVED, f"{name} on {written(now)}")


def _moved(where: str) -> LedgerCopied:
    return LedgerCopied(
        f"this ledger was moved to {where}: mail is sent from there",
        cure="name that one in NEWSLETTER_LEDGER; take over here only if it will never send, for "
        "it cannot know",
        next_command=TAKE_OVER,
    )


def _unmarked(home: Home, name: str) -> LedgerCopied:
    told = f", and last sent on {home.sent}" if home.sent else ", and had not sent yet"
    return LedgerCopied(
        f"this ledger may be an older copy{told}: {name}, which would tell, is not beside it",
        cure=f"put {name} back beside it; take over only if no newer ledger is lost, for whom "
        "that one mailed since is not known here",
        next_command=TAKE_OVER,
    )


def _outdated(marker: Marker | None) -> LedgerCopied:
    when = f" on {marker.sent}" if marker and marker.sent else ""
    return LedgerCopied(
        f"this ledger is not the one that last sent here{when}: an older copy lies in its place",
        cure=PUT_BACK,
        next_command=TAKE_OVER,
    )


def _machine() -> str:
    for path in _MACHINE_IDS:
        with contextlib.suppress(OSError):
            if words := path.read_bytes().strip():
                return hashlib.blake2b(words, digest_size=8, person=b"newsletter").hexdigest()
    return ""


def written(now: dt.datetime) -> str:
    """An instant, for a person to read."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _home(connection: Connection) -> Home | None:
    """None in a ledger of a program that did not remember it yet."""
    stored: Any = value(connection, HOME)
    return Home(**json.loads(stored)) if stored else None
