"""An mbox file: read from where the last reading ended, and never written to.

Whoever delivers into it or empties it is not disturbed. Where the octets before the place are not
those that were there (the file was emptied, or began anew), it is read from its beginning: what
the ledger knows already counts no second time.
"""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from newsletter.errors import MailboxError
from newsletter.feedback.mail import LOOKED_AT
from newsletter.feedback.mailbox import Letter, Memory

_BEGINS = b"From "
_COMPARED = 1_024


class Mbox:
    """One file in the form of mboxo, mboxrd and their kin."""

    def __init__(self, path: Path, memory: Memory) -> None:
        self.name = str(path)
        self._path = path
        self._memory = memory
        self._key = f"mbox {hashlib.sha256(str(path).encode()).hexdigest()[:24]}"

    def letters(self) -> Iterator[Letter]:
        """From the place that is kept to where the file ended when it was opened."""
        try:
            with self._path.open("rb") as file:
                end = _whole(file)
                file.seek(self._place(file))
                yield from _split(file, end)
        except FileNotFoundError:
            return  # nothing was delivered yet
        except OSError as error:
            message = f"{self._path} cannot be read: {error.strerror}"
            cure = "feedback.mbox names a file of mails that you may read"
            raise MailboxError(message, cure=cure) from error

    def done(self, read: Sequence[Letter], understood: Sequence[Letter]) -> None:
        """Keep the place after the last of them."""
        del understood
        if not read:
            return
        place = int(read[-1].key)
        with self._path.open("rb") as file:
            kept = {"place": place, "before": _before(file, place)}
        self._memory.keep(self._key, json.dumps(kept))

    def _place(self, file: BinaryIO) -> int:
        kept = json.loads(self._memory.recall(self._key) or "{}")
        place = int(kept.get("place", 0))
        return place if place and kept["before"] == _before(file, place) else 0


def _whole(file: BinaryIO) -> int:
    """Where the file ends while nobody writes to it."""
    fcntl.lockf(file, fcntl.LOCK_SH)
    try:
        return file.seek(0, 2)
    finally:
        fcntl.lockf(file, fcntl.LOCK_UN)


def _before(file: BinaryIO, place: int) -> str:
    """A digest of what stands before a place; of nothing where the file is shorter."""
    begin = max(0, place - _COMPARED)
    file.seek(begin)
    octets = file.read(place - begin)
    return hashlib.sha256(octets).hexdigest() if len(octets) == place - begin else ""


def _split(file: BinaryIO, end: int) -> Iterator[Letter]:
    """Each mail with the place after it; a long one's end is skipped."""
    held = bytearray()
    place = file.tell()
    open_, blank = False, True
    while place < end and (line := file.readline(LOOKED_AT)):
        if blank and line.startswith(_BEGINS):
            if open_:
                yield _letter(place, bytes(held))
            held, open_ = bytearray(), True
        if len(held) < LOOKED_AT:
            held += line
        blank = line in {b"\n", b"\r\n"}
        place += len(line)
    if open_:
        yield _letter(place, bytes(held))


def _letter(place: int, raw: bytes) -> Letter:
    return Letter(str(place), f"the mail that ends at octet {place}", raw)
