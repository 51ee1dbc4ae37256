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
    """Write what attempts came to: of claimed rows, or without a run of rows in doubt.

    All or nothing: ``LedgerError`` when one of the rows stands otherwise.
    """
    if not settlements:
        return
    _keep_texts(connection, settlements)
    attempts = [_attempt_row(campaign, settlement, run) for settlement in settlements]
    connection.execute(insert(schema.attempt), attempts)
    was = DeliveryState.IN_DOUBT if run is None else DeliveryState.CLAIMED
    changed = [_delivery_row(campaign, each) | {"was": was} for each in settlements]
    if connection.execute(_SETTLE, changed).rowcount != len(changed):
        message = f"an outcome of campaign {campaign} is for a delivery that was not being tried"
        raise LedgerError(message, next_command="newsletter ledger verify")
    _suppress_dead(connection, campaign, [each for each in settlements if each.dead_address])


def _keep_texts(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Each different reply text once, by its hash."""
    replies = [reply for each in settlements if (reply := getattr(each.outcome, "reply", None))]
    if texts := {hash_of(reply): storable(reply.text) for reply in replies}:
        rows = [{"hash": key, "text": text} for key, text in texts.items()]
        connection.execute(insert_new(connection, schema.reply_text), rows)


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


def _attempt_row(campaign: CampaignId, settlement: Settlement, run: int | None) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "seq": settlement.seq,
        "n": settlement.after.attempts,
        "run": run,
        "at": settlement.at,
        **describe(settlement.outcome),
    }


def _delivery_row(campaign: CampaignId, settlement: Settlement) -> dict[str, Any]:
    after = settlement.after
    return {
        "c": campaign,
        "s": settlement.seq,
        "state": after.state,
        "attempts": after.attempts,
        "deferrals": after.deferrals,
        "losses": after.losses,
        "doubted": after.doubted,
        "first_tried": after.first_tried,
        "last_tried": settlement.at,
        "next_at": after.next_at,
        "code": after.reply.code if after.reply else None,
        "reply": hash_of(after.reply),
    }


_SETTLED = (
    "state",
    "attempts",
    "deferrals",
    "losses",
    "doubted",
    "first_tried",
    "last_tried",
    "next_at",
    "code",
    "reply",
)
_SETTLE = (
    update(_delivery)
    .where(
        _delivery.c.campaign == bindparam("c"),
        _delivery.c.seq == bindparam("s"),
        _delivery.c.state == bindparam("was"),
    )
    .values({name: bindparam(name) for name in _SETTLED})
)
