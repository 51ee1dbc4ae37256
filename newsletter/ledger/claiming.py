"""Claiming: which rows a run may try next, and putting back what it did not try."""

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from newsletter.delivery import FRESH, Delivery, DeliveryState, Reply
from newsletter.ledger.instants import from_microseconds, to_microseconds
from newsletter.ledger.model import CampaignId, CampaignState, ClaimedRow, Grant, Part, Turn, Want
from newsletter.ledger.prepared import Spelled, packed
from newsletter.ledger.rows import LARGEST, lists_from
from newsletter.ledger.standing import next_retry


def claim(connection: Connection, turn: Turn, want: Want, now: dt.datetime) -> Grant:
    """Mark the next rows claimed, or suppressed where the reader is by now."""
    due, queued = _waiting(connection, turn, want, now)
    if not due and not queued:
        next_at = next_retry(connection, turn.campaign, turn.part)
        return Grant(CampaignState.RUNNING, next_retry_at=next_at, empty=True)
    rows = _marked(connection, turn, sorted(due + queued))
    return Grant(
        CampaignState.RUNNING,
        rows=rows,
        last_seq=max(queued, default=want.after_seq),
        suppressed=len(due) + len(queued) - len(rows),
    )


def put_back(connection: Connection, campaign: CampaignId, seqs: Iterable[int]) -> None:
    """Claimed rows become again what they were: deferred if they have a time, else queued."""
    _PUT_BACK.change(connection, {"c": campaign, "seqs": packed(list(seqs))})


def leftovers(
    connection: Connection, campaign: CampaignId, part: Part | None = None
) -> tuple[tuple[int, ClaimedRow], ...]:
    """Rows of a campaign or of a part that are claimed, each with the run that claimed it."""
    seqs = packed(_CLAIMED.ask(connection, _within(campaign, part)))
    runs, *columns = _ROWS_AMONG.columns(connection, {"c": campaign, "seqs": seqs})
    return tuple((run or 0, row) for run, row in zip(runs, _claimed_from(*columns), strict=True))


def _marked(connection: Connection, turn: Turn, seqs: Sequence[int]) -> tuple[ClaimedRow, ...]:
    """Mark these rows, which wait; those that are claimed now.

    Neighbours are found by their ends: then none but they lie between.
    """
    values: dict[str, object] = {"c": turn.campaign, "r": turn.run}
    first, last = seqs[0], seqs[-1]
    if last - first + 1 == len(seqs):
        marked, values = _MARKED_BETWEEN, values | {"first": first, "last": last}
    else:
        marked, values = _MARKED_AMONG, values | {"seqs": packed(seqs)}
    _, *columns = marked.columns(connection, values)
    return tuple(_claimed_from(*columns))


def _waiting(
    connection: Connection, turn: Turn, want: Want, now: dt.datetime
) -> tuple[list[int], list[int]]:
    """Deferred rows whose time has come, the longest due first; and queued ones in order.

    At the end, those that were put back have lower numbers.
    """
    values = _within(turn.campaign, turn.part) | {"limit": want.count, "after": want.after_seq}
    due, queued = _WAITING.columns(connection, values | {"now": to_microseconds(now)})
    if not queued and want.after_seq and len(due) < want.count:
        queued = _QUEUED.ask(connection, values | {"after": 0})
    return due, queued[: max(0, want.count - len(due))]


def _within(campaign: CampaignId, part: Part | None) -> dict[str, object]:
    """Which rows are meant. Only PostgreSQL's statements ask for a range."""
    first, last = (part.first, part.last) if part else (1, LARGEST)
    return {"c": campaign, "first": first, "last": last}


def _claimed_from(
    seqs: list[int],
    addresses: list[str],
    variants: list[int],
    fields: list[dict[str, str]],
    lists: list[str],
    tries: list[list[Any] | None],
) -> Iterable[ClaimedRow]:
    """The columns of what ``_ROWS_…`` answer, from the second on."""
    deliveries = [FRESH if tried is None else _delivery_from(tried) for tried in tries]
    of_lists = [lists_from(each) for each in lists]
    rows = zip(seqs, addresses, variants, fields, of_lists, deliveries, strict=True)
    return map(_new_tuple, itertools.repeat(ClaimedRow), rows)


