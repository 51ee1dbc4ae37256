"""A campaign in parts, on a real PostgreSQL: taken, fenced, taken over, ended once."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from newsletter.delivery import Accepted, Deferred, Outcome, Phase, Reply, RetryPolicy, advance
from newsletter.errors import LedgerLocked, TryLater, UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, Settlement, Turn, Want
from newsletter.ledger.notes import Until
from newsletter.ledger.partitions import Company, company, divide
from newsletter.ledger.workers import Division, Workers
from tests.doubles import START
from tests.ledger.databases import empty
from tests.ledger.plans import make_plan, make_terms

OK = Accepted(Reply(250, "2.0.0 Ok"))
LATER = Deferred(Phase.RCPT, Reply(450, "4.2.0 try later"))
NEVER, AT_ONCE = 3600.0, -1.0
"""Time-outs: nobody is thought gone; everybody is."""
S = CampaignState
_UP = "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())"
"""How long the server is up: who was silent for longer was silent for so long."""


@pytest.fixture
def memory(postgres: str, tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger on PostgreSQL."""
    empty(postgres)
    with Ledger.open(postgres, state=tmp_path) as opened:
        yield opened


@dataclass
class Shop:
    """A campaign that workers share, and what they were told."""

    ledger: Ledger
    workers: Workers
    number: CampaignId = field(default=CampaignId(0))
    told: list[tuple[int, ...]] = field(default_factory=list)

    def open(self, readers: int = 30, canary: int = 0) -> None:
        """Record one and open it."""
        plan = make_plan(readers, terms=replace(make_terms(), canary=canary))
        self.number = self.ledger.record(plan, due=None, now=START)
        self.open_again()

    def open_again(self, now: dt.datetime = START) -> None:
        """As a resume or the next look of a worker does."""
        self.workers.open_up(self.number, now, self._hear)

    def _hear(self, connection: Any, number: CampaignId, parts: Sequence[int]) -> None:
        del connection
        assert number == self.number
        self.told.append(tuple(parts))

    def take(self, part: int, timeout: float = NEVER, now: dt.datetime = START) -> Turn:
        """As some worker."""
        return self.workers.take(self.number, part, now, worker="w", timeout=timeout)

    def parts(self, timeout: float = NEVER, now: dt.datetime = START) -> list[tuple[int, bool]]:
        """What may be taken."""
        found = self.workers.open_parts(now, timeout, self.number)
        return [(each.number, each.left) for each in found]

    def send(self, turn: Turn, outcome: Outcome = OK, count: int = 100) -> list[int]:
        """Claim and settle; whose."""
        rows = self.ledger.exchange(turn, (), Want(count), START).rows
        policy = RetryPolicy()
        told = [
            Settlement(row.seq, START, outcome, advance(row.delivery, outcome, policy, START, 0))
            for row in rows
        ]
        self.ledger.exchange(turn, told, Want(0), START)
        return [row.seq for row in rows]

    def end(self, turn: Turn, state: S = S.FINISHED, why: str = "", until: Any = None) -> S:
        """Give it back."""
        return self.ledger.end_run(turn, state, why, START, until or Until())

    @property
    def state(self) -> S:
        """The campaign's."""
        return self.ledger.campaign(self.number).state


@pytest.fixture
def shop(memory: Ledger) -> Shop:
    """Three parts of ten."""
    return Shop(memory, memory.workers(Division(most=3, smallest=10)))


@pytest.mark.slow
@given(st.integers(1, 5000), st.integers(1, 64), st.integers(1, 500), st.integers(0, 6000))
def test_ranges_hold_everybody_once(readers: int, most: int, smallest: int, canary: int) -> None:
    ranges = divide(readers, most=most, smallest=smallest, canary=canary)
    assert [seq for first, last in ranges for seq in range(first, last + 1)] == [
        *range(1, readers + 1)
    ]
    assert len(ranges) <= most + 1
    if 0 < canary < readers:
        assert ranges[0] == (1, canary)


@pytest.mark.postgres
def test_a_worker_that_has_several_parts_is_one_and_one_that_is_gone_is_none(shop: Shop) -> None:
    """The more look for what was left, the more seldom each does."""
    shop.open()
    for part, worker in ((1, "w"), (2, "w"), (3, "another")):
        shop.workers.take(shop.number, part, START, worker=worker, timeout=NEVER)
    shop.parts()
    assert shop.workers.company == Company(busy=2)
    shop.parts(AT_ONCE)
    assert shop.workers.company == Company(busy=0)


@pytest.mark.postgres
def test_a_worker_silent_for_half_the_time_out_is_not_relied_on_to_look(shop: Shop) -> None:
    """Those who live look as often as if it were gone already."""
    shop.open()
    for part, worker in ((1, "w"), (2, "another")):
        shop.workers.take(shop.number, part, START, worker=worker, timeout=NEVER)
    silent = "UPDATE partition SET seen_at = CASE n WHEN 1 THEN 0 ELSE 9e18::bigint END"
    with shop.ledger._database.write() as connection:
        connection.execute(text(silent))
        up = float(connection.execute(text(_UP)).scalar_one())
        half_silent = company(connection, up * 1.5)
        assert half_silent.busy == 1
        assert half_silent.first_gone_in is None or half_silent.first_gone_in < up * 0.5
        assert company(connection, up * 1_000) == Company(busy=2)


