"""The proof that the ledger adds up: each rule is a query that must find nothing."""

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, and_, bindparam, func, or_, select

from newsletter.delivery import DeliveryState
from newsletter.ledger import kept, schema
from newsletter.ledger.model import Campaign, CampaignState, Discrepancy

_campaign, _delivery, _recipient = schema.campaign, schema.delivery, schema.recipient
_attempt, _run = schema.attempt, schema.run
_MAX_SHOWN = 20
_ASKED: BindParameter[int] = bindparam("campaign")


def verify(connection: Connection, campaigns: Iterable[Campaign]) -> tuple[Discrepancy, ...]:
    """Every broken rule of these campaigns; empty means that the states add up."""
    found: list[Discrepancy] = []
    for campaign in campaigns:
        found += _count_rows(connection, campaign)
        asked = {"campaign": campaign.id, "waits": _must_not_wait(campaign)}
        for rule, query, words in _rules():
            rows = connection.execute(query, asked)
            found += [Discrepancy(rule, words.format(*row), campaign.id, row[0]) for row in rows]
        found += _left_in_the_air(connection, campaign)
    return tuple(found)


@functools.cache
def _rules() -> tuple[tuple[str, Select[Any], str], ...]:
    """Made once: making one takes longer than asking it of a small campaign."""
    return tuple((rule, make().limit(_MAX_SHOWN), words) for rule, make, words in _RULES)


def _count_rows(connection: Connection, campaign: Campaign) -> Iterator[Discrepancy]:
    """The frozen audience, the recipients and the deliveries are the same number.

    Whoever was pruned counts among them, and is told by domain as often.
    """
    pruned = kept.pruned(connection, campaign.id)
    gone = pruned.recipients if pruned else 0
    by_domain = sum(kept.domains(connection, campaign.id).values())
    if by_domain != gone:
        detail = f"{gone} recipients were pruned, but {by_domain} by their domains"
        yield Discrepancy("who was pruned is counted", detail, campaign.id)
    known = {str(state) for state in DeliveryState}
    tables = (("recipients", _recipient), ("deliveries", _delivery))
    for name, table in tables:
        query = select(func.count()).select_from(table).where(table.c.campaign == campaign.id)
        count = connection.execute(query).scalar_one()
        if count + gone != campaign.recipients:
            without = f" and {gone} pruned" if gone else ""
            detail = f"{count} {name}{without}, but {campaign.recipients} were recorded"
            yield Discrepancy("states add up to the audience", detail, campaign.id)
    query = select(_delivery.c.state).where(_delivery.c.campaign == campaign.id).distinct()
    for state in connection.execute(query).scalars():
        if str(state) not in known:
            yield Discrepancy("every state is known", f"unknown state {state!r}", campaign.id)


def _left_in_the_air(connection: Connection, campaign: Campaign) -> Iterator[Discrepancy]:
    """Claimed rows need an open run, and an open run a campaign that runs (or is being told)."""
    is_open = select(_run.c.id).where(_run.c.campaign == campaign.id, _run.c.ended_at.is_(None))
    if connection.execute(is_open).first():
        if campaign.state in {CampaignState.FINISHED, CampaignState.MISSED}:
            detail = f"a run is open though the campaign is {campaign.state}"
            yield Discrepancy("a run ends with its campaign", detail, campaign.id)
        return
    query = select(_delivery.c.seq).where(
        _delivery.c.campaign == campaign.id, _delivery.c.state == DeliveryState.CLAIMED
    )
    for seq in connection.execute(query.limit(_MAX_SHOWN)).scalars():
        detail = f"recipient {seq} is claimed, but nobody sends"
        yield Discrepancy("nothing is in the air without a run", detail, campaign.id, seq)


def _without_recipient() -> Select[Any]:
    same = and_(_recipient.c.campaign == _delivery.c.campaign, _recipient.c.seq == _delivery.c.seq)
    return (
        select(_delivery.c.seq)
        .select_from(_delivery.outerjoin(_recipient, same))
        .where(_delivery.c.campaign == _ASKED, _recipient.c.seq.is_(None))
    )


def _twice_in_audience() -> Select[Any]:
    query: Select[*tuple[Any, ...]] = (
        select(func.min(_recipient.c.seq), func.count())
        .where(_recipient.c.campaign == _ASKED)
        .group_by(_recipient.c.address_key)
        .having(func.count() > 1)
    )
    return query


