"""A campaign in parts: divided for workers, taken by one, taken over from one that is gone.

Only on PostgreSQL. Whether a worker is gone is judged by the server's clock, and only once the
server was up for as long: while it was away, nobody could say that they live. Who changes more
than a part locks the campaign first.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, text

from newsletter.errors import TryLater
from newsletter.ledger import brevity, pacing, running, schema, standing
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.lock import Process
from newsletter.ledger.model import CampaignId, CampaignState, Part, Turn
from newsletter.ledger.recording import note_event

_MICROSECONDS = 1_000_000
_RELIED_ON = 0.5
"""Of the time-out: those who live are heard of several times within it."""


@dataclass(frozen=True, slots=True)
class Open:
    """A part that somebody may take: nobody has it, or whoever had it is gone."""

    campaign: CampaignId
    number: int
    left: bool
    """Whether a worker left it without a word."""


@dataclass(frozen=True, slots=True)
class Company:
    """The workers that have parts, those aside who were silent for too long."""

    busy: int
    """How many were heard of lately: they can be relied on to look for what others leave."""
    first_gone_in: float | None = None
    """Seconds until the first of the others may be taken over."""


def divide(recipients: int, *, most: int, smallest: int, canary: int = 0) -> list[tuple[int, int]]:
    """Ranges of numbers, about alike; the first few are a part of their own where they go first."""
    ends = [canary] if 0 < canary < recipients else []
    rest = recipients - sum(ends)
    count = max(1, min(most, rest // smallest))
    start = sum(ends)
    ends += [start + rest * n // count for n in range(1, count + 1)]
    firsts = [1, *(end + 1 for end in ends[:-1])]
    return [(first, last) for first, last in zip(firsts, ends, strict=True) if last >= first]


def open_up(
    connection: Connection,
    campaign: CampaignId,
    now: dt.datetime,
    ranges: Sequence[tuple[int, int]],
) -> tuple[int, ...]:
    """Let workers have it; the parts in which somebody waits. The same once more is no harm."""
    row = standing.locked_campaign(connection, campaign)
    if CampaignState(row["state"]) is not CampaignState.RUNNING:
        running.refuse_unless_startable(row, now)
        pacing.forget(connection, now)
        note_event(connection, campaign, now, "opened", "to the workers")
        _HUSH(connection, c=campaign)
    _RUNNING(connection, c=campaign)
    if _WHOLE_RUN(connection, c=campaign).first():
        _FENCE_OFF(connection, c=campaign)
    parts = [
        {"campaign": campaign, "n": n, "first_seq": first, "last_seq": last, **_NOBODYS}
        for n, (first, last) in enumerate(ranges, start=1)
    ]
    if not _ANY(connection, c=campaign).first():
        connection.execute(insert(schema.partition), parts)
    _LOOK_AGAIN(connection, c=campaign)
    return tuple(_WAITING_PARTS(connection, c=campaign).scalars())


def open_parts(
    connection: Connection, now: dt.datetime, timeout: float, campaign: CampaignId | None = None
) -> tuple[Open, ...]:
    """Parts of running campaigns that may be taken, and those that must only be judged.

    Those that were left come first: whoever is in their hands waits for longer already.
    """
    values = {"now": to_microseconds(now), "t": _micro(timeout), "c": campaign}
    return tuple(Open(*row) for row in _OPEN(connection, **values))


def company(connection: Connection, timeout: float) -> Company:
    """Who has parts, of whatever campaigns."""
    half = _micro(timeout * _RELIED_ON)
    busy, first = _COMPANY(connection, t=_micro(timeout), half=half).one()
    return Company(busy, None if first is None else first / _MICROSECONDS)


def held(connection: Connection, campaign: CampaignId) -> bool:
    """Whether any worker has a part of it."""
    return _HELD(connection, c=campaign).first() is not None


def take(
    connection: Connection,
    campaign: CampaignId,
    number: int,
    process: Process,
    now: dt.datetime,
    *,
    worker: str,
    timeout: float,
) -> Turn:
    """Have one part, under a new epoch; ``TryLater`` if it may not be taken (any more)."""
    brevity.keep_brief(connection, timeout, wait=True)
    standing.locked_campaign(connection, campaign)
    values = {"now": to_microseconds(now), "t": _micro(timeout), "c": campaign, "n": number}
    if not _MAY_BE_TAKEN(connection, **values).first():
        message = f"part {number} of campaign {campaign} is done, or another worker has it"
        raise TryLater(message)
    _INTERRUPTED(connection, **values)
    owner = f"{worker} (process {process.pid} on {process.host})"
    run = running.open_run(connection, campaign, 0, process, now, partition=number)
    first, last, epoch, generation = _TAKE(connection, **values, run=run, worker=owner).one()
    connection.execute(text("UPDATE run SET epoch = :e WHERE id = :r"), {"e": epoch, "r": run})
    note_event(connection, campaign, now, "taken", f"part {number} by {owner}")
    return Turn(run, campaign, epoch, Part(number, first, last, generation, timeout))


class _Words:
    """One statement for PostgreSQL."""

    def __init__(self, words: str) -> None:
        self._text = text(words)

    def __call__(self, connection: Connection, **values: object) -> Any:
        return connection.execute(self._text, values)


def _micro(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)


_NOBODYS = {"epoch": 0, "worker": "", "done": False, "claimed": 0, "said": ""}
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_UP_SINCE = "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint"
_SILENCE = f"({_NOW} - greatest(p.seen_at, {_UP_SINCE}))"
_IS_GONE = f"({_SILENCE} > :t)"
_AFTER_CANARY = """(p.n = 1 OR c.canary_at IS NOT NULL OR (c.terms::json->>'canary')::int = 0
    OR (c.terms::json->>'canary')::int >= c.recipients)"""
_TAKEABLE = f"""
    CASE WHEN p.run IS NULL
        THEN c.state = 'running' AND NOT p.done AND coalesce(p.next_at <= :now, true)
            AND {_AFTER_CANARY}
        ELSE {_IS_GONE}
    END"""
"""One that was left is taken whatever the campaign's state: who was in its hands is judged."""
_OPEN = _Words(f"""
    SELECT p.campaign, p.n, p.run IS NOT NULL
    FROM partition p JOIN campaign c ON c.id = p.campaign
    WHERE (NOT p.done OR p.run IS NOT NULL) AND {_TAKEABLE}
    AND (cast(:c AS integer) IS NULL OR p.campaign = :c)
    ORDER BY p.run IS NULL, p.campaign, p.n""")  # noqa: S608  our own words
