"""What one round of the event loop brings goes to the journal together, before any dot leaves."""

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from newsletter.delivery import Accepted, Reply
from newsletter.dispatch.clock import RoundClock
from newsletter.dispatch.journal import Heading, Journal, Try, read_journal
from newsletter.dispatch.rounds import Rounds
from newsletter.dispatch.throttle import Tally
from tests.doubles import START, FakeClock

HEADING = Heading("ledger", 1, 7, "boot")


@dataclass
class Waiting:
    """A message whose dot waits; at its going it looks what the journal has."""

    attempt: Try
    path: Path
    ended: bool = False
    dots: frozenset[Try] | None = None
    outcomes: int = 0
    error: OSError | None = None

    def stands(self) -> bool:
        """Unless it ended."""
        return not self.ended

    def proceed(self) -> None:
        """Look."""
        replay = read_journal(self.path)
        assert replay
        self.dots, self.outcomes = replay.dots, len(replay.outcomes)

    def hold_back(self, error: OSError) -> None:
        """Keep why."""
        self.error = error


@dataclass
class Desk:
    """A journal, the writes to it, and what could not be written."""

    path: Path
    writes: list[bytes] = field(default_factory=list)
    full: bool = False
    failed: list[OSError] = field(default_factory=list)

    def after(self, act: Callable[[Rounds, Journal], None]) -> None:
        """Do something in one round, and let it end."""

        async def one_round() -> None:
            journal = Journal.create(self.path, HEADING)
            self.writes.clear()
            act(Rounds(journal, self.failed.append), journal)
            await asyncio.sleep(0)

        asyncio.run(one_round())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """On a disk that may be full."""
    desk, write = Desk(tmp_path / "journal"), os.write

    def counted(handle: int, data: bytes) -> int:
        if desk.full:
            raise OSError(errno.ENOSPC, "full")
        desk.writes.append(data)
        return write(handle, data)

    monkeypatch.setattr(os, "write", counted)
    return desk


def test_ten_intents_and_the_answers_of_a_round_are_one_write_and_there_before_the_first_dot(
    desk: Desk,
) -> None:
    ten = [Waiting((seq, 1), desk.path) for seq in range(1, 11)]

    def act(rounds: Rounds, journal: Journal) -> None:
        for each in ten:
            journal.outcome((each.attempt[0] + 100, 1), START, Accepted(Reply(250, "2.0.0 Ok")))
            rounds.note()
            rounds.intend(each)
            assert each.dots is None

    desk.after(act)
    assert len(desk.writes) == 1
    assert [each.dots for each in ten] == [frozenset(each.attempt for each in ten)] * 10
    assert [each.outcomes for each in ten] == [10] * 10
    assert desk.failed == []


def test_a_journal_that_takes_nothing_holds_every_dot_back(desk: Desk) -> None:
    waiting = [Waiting((1, 1), desk.path), Waiting((2, 1), desk.path)]

    def act(rounds: Rounds, journal: Journal) -> None:
        del journal
        desk.full = True
        for each in waiting:
            rounds.intend(each)

    desk.after(act)
    assert [each.dots for each in waiting] == [None, None]
    assert [each.error for each in waiting] == desk.failed * 2
    assert desk.failed[0].errno == errno.ENOSPC


def test_one_whose_end_came_first_is_neither_recorded_nor_sent(desk: Desk) -> None:
    gone, there = Waiting((1, 1), desk.path), Waiting((2, 1), desk.path)

    def act(rounds: Rounds, journal: Journal) -> None:
        del journal
        rounds.intend(gone)
        rounds.intend(there)
        gone.ended = True

    desk.after(act)
    assert gone.dots is None
    assert there.dots == frozenset({(2, 1)})


def test_an_answer_alone_is_written_at_the_end_of_its_round(desk: Desk) -> None:
    def act(rounds: Rounds, journal: Journal) -> None:
        journal.outcome((1, 1), START, Accepted(Reply(250, "2.0.0 Ok")))
        rounds.note()
        rounds.note()

    desk.after(act)
    assert len(desk.writes) == 1
    replay = read_journal(desk.path)
    assert replay
    assert list(replay.outcomes) == [(1, 1)]


def test_a_round_of_the_loop_has_one_time_and_the_next_one_has_its_own() -> None:
    async def times() -> list[float]:
        fake = FakeClock()
        clock, seen = RoundClock(fake), list[float]()
        seen.append(clock.monotonic())
        fake.advance(1)
        seen.append(clock.monotonic())
        await asyncio.sleep(0)
        seen.append(clock.monotonic())
        await clock.sleep(5)
        seen.append(clock.monotonic())
        assert clock.now() == fake.now()
        return seen

    assert asyncio.run(times()) == [0, 0, 1, 6]


def test_those_counted_many_at_a_time_are_as_many_as_those_counted_one_by_one() -> None:
    together, alone = Tally(0.0), Tally(0.0)
    for n in range(3000):
        at, name = n / 500, f"list{n % 7}.example"
        together.accepted(f"r{n}@{name}", at)
        alone.note(name, at)
    for name in ("list0.example", "list6.example", "other.example"):
        assert together.of(name, 6.0) == alone.of(name, 6.0)
    assert together.whole(6.0) == alone.whole(6.0)