def _accepting_attempts() -> Select[Any]:
    """Accepted deliveries with other than one acceptance, and the reverse."""
    accepting = (
        select(_attempt.c.seq, func.count().label("times"))
        .where(_attempt.c.campaign == _ASKED, _attempt.c.outcome == "accepted")
        .group_by(_attempt.c.seq)
        .subquery()
    )
    times = func.coalesce(accepting.c.times, 0)
    is_accepted = _delivery.c.state == DeliveryState.ACCEPTED
    return (
        select(_delivery.c.seq, _delivery.c.state, times)
        .select_from(_delivery.outerjoin(accepting, accepting.c.seq == _delivery.c.seq))
        .where(
            _delivery.c.campaign == _ASKED,
            or_(and_(is_accepted, times != 1), and_(~is_accepted, times > 0)),
        )
    )


def _tried_after_acceptance() -> Select[Any]:
    later = _attempt.alias()
    return (
        select(_attempt.c.seq, later.c.n)
        .join(
            later,
            and_(
                later.c.campaign == _attempt.c.campaign,
                later.c.seq == _attempt.c.seq,
                later.c.n > _attempt.c.n,
            ),
        )
        .where(_attempt.c.campaign == _ASKED, _attempt.c.outcome == "accepted")
    )


def _miscounted_attempts() -> Select[Any]:
    tries = (
        select(_attempt.c.seq, func.count().label("times"))
        .where(_attempt.c.campaign == _ASKED)
        .group_by(_attempt.c.seq)
        .subquery()
    )
    times = func.coalesce(tries.c.times, 0)
    return (
        select(_delivery.c.seq, _delivery.c.attempts, times)
        .select_from(_delivery.outerjoin(tries, tries.c.seq == _delivery.c.seq))
        .where(_delivery.c.campaign == _ASKED, _delivery.c.attempts != times)
    )


def _retry_times() -> Select[Any]:
    """A deferral has its next time, and nothing else has."""
    is_deferred = _delivery.c.state == DeliveryState.DEFERRED
    timed = _delivery.c.next_at.is_not(None)
    in_air = _delivery.c.state == DeliveryState.CLAIMED
    return select(_delivery.c.seq, _delivery.c.state).where(
        _delivery.c.campaign == _ASKED,
        or_(and_(is_deferred, ~timed), and_(~is_deferred, ~in_air, timed)),
    )


def _tried_though_postponed() -> Select[Any]:
    """A deferral without an attempt only waits for a turn: nothing was said of it yet."""
    said = or_(_delivery.c.code.is_not(None), _delivery.c.deferrals > 0, _delivery.c.losses > 0)
    return select(_delivery.c.seq).where(
        _delivery.c.campaign == _ASKED,
        _delivery.c.state == DeliveryState.DEFERRED,
        _delivery.c.attempts == 0,
        said,
    )


def _open_though_finished() -> Select[Any]:
    """Once the last run is closed; until then it may still put back what is spared at its end."""
    is_open = select(_run.c.id).where(_run.c.campaign == _ASKED, _run.c.ended_at.is_(None))
    waits: BindParameter[str] = bindparam("waits", expanding=True)
    return select(_delivery.c.seq, _delivery.c.state).where(
        _delivery.c.campaign == _ASKED, _delivery.c.state.in_(waits), ~is_open.exists()
    )


def _must_not_wait(campaign: Campaign) -> list[DeliveryState]:
    """In which states nobody of it may be."""
    done = campaign.state in {CampaignState.FINISHED, CampaignState.CANCELLED}
    return [DeliveryState.QUEUED, DeliveryState.DEFERRED] if done else []


_RULES: tuple[tuple[str, Callable[[], Select[Any]], str], ...] = (
    ("every delivery has its recipient", _without_recipient, "delivery {} has no recipient"),
    ("one row an address", _twice_in_audience, "the address of recipient {} stands {} times"),
    (
        "an accepted delivery has one acceptance",
        _accepting_attempts,
        "recipient {} is {} with {} accepting attempts",
    ),
    (
        "nothing is tried after acceptance",
        _tried_after_acceptance,
        "recipient {} was tried again, attempt {}",
    ),
    (
        "attempts are counted",
        _miscounted_attempts,
        "recipient {} counts {} attempts, but {} are written",
    ),
    ("only a deferral has a next time", _retry_times, "recipient {} is {}"),
    (
        "who is postponed was not tried",
        _tried_though_postponed,
        "recipient {} was tried, but no attempt is counted",
    ),
    (
        "a campaign that ended leaves nobody waiting",
        _open_though_finished,
        "recipient {} is still {}",
    ),
)