def test_a_ledger_in_a_file_has_no_workers(file: Path) -> None:
    with Ledger.open(file) as ledger, pytest.raises(UsageError, match="a file") as caught:
        ledger.workers()
    assert "postgresql://" in caught.value.cure


@pytest.mark.postgres
def test_a_campaign_is_divided_once_and_the_workers_are_told(shop: Shop) -> None:
    shop.open()
    shop.open_again()
    assert shop.told == [(1, 2, 3), (1, 2, 3)]
    assert shop.parts() == [(1, False), (2, False), (3, False)]
    assert shop.state is S.RUNNING


@pytest.mark.postgres
def test_a_campaign_is_recorded_and_handed_out_in_one_transaction(memory: Ledger) -> None:
    def fail(*told: object) -> None:
        del told
        raise UsageError("the queue is full")

    with pytest.raises(UsageError, match="full"):
        memory.record(make_plan(3), due=None, now=START, opened=fail)
    assert memory.campaigns() == ()


@pytest.mark.postgres
def test_each_worker_sends_to_its_own_part_and_the_last_one_ends_the_campaign(shop: Shop) -> None:
    shop.open()
    turns = [shop.take(part) for part in (1, 2, 3)]
    assert [shop.send(turn) for turn in turns] == [
        [*range(1, 11)],
        [*range(11, 21)],
        [*range(21, 31)],
    ]
    assert [shop.end(turn) for turn in turns] == [S.RUNNING, S.RUNNING, S.FINISHED]
    assert shop.ledger.verify() == ()
    kinds = [event.kind for event in shop.ledger.events(shop.number)]
    assert kinds.count("finished") == 1


@pytest.mark.postgres
def test_a_part_that_somebody_has_is_not_taken(shop: Shop) -> None:
    shop.open()
    shop.take(1)
    assert shop.parts() == [(2, False), (3, False)]
    with pytest.raises(TryLater, match="part 1 of campaign"):
        shop.take(1)


@pytest.mark.postgres
def test_parts_that_were_left_are_found_before_those_that_wait(shop: Shop) -> None:
    shop.open()
    shop.take(2)
    assert shop.parts(AT_ONCE) == [(2, True), (1, False), (3, False)]


@pytest.mark.postgres
def test_a_silent_worker_is_taken_over_and_writes_nothing_more(shop: Shop) -> None:
    shop.open()
    frozen = shop.take(1)
    rows = shop.ledger.exchange(frozen, (), Want(4), START).rows
    assert (1, True) in shop.parts(AT_ONCE)
    taken = shop.take(1, AT_ONCE)
    left = shop.ledger.leftovers(shop.number, taken.part)
    assert [(run, row.seq) for run, row in left] == [(frozen.run, row.seq) for row in rows]
    policy = RetryPolicy()
    told = [Settlement(1, START, OK, advance(rows[0].delivery, OK, policy, START, 0))]
    late: list[Callable[[], object]] = [
        lambda: shop.ledger.exchange(frozen, told, Want(0), START),
        lambda: shop.ledger.exchange(frozen, (), Want(3), START),
        lambda: shop.ledger.release(frozen, [1]),
        lambda: shop.end(frozen),
    ]
    for word in late:
        with pytest.raises(LedgerLocked, match="took over part 1"):
            word()
    assert shop.ledger.attempts(shop.number) == ()
    runs = shop.ledger.runs(shop.number)
    assert [(run.why, run.ended_at is None) for run in runs] == [("interrupted", False), ("", True)]


@pytest.mark.postgres
def test_a_worker_that_shows_signs_of_life_keeps_its_part(shop: Shop) -> None:
    shop.open()
    turn = shop.take(1)
    shop.send(turn, count=2)
    with pytest.raises(TryLater):
        shop.take(1, 60.0)


@pytest.mark.postgres
def test_whoever_takes_the_whole_campaign_fences_every_worker_and_the_reverse(shop: Shop) -> None:
    shop.open()
    worker = shop.take(2)
    alone = shop.ledger.begin_run(shop.number, START)
    with pytest.raises(LedgerLocked):
        shop.send(worker)
    shop.send(alone, count=3)
    shop.open_again()
    with pytest.raises(LedgerLocked):
        shop.send(alone)
    assert shop.send(shop.take(1)) == [*range(4, 11)]


@pytest.mark.postgres
def test_a_pause_reaches_every_worker_with_its_next_group_and_none_undoes_it(shop: Shop) -> None:
    shop.open()
    turns = [shop.take(1), shop.take(2)]
    shop.ledger.pause(shop.number, START)
    for turn in turns:
        grant = shop.ledger.exchange(turn, (), Want(5), START)
        assert (grant.state, grant.rows) == (S.PAUSED, ())
        assert shop.end(turn, S.RUNNING) is S.PAUSED
    assert shop.parts() == []
    shop.ledger.resume(shop.number, START)
    shop.open_again()
    assert shop.told[-1] == (1, 2, 3)


