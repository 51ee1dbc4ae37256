"""Clicks, and every question that is asked of them; ``Ledger.clicks`` opens it.

Each method is one short transaction and raises ``LedgerError`` when the database cannot be read or
written.
"""

import datetime as dt
from collections.abc import Mapping

from newsletter.ledger import clicking
from newsletter.ledger.clicked import Clicked, ReaderClick
from newsletter.ledger.clicking import OPENED
from newsletter.ledger.database import Database
from newsletter.ledger.model import CampaignId
from newsletter.values import Address


class Clicks:
    """Which links of which campaigns are counted, and how often they were followed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def links_of(self, campaign: CampaignId) -> Mapping[str, int]:
        """Each counted link of a campaign and its number."""
        with self._database.read() as connection:
            return clicking.links_of(connection, campaign)

    def by_name(self, campaign: CampaignId, recorded_at: dt.datetime) -> frozenset[int]:
        """The rows whose readers had agreed when it was recorded, and said nothing else since."""
        with self._database.read() as connection:
            return clicking.counted_by_name(connection, campaign, recorded_at)

    def agreed(self) -> int:
        """How many readers' consent to be counted by name stands."""
        with self._database.read() as connection:
            return clicking.agreed(connection)

    def target(self, campaign: int, n: int) -> str | None:
        """Where a link leads, or None where the campaign has no such link."""
        with self._database.read() as connection:
            return clicking.target(connection, campaign, n)

    def count(self, campaign: int, n: int, seq: int | None, now: dt.datetime) -> None:
        """One more click; under the name of the row's reader too, if there is one who agrees."""
        with self._database.write() as connection:
            clicking.count(connection, campaign, n)
            if seq is not None:
                clicking.count_by_name(connection, campaign, seq, n, now)

    def count_opened(self, campaign: int) -> None:
        """One more open, of nobody in particular."""
        with self._database.write() as connection:
            clicking.count(connection, campaign, OPENED)

    def counts_opens(self, campaign: int) -> bool:
        """Whether a campaign counts its opens."""
        return self.target(campaign, OPENED) is not None

    def of_campaign(self, campaign: CampaignId) -> Clicked:
        """What was counted of a campaign."""
        with self._database.read() as connection:
            return clicking.clicked(connection, campaign)

    def of_reader(self, address: Address) -> tuple[ReaderClick, ...]:
        """Which links a reader followed, as far as she agreed that it is kept."""
        with self._database.read() as connection:
            return clicking.clicks_of(connection, [address.key])
