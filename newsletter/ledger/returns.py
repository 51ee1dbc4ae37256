"""What came back, and every question that is asked of it; ``Ledger.returns`` opens it.

Each method is one short transaction and raises ``LedgerError`` when the database cannot be read or
written.
"""

import datetime as dt
from collections.abc import Iterable

from newsletter.ledger import returning
from newsletter.ledger.database import Database
from newsletter.returned import Afterwards, Effect, Kind, Returned, Thresholds
from newsletter.values import Address


class Returns:
    """Bounces, complaints, unsubscribes by mail: written once, with what follows from them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, events: Iterable[Returned], thresholds: Thresholds) -> tuple[Effect, ...]:
        """Write events down, all or none, and suppress whom they prove to be gone."""
        with self._database.write() as connection:
            return tuple(returning.record(connection, event, thresholds) for event in events)

    def recall(self, name: str) -> str:
        """How far a mailbox was read, as its reader put it; nothing where it never was."""
        with self._database.read() as connection:
            return returning.recall(connection, name)

    def keep(self, name: str, value: str) -> None:
        """Keep how far a mailbox was read; ``name`` has at most 40 letters."""
        with self._database.write() as connection:
            returning.keep(connection, name, value)

    def note_reading(self, now: dt.datetime) -> None:
        """Say that the mailbox was read to its end."""
        with self._database.write() as connection:
            returning.note_reading(connection, now)

    def read_at(self) -> dt.datetime | None:
        """When the mailbox was last read to its end."""
        with self._database.read() as connection:
            return returning.read_at(connection)

    def reset(self, address: Address) -> int:
        """Let the bounces of an address count no more; how many they were."""
        with self._database.write() as connection:
            return returning.reset(connection, address)

    def latest(
        self, kinds: tuple[Kind, ...] = (), campaign: int | None = None, limit: int = 200
    ) -> tuple[Returned, ...]:
        """What came back, the latest first: of some kinds, about one campaign."""
        with self._database.read() as connection:
            return returning.events(connection, kinds=kinds, campaign=campaign, limit=limit)

    def of_address(self, address: Address, limit: int = 200) -> tuple[Returned, ...]:
        """What came back about one reader, the latest first."""
        with self._database.read() as connection:
            return returning.events(connection, address=address, limit=limit)

    def one(self, number: int) -> Returned | None:
        """The event of this number."""
        with self._database.read() as connection:
            return returning.event(connection, number)

    def afterwards(self, campaign: int) -> Afterwards:
        """What came back about one campaign."""
        with self._database.read() as connection:
            return returning.afterwards(connection, campaign)

    def totals(self) -> dict[str, int]:
        """How many events of each kind there are."""
        with self._database.read() as connection:
            return returning.totals(connection)