@pytest.mark.postgres
def test_a_worker_that_halts_after_a_resume_does_not_pause_it_again(shop: Shop) -> None:
    shop.open()
    turn = shop.take(1)
    shop.ledger.pause(shop.number, START)
    shop.ledger.exchange(turn, (), Want(5), START)
    shop.ledger.resume(shop.number, START)
    shop.open_again()
    assert shop.end(turn, S.RUNNING) is S.RUNNING


@pytest.mark.postgres
def test_a_word_of_one_worker_holds_for_all(shop: Shop) -> None:
    shop.open()
    turns = [shop.take(1), shop.take(2)]
    assert shop.end(turns[0], S.STOPPED, "the relay refuses us") is S.STOPPED
    assert shop.ledger.exchange(turns[1], (), Want(5), START).state is S.STOPPED
    assert shop.ledger.campaign(shop.number).reason == "the relay refuses us"


@pytest.mark.postgres
def test_after_a_cancellation_nobody_waits_in_any_part(shop: Shop) -> None:
    shop.open()
    turn = shop.take(1)
    rows = shop.ledger.exchange(turn, (), Want(2), START).rows
    shop.ledger.cancel(shop.number, START)
    shop.ledger.release(turn, [row.seq for row in rows])
    assert shop.end(turn, S.RUNNING) is S.CANCELLED
    assert shop.ledger.progress(shop.number).open == 0
    assert shop.ledger.verify() == ()


@pytest.mark.postgres
def test_a_part_with_retries_waits_for_them_and_the_others_go_on(shop: Shop) -> None:
    shop.open()
    turn = shop.take(1)
    shop.send(turn, LATER)
    assert shop.end(turn, S.WAITING, "only retries are left") is S.RUNNING
    assert shop.parts() == [(2, False), (3, False)]
    assert shop.parts(now=START + dt.timedelta(minutes=2))[0] == (1, False)


@pytest.mark.postgres
def test_a_campaign_waits_when_all_that_is_left_is_a_retry_far_off(shop: Shop) -> None:
    shop.open(10)
    turn = shop.take(1)
    late = Deferred(Phase.RCPT, Reply(450, "4.2.0 try later"))
    rows = shop.ledger.exchange(turn, (), Want(100), START).rows
    policy = RetryPolicy(delays=(dt.timedelta(minutes=10),))
    told = [
        Settlement(row.seq, START, late, advance(row.delivery, late, policy, START, 0))
        for row in rows
    ]
    shop.ledger.exchange(turn, told, Want(0), START)
    assert shop.end(turn, S.WAITING, "only retries are left") is S.WAITING
    assert "only retries are left" in shop.ledger.campaign(shop.number).reason
    due = shop.ledger.campaign(shop.number).recorded_at + dt.timedelta(minutes=11)
    assert [each.id for each in shop.ledger.due(due)] == [shop.number]


@pytest.mark.postgres
def test_the_canary_is_a_part_of_its_own_and_the_others_wait_for_it(shop: Shop) -> None:
    shop.open(30, canary=5)
    assert shop.parts() == [(1, False)]
    turn = shop.take(1)
    assert shop.send(turn) == [1, 2, 3, 4, 5]
    until = Until(after_canary=True)
    assert shop.end(turn, S.PAUSED, "canary: 5 of 5 accepted", until) is S.PAUSED
    shop.ledger.resume(shop.number, START)
    shop.open_again()
    assert [part for part, _ in shop.parts()] == [2, 3]


@pytest.mark.postgres
def test_who_is_retried_by_an_officer_is_found_in_a_part_that_was_done(shop: Shop) -> None:
    shop.open()
    for part in (1, 2, 3):
        turn = shop.take(part)
        shop.send(turn, LATER if part == 2 else OK)
        shop.end(turn, S.WAITING if part == 2 else S.FINISHED)
    shop.ledger.pause(shop.number, START)
    shop.ledger.retry(shop.number, ["deferred"], START)  # type: ignore[list-item]
    shop.ledger.resume(shop.number, START)
    shop.open_again()
    assert shop.told[-1] == (2,)


@pytest.mark.postgres
def test_who_was_left_in_a_campaign_that_is_paused_is_still_found(shop: Shop) -> None:
    shop.open()
    shop.ledger.exchange(shop.take(3), (), Want(2), START)
    shop.ledger.pause(shop.number, START)
    assert shop.parts(AT_ONCE) == [(3, True)]


@pytest.mark.postgres
def test_several_send_at_once_or_one_alone(memory: Ledger) -> None:
    workers = memory.workers()
    with workers.sending(), workers.sending():
        assert memory.someone_sends
        with pytest.raises(LedgerLocked), memory.sending(START):
            pass
    assert not memory.someone_sends
    with memory.sending(START), pytest.raises(LedgerLocked), workers.sending():
        pass
