"""A worker's turn at a part of a campaign: used group by group, given back. Every write is fenced.

Each exchange is the worker's sign of life. The campaign itself is only read: workers do not wait
for each other but where one takes or ends a part.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from newsletter.errors import LedgerLocked
from newsletter.ledger import brevity, leasing, pacing, running, standing
from newsletter.ledger.claiming import claim, put_back
from newsletter.ledger.instants import from_microseconds, to_microseconds
from newsletter.ledger.model import CampaignState, Grant, Part, Result, Turn, Want
from newsletter.ledger.notes import NO_TIME, NOTHING, Notes, Until
from newsletter.ledger.recording import note_event
from newsletter.ledger.rows import storable
from newsletter.ledger.settling import settle

_SOON = 120_000_000
"""Microseconds: a campaign stays open for retries that come due so soon."""


def exchange(
    connection: Connection,
    turn: Turn,
    results: Sequence[Result],
    want: Want,
    now: dt.datetime,
    notes: Notes = NOTHING,
) -> Grant:
    """Write outcomes and notes, say that one lives, claim the next rows: in one transaction."""
    state = _fence(connection, turn, want.claimed, want.said)
    settle(connection, turn.campaign, results, turn.run)
    if want.caps:
        pacing.write(connection, turn.campaign, notes, now)
        leasing.hold(connection, sorted({cap.place for cap in want.caps}))
    values = {"r": turn.run, "at": to_microseconds(now)} | _named(turn)
    others = connection.exec_driver_sql(_SEEN_AND_OTHERS, values).all()
    grant = Grant(state)
    if state is CampaignState.RUNNING and (want.count or want.caps):
        elsewhere = sum(claimed for _, claimed, held, _ in others if held)
        grant = _claim(connection, turn, want, elsewhere, now)
    if not want.caps:  # last, because other workers wait for it
        pacing.write(connection, turn.campaign, notes, now)
    leased = leasing.lease(connection, want.turns, grant.rows)
    return replace(
        grant,
        leased=leased,
        others=tuple(said for said, _, _, _ in others if said),
        workers=1 + sum(held for _, _, held, _ in others),
    )


def _claim(
    connection: Connection, turn: Turn, want: Want, elsewhere: int, now: dt.datetime
) -> Grant:
    """The next rows, as many as the quotas leave to all workers together."""
    room = leasing.room(connection, want.caps, elsewhere)
    binding = [room[place] - want.claimed for place in want.capped]
    count = max(0, min([want.count, *binding]))
    grant = Grant(CampaignState.RUNNING)
    if count:
        grant = claim(connection, turn, replace(want, count=count), now)
    if want.caps and grant.rows:
        connection.exec_driver_sql(_CLAIMED, {"more": len(grant.rows)} | _named(turn))
    spent = None
    if any(left <= 0 for left in room.values()):
        spent = pacing.tried(connection, pacing.oldest_try(now))
    return replace(grant, room=room, spent=spent)


def _named(turn: Turn) -> dict[str, Any]:
    return {"c": turn.campaign, "n": _part(turn).number}


def release(connection: Connection, turn: Turn, seqs: Iterable[int]) -> None:
    """Put claimed rows that were not tried back where they came from."""
    _fence(connection, turn, 0)
    put_back(connection, turn.campaign, seqs)


def end_run(
    connection: Connection,
    turn: Turn,
    state: CampaignState,
    why: str,
    now: dt.datetime,
    until: Until = NO_TIME,
) -> CampaignState:
    """Give the part back. The campaign goes on unless ``state`` is a word for all of it.

    RUNNING says nothing of the campaign. It ends with its last part; the state that holds.
    """
    brevity.keep_brief(connection, _part(turn).silence)
    standing.locked_campaign(connection, turn.campaign)
    told = _fence(connection, turn, 0)
    queued = _give_back(connection, turn)
    final = told
    if told is CampaignState.RUNNING:
        waits = state is CampaignState.WAITING and (queued or until != NO_TIME)
        is_word = waits or state in _WORDS
        final, why = (state, why) if is_word else _left(connection, turn, now)
        if final is not told:
            running.move(connection, turn, final, why, until)
    if until.after_canary:
        running.mark_canary(connection, turn, now)
    if told is CampaignState.CANCELLED:
        running.cancel_open(connection, turn.campaign)
    running.close_run(connection, turn, why or str(final), now)
    if final is not told:
        note_event(connection, turn.campaign, now, str(final), storable(why))
    return final


def _left(connection: Connection, turn: Turn, now: dt.datetime) -> tuple[CampaignState, str]:
    """What the campaign is now that this part was given back, and why."""
    held, waiting, next_at = connection.exec_driver_sql(_LEFT, {"c": turn.campaign}).one()
    if held or (waiting and next_at <= to_microseconds(now) + _SOON):
        return CampaignState.RUNNING, ""
    if not waiting:
        return CampaignState.FINISHED, ""
    at = from_microseconds(next_at).strftime("%Y-%m-%d %H:%M:%S UTC")
    return CampaignState.WAITING, f"only retries are left, the next at {at}"


def _give_back(connection: Connection, turn: Turn) -> bool:
    """Nobody has it now; whether somebody is queued in it."""
    part = _part(turn)
    values = {"c": turn.campaign, "n": part.number, "first": part.first, "last": part.last}
    return bool(connection.exec_driver_sql(_FREE, values).scalar() == 0)


def _fence(
    connection: Connection, turn: Turn, claimed: int, said: str | None = None
) -> CampaignState:
    """The campaign's state; ``LedgerLocked`` if another worker has the part by now."""
    part = _part(turn)
    values: dict[str, Any] = {"c": turn.campaign, "n": part.number, "e": turn.epoch}
    values |= {
        "g": part.generation,
        "claimed": claimed,
        "said": None if said is None else storable(said),
    }
    values |= {"idle": brevity.idle_ms(part.silence)}
    row = connection.exec_driver_sql(_ALIVE, values).first()
    if row is None:
        message = (
            f"another worker took over part {part.number} of campaign {turn.campaign}; "
            "this one wrote nothing more"
        )
        raise LedgerLocked(message, next_command="newsletter status")
    return CampaignState(row[0])


