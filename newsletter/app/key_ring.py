"""The signing keys that this machine keeps: a folder of private files, and what became of each."""

import datetime as dt
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from newsletter.app.open import App
from newsletter.errors import SigningError
from newsletter.signing import Algorithm, SigningKey, UnfitKey

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyState(StrEnum):
    """What a key is for at present."""

    NEXT = "next"
    SIGNING = "signing"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class KeptKey:
    """One key of the ring; its private half is a file, and gone once it is retired."""

    selector: str
    algorithm: Algorithm
    domain: str
    public: str
    state: KeyState
    made: dt.date
    retired: dt.date | None = None


def signing_domain(app: App) -> str:
    """The domain that signs: the setting, else the sender's, so that DMARC finds them aligned."""
    return app.settings.dkim.domain or app.settings.sender.address.rpartition("@")[2]


def signing_keys(app: App) -> tuple[SigningKey, ...]:
    """The keys that sign now, RSA first: every receiver knows it."""
    options, domain = app.settings.dkim, signing_domain(app)
    if options.selector and options.key is not None:
        pem = options.key.get_secret_value().replace("\\n", "\n").encode()
        return (key_in(Path("NEWSLETTER_DKIM__KEY"), pem, domain, options.selector),)
    if options.selector and options.key_file is not None:
        path = app.root / options.key_file
        _refuse_kept_by_git(app, path)
        return (key_in(path, read_private(path), domain, options.selector),)
    found = []
    for each in read_ring(app):
        if each.state is KeyState.SIGNING:
            path = private_file(app, each.selector)
            found.append(key_in(path, read_private(path), each.domain, each.selector))
    return tuple(sorted(found, key=lambda key: key.algorithm, reverse=True))


def _refuse_kept_by_git(app: App, path: Path) -> None:
    """What stands in the newsletter's folder goes into git; the state folder does not."""
    whole = path.resolve()
    if whole.is_relative_to(app.root.resolve()) and not whole.is_relative_to(
        app.state_folder.resolve()
    ):
        raise SigningError(
            f"the signing key {path} stands in a folder that git keeps",
            cure=f"move it into {app.state_folder}, or out of the newsletter's folder",
        )


def folder_of(app: App) -> Path:
    """Where the ring is."""
    return app.state_folder / "keys"


def private_file(app: App, selector: str) -> Path:
    """The private half of a key."""
    return folder_of(app) / f"{selector}.pem"


def read_ring(app: App) -> tuple[KeptKey, ...]:
    """Every key of the ring, the oldest first; ``SigningError`` when it cannot be read."""
    path = _index(app)
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return tuple(_from_json(row) for row in rows)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SigningError(
            f"{path} cannot be read: {error.strerror}", cure="mend its permissions"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        cure = "put it back from a backup; or move it away and make new keys"
        raise SigningError(f"{path} is damaged", cure=cure) from error


def write_ring(app: App, keys: Iterable[KeptKey]) -> None:
    """Whole or not at all."""
    path = _index(app)
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps([_to_json(key) for key in keys], indent=1), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise _cannot_write(path, error) from error


def write_private(app: App, selector: str, pem: bytes) -> None:
    """A new file that its owner alone can read; one that is there is never overwritten."""
    path = private_file(app, selector)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
    except OSError as error:
        raise _cannot_write(path, error) from error


def read_private(path: Path) -> bytes:
    """The octets of a private key; ``SigningError`` where it is missing or not private."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise SigningError(f"the signing key {path} is not a file", cure="name the file itself")
        if mode & _OTHERS:
            raise SigningError(
                f"the signing key {path} can be used by others (mode {stat.S_IMODE(mode):04o})",
                cure=f"chmod 600 {path}",
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        cure = "put it back from a backup, or make another one; mail is not sent unsigned instead"
        raise SigningError(
            f"the signing key {path} is missing", cure=cure, next_command="newsletter keys list"
        ) from error
    except OSError as error:
        raise SigningError(
            f"the signing key {path} cannot be read: {error.strerror}",
            cure="let the program's user own it, mode 0600",
        ) from error


def key_in(path: Path, pem: bytes, domain: str, selector: str) -> SigningKey:
    """The key of a file; ``SigningError`` says what is wrong with it."""
    try:
        return SigningKey.read(pem, domain, selector)
    except UnfitKey as error:
        raise SigningError(
            f"the signing key {path} cannot sign: {error}",
            cure="make one with: newsletter keys new",
        ) from None  # the cause may quote the file


def _cannot_write(path: Path, error: OSError) -> SigningError:
    message = f"{path} cannot be written: {error.strerror}"
    return SigningError(message, cure="make room, or give yourself the right to write there")


def _index(app: App) -> Path:
    return folder_of(app) / "keys.json"


def _to_json(key: KeptKey) -> dict[str, str]:
    row = {
        "selector": key.selector,
        "algorithm": key.algorithm.value,
        "domain": key.domain,
        "public": key.public,
        "state": key.state.value,
        "made": key.made.isoformat(),
    }
    return row | ({"retired": key.retired.isoformat()} if key.retired else {})


def _from_json(row: dict[str, str]) -> KeptKey:
    retired = row.get("retired")
    return KeptKey(
        row["selector"],
        Algorithm(row["algorithm"]),
        row["domain"],
        row["public"],
        KeyState(row["state"]),
        dt.date.fromisoformat(row["made"]),
        dt.date.fromisoformat(retired) if retired else None,
    )