_new_tuple = tuple.__new__
"""A named tuple is made by it in a third of the time."""


def _delivery_from(tries: list[Any]) -> Delivery:
    attempts, deferrals, losses, doubted, first_tried, next_at, code = tries
    return Delivery(
        state=DeliveryState.CLAIMED,
        attempts=attempts,
        first_tried=None if first_tried is None else from_microseconds(first_tried),
        next_at=None if next_at is None else from_microseconds(next_at),
        reply=None if code is None else Reply(code, ""),
        deferrals=deferrals,
        losses=losses,
        doubted=bool(doubted),
    )


_SQLITE_DUE = """
    SELECT json_group_array(seq) FROM (
        SELECT seq FROM delivery
        WHERE campaign = :c AND state = 'deferred' AND next_at <= :now
        ORDER BY next_at LIMIT :limit
    )"""
"""The words in the statement: SQLite uses a partial index only where it can see them."""
_SQLITE_QUEUED = """
    SELECT json_group_array(seq) FROM (
        SELECT seq FROM delivery
        WHERE campaign = :c AND state = 'queued' AND seq > :after
        ORDER BY seq LIMIT :limit
    )"""
_POSTGRESQL_DUE = """
    SELECT coalesce(json_agg(seq), '[]')::text FROM (
        SELECT seq FROM delivery
        WHERE campaign = %(c)s AND state = 'deferred' AND next_at <= %(now)s
        AND seq BETWEEN %(first)s AND %(last)s
        ORDER BY next_at LIMIT %(limit)s
    ) AS due"""
_POSTGRESQL_QUEUED = """
    SELECT coalesce(json_agg(seq), '[]')::text FROM (
        SELECT seq FROM delivery
        WHERE campaign = %(c)s AND state = 'queued' AND seq > %(after)s
        AND seq BETWEEN %(first)s AND %(last)s
        ORDER BY seq LIMIT %(limit)s
    ) AS queued"""
_QUEUED = Spelled(sqlite=_SQLITE_QUEUED, postgresql=_POSTGRESQL_QUEUED)
_WAITING = Spelled(
    sqlite=f"SELECT ({_SQLITE_DUE}), ({_SQLITE_QUEUED})",
    postgresql=f"SELECT ({_POSTGRESQL_DUE}), ({_POSTGRESQL_QUEUED})",
)
_CLAIMED = Spelled(
    sqlite="""
        SELECT json_group_array(seq) FROM (
            SELECT seq FROM delivery WHERE campaign = :c AND state = 'claimed' ORDER BY seq
        )""",
    postgresql="""
        SELECT coalesce(json_agg(seq ORDER BY seq), '[]')::text FROM delivery
        WHERE campaign = %(c)s AND state = 'claimed' AND seq BETWEEN %(first)s AND %(last)s""",
)
_SUPPRESSED = """
    EXISTS (
        SELECT 1 FROM recipient JOIN suppression USING (address_key)
        WHERE recipient.campaign = delivery.campaign AND recipient.seq = delivery.seq
    )"""
"""Suppression is asked in the statement that claims: recorded before it, it holds."""
_MARKED = f"""
    state = CASE WHEN {_SUPPRESSED} THEN 'suppressed' ELSE 'claimed' END,
    next_at = CASE WHEN next_at IS NULL OR {_SUPPRESSED} THEN NULL ELSE next_at END"""
_SQLITE_AMONG = "seq IN (SELECT value FROM json_each(:seqs))"
_POSTGRESQL_AMONG = "seq IN (SELECT value::int FROM json_array_elements_text(%(seqs)s::json))"
_SQLITE_MARK = f"""
    UPDATE delivery SET run = :r, {_MARKED}
    WHERE campaign = :c AND state IN ('queued', 'deferred') AND """  # noqa: S608  our own words
