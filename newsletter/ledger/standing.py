"""How things stand: every question that writes nothing."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    case,
    collate,
    func,
    select,
)

from newsletter.delivery import DeliveryState, Reply
from newsletter.errors import UsageError
from newsletter.ledger import kept, schema
from newsletter.ledger.database import streamed
from newsletter.ledger.model import (
    Attempt,
    Campaign,
    CampaignId,
    CampaignState,
    DeliveryRow,
    Event,
    Part,
    Progress,
    RunRecord,
)
from newsletter.ledger.rows import campaign_from, comparable, delivery_from, lists_from, run_from
from newsletter.values import IssueSlug

_campaign, _delivery, _recipient = schema.campaign, schema.delivery, schema.recipient
_attempt, _run = schema.attempt, schema.run
_RECENT = dt.timedelta(seconds=10)
_PAGE = 1000
_REACHED = (DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT)


def campaigns(connection: Connection) -> tuple[Campaign, ...]:
    """All campaigns, oldest first."""
    rows = connection.execute(select(_campaign).order_by(_campaign.c.id)).mappings()
    return tuple(campaign_from(row) for row in rows)


def campaign(connection: Connection, number: CampaignId) -> Campaign:
    """One campaign; ``UsageError`` if there is none of that number."""
    return campaign_from(_campaign_row(connection, number))


def locked_campaign(connection: Connection, number: CampaignId) -> RowMapping:
    """Its row, which nobody else changes until this transaction ends; else the same error."""
    return _campaign_row(connection, number, locked=True)


def _campaign_row(
    connection: Connection, number: CampaignId, *, locked: bool = False
) -> RowMapping:
    query = select(_campaign).where(_campaign.c.id == comparable(number))
    if locked:
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        message = f"there is no campaign {number}"
        raise UsageError(message, next_command="newsletter status")
    return row


def latest_campaign(connection: Connection, slug: IssueSlug | None) -> Campaign | None:
    """The newest campaign of an issue, or of any."""
    query = select(_campaign).order_by(_campaign.c.id.desc()).limit(1)
    if slug is not None:
        query = query.where(_campaign.c.slug == slug)
    row = connection.execute(query).mappings().first()
    return campaign_from(row) if row else None


def due(connection: Connection, now: dt.datetime) -> tuple[Campaign, ...]:
    """What a worker is to take: to send, or only to judge what a killed run left.

    Scheduled and due; waiting with a retry due or no retry known; running (maybe killed);
    cancelled while a run was open.
    """
    found, unclosed = [], _with_open_run(connection)
    for each in campaigns(connection):
        waits = each.state is CampaignState.WAITING and _goes_on(connection, each, now)
        starts = each.state is CampaignState.SCHEDULED and each.due and each.due.instant <= now
        left = each.state is CampaignState.CANCELLED and each.id in unclosed
        if waits or starts or left or each.state is CampaignState.RUNNING:
            found.append(each)
    return tuple(found)


def runs(connection: Connection, number: CampaignId) -> tuple[RunRecord, ...]:
    """Every turn at a campaign, in order."""
    query = select(_run).where(_run.c.campaign == number).order_by(_run.c.id)
    return tuple(run_from(row) for row in connection.execute(query).mappings())


def events(connection: Connection, number: CampaignId | None) -> tuple[Event, ...]:
    """The history of a campaign (or of the suppressions), in order."""
    table = schema.event
    query = select(table).where(table.c.campaign.is_not_distinct_from(number)).order_by(table.c.id)
    rows = connection.execute(query).mappings()
    return tuple(Event(row["at"], row["kind"], row["detail"]) for row in rows)


def progress(connection: Connection, number: CampaignId, *, someone_sends: bool) -> Progress:
    """Counts by state, the next retry, the last reply, the last run."""
    subject = campaign(connection, number)
    last = _last_attempt(connection, number)
    all_runs = runs(connection, number)
    latest = all_runs[-1] if all_runs else None
    unclosed = [run for run in all_runs if run.ended_at is None]
    seen_at = unclosed[-1].seen_at if unclosed and not someone_sends else None
    gone = kept.pruned(connection, number)
    times = [at for at in (last and last["at"], gone and gone.last_tried) if at]
    return Progress(
        campaign=subject,
        counts=counts(connection, number),
        next_retry_at=next_retry(connection, number),
        last_reply=_reply_of(last),
        last_attempt_at=max(times, default=None),
        last_run=latest,
        interrupted_at=seen_at,
        twice=sent_twice(connection, number) if subject.terms.on_doubt == "resend" else 0,
        pruned=gone,
    )


def counts(
    connection: Connection, number: CampaignId, part: Part | None = None
) -> Mapping[DeliveryState, int]:
    """Recipients in each state that any is in; who was only postponed waits like the others."""
    postponed = (_delivery.c.state == schema.DEFERRED) & (_delivery.c.attempts == 0)
    state = case((postponed, schema.word(DeliveryState.QUEUED)), else_=_delivery.c.state)
    query = select(state, func.count()).where(_delivery.c.campaign == number).group_by(state)
    if part:
        query = query.where(_delivery.c.seq.between(part.first, part.last))
    found = {DeliveryState(state): count for state, count in connection.execute(query)}
    gone = None if part else kept.pruned(connection, number)
    if gone:
        found[DeliveryState.ACCEPTED] = found.get(DeliveryState.ACCEPTED, 0) + gone.recipients
    return found


def sent_twice(connection: Connection, number: CampaignId) -> int:
    """How many were sent again by a run right after a doubt, without anybody's word between."""
    again = _attempt.alias()
    follows = (
        (again.c.campaign == _attempt.c.campaign)
        & (again.c.seq == _attempt.c.seq)
        & (again.c.n == _attempt.c.n + 1)
        & again.c.run.is_not(None)
        & again.c.outcome.in_(["accepted", "in_doubt"])
    )
    query = (
        select(func.count(_attempt.c.seq.distinct()))
        .join_from(_attempt, again, follows)
        .where(
            _attempt.c.campaign == number,
            _attempt.c.outcome == "in_doubt",
            _attempt.c.run.is_not(None),
        )
    )
    return connection.execute(query).scalar_one()


