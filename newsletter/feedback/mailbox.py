"""Where mail that comes back lies: what any kind of mailbox can do for us."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail in a mailbox; ``key`` finds it again, ``name`` shows it to a person."""

    key: str
    name: str
    raw: bytes


class Memory(Protocol):
    """Keeps how far a mailbox was read, where the mailbox itself keeps no such mark."""

    def recall(self, name: str) -> str:
        """What was kept under a name, or nothing."""
        ...

    def keep(self, name: str, value: str) -> None:
        """Keep it, for good."""
        ...


class Mailbox(Protocol):
    """A source of letters. Nothing in it is changed before ``done`` is told."""

    name: str

    def letters(self) -> Iterator[Letter]:
        """What was not read yet, the oldest first; ``MailboxError`` when it cannot be read."""
        ...

    def done(self, read: Sequence[Letter], understood: Sequence[Letter]) -> None:
        """What was in ``read`` is in the ledger; ``understood`` needs no person's eyes.

        ``read`` come in order, so that a mailbox with a mere place in it can keep that.
        """
        ...