_POSTGRESQL_MARK = f"""
    UPDATE delivery SET run = %(r)s, {_MARKED}
    WHERE campaign = %(c)s AND state IN ('queued', 'deferred') AND """  # noqa: S608  our own words
_TRIES = "attempts, deferrals, losses, doubted, first_tried, next_at, code"
_TOUCHED = "attempts > 0 OR next_at IS NOT NULL"
"""Tried, or postponed; all others are alike, which makes them quick to read and to settle."""
_SQLITE_ROWS = f"""
    SELECT json_group_array(run), json_group_array(delivery.seq), json_group_array(address),
        json_group_array(variant), '[' || coalesce(group_concat(fields), '') || ']',
        json_group_array(lists),
        json_group_array(json(CASE WHEN {_TOUCHED} THEN json_array({_TRIES}) END))
    FROM """  # noqa: S608  our own words
_POSTGRESQL_COLUMNS = ", ".join(
    f"coalesce(json_agg({column} ORDER BY delivery.seq), '[]')::text"
    for column in (
        "run",
        "delivery.seq",
        "address",
        "variant",
        "fields::json",
        "lists",
        f"CASE WHEN {_TOUCHED} THEN json_build_array({_TRIES}) END",
    )
)
_POSTGRESQL_ROWS = f"""
    SELECT {_POSTGRESQL_COLUMNS}
    FROM delivery JOIN recipient USING (campaign, seq)
    WHERE campaign = %(c)s AND state = 'claimed' AND delivery."""  # noqa: S608  our own words
_SQLITE_ROWS_AMONG = f"""{_SQLITE_ROWS} json_each(:seqs)
    CROSS JOIN delivery ON delivery.campaign = :c AND delivery.seq = value
    CROSS JOIN recipient ON recipient.campaign = :c AND recipient.seq = delivery.seq
    WHERE state = 'claimed'"""
_SQLITE_ROWS_BETWEEN = f"""{_SQLITE_ROWS} delivery
    CROSS JOIN recipient ON recipient.campaign = :c AND recipient.seq = delivery.seq
    WHERE delivery.campaign = :c AND delivery.seq BETWEEN :first AND :last AND state = 'claimed'"""
_ROWS_AMONG = Spelled(sqlite=_SQLITE_ROWS_AMONG, postgresql=_POSTGRESQL_ROWS + _POSTGRESQL_AMONG)
"""Claimed deliveries with what fills their messages, a column at a time: an array of arrays takes
twice as long to read. SQLite's CROSS JOIN keeps the order."""


def _marking(sqlite: str, rows: str, postgresql: str) -> Spelled:
    """Marks rows and answers them; in one statement on PostgreSQL: each is a way there and back."""
    return Spelled(
        sqlite=(_SQLITE_MARK + sqlite, rows),
        postgresql=f"""
            WITH delivery AS ({_POSTGRESQL_MARK}{postgresql} RETURNING seq, state, run, {_TRIES})
            SELECT {_POSTGRESQL_COLUMNS}
            FROM delivery JOIN recipient ON campaign = %(c)s AND recipient.seq = delivery.seq
            WHERE state = 'claimed'""",  # noqa: S608  our own words
    )


_MARKED_AMONG = _marking(_SQLITE_AMONG, _SQLITE_ROWS_AMONG, _POSTGRESQL_AMONG)
_MARKED_BETWEEN = _marking(
    "seq BETWEEN :first AND :last",
    _SQLITE_ROWS_BETWEEN,
    "seq BETWEEN %(first)s AND %(last)s",
)
_BACK = "state = CASE WHEN next_at IS NULL THEN 'queued' ELSE 'deferred' END"
_PUT_BACK = Spelled(
    sqlite=f"""
        UPDATE delivery SET {_BACK} WHERE campaign = :c AND state = 'claimed'
        AND seq IN (SELECT value FROM json_each(:seqs))""",  # noqa: S608  our own words
    postgresql=f"""
        UPDATE delivery SET {_BACK} WHERE campaign = %(c)s AND state = 'claimed'
        AND seq IN (SELECT value::int FROM json_array_elements_text(%(seqs)s::json))""",  # noqa: S608  our own words
)
