"""Paces and quotas outlive a run, and who waits for a turn was not tried, on either database."""

import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from newsletter.delivery import Accepted, DeliveryState, Reply, RetryPolicy, advance
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, Settlement, Turn, Want
from newsletter.ledger.notes import ALL, Notes, Place, StoredPace, Until
from tests.doubles import START
from tests.ledger.plans import make_plan

OK = Accepted(Reply(250, "2.0.0 Ok"))
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
HERE = START.timestamp() // 60


def begin(ledger: Ledger, readers: int = 3) -> tuple[CampaignId, Turn]:
    number = ledger.record(make_plan(readers), due=None, now=START)
    return number, ledger.begin_run(number, START)


def note(ledger: Ledger, turn: Turn, notes: Notes, now: dt.datetime = START) -> None:
    ledger.exchange(turn, (), Want(0), now, notes)


def test_a_pace_is_remembered_and_the_last_word_counts(ledger: Ledger) -> None:
    _, turn = begin(ledger)
    slow = StoredPace(
        Place("relay", "gmail.example"), START + SECOND, SECOND, 31.5, START, "421 4.7.0 slow", 7
    )
    plain = StoredPace(Place("relay"), START + 2 * SECOND, SECOND)
    note(ledger, turn, Notes(paces=[replace(slow, waiting=99), plain]))
    note(ledger, turn, Notes(paces=[slow]))
    assert ledger.paces() == (plain, slow)


def test_what_a_relay_said_is_stored_whatever_it_is(ledger: Ledger) -> None:
    _, turn = begin(ledger)
    said = StoredPace(Place("relay"), START, SECOND, 1.0, START, "421 \x00\udce9")
    note(ledger, turn, Notes(paces=[said]))
    assert ledger.paces()[0].words == "421 \\x00\\udce9"


def test_tries_are_counted_by_relay_and_minute(ledger: Ledger) -> None:
    _, turn = begin(ledger)
    note(ledger, turn, Notes(tried={ALL: 3, Place("big"): 2}))
    note(ledger, turn, Notes(tried={ALL: 4}), START + 59 * SECOND)
    note(ledger, turn, Notes(tried={ALL: 5}), START + MINUTE)
    assert ledger.tried(0) == {ALL: {HERE: 7, HERE + 1: 5}, Place("big"): {HERE: 2}}
    assert ledger.tried(int(HERE) + 1) == {ALL: {HERE + 1: 5}}


def test_what_binds_nobody_any_more_is_forgotten_when_a_run_begins(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    old = StoredPace(Place("relay", "a.example"), START, SECOND)
    slow = replace(old, place=Place("relay", "b.example"), refused=3.0, refused_at=START)
    note(ledger, turn, Notes(paces=[old, slow], tried={ALL: 3}))
    ledger.end_run(turn, CampaignState.WAITING, "", START)
    ledger.begin_run(number, START + dt.timedelta(days=1, minutes=3))
    assert ledger.paces() == (slow,)
    assert ledger.tried(0) != {}  # a warm-up's day is longer where clocks are set back
    ledger.begin_run(number, START + dt.timedelta(hours=27, minutes=3))
    assert ledger.tried(0) == {}


def test_who_is_postponed_is_queued_in_everybodys_eyes_and_claimed_at_the_time(
    ledger: Ledger,
) -> None:
    number, turn = begin(ledger)
    ledger.exchange(turn, (), Want(2), START)
    note(ledger, turn, Notes(postponed=[(1, START + MINUTE)]))
    progress = ledger.progress(number)
    assert progress.counts == {DeliveryState.QUEUED: 2, DeliveryState.CLAIMED: 1}
    assert progress.next_retry_at == START + MINUTE
    assert next(row.delivery.state for row in ledger.deliveries(number)) is DeliveryState.QUEUED
    assert ledger.verify() == ()
    assert [row.seq for row in ledger.exchange(turn, (), Want(9), START).rows] == [3]
    (row,) = ledger.exchange(turn, (), Want(9), START + MINUTE).rows
    assert (row.seq, row.delivery.next_at, row.delivery.attempts) == (1, START + MINUTE, 0)
    after = advance(row.delivery, OK, RetryPolicy(), START + MINUTE, 0)
    ledger.exchange(turn, [Settlement(1, START + MINUTE, OK, after)], Want(0), START + MINUTE)
    assert next(row.delivery.state for row in ledger.deliveries(number)) is DeliveryState.ACCEPTED
    assert ledger.verify() == ()


def test_a_postponed_row_that_is_put_back_keeps_its_time(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    ledger.exchange(turn, (), Want(1), START)
    note(ledger, turn, Notes(postponed=[(1, START + MINUTE)]))
    ledger.exchange(turn, (), Want(1), START + MINUTE)
    ledger.release(turn, [1])
    assert ledger.progress(number).next_retry_at == START + MINUTE
    ledger.end_run(turn, CampaignState.PAUSED, "", START)
    assert ledger.retry(number, [DeliveryState.DEFERRED], START) == 0


def test_only_claimed_rows_are_postponed(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    note(ledger, turn, Notes(postponed=[(1, START + MINUTE)]))
    assert ledger.progress(number).next_retry_at is None


def test_a_campaign_that_waits_for_a_time_is_due_then_and_not_before(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    ledger.end_run(turn, CampaignState.WAITING, "the quota", START, Until(START + MINUTE))
    assert ledger.campaign(number).resume_at == START + MINUTE
    assert ledger.due(START) == ()
    assert [one.id for one in ledger.due(START + MINUTE)] == [number]
    again = ledger.begin_run(number, START + MINUTE)
    assert ledger.campaign(number).resume_at is None
    ledger.end_run(again, CampaignState.WAITING, "the relay", START)
    assert [one.id for one in ledger.due(START)] == [number]


def test_an_officers_pause_outweighs_a_time(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    ledger.pause(number, START)
    ledger.end_run(turn, CampaignState.WAITING, "the quota", START, Until(START + MINUTE))
    assert ledger.campaign(number).state is CampaignState.PAUSED
    assert ledger.campaign(number).resume_at is None
    assert ledger.due(START + MINUTE) == ()


def test_that_a_canary_was_sent_is_remembered(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    assert ledger.campaign(number).canary_at is None
    ledger.end_run(turn, CampaignState.PAUSED, "canary", START, Until(after_canary=True))
    assert ledger.campaign(number).canary_at == START
    ledger.resume(number, START)
    ledger.begin_run(number, START)
    assert ledger.campaign(number).canary_at == START


def test_verify_finds_a_postponed_row_that_was_tried(file: Path) -> None:
    with Ledger.open(file) as ledger:
        _, turn = begin(ledger)
        ledger.exchange(turn, (), Want(1), START)
        note(ledger, turn, Notes(postponed=[(1, START + MINUTE)]))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE delivery SET deferrals = 1 WHERE seq = 1")
        connection.commit()
    with Ledger.open(file) as ledger:
        assert [found.rule for found in ledger.verify()] == ["who is postponed was not tried"]
