"""The roll: what a plan asks of the register, for any number of readers."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import Connection, select

from newsletter.consent import Joined, Membership
from newsletter.forgotten import MARK
from newsletter.ledger import schema
from newsletter.ledger.database import streamed
from newsletter.values import Address

_subscription, _reader = schema.subscription, schema.reader
_ASKED_AT_ONCE = 500


def joined(connection: Connection) -> Iterator[Joined]:
    """Everybody who joined by form and did not leave, by list and address."""
    query = (
        select(_subscription)
        .where(_subscription.c.state == Membership.JOINED)
        .order_by(_subscription.c.list_name, _subscription.c.address_key)
    )
    for row in streamed(connection, query):
        address = Address(row.address)
        yield Joined(address, row.list_name, json.loads(row.fields), row.language)


def left(connection: Connection) -> Iterator[tuple[str, str]]:
    """Address key and list of everybody who left one."""
    query = select(_subscription.c.address_key, _subscription.c.list_name)
    for row in streamed(connection, query.where(_subscription.c.state == Membership.LEFT)):
        yield row.address_key, row.list_name


def languages(connection: Connection) -> Iterator[tuple[str, str]]:
    """Address key and language of everybody who chose one."""
    query = select(_reader.c.address_key, _reader.c.language)
    for row in streamed(connection, query.where(_reader.c.language.is_not(None))):
        yield row.address_key, row.language


def forgotten(connection: Connection) -> Iterator[str]:
    """The marks of everybody who was forgotten."""
    key = schema.suppression.c.address_key
    for row in streamed(connection, select(key).where(key.startswith(MARK))):
        yield row.address_key


def trackable(connection: Connection, keys: Iterable[str]) -> frozenset[str]:
    """Those of these keys whose readers allow to be counted by name."""
    found: set[str] = set()
    waiting = iter(keys)
    while some := list(islice(waiting, _ASKED_AT_ONCE)):
        query = select(_reader.c.address_key).where(
            _reader.c.address_key.in_(some), _reader.c.tracking.is_(True)
        )
        found.update(connection.execute(query).scalars())
    return frozenset(found)