def _part(turn: Turn) -> Part:
    if turn.part is None:
        message = "a turn at the whole campaign has no part"
        raise ValueError(message)
    return turn.part


_WORDS = (CampaignState.PAUSED, CampaignState.STOPPED)
"""What a worker says of the whole campaign."""
_NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_ALIVE = f"""
    UPDATE partition SET seen_at = {_NOW}, claimed = %(claimed)s,
        said = coalesce(%(said)s::text, said)
    FROM campaign
    WHERE partition.campaign = %(c)s AND n = %(n)s AND partition.epoch = %(e)s
    AND campaign.id = %(c)s AND campaign.epoch = %(g)s
    RETURNING campaign.state,
        set_config('idle_in_transaction_session_timeout', %(idle)s, true),
        set_config('plan_cache_mode', 'force_generic_plan', true)"""  # noqa: S608  same
"""What follows finds its rows by key: to plan each statement anew takes a third of the time."""
_SEEN_AND_OTHERS = """
    WITH seen AS (UPDATE run SET seen_at = %(at)s WHERE id = %(r)s)
    SELECT CASE WHEN campaign = %(c)s THEN said ELSE '' END, claimed, true, seen_at
    FROM partition WHERE run IS NOT NULL AND (campaign <> %(c)s OR n <> %(n)s)
    UNION ALL
    SELECT said, 0, false, seen_at
    FROM partition WHERE run IS NULL AND campaign = %(c)s AND n <> %(n)s AND said <> ''
    ORDER BY 3 DESC, 4 DESC"""
"""Whoever has a part of any campaign, and what was said of those that were given back."""
_CLAIMED = """
    UPDATE partition SET claimed = claimed + %(more)s WHERE campaign = %(c)s AND n = %(n)s"""
_IN_PART = "campaign = %(c)s AND seq BETWEEN %(first)s AND %(last)s"
_FREE = f"""
    WITH found AS (
        SELECT CASE
            WHEN EXISTS (SELECT 1 FROM delivery WHERE {_IN_PART} AND state = 'queued') THEN 0
            ELSE (SELECT min(next_at) FROM delivery WHERE {_IN_PART} AND state = 'deferred')
        END AS next_at
    )
    UPDATE partition SET run = NULL, worker = '', claimed = 0,
        next_at = found.next_at, done = found.next_at IS NULL
    FROM found WHERE campaign = %(c)s AND n = %(n)s
    RETURNING partition.next_at"""  # noqa: S608  our own words
_LEFT = """
    SELECT count(*) FILTER (WHERE run IS NOT NULL), count(*) FILTER (WHERE NOT done),
        coalesce(min(coalesce(next_at, 0)) FILTER (WHERE NOT done), 0)
    FROM partition WHERE campaign = %(c)s"""