_MAY_BE_TAKEN = _Words(f"""
    SELECT p.n FROM partition p JOIN campaign c ON c.id = p.campaign
    WHERE p.campaign = :c AND p.n = :n AND {_TAKEABLE}
    FOR UPDATE OF p SKIP LOCKED""")  # noqa: S608  our own words
"""Whoever writes to a part at this moment has it, or will be cut off soon."""
_TAKE = _Words(f"""
    UPDATE partition p SET epoch = p.epoch + 1, run = :run, worker = :worker, seen_at = {_NOW},
        next_at = NULL, done = false, claimed = 0, said = ''
    FROM campaign c WHERE c.id = p.campaign AND p.campaign = :c AND p.n = :n
    RETURNING p.first_seq, p.last_seq, p.epoch, c.epoch""")  # noqa: S608  our own words
_INTERRUPTED = _Words("""
    UPDATE run SET ended_at = seen_at, why = 'interrupted'
    WHERE campaign = :c AND partition = :n AND ended_at IS NULL""")
_RUNNING = _Words("""
    UPDATE campaign SET state = 'running', reason = '', resume_at = NULL
    WHERE id = :c AND state <> 'running'""")
_HUSH = _Words("UPDATE partition SET said = '' WHERE campaign = :c")
"""What was heard before counts no more: an officer, or the time, said go on."""
_WHOLE_RUN = _Words("""
    SELECT 1 FROM run WHERE campaign = :c AND partition IS NULL AND ended_at IS NULL""")
_FENCE_OFF = _Words("""
    WITH closed AS (
        UPDATE run SET ended_at = seen_at, why = 'interrupted'
        WHERE campaign = :c AND partition IS NULL AND ended_at IS NULL
    )
    UPDATE campaign SET epoch = epoch + 1 WHERE id = :c""")
"""A process that had the whole of it is gone, or frozen: it writes nothing more."""
_HELD = _Words("SELECT 1 FROM partition WHERE campaign = :c AND run IS NOT NULL LIMIT 1")
_COMPANY = _Words(f"""
    SELECT count(DISTINCT worker) FILTER (WHERE silence <= :half),
        min(:t - silence) FILTER (WHERE silence > :half)
    FROM (SELECT worker, {_SILENCE} AS silence FROM partition p WHERE run IS NOT NULL) AS each
    WHERE silence <= :t""")  # noqa: S608  our own words
_ANY = _Words("SELECT 1 FROM partition WHERE campaign = :c LIMIT 1")
_IN_PART = "d.campaign = p.campaign AND d.seq BETWEEN p.first_seq AND p.last_seq"
_LOOK_AGAIN = _Words(f"""
    UPDATE partition p SET next_at = found.next_at, done = found.next_at IS NULL
    FROM (
        SELECT p.n, CASE
            WHEN EXISTS (
                SELECT 1 FROM delivery d WHERE {_IN_PART} AND d.state IN ('queued', 'claimed')
            ) THEN 0
            ELSE (SELECT min(d.next_at) FROM delivery d WHERE {_IN_PART} AND d.state = 'deferred')
        END AS next_at
        FROM partition p WHERE p.campaign = :c AND p.run IS NULL
    ) AS found
    WHERE p.campaign = :c AND p.n = found.n AND p.run IS NULL""")  # noqa: S608  our own words
"""Somebody may wait again in a part that was done: an officer said retry."""
_WAITING_PARTS = _Words("""
    SELECT n FROM partition WHERE campaign = :c AND NOT done AND run IS NULL ORDER BY n""")
