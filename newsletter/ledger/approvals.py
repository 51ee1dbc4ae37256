"""Which content an officer approved: a word on an issue, which its last edit voids.

``Ledger.approvals`` opens it. Nothing is altered: the last word on an issue counts.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import RowMapping, insert, select

from newsletter.ledger import schema
from newsletter.ledger.database import Database
from newsletter.ledger.rows import storable
from newsletter.values import Digest, IssueSlug

_approval = schema.approval


@dataclass(frozen=True, slots=True)
class Approval:
    """An officer's word on one content of an issue."""

    slug: IssueSlug
    content_digest: Digest
    approved: bool
    """False: it was rejected, or its approval taken back."""
    at: dt.datetime
    note: str


class Approvals:
    """Every word on an issue's content."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def say(self, word: Approval) -> None:
        """Write a word down."""
        row = {
            "slug": word.slug,
            "content_digest": word.content_digest,
            "approved": word.approved,
            "at": word.at,
            "note": storable(word.note),
        }
        with self._database.write() as connection:
            connection.execute(insert(_approval), row)

    def latest(self) -> dict[IssueSlug, Approval]:
        """The last word on each issue."""
        query = select(_approval).order_by(_approval.c.id)
        with self._database.read() as connection:
            found = (_from(row) for row in connection.execute(query).mappings())
            return {each.slug: each for each in found}


def _from(row: RowMapping) -> Approval:
    return Approval(
        IssueSlug(row["slug"]),
        Digest(row["content_digest"]),
        bool(row["approved"]),
        row["at"],
        row["note"],
    )
