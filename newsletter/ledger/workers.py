"""What the workers of a cluster ask of a ledger on PostgreSQL."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from newsletter.errors import UsageError
from newsletter.ledger import brevity, partitions, standing
from newsletter.ledger.database import Database
from newsletter.ledger.lock import this_process
from newsletter.ledger.model import CampaignId, Turn
from newsletter.ledger.partitions import Company, Open
from newsletter.ledger.residence import Residence
from newsletter.ledger.server import conninfo
from newsletter.ledger.server_residence import ServerResidence

_UNTIL_GONE = 10.0
"""Seconds of silence after which a worker is thought gone, where nobody says so."""
HandOut = Callable[[Any, CampaignId, Sequence[int]], None]
"""Told of parts in which somebody waits, over the driver's connection, in the transaction."""


@dataclass(frozen=True, slots=True)
class Division:
    """How a campaign is divided: at most so many parts, none smaller than so many recipients."""

    most: int = 64
    smallest: int = 250


class Workers:
    """Parts of campaigns: opened, taken, taken over."""

    def __init__(
        self, database: Database, identity: str, division: Division, residence: ServerResidence
    ) -> None:
        self._database = database
        self._residence = residence
        self._identity = identity
        self._division = division
        self.company = Company(busy=0)
        """Who had parts when it was last looked; one worker may have several."""

    @property
    def conninfo(self) -> str:
        """The server's address for its driver. It may hold a password: never to be shown."""
        return conninfo(self._database.url)

    def prepare(self, make: Callable[[Any], None]) -> None:
        """Have something made over the driver's connection, in one transaction."""
        with self._database.write() as connection:
            brevity.keep_brief(connection, _UNTIL_GONE)
            make(connection.connection.driver_connection)

    def held(self, number: CampaignId) -> bool:
        """Whether any worker has a part of a campaign."""
        with self._database.read() as connection:
            return partitions.held(connection, number)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Be one of several that send; ``LedgerLocked`` while a process sends alone.

        ``LedgerCopied`` if the ledger is a copy, or an older one was put in its place.
        """
        self._residence.refuse_copy()
        self._residence.turn()
        with self._database.advisory_lock(self._identity, shared=True):
            yield

    def open_up(self, number: CampaignId, now: dt.datetime, hand_out: HandOut) -> None:
        """Let the workers have a campaign, and tell them, all or nothing."""
        with self._database.write() as connection:
            brevity.keep_brief(connection, _UNTIL_GONE)
            self.open_within(connection, number, now, hand_out)

    def open_within(
        self, connection: Connection, number: CampaignId, now: dt.datetime, hand_out: HandOut
    ) -> None:
        """The same within a transaction that does more."""
        campaign = standing.campaign(connection, number)
        ranges = partitions.divide(
            campaign.recipients,
            most=self._division.most,
            smallest=self._division.smallest,
            canary=campaign.terms.canary,
        )
        parts = partitions.open_up(connection, number, now, ranges)
        hand_out(connection.connection.driver_connection, number, parts)

    def open_parts(
        self, now: dt.datetime, timeout: float, number: CampaignId | None = None
    ) -> tuple[Open, ...]:
        """What may be taken now, of one campaign or of all; whoever was silent so long is gone."""
        self.company = Company(self.company.busy)
        with self._database.read() as connection:
            self.company = partitions.company(connection, timeout)
            return partitions.open_parts(connection, now, timeout, number)

    def take(
        self, number: CampaignId, part: int, now: dt.datetime, *, worker: str, timeout: float
    ) -> Turn:
        """Have a part; ``TryLater`` if it is done or somebody else has it."""
        with self._database.write() as connection:
            turn = partitions.take(
                connection, number, part, this_process(), now, worker=worker, timeout=timeout
            )
        self._residence.began(turn, now)
        return turn


def workers_of(
    database: Database,
    identity: str,
    division: Division,
    residence: Residence | ServerResidence,
) -> Workers:
    """``UsageError`` for a ledger in a file: it has one process."""
    if not isinstance(residence, ServerResidence):
        message = f"the ledger {database.name} is a file, which one process sends from"
        cure = 'name a postgresql:// ledger for the engine "cluster", or set kind = "local"'
        raise UsageError(message, cure=cure)
    return Workers(database, identity, division, residence)
