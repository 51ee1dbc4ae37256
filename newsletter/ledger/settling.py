"""Settling: attempts, replies and states are written together, or not at all."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql

from newsletter.delivery import DeliveryState, Reply
from newsletter.errors import LedgerError
from newsletter.ledger import schema
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import CampaignId, Settlement, Suppression
from newsletter.ledger.prepared import Prepared
from newsletter.ledger.rows import describe, hash_of, storable
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
    was = DeliveryState.IN_DOUBT if run is None else DeliveryState.CLAIMED
    texts = _Texts()
    shared = {"c": campaign, "run": run, "was": was.value}
    rows = [shared | _row(settlement, texts) for settlement in settlements]
    texts.keep(connection)
    _ATTEMPTED.run_many(connection, rows)
    if _SETTLED.run_many(connection, rows) != len(rows):
        message = f"an outcome of campaign {campaign} is for a delivery that was not being tried"
        raise LedgerError(message, next_command="newsletter ledger verify")
    _suppress_dead(connection, campaign, [each for each in settlements if each.dead_address])


class _Texts:
    """The replies of one group: each different text is stored once, by its hash."""

    def __init__(self) -> None:
        self._hashes: dict[str, bytes] = {}

    def name(self, reply: Reply | None) -> bytes | None:
        """What a row holds in place of the text."""
        if reply is None:
            return None
        if reply.text not in self._hashes:
            self._hashes[reply.text] = hash_of(storable(reply.text))
        return self._hashes[reply.text]

    def keep(self, connection: Connection) -> None:
        """Store those that are new."""
        if self._hashes:
            rows = [{"hash": key, "text": storable(text)} for text, key in self._hashes.items()]
            _TEXTS.run_many(connection, rows)


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


def _row(settlement: Settlement, texts: _Texts) -> dict[str, Any]:
    """The values of both statements, for the attempt and for the delivery after it."""
    after, outcome = settlement.after, settlement.outcome
    answer = getattr(outcome, "reply", None)
    name, phase, blame, detail = describe(outcome)
    at = to_microseconds(settlement.at)
    first = after.first_tried
    return {
        "s": settlement.seq,
        "attempts": after.attempts,
        "at": at,
        "outcome": name,
        "phase": phase,
        "blame": blame,
        "answer": answer.code if answer else None,
        "answer_text": texts.name(answer),
        "detail": detail,
        "state": after.state.value,
        "deferrals": after.deferrals,
        "losses": after.losses,
        "doubted": after.doubted,
        "first_tried": at if first is settlement.at else first and to_microseconds(first),
        "next_at": after.next_at and to_microseconds(after.next_at),
        "code": after.reply.code if after.reply else None,
        "reply": texts.name(after.reply),
    }


_TEXTS = Prepared(postgresql.insert(schema.reply_text).on_conflict_do_nothing())
"""Of PostgreSQL's making, but SQLite reads the same words."""
_ATTEMPTED = Prepared(
    insert(schema.attempt).values(
        campaign=bindparam("c"),
        seq=bindparam("s"),
        n=bindparam("attempts"),
        run=bindparam("run"),
        at=bindparam("at"),
        outcome=bindparam("outcome"),
        phase=bindparam("phase"),
        blame=bindparam("blame"),
        code=bindparam("answer"),
        reply=bindparam("answer_text"),
        detail=bindparam("detail"),
    )
)
_SETTLED = Prepared(
    update(_delivery)
    .where(
        _delivery.c.campaign == bindparam("c"),
        _delivery.c.seq == bindparam("s"),
        _delivery.c.state == bindparam("was"),
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                "state",
                "attempts",
                "deferrals",
                "losses",
                "doubted",
                "first_tried",
                "next_at",
                "code",
                "reply",
            )
        }
        | {"last_tried": bindparam("at")}
    )
)
