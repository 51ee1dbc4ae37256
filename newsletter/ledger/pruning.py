"""Pruning: accepted recipients of old campaigns go, with their attempts; their number stays.

Some hundreds go in one transaction, which counts them: whatever ends it, the counts add up, and
the next pruning goes on. Failures, doubts and whoever was not tried stay, each by name.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    func,
    select,
    union_all,
    update,
)

from newsletter.delivery import DeliveryState
from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import insert_new
from newsletter.ledger.standing import locked_campaign
from newsletter.ledger.tallying import domain
from newsletter.values import IssueSlug

_campaign, _delivery, _recipient = schema.campaign, schema.delivery, schema.recipient
_attempt, _run, _event = schema.attempt, schema.run, schema.event
_pruned, _domain = schema.pruned, schema.pruned_domain
_OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)
_FEW = 5
PRUNED = "pruned"


@dataclass(frozen=True, slots=True)
class Prunable:
    """A campaign that ended before a time, and how many of its recipients may go."""

    campaign: CampaignId
    slug: IssueSlug
    ended: dt.datetime
    """When something was last done to it."""
    recipients: int
    gone: int
    """Accepted, and never in doubt: they go."""


def prunable(connection: Connection, before: dt.datetime) -> tuple[Prunable, ...]:
    """Finished and cancelled campaigns to which nothing was done since, and whom they may let go.

    One with an open run is not over: what a killed process had in hand is not judged yet.
    """
    is_open = exists().where(_run.c.campaign == _campaign.c.id, _run.c.ended_at.is_(None))
    words = union_all(
        select(_run.c.campaign.label("campaign"), _run.c.ended_at.label("at")),
        select(_event.c.campaign, _event.c.at).where(_event.c.kind != PRUNED),
    ).subquery()
    latest = func.max(words.c.at, type_=schema.Instant())
    ended = func.coalesce(latest, _campaign.c.recorded_at, type_=schema.Instant())
    query = (
        select(_campaign.c.id, _campaign.c.slug, ended.label("ended"), _campaign.c.recipients)
        .select_from(_campaign.outerjoin(words, words.c.campaign == _campaign.c.id))
        .where(_campaign.c.state.in_(_OVER), ~is_open)
        .group_by(_campaign.c.id)
        .order_by(_campaign.c.id)
    )
    old = [row for row in connection.execute(query).all() if row.ended < before]
    found = [(row, _count(connection, row.id)) for row in old]
    return tuple(
        Prunable(CampaignId(row.id), IssueSlug(row.slug), row.ended, row.recipients, gone)
        for row, gone in found
        if gone
    )


def prune_some(
    connection: Connection, number: CampaignId, after: int, most: int, now: dt.datetime
) -> tuple[int, int]:
    """Let at most so many go whose number is above ``after``: how many, and the last one's number.

    0 when nobody is left to go, or the campaign is not over any more.
    """
    if CampaignState(locked_campaign(connection, number)["state"]) not in _OVER:
        return 0, after
    query = select(_delivery.c.seq).where(*_may_go(number), _delivery.c.seq > after)
    seqs = connection.execute(query.order_by(_delivery.c.seq).limit(most)).scalars().all()
    if not seqs:
        return 0, after
    mine = and_(*_may_go(number), _delivery.c.seq.between(seqs[0], seqs[-1]))
    _count_in(connection, number, mine, len(seqs), now)
    _delete(connection, number, mine, seqs)
    return len(seqs), seqs[-1]


def close(connection: Connection, number: CampaignId, count: int, now: dt.datetime) -> None:
    """All who may go are gone: domains of a few readers are counted together, and it is told."""
    rare = (_domain.c.campaign == number, _domain.c.accepted < _FEW, _domain.c.name != "")
    few = connection.execute(select(func.sum(_domain.c.accepted)).where(*rare)).scalar()
    if few:
        connection.execute(delete(_domain).where(*rare))
        _add(connection, _domain, {"campaign": number, "name": ""}, {"accepted": int(few)})
    note_event(connection, number, now, PRUNED, f"{count} accepted recipients")


def _may_go(number: CampaignId) -> tuple[ColumnElement[bool], ...]:
    return (
        _delivery.c.campaign == number,
        _delivery.c.state == DeliveryState.ACCEPTED,
        _delivery.c.doubted.is_(False),
    )


def _count(connection: Connection, number: int) -> int:
    query = select(func.count()).select_from(_delivery).where(*_may_go(CampaignId(number)))
    return connection.execute(query).scalar_one()


def _count_in(
    connection: Connection,
    number: CampaignId,
    mine: ColumnElement[bool],
    count: int,
    now: dt.datetime,
) -> None:
    """Add those who go to what is kept of the campaign."""
    tries, last = connection.execute(
        select(func.sum(_delivery.c.attempts), func.max(_delivery.c.last_tried)).where(mine)
    ).one()
    row = {"campaign": number}
    _add(connection, _pruned, row, {"recipients": count, "attempts": int(tries or 0)}, at=now)
    later = _pruned.c.last_tried.is_(None) | (_pruned.c.last_tried < last)
    of_it = update(_pruned).where(_pruned.c.campaign == number, later)
    connection.execute(of_it.values(last_tried=last))
    same = and_(_recipient.c.campaign == _delivery.c.campaign, _recipient.c.seq == _delivery.c.seq)
    name = domain(connection).label("name")
    by_name = select(name, func.count()).select_from(_delivery.join(_recipient, same)).where(mine)
    for found, accepted in connection.execute(by_name.group_by(name)).all():
        _add(connection, _domain, row | {"name": found}, {"accepted": accepted})


def _add(
    connection: Connection, table: Any, key: dict[str, Any], more: dict[str, int], **said: Any
) -> None:
    """Count more in the row of this key, which is made if there is none."""
    connection.execute(insert_new(connection, table), key | dict.fromkeys(more, 0) | said)
    place = [table.c[name] == value for name, value in key.items()]
    values = {name: table.c[name] + count for name, count in more.items()}
    connection.execute(update(table).where(*place).values(**values, **said))


def _delete(
    connection: Connection, number: CampaignId, mine: ColumnElement[bool], seqs: Sequence[int]
) -> None:
    """Deliveries last: they say of whom the other rows are."""
    who = select(_delivery.c.seq).where(mine)
    for table in (_attempt, _recipient):
        of_them = (
            table.c.campaign == number,
            table.c.seq.between(seqs[0], seqs[-1]),
            table.c.seq.in_(who),
        )
        connection.execute(delete(table).where(*of_them))
    connection.execute(delete(_delivery).where(mine))
