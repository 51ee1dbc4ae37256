"""Whom a link in a message names: one row of one campaign, as it was frozen."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select

from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, Suppression
from newsletter.ledger.rows import comparable, lists_from

_recipient, _variant, _suppression = schema.recipient, schema.variant, schema.suppression


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient of one campaign, with the page that was chosen and its language."""

    campaign: CampaignId
    seq: int
    address: str
    language: str
    lists: tuple[str, ...]
    variant: int
    fields: Mapping[str, str]


def addressee(connection: Connection, number: CampaignId, seq: int) -> Addressee | None:
    """The recipient of this number, or None where the campaign has none."""
    page = (_variant.c.campaign == _recipient.c.campaign) & (_variant.c.n == _recipient.c.variant)
    query = (
        select(_recipient, _variant.c.language)
        .join(_variant, page)
        .where(_recipient.c.campaign == comparable(number), _recipient.c.seq == comparable(seq))
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return Addressee(
        campaign=CampaignId(row["campaign"]),
        seq=row["seq"],
        address=row["address"],
        language=row["language"],
        lists=lists_from(row["lists"]),
        variant=row["variant"],
        fields=json.loads(row["fields"]),
    )


def lists_of(
    connection: Connection, key: str, numbers: Iterable[CampaignId]
) -> Mapping[CampaignId, tuple[str, ...]]:
    """For each of these campaigns that had this address, the lists that it was on."""
    query = select(_recipient.c.campaign, _recipient.c.lists).where(
        _recipient.c.address_key == key, _recipient.c.campaign.in_(sorted(set(numbers)))
    )
    return {CampaignId(row.campaign): lists_from(row.lists) for row in connection.execute(query)}


def suppression_of(connection: Connection, key: str) -> Suppression | None:
    """Why and since when an address of this key is never mailed, or None where it is."""
    query = select(_suppression).where(_suppression.c.address_key == key)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    return Suppression(row["address"], row["reason"], row["source"], row["note"], row["at"])
