"""What readers change themselves: leaving a list or all of them, language, tracking."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select, update

from newsletter.consent import (
    Basis,
    Change,
    ConsentEvent,
    ConsentTo,
    Membership,
    Preferences,
    Told,
)
from newsletter.delivery import DeliveryState
from newsletter.ledger import clicking, consents, schema, suppressions
from newsletter.ledger.model import CampaignState, Suppression
from newsletter.ledger.rows import lists_from, storable, to_json, upsert
from newsletter.values import Address, Language

_table = schema.subscription
_reader = schema.reader
_OVER = (CampaignState.FINISHED, CampaignState.CANCELLED)
_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


def leave(connection: Connection, address: Address, lists: Iterable[str], told: Told) -> None:
    """Leave these lists, whatever a file says; what waits to be sent for them alone is not sent."""
    for name in dict.fromkeys(lists):
        _leave_one(connection, address, name, told)
    left = _names(connection, address.key, Membership.LEFT)
    for campaign in _open_campaigns(connection):
        _let_go(connection, campaign, address.key, left)


def unsubscribe(connection: Connection, address: Address, told: Told) -> bool:
    """Never be mailed again, by no list; False if that was so before."""
    gone = Suppression(address.text, "unsubscribed", told.source, "", told.at)
    return suppressions.suppress(connection, gone, address.key, told)


def join(
    connection: Connection,
    address: Address,
    lists: Iterable[str],
    told: Told,
    fields: Mapping[str, str],
) -> None:
    """Join these lists on a page that only a link mailed to the reader opens."""
    for name in dict.fromkeys(lists):
        row = {
            "address_key": address.key,
            "list_name": name,
            "address": address.text,
            "state": Membership.JOINED,
            "fields": storable(to_json(dict(fields))),
            "language": storable(told.language),
            "requested_at": told.at,
            "confirmed_at": told.at,
            "left_at": None,
            "token": None,
            "expires_at": None,
            "wording": storable(told.wording),
            "ip": storable(told.ip),
        }
        connection.execute(upsert(connection, _table), row)
        joined = ConsentEvent(
            address.text,
            ConsentTo.NEWSLETTER,
            name,
            Change.GIVEN,
            Basis.EXPRESS,
            told,
            detail="on the page that the link in her message opens",
        )
        consents.add(connection, address.key, joined)


def set_language(connection: Connection, address: Address, language: Language, told: Told) -> None:
    """Choose a language, which wins over a file's."""
    _write_reader(connection, address, told, language=str(language))


def set_tracking(connection: Connection, address: Address, told: Told, *, allowed: bool) -> None:
    """Allow that clicks are counted under one's name, or take it back: then they are forgotten."""
    if not allowed:
        clicking.erase(connection, address.key)
    _write_reader(connection, address, told, tracking=allowed)
    change = Change.GIVEN if allowed else Change.WITHDRAWN
    said = ConsentEvent(address.text, ConsentTo.TRACKING, "", change, Basis.EXPRESS, told)
    consents.add(connection, address.key, said)


def preferences_of(connection: Connection, address: Address) -> Preferences:
    """What the reader said so far."""
    query = select(_reader).where(_reader.c.address_key == address.key)
    row = connection.execute(query).first()
    lists = select(_table.c.list_name, _table.c.state).where(_table.c.address_key == address.key)
    return Preferences(
        address=address.text,
        language=row.language if row else None,
        tracking=row.tracking if row else None,
        lists={name: Membership(state) for name, state in connection.execute(lists)},
        suppressed=suppressions.reason_for(connection, address.key),
    )


def _write_reader(
    connection: Connection, address: Address, told: Told, **changed: str | bool
) -> None:
    query = select(_reader).where(_reader.c.address_key == address.key)
    known = connection.execute(query).mappings().first()
    row = {
        "address_key": address.key,
        "address": address.text,
        "language": known["language"] if known else None,
        "tracking": known["tracking"] if known else None,
        "at": told.at,
    }
    connection.execute(upsert(connection, _reader), row | changed)


def _leave_one(connection: Connection, address: Address, name: str, told: Told) -> None:
    mine = (_table.c.address_key == address.key, _table.c.list_name == name)
    known = connection.execute(select(_table).where(*mine)).mappings().first()
    if known and known["state"] == Membership.LEFT and known["token"] is None:
        return
    row = {
        "fields": "{}",
        "language": "",
        "requested_at": None,
        "confirmed_at": None,
        "wording": "",
        "ip": "",
        **(known or {}),
        "address_key": address.key,
        "list_name": name,
        "address": address.text,
        "state": Membership.LEFT,
        "left_at": told.at,
        "token": None,  # the old confirmation must not bring the reader back
        "expires_at": None,
    }
    connection.execute(upsert(connection, _table), row)
    left = ConsentEvent(
        address.text, ConsentTo.NEWSLETTER, name, Change.WITHDRAWN, Basis.EXPRESS, told
    )
    consents.add(connection, address.key, left)


def _names(connection: Connection, key: str, state: Membership) -> frozenset[str]:
    query = select(_table.c.list_name).where(_table.c.address_key == key, _table.c.state == state)
    return frozenset(connection.execute(query).scalars())


def _open_campaigns(connection: Connection) -> Sequence[int]:
    table = schema.campaign
    return connection.execute(select(table.c.id).where(table.c.state.not_in(_OVER))).scalars().all()


def _let_go(connection: Connection, campaign: int, key: str, left: frozenset[str]) -> None:
    """A delivery that waits, to somebody who by now left every list that it was for."""
    table, delivery = schema.recipient, schema.delivery
    query = select(table).where(table.c.campaign == campaign, table.c.address_key == key)
    row = connection.execute(query).first()
    if row is None or not left.issuperset(lists_from(row.lists)):
        return
    waiting = (
        delivery.c.campaign == campaign,
        delivery.c.seq == row.seq,
        delivery.c.state.in_(_WAITING),
    )
    let_go = {"state": DeliveryState.SUPPRESSED, "next_at": None}
    connection.execute(update(delivery).where(*waiting).values(let_go))
