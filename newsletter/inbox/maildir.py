"""The Maildir of the staging inbox: a file a message, written whole or not at all.

Above each message stand the envelope's headers; below them are the octets as they arrived.
"""

import itertools
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FIELDS = ("Return-Path", "Delivered-To", "X-Envelope-From", "X-Envelope-To")
_counter = itertools.count()


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whom the relay was told the message is from and for, which headers need not say."""

    sender: str
    recipients: tuple[str, ...]


def prepare(folder: Path) -> None:
    """Make the Maildir, if it is not there."""
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir(parents=True, exist_ok=True)


def file_message(folder: Path, envelope: Envelope, content: bytes) -> str:
    """File one message; returns its name, which sorts by the time of arrival."""
    name = f"{time.time_ns():020}.{os.getpid()}_{next(_counter)}.staging"
    draft = folder / "tmp" / name
    draft.write_bytes(_headers(envelope) + content)
    draft.rename(folder / "new" / name)
    return name


def _headers(envelope: Envelope) -> bytes:
    recipients = ", ".join(envelope.recipients)
    values = (f"<{envelope.sender}>", recipients, f"<{envelope.sender}>", recipients)
    lines = (f"{name}: {value}\r\n" for name, value in zip(_FIELDS, values, strict=True))
    return "".join(lines).encode("utf-8", "surrogateescape")


def split_envelope(filed: bytes) -> tuple[Envelope, bytes]:
    """A filed message as the envelope and the octets that arrived, untouched.

    A file that another program put there has no envelope headers: then all of it is the message.
    """
    values: list[str] = []
    rest = filed
    for name in _FIELDS:
        line, _, after = rest.partition(b"\r\n")
        if not line.startswith(name.encode() + b": "):
            return Envelope("", ()), filed
        values.append(line[len(name) + 2 :].decode("utf-8", "replace"))
        rest = after
    return Envelope(values[2].strip("<>"), tuple(values[3].split(", "))), rest


def message_files(folder: Path) -> list[Path]:
    """Every message's file, the newest first."""
    found: list[Path] = []
    for part in ("new", "cur"):
        if (folder / part).is_dir():
            found += (path for path in (folder / part).iterdir() if path.is_file())
    return sorted(found, key=lambda path: path.name, reverse=True)


def delete_files(files: Sequence[Path]) -> int:
    """Delete messages; one that is gone already does not count."""
    deleted = 0
    for path in files:
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        deleted += 1
    return deleted
