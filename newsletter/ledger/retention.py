"""What old campaigns let go, and what is kept of them; ``Ledger.retention`` opens it."""

import datetime as dt
from collections.abc import Callable, Iterable

from newsletter.ledger import kept, own_tables, pruning
from newsletter.ledger.database import Database
from newsletter.ledger.model import CampaignId, Pruned
from newsletter.ledger.pruning import Prunable
from newsletter.values import IssueSlug

_AT_ONCE = 1_000
"""Recipients a transaction: a run that wants to write meanwhile waits for some hundredths."""


def _ignore(count: int) -> None:
    del count


class Retention:
    """Who may go, and the going; each method raises ``LedgerError`` as every question does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prunable(self, before: dt.datetime) -> tuple[Prunable, ...]:
        """Campaigns that ended before, oldest first, and how many recipients each may let go."""
        with self._database.read() as connection:
            return pruning.prunable(connection, before)

    def prune(
        self,
        number: CampaignId,
        now: dt.datetime,
        *,
        at_once: int = _AT_ONCE,
        on_progress: Callable[[int], None] = _ignore,
    ) -> int:
        """Let the accepted recipients of a campaign go, some at a time; how many they were.

        Whatever ends it in between, the next one goes on where it ended.
        """
        total, after = 0, 0
        while True:
            with self._database.write() as connection:
                count, after = pruning.prune_some(connection, number, after, at_once, now)
                total += count
                if total and count < at_once:
                    pruning.close(connection, number, total, now)
            if count < at_once:
                return total
            on_progress(total)

    def give_back(self, numbers: Iterable[CampaignId]) -> None:
        """Let the system have the room of what these campaigns let go.

        A file is made anew, which takes as long as a copy; on a server only large campaigns' own
        tables are, and others use the room of the rest.
        """
        with self._database.read() as connection:
            tables = own_tables.of(connection, numbers)
        self._database.give_back(tables)

    def of(self, number: CampaignId) -> Pruned | None:
        """What was let go of a campaign; None where everybody is there."""
        with self._database.read() as connection:
            return kept.pruned(connection, number)

    def refuse_again(self, slug: IssueSlug, profile: str) -> None:
        """``UsageError`` where a campaign of this issue was pruned: who had it is not known."""
        with self._database.read() as connection:
            kept.refuse_again(connection, slug, profile)
