"""Sums over a campaign's recipients, made by the database: nobody is read into memory for them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from newsletter.delivery import DeliveryState
from newsletter.ledger import kept, schema
from newsletter.ledger.database import streamed
from newsletter.ledger.model import AnswerCount, CampaignId, DomainCount

_delivery, _recipient, _attempt = schema.delivery, schema.recipient, schema.attempt
_SHORT = (
    DeliveryState.REFUSED,
    DeliveryState.EXPIRED,
    DeliveryState.DEFERRED,
    DeliveryState.IN_DOUBT,
)


def domains(connection: Connection, number: CampaignId) -> Iterator[DomainCount]:
    """Each recipient domain, the largest first."""
    pruned = kept.domains(connection, number)
    if not pruned:
        return _domains(connection, number)
    accepted, total = Counter(pruned), Counter(pruned)
    for each in _domains(connection, number):
        accepted[each.name] += each.accepted
        total[each.name] += each.total
    largest = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))
    return (DomainCount(name, accepted[name], count) for name, count in largest)


def _domains(connection: Connection, number: CampaignId) -> Iterator[DomainCount]:
    name = domain(connection).label("name")
    accepted = func.sum(case((_delivery.c.state == DeliveryState.ACCEPTED, 1), else_=0))
    query = (
        select(name, accepted, func.count())
        .select_from(_delivery.join(_recipient, _same(_recipient)))
        .where(_delivery.c.campaign == number)
        .group_by(name)
        .order_by(func.count().desc(), name)
    )
    return (DomainCount(*row) for row in streamed(connection, query))


def answers(connection: Connection, number: CampaignId) -> Iterator[AnswerCount]:
    """What was last answered to whoever was not accepted, the most frequent first.

    Where the relay names the reader there is an ellipsis, so that the same answer is one.
    """
    reply = func.coalesce(_attempt.c.reply, "")
    words = func.replace(reply, _recipient.c.address, "\u2026").label("words")
    latest = _same(_attempt) & (_attempt.c.n == _delivery.c.attempts)
    joined = _delivery.join(_recipient, _same(_recipient)).outerjoin(_attempt, latest)
    kind = (_delivery.c.state, _delivery.c.code, words)
    query = (
        select(*kind, func.count())
        .select_from(joined)
        .where(_delivery.c.campaign == number, _delivery.c.state.in_(_SHORT))
        .group_by(*kind)
        .order_by(func.count().desc(), *kind)
    )
    for state, code, said, count in streamed(connection, query):
        yield AnswerCount(DeliveryState(state), code, said, count)


def _same(table: Any) -> ColumnElement[bool]:
    same: ColumnElement[bool] = (table.c.campaign == _delivery.c.campaign) & (
        table.c.seq == _delivery.c.seq
    )
    return same


def domain(connection: Connection) -> ColumnElement[str]:
    """What stands after the last ``@`` of a recipient's address."""
    address = _recipient.c.address
    if connection.dialect.name == "sqlite":
        others = func.replace(address, "@", "")
        return func.substr(address, func.length(func.rtrim(address, others)) + 1)
    return func.substring(address, "[^@]*$")
