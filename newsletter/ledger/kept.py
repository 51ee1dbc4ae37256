"""What is kept of recipients who were pruned: how many they were, and at which domains.

Who they were is not known any more. So nothing that could reach them again is allowed: their
issue is not recorded once more, and their campaign is over for good.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from newsletter.errors import UsageError
from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, Pruned
from newsletter.ledger.rows import comparable, terms_from_json
from newsletter.values import IssueSlug

OTHERS = "other domains"
"""What domains of a few readers are called together: alone, such a name may tell who it was."""

_pruned, _domain, _campaign = schema.pruned, schema.pruned_domain, schema.campaign


def pruned(connection: Connection, number: CampaignId) -> Pruned | None:
    """What was let go of a campaign; None where everybody is there."""
    query = select(_pruned).where(_pruned.c.campaign == comparable(number))
    row = connection.execute(query).first()
    return Pruned(row.recipients, row.at, row.last_tried) if row else None


def domains(connection: Connection, number: CampaignId) -> Mapping[str, int]:
    """How many were pruned at each domain."""
    query = select(_domain.c.name, _domain.c.accepted).where(_domain.c.campaign == number)
    return {row[0] or OTHERS: row[1] for row in connection.execute(query)}


def refuse_again(connection: Connection, slug: IssueSlug, profile: str) -> None:
    """``UsageError`` where a campaign of this issue was pruned: who had it is not known."""
    query = (
        select(_campaign.c.id, _campaign.c.terms, _pruned.c.recipients, _pruned.c.at)
        .join(_pruned, _pruned.c.campaign == _campaign.c.id)
        .where(_campaign.c.slug == slug)
        .order_by(_campaign.c.id)
    )
    for row in connection.execute(query):
        if terms_from_json(row.terms).profile == profile:
            message = (
                f"{slug} is not sent again: {row.recipients} readers had it in campaign {row.id}, "
                f"and who they were was pruned on {row.at:%Y-%m-%d}"
            )
            cure = "send it as an issue of another name; whoever had it gets it twice then"
            raise UsageError(message, cure=cure, next_command="newsletter issue new --help")


def refuse_retry(connection: Connection, number: CampaignId) -> None:
    """``UsageError`` where a campaign was pruned."""
    gone = pruned(connection, number)
    if gone:
        message = (
            f"campaign {number} is over for good: {gone.recipients} of its recipients "
            f"were pruned on {gone.at:%Y-%m-%d}"
        )
        cure = "nobody of it is tried again"
        raise UsageError(message, cure=cure, next_command=f"newsletter report {number}")
