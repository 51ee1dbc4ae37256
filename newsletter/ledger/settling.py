"""Settling: attempts, replies and states are written together, or not at all."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerError
from newsletter.ledger import schema
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import Acceptance, CampaignId, Result, Settlement, Suppression
from newsletter.ledger.prepared import Spelled, Tabled, packed
from newsletter.ledger.rows import describe, storable
from newsletter.ledger.suppressions import suppress

_recipient = schema.recipient


def settle(
    connection: Connection,
    campaign: CampaignId,
    results: Sequence[Result],
    run: int | None,
) -> None:
    """Write what attempts came to: of claimed rows, or without a run of rows in doubt.

    All or nothing: ``LedgerError`` when one of the rows stands otherwise.
    """
    was = DeliveryState.IN_DOUBT if run is None else DeliveryState.CLAIMED
    shared = {"c": campaign, "run": run, "was": was.value}
    accepted = sorted([each for each in results if type(each) is Acceptance])  # by their key
    if accepted:
        _write_acceptances(connection, accepted, shared)
    if len(accepted) < len(results):
        others = [each for each in results if isinstance(each, Settlement)]
        _write_others(connection, others, shared)
        _suppress_dead(connection, campaign, [each for each in others if each.dead_address])


def _write_acceptances(
    connection: Connection, accepted: Sequence[Acceptance], shared: dict[str, Any]
) -> None:
    rows = _storable(accepted)
    if connection.dialect.name == "sqlite":
        _ACCEPTED_ATTEMPT.insert(connection, {"c": shared["c"], "run": shared["run"]}, rows)
        seqs = packed([each.seq for each in accepted])
        changed = _ACCEPTED.change(connection, shared | {"seqs": seqs})
    else:
        changed = _ACCEPTED_ATTEMPT.change(connection, shared | {"rows": packed(rows)})
    _refuse_unless(changed == len(accepted), shared)


def _write_others(
    connection: Connection, others: Sequence[Settlement], shared: dict[str, Any]
) -> None:
    values = shared | {"rows": packed([_row(each) for each in others])}
    _refuse_unless(_SETTLED.change(connection, values) == len(others), shared)
    _ATTEMPT.change(connection, values)


def _refuse_unless(as_told: bool, shared: dict[str, Any]) -> None:
    if not as_told:
        number = shared["c"]
        message = f"an outcome of campaign {number} is for a delivery that was not being tried"
        raise LedgerError(message, next_command="newsletter ledger verify")


def _storable(accepted: Sequence[Acceptance]) -> Sequence[Acceptance]:
    """As they are, unless one of the replies may be more than a database takes."""
    texts = "".join([each.text for each in accepted])
    if texts.isascii() and "\0" not in texts:
        return accepted
    return [each._replace(text=storable(each.text)) for each in accepted]


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


def _row(settlement: Settlement) -> tuple[Any, ...]:
    """The values of both statements, in the order in which they count them."""
    after, outcome = settlement.after, settlement.outcome
    answer = getattr(outcome, "reply", None)
    return (
        settlement.seq,
        to_microseconds(settlement.at),
        after.reply.code if after.reply else None,
        storable(answer.text) if answer else None,
        after.attempts,
        after.state.value,
        after.deferrals,
        after.losses,
        after.doubted,
        _instant(after.first_tried),
        _instant(after.next_at),
        *describe(outcome),
        answer.code if answer else None,
    )


def _instant(at: dt.datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


_KEPT = "campaign, seq, state, attempts, deferrals, losses, doubted, first_tried, last_tried"
_ATTEMPTED = "campaign, seq, n, run, at, outcome, phase, blame, code, reply, detail"
_FROM_SQLITE = """
    FROM json_each(:rows) AS told
    CROSS JOIN delivery ON campaign = :c AND seq = value->>0 AND state = :was
    WHERE true
    ON CONFLICT (campaign, seq) DO UPDATE SET"""
"""An upsert whose every row is there: found by key, which SQLite does not do for UPDATE FROM."""
_FROM_POSTGRESQL = """
    FROM json_array_elements(%(rows)s::json) AS told (value)
    WHERE campaign = %(c)s AND seq = (value->>0)::int AND state = %(was)s"""
_ACCEPTED = Spelled(
    sqlite="""
        UPDATE delivery SET
            state = 'accepted', attempts = 1,
            (first_tried, last_tried, code) = (
                SELECT at, at, code FROM attempt
                WHERE attempt.campaign = :c AND attempt.seq = delivery.seq AND n = 1
            )
        WHERE campaign = :c AND state = :was AND seq IN (SELECT value FROM json_each(:seqs))""",
    postgresql="",  # there the attempts' statement does it
)
"""Of rows that were never tried before: the rest of their columns stays as it is."""
_ACCEPTED_ATTEMPT = Tabled(
    width=4,
    sqlite=f"""
        INSERT INTO attempt ({_ATTEMPTED})
        SELECT ?1, column1, 1, ?2, column2, 'accepted', 'dot', '', column3, column4, ''
        FROM ({{rows}}) WHERE column1 IS NOT NULL""",  # noqa: S608  our own words
    postgresql=f"""
        WITH told AS MATERIALIZED (
            SELECT (value->>0)::int AS seq, (value->>1)::bigint AS at, (value->>2)::int AS code,
                value->>3 AS reply
            FROM json_array_elements(%(rows)s::json) AS each (value)
        ), changed AS (
            UPDATE delivery SET
                state = 'accepted', attempts = 1,
                first_tried = told.at, last_tried = told.at, code = told.code
            FROM told
            WHERE campaign = %(c)s AND state = %(was)s AND delivery.seq = told.seq
            RETURNING told.*
        )
        INSERT INTO attempt ({_ATTEMPTED})
        SELECT %(c)s, seq, 1, %(run)s::int, at, 'accepted', 'dot', '', code, reply, ''
        FROM changed""",  # noqa: S608  our own words
)
"""On PostgreSQL both tables at once: joined to each other, all of a campaign was gone through."""
_SETTLED = Spelled(
    sqlite=f"""
        INSERT INTO delivery ({_KEPT}, next_at, code)
        SELECT campaign, seq, value->>5, value->>4, value->>6, value->>7, value->>8,
            value->>9, value->>1, value->>10, value->>2
        {_FROM_SQLITE}
            state = excluded.state, attempts = excluded.attempts, deferrals = excluded.deferrals,
            losses = excluded.losses, doubted = excluded.doubted, next_at = excluded.next_at,
            first_tried = excluded.first_tried, last_tried = excluded.last_tried,
            code = excluded.code""",
    postgresql=f"""
        UPDATE delivery SET
            state = value->>5, attempts = (value->>4)::int, deferrals = (value->>6)::int,
            losses = (value->>7)::int, doubted = (value->>8)::boolean,
            first_tried = (value->>9)::bigint, last_tried = (value->>1)::bigint,
            next_at = (value->>10)::bigint, code = (value->>2)::int
        {_FROM_POSTGRESQL}""",  # noqa: S608  our own words
)
_ATTEMPT = Spelled(
    sqlite=f"""
        INSERT INTO attempt ({_ATTEMPTED})
        SELECT :c, value->>0, value->>4, :run, value->>1,
            value->>11, value->>12, value->>13, value->>15, value->>3, value->>14
        FROM json_each(:rows)""",  # noqa: S608  our own words
    postgresql=f"""
        INSERT INTO attempt ({_ATTEMPTED})
        SELECT %(c)s, (value->>0)::int, (value->>4)::int, %(run)s::int, (value->>1)::bigint,
            value->>11, value->>12, value->>13, (value->>15)::int, value->>3, value->>14
        FROM json_array_elements(%(rows)s::json) AS told (value)""",  # noqa: S608  our own words
)
