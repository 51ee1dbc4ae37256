"""Settling: attempts, replies and states are written together, or not at all."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerError
from newsletter.ledger import schema
from newsletter.ledger.model import CampaignId, Settlement, Suppression
from newsletter.ledger.rows import describe, hash_of, insert_new, storable
from newsletter.ledger.suppressions import suppress

_delivery, _recipient = schema.delivery, schema.recipient


def settle(
    connection: Connection,
    campaign: CampaignId,
    settlements: Sequence[Settlement],
    run: int | None,
) -> None:
    """Write attempts, replies and states: of claimed rows, or without a run of those in doubt.

    All or nothing: ``LedgerError`` when one of the rows stands otherwise.
    """
    if not settlements:
        return
    replies = [reply for each in settlements if (reply := getattr(each.outcome, "reply", None))]
    if texts := {hash_of(reply): storable(reply.text) for reply in replies}:
        rows = [{"hash": key, "text": text} for key, text in texts.items()]
        connection.execute(insert_new(connection, schema.reply_text), rows)
    attempts = [_attempt_row(campaign, settlement, run) for settlement in settlements]
    connection.execute(insert(schema.attempt), attempts)
    was = DeliveryState.IN_DOUBT if run is None else DeliveryState.CLAIMED
    changed = [_delivery_row(campaign, each) | {"was": was} for each in settlements]
    if connection.execute(_SETTLE, changed).rowcount != len(changed):
        message = f"an outcome of campaign {campaign} is for a delivery that was not being tried"
        raise LedgerError(message, next_command="newsletter ledger verify")
    _suppress_dead(connection, campaign, [each for each in settlements if each.dead_address])


def _suppress_dead(
    connection: Connection, campaign: CampaignId, settlements: Sequence[Settlement]
) -> None:
    """Addresses that the relay says do not exist are never mailed again."""
    for each in settlements:
        query = select(_recipient.c.address, _recipient.c.address_key).where(
            _recipient.c.campaign == campaign, _recipient.c.seq == each.seq
        )
        address, key = connection.execute(query).one()
        note = str(each.after.reply or "")
        dead = Suppression(address, "refused", f"campaign {campaign}", note, each.at)
        suppress(connection, dead, key)


def _attempt_row(


def _delivery_row(


_SETTLED = 
_SETTLE = 
