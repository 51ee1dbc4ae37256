"""Counting clicks: of nobody in particular, and by name where that reader agreed to it.

A click is one more on the link's counter. Nothing is kept of who it was, when, or from where;
but of readers whose consent stands at that moment, which links they followed, and when.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from newsletter.campaign import Plan
from newsletter.consent import ConsentTo
from newsletter.ledger import schema
from newsletter.ledger.clicked import Clicked, CountedLink, ReaderClick
from newsletter.ledger.model import CampaignId
from newsletter.ledger.rows import comparable, insert_new, storable
from newsletter.message import counted_in

OPENED = 0
"""The number under which opens are counted; links count from 1."""

_link, _click = schema.link, schema.click
_recipient, _reader, _consent = schema.recipient, schema.reader, schema.consent


def record(connection: Connection, campaign: CampaignId, plan: Plan) -> None:
    """Number the links that the pages count, in their order; nothing where none is counted."""
    if plan.terms.tracking == "none":
        return
    pages = (counted_in(planned.compiled) for planned in plan.variants)
    urls = dict.fromkeys(url for page in pages for url in page)
    rows = [(n, storable(url)) for n, url in enumerate(urls, start=OPENED + 1)]
    if plan.terms.opens:
        rows.insert(0, (OPENED, ""))
    if rows:
        each = [{"campaign": campaign, "n": n, "url": url, "clicks": 0} for n, url in rows]
        connection.execute(insert(_link), each)


def links_of(connection: Connection, campaign: CampaignId) -> Mapping[str, int]:
    """Each counted link of a campaign and its number."""
    query = select(_link.c.url, _link.c.n).where(_link.c.campaign == campaign, _link.c.n > OPENED)
    return {row.url: row.n for row in connection.execute(query)}


def counted_by_name(
    connection: Connection, campaign: CampaignId, since: dt.datetime
) -> frozenset[int]:
    """The rows of a campaign whose readers had agreed by then, and said nothing else after it."""
    later = exists().where(
        _consent.c.address_key == _recipient.c.address_key,
        _consent.c.purpose == ConsentTo.TRACKING,
        _consent.c.at > since,
    )
    query = (
        select(_recipient.c.seq)
        .join(_reader, _reader.c.address_key == _recipient.c.address_key)
        .where(_recipient.c.campaign == campaign, _reader.c.tracking.is_(True), ~later)
    )
    return frozenset(connection.execute(query).scalars())


def agreed(connection: Connection) -> int:
    """How many readers allow to be counted by name."""
    query = select(func.count()).select_from(_reader).where(_reader.c.tracking.is_(True))
    return connection.execute(query).scalar_one()


def target(connection: Connection, campaign: int, n: int) -> str | None:
    """Where a link leads, or None where the campaign has no such link."""
    return connection.execute(select(_link.c.url).where(*_same(campaign, n))).scalar()


def count(connection: Connection, campaign: int, n: int) -> None:
    """One more click on a link, of nobody in particular."""
    more = update(_link).where(*_same(campaign, n)).values(clicks=_link.c.clicks + 1)
    connection.execute(more)


def count_by_name(
    connection: Connection, campaign: int, seq: int, n: int, now: dt.datetime
) -> None:
    """Remember that this row's reader followed the link, if her consent stands; else nothing."""
    same_reader = _reader.c.address_key == _recipient.c.address_key
    query = (
        select(_recipient.c.address_key)
        .join(_reader, same_reader)
        .where(
            _recipient.c.campaign == comparable(campaign),
            _recipient.c.seq == comparable(seq),
            _reader.c.tracking.is_(True),
        )
    )
    key = connection.execute(query).scalar()
    if key is None:
        return
    row = {"address_key": key, "campaign": campaign, "n": n, "clicks": 0}
    first = {**row, "first_at": now, "last_at": now}
    connection.execute(insert_new(connection, _click), first)
    again = {"clicks": _click.c.clicks + 1, "last_at": now}
    mine = (_click.c.address_key == key, _click.c.campaign == campaign, _click.c.n == n)
    connection.execute(update(_click).where(*mine).values(again))


def erase(connection: Connection, key: str) -> int:
    """Forget which links a reader followed; the links' counters stay. How many rows it were."""
    return connection.execute(delete(_click).where(_click.c.address_key == key)).rowcount


def clicked(connection: Connection, campaign: CampaignId) -> Clicked:
    """What was counted of a campaign."""
    named = _named(connection, _click.c.campaign == campaign)
    query = select(_link).where(_link.c.campaign == campaign).order_by(_link.c.n)
    rows = connection.execute(query).all()
    opened = [row.clicks for row in rows if row.n == OPENED]
    links = tuple(
        CountedLink(row.url, row.clicks, named.get(row.n, 0)) for row in rows if row.n > OPENED
    )
    readers = select(func.count(_click.c.address_key.distinct()))
    named_readers = connection.execute(readers.where(_click.c.campaign == campaign)).scalar()
    return Clicked(links, opened[0] if opened else None, named_readers or 0)


def clicks_of(connection: Connection, keys: Iterable[str]) -> tuple[ReaderClick, ...]:
    """Which links a reader followed, in which campaigns, as far as she agreed to it."""
    same = and_(_link.c.campaign == _click.c.campaign, _link.c.n == _click.c.n)
    query = (
        select(_click, _link.c.url, schema.campaign.c.slug)
        .join(_link, same)
        .join(schema.campaign, schema.campaign.c.id == _click.c.campaign)
        .where(_click.c.address_key.in_(list(keys)))
        .order_by(_click.c.campaign, _click.c.n)
    )
    return tuple(
        ReaderClick(row.campaign, row.slug, row.url, row.clicks, row.first_at, row.last_at)
        for row in connection.execute(query)
    )


def _named(connection: Connection, where: ColumnElement[bool]) -> Mapping[int, int]:
    """How many readers are known to have followed each link."""
    query = select(_click.c.n, func.count()).where(where).group_by(_click.c.n)
    return {row[0]: row[1] for row in connection.execute(query)}


def _same(campaign: int, n: int) -> tuple[ColumnElement[bool], ...]:
    return _link.c.campaign == comparable(campaign), _link.c.n == comparable(n)