def speed(connection: Connection, number: CampaignId, now: dt.datetime) -> float:
    """Attempts a second over the last ten seconds before ``now``."""
    query = select(func.count()).where(
        _attempt.c.campaign == number,
        _attempt.c.run.is_not(None),
        _attempt.c.at > now - _RECENT,
    )
    return float(connection.execute(query).scalar_one() / _RECENT.total_seconds())


def recipients_tried(connection: Connection, number: CampaignId) -> int:
    """Recipients for whom at least one attempt was made."""
    query = select(func.count()).where(_delivery.c.campaign == number, _delivery.c.attempts > 0)
    return connection.execute(query).scalar_one()


def next_retry(
    connection: Connection, number: CampaignId, part: Part | None = None
) -> dt.datetime | None:
    """When the next deferral comes due, in a campaign or in a part of it."""
    query = select(func.min(_delivery.c.next_at, type_=schema.Instant())).where(
        _delivery.c.campaign == number, _delivery.c.state == schema.DEFERRED
    )
    if part:
        query = query.where(_delivery.c.seq.between(part.first, part.last))
    found: dt.datetime | None = connection.execute(query).scalar()
    return found


def deliveries(
    connection: Connection,
    number: CampaignId,
    states: Iterable[DeliveryState] | None,
    address_key: str | None,
    after_seq: int,
) -> list[DeliveryRow]:
    """One page of recipients in the order of the audience."""
    query = _readable_rows().where(_delivery.c.campaign == number, _delivery.c.seq > after_seq)
    if states is not None:
        query = query.where(_delivery.c.state.in_([str(state) for state in states]))
    if address_key is not None:
        query = query.where(_recipient.c.address_key == address_key)
    query = query.order_by(_delivery.c.seq).limit(_PAGE)
    return [_delivery_row(row) for row in connection.execute(query).mappings()]


def attempts(connection: Connection, number: CampaignId, seq: int | None) -> Iterator[Attempt]:
    """Every try of a campaign, or of one recipient, in order."""
    query = (
        select(_attempt, _attempt.c.reply.label("text"))
        .where(_attempt.c.campaign == number)
        .order_by(_attempt.c.seq, _attempt.c.n)
    )
    if seq is not None:
        query = query.where(_attempt.c.seq == seq)
    for row in connection.execute(query).mappings():
        yield Attempt(
            seq=row["seq"],
            number=row["n"],
            run=row["run"],
            at=row["at"],
            outcome=row["outcome"],
            phase=row["phase"],
            reply=_reply_of(row),
            detail=row["detail"],
        )


