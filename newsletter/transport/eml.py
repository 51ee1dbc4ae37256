"""The dry run: each message goes into a folder, with the bytes that the relay would get."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path

from newsletter.delivery import Accepted, Outcome, Reply
from newsletter.errors import NewsletterError, UsageError
from newsletter.transport.base import OutgoingMessage

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
_LONGEST_NAME = 200  # octets; file systems take 255


class EmlTransport:
    """Writes ``0001-address.eml`` and so on into one folder, which is made if need be."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._ready = False

    async def connect(self) -> "EmlConnection":
        """A connection to the folder.

        Raises ``UsageError`` when it already holds messages: two dry runs never mix.
        """
        if not self._ready:
            self._prepare()
        return EmlConnection(self.folder, self._numbers)

    def _prepare(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            occupied = any(self.folder.glob("*.eml"))
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        if occupied:
            message = f"{self.folder} holds messages of an earlier dry run"
            raise UsageError(message, cure="name another folder, or empty this one")
        self._ready = True


class EmlConnection:
    """Takes any number of messages, and accepts them all."""

    def __init__(self, folder: Path, numbers: "itertools.count[int]") -> None:
        self._folder = folder
        self._numbers = numbers

    @property
    def usable(self) -> bool:
        """A folder does not hang up."""
        return True

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Write one message; raises ``NewsletterError`` when the disk does not take it."""
        before_dot()
        name = eml_name(next(self._numbers), message.recipient)
        try:
            (self._folder / name).write_bytes(message.content)
        except OSError as error:
            raise _unwritable(self._folder / name, error) from error
        return Accepted(Reply(250, f"written to {name}"))

    async def close(self) -> None:
        """Nothing to let go."""


def eml_name(number: int, address: str) -> str:
    """``0001-anna@soci.example.eml``: safe on every file system, sorted as sent."""
    return f"{number:04}-{_UNSAFE.sub('_', address)[:_LONGEST_NAME]}.eml"


def _unwritable(path: Path, error: OSError) -> NewsletterError:
    message = f"cannot write {path}: {error.strerror or error}"
    return NewsletterError(message, cure="check the folder's permissions and the free space")
