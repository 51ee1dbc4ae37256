"""Paces and quotas in the ledger: what a restart, or another process, must not exceed."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select

from newsletter.ledger import schema
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import CampaignId
from newsletter.ledger.notes import Notes, Place, StoredPace
from newsletter.ledger.prepared import Spelled, packed
from newsletter.ledger.rows import storable

_pace, _quota = schema.pace, schema.quota
_MICROSECOND = dt.timedelta(microseconds=1)
_MINUTE = 60_000_000
_TURNS_COUNT = dt.timedelta(days=1, minutes=2)
_TRIES_COUNT = dt.timedelta(hours=27, minutes=2)
"""The longest that a quota looks back (a day on which clocks go back), and its first minute."""


def write(connection: Connection, campaign: CampaignId, notes: Notes, now: dt.datetime) -> None:
    """Write what a run noted; nothing for nothing."""
    if notes.paces:
        _PACES.change(
            connection,
            {"rows": packed([_row(each) for each in sorted(notes.paces, key=_by_place)])},
        )
    if notes.tried:
        minute = to_microseconds(now) // _MINUTE
        rows = [(place.relay, minute, count) for place, count in sorted(notes.tried.items())]
        _TRIED.change(connection, {"rows": packed(rows)})
    if notes.postponed:
        later = [(seq, to_microseconds(at)) for seq, at in notes.postponed]
        _POSTPONED.change(connection, {"c": campaign, "rows": packed(later)})


def paces(connection: Connection) -> tuple[StoredPace, ...]:
    """All that are known, by place."""
    rows = connection.execute(select(_pace).order_by(_pace.c.relay, _pace.c.domain)).mappings()
    return tuple(
        StoredPace(
            place=Place(row["relay"], row["domain"]),
            next_turn=row["next_turn"],
            lease=row["lease"] * _MICROSECOND,
            refused=row["refused"],
            refused_at=row["refused_at"],
            words=row["words"],
            waiting=row["waiting"],
        )
        for row in rows
    )


def tried(connection: Connection, since: int) -> Mapping[Place, Mapping[int, int]]:
    """Messages that were tried, by relay and by minute since 1970, from a minute on."""
    found: dict[Place, dict[int, int]] = {}
    query = select(_quota.c.relay, _quota.c.minute, _quota.c.tried).where(_quota.c.minute >= since)
    for relay, minute, count in connection.execute(query):
        found.setdefault(Place(relay), {})[minute] = count
    return found


def oldest_try(now: dt.datetime) -> int:
    """The first minute that any quota looks at."""
    return to_microseconds(now - _TRIES_COUNT) // _MINUTE


def forget(connection: Connection, now: dt.datetime) -> None:
    """Drop what binds nobody any more."""
    done = _pace.c.refused.is_(None) & (_pace.c.next_turn < now - _TURNS_COUNT)
    connection.execute(delete(_pace).where(done))
    connection.execute(delete(_quota).where(_quota.c.minute < oldest_try(now)))


def _by_place(pace: StoredPace) -> Place:
    """Workers that note the same places do so in the same order."""
    return pace.place


def _row(pace: StoredPace) -> Sequence[object]:
    return (
        pace.place.relay,
        pace.place.domain,
        to_microseconds(pace.next_turn),
        pace.lease // _MICROSECOND,
        pace.refused,
        to_microseconds(pace.refused_at) if pace.refused_at else None,
        storable(pace.words),
        pace.waiting,
    )


_PACE = "relay, domain, next_turn, lease, refused, refused_at, words, waiting"
_AGAIN = """
    ON CONFLICT (relay, domain) DO UPDATE SET
        next_turn = excluded.next_turn, lease = excluded.lease, refused = excluded.refused,
        refused_at = excluded.refused_at, words = excluded.words, waiting = excluded.waiting"""
_PACES = Spelled(
    sqlite=f"""
        INSERT INTO pace ({_PACE})
        SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6,
            value->>7
        FROM json_each(:rows) WHERE true {_AGAIN}""",  # noqa: S608  our own words
    postgresql=f"""
        INSERT INTO pace ({_PACE})
        SELECT value->>0, value->>1, (value->>2)::bigint, (value->>3)::bigint,
            (value->>4)::float, (value->>5)::bigint, value->>6, (value->>7)::int
        FROM json_array_elements(%(rows)s::json) AS told (value) {_AGAIN}""",  # noqa: S608  same
)
_MORE = "ON CONFLICT (relay, minute) DO UPDATE SET tried = quota.tried + excluded.tried"
_TRIED = Spelled(
    sqlite=f"""
        INSERT INTO quota (relay, minute, tried)
        SELECT value->>0, value->>1, value->>2 FROM json_each(:rows) WHERE true {_MORE}""",  # noqa: S608  same
    postgresql=f"""
        INSERT INTO quota (relay, minute, tried)
        SELECT value->>0, (value->>1)::int, (value->>2)::int
        FROM json_array_elements(%(rows)s::json) AS told (value) {_MORE}""",  # noqa: S608  same
)
_POSTPONED = Spelled(
    sqlite="""
        INSERT INTO delivery
            (campaign, seq, state, attempts, deferrals, losses, doubted, next_at)
        SELECT campaign, seq, 'deferred', attempts, deferrals, losses, doubted, value->>1
        FROM json_each(:rows) AS told
        CROSS JOIN delivery ON campaign = :c AND seq = value->>0 AND state = 'claimed'
        WHERE true
        ON CONFLICT (campaign, seq) DO UPDATE SET
            state = excluded.state, next_at = excluded.next_at""",
    postgresql="""
        UPDATE delivery SET state = 'deferred', next_at = (value->>1)::bigint
        FROM json_array_elements(%(rows)s::json) AS told (value)
        WHERE campaign = %(c)s AND seq = (value->>0)::int AND state = 'claimed'""",
)
"""A deferral without an attempt: it waits for its domain's turn, not for the relay's mercy."""