def accepted_elsewhere(
    connection: Connection, slug: IssueSlug, number: CampaignId | None
) -> Iterator[tuple[str, dt.datetime]]:
    """Address keys accepted (or in doubt) in other campaigns of the issue, and when last.

    In the order of the keys' characters.
    """
    last = func.max(_delivery.c.last_tried, type_=schema.Instant())
    query = (
        select(_recipient.c.address_key, last)
        .select_from(_joined().join(_campaign, _campaign.c.id == _delivery.c.campaign))
        .where(_campaign.c.slug == slug, _delivery.c.state.in_(_REACHED))
        .where(_delivery.c.last_tried.is_not(None))
        .group_by(_recipient.c.address_key)
        .order_by(_by_characters(connection))
    )
    if number is not None:
        query = query.where(_campaign.c.id != number)
    return ((key, when) for key, when in streamed(connection, query))


def addressed(connection: Connection, slug: IssueSlug) -> Iterator[str]:
    """Address keys of whoever was accepted, is in doubt or waits in a campaign of the issue."""
    states = [*_REACHED, DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED]
    query = (
        select(_recipient.c.address_key)
        .select_from(_joined().join(_campaign, _campaign.c.id == _delivery.c.campaign))
        .where(_campaign.c.slug == slug, _delivery.c.state.in_(states))
        .distinct()
    )
    return (row.address_key for row in streamed(connection, query))


def last_campaigns(connection: Connection, profile: str) -> Mapping[str, CampaignId]:
    """For each list, the profile's last campaign that used it."""
    newest: dict[str, CampaignId] = {}
    for each in campaigns(connection):
        if each.state is not CampaignState.MISSED and each.terms.profile == profile:
            newest |= dict.fromkeys(each.per_list, each.id)
    return newest


def audience(connection: Connection, number: CampaignId) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each recipient's key and lists, in the order of the keys' characters."""
    query = (
        select(_recipient.c.address_key, _recipient.c.lists)
        .where(_recipient.c.campaign == number)
        .order_by(_by_characters(connection))
    )
    for key, lists in streamed(connection, query):
        yield key, lists_from(lists)


def _by_characters(connection: Connection) -> ColumnElement[str]:
    """PostgreSQL orders by the rules of a language otherwise."""
    key = _recipient.c.address_key
    return key if connection.dialect.name == "sqlite" else collate(key, "C")


def _with_open_run(connection: Connection) -> frozenset[int]:
    return frozenset(
        connection.execute(select(_run.c.campaign).where(_run.c.ended_at.is_(None))).scalars()
    )


def _goes_on(connection: Connection, waiting: Campaign, now: dt.datetime) -> bool:
    """At its time; without one once somebody is queued or a retry is due."""
    if waiting.resume_at:
        return waiting.resume_at <= now
    next_at = next_retry(connection, waiting.id)
    return next_at is None or next_at <= now or _someone_is_queued(connection, waiting.id)


def _someone_is_queued(connection: Connection, number: CampaignId) -> bool:
    query = select(_delivery.c.seq).where(
        _delivery.c.campaign == number, _delivery.c.state == schema.word(DeliveryState.QUEUED)
    )
    return connection.execute(query.limit(1)).first() is not None


def _last_attempt(connection: Connection, number: CampaignId) -> Any:
    query = (
        select(_attempt.c.at, _attempt.c.code, _attempt.c.reply.label("text"))
        .where(_attempt.c.campaign == number)
        .order_by(_attempt.c.at.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def _reply_of(row: Any) -> Reply | None:
    return Reply(row["code"], row["text"] or "") if row and row["code"] is not None else None


def _joined() -> Any:
    return _delivery.join(
        _recipient,
        (_recipient.c.campaign == _delivery.c.campaign) & (_recipient.c.seq == _delivery.c.seq),
    )


def _readable_rows() -> Select[Any]:
    variant = schema.variant
    same: ColumnElement[bool] = (variant.c.campaign == _recipient.c.campaign) & (
        variant.c.n == _recipient.c.variant
    )
    latest: ColumnElement[bool] = (
        (_attempt.c.campaign == _delivery.c.campaign)
        & (_attempt.c.seq == _delivery.c.seq)
        & (_attempt.c.n == _delivery.c.attempts)
    )
    return select(
        _delivery,
        _recipient.c.address,
        _recipient.c.lists,
        variant.c.language,
        variant.c.sections,
        _attempt.c.reply.label("text"),
    ).select_from(_joined().outerjoin(variant, same).outerjoin(_attempt, latest))


def _delivery_row(row: Any) -> DeliveryRow:
    return DeliveryRow(
        campaign=CampaignId(row["campaign"]),
        seq=row["seq"],
        address=row["address"],
        variant="--".join([row["language"] or "", *json.loads(row["sections"] or "[]")]),
        lists=tuple(json.loads(row["lists"])),
        delivery=delivery_from(row),
        last_attempt_at=row["last_tried"],
    )
