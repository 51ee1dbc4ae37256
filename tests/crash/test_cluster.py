"""Several workers share a campaign, and some die: nobody is lost, nobody mailed twice unflagged."""

import datetime as dt
import os
import shutil
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from newsletter.ledger.model import CampaignState, RunRecord
from newsletter.ledger.schema import is_ours, metadata
from tests.crash.crew import TIMEOUT, Crew, Killed
from tests.crash.forks import Forks
from tests.crash.judge import hold_promise, judge_memory
from tests.crash.scale import FULL, chance, scaled
from tests.crash.stand import RelayProcess
from tests.ledger.databases import empty, own_database, postgres, restart, servers
from tests.waiting import catches, is_frozen, wait_until

__all__ = ["postgres", "servers"]
pytestmark = [pytest.mark.slow, pytest.mark.postgres]


@pytest.fixture(scope="module")
def shared(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database for workers."""
    return own_database(postgres, "crew", tmp_path_factory.mktemp("crew"))


@pytest.fixture
def crew(forks: Forks, folder: Path, shared: str) -> Iterator[Crew]:
    """Nobody works yet."""
    empty(shared)
    with RelayProcess(folder, before=0.002, after=0.004) as relay:
        crew = Crew(forks, relay, folder / "news", shared)
        crew.write()
        try:
            yield crew
        finally:
            crew.end()
            shutil.rmtree(folder / "news", ignore_errors=True)


def _closed(runs: Iterable[RunRecord]) -> set[int]:
    """Those that somebody found interrupted."""
    return {run.id for run in runs if run.why == "interrupted"}


def hold(crew: Crew) -> set[str]:
    """The promise; who was in doubt."""
    seen = crew.relay.settled()
    with crew.memory() as memory:
        verdict = judge_memory(memory, seen, crew.number)
        assert memory.leftovers(crew.number) == ()
    hold_promise(verdict)
    assert not seen.unexplained(verdict.doubted)
    return verdict.doubted


def test_two_workers_share_a_campaign_and_everybody_gets_one_message(crew: Crew) -> None:
    crew.record(400, parts=8)
    crew.begin()
    crew.begin()
    crew.wait_for()
    crew.stop()
    assert hold(crew) == set()
    runs = crew.runs()
    assert len(runs) == 8
    assert len({run.pid for run in runs}) == 2
    assert not list((crew.root / ".newsletter").glob("*.journal"))


def test_the_tables_of_the_calls_are_none_of_the_ledgers(crew: Crew) -> None:
    crew.record(3, parts=1)
    engine = create_engine(crew.address.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert inspect(connection).has_table("procrastinate_jobs")
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@dataclass(frozen=True)
class Siege:
    """So many are killed of those who send to so many readers, in so many parts."""

    readers: int
    kills: int
    most_between: int
    """At most so many messages from one kill to the next."""
    parts: int = 64
    rate: str = "100000/s"


SIEGES = [Siege(1_200, 2, 300, 6)]
if FULL:  # 320 kills: parts that last, and parts of a second
    SIEGES = [Siege(100_000, 20, 4_000), *[Siege(6_400, 25, 250, rate="150/s")] * 12]


def test_workers_that_are_killed_are_taken_over_by_the_others(crew: Crew) -> None:
    luck, slowest = chance(), 0.0
    for siege in SIEGES:
        crew.relay.forget()
        crew.record(siege.readers, siege.parts, siege.rate)
        for _ in range(3):
            crew.begin()
        killed = []
        for _ in range(siege.kills):
            crew.wait_for_accepted(luck.randrange(1, siege.most_between))
            killed.append(crew.kill_one_that_sends(luck))
            crew.begin()
        crew.wait_for()
        crew.stop()
        doubted = hold(crew)
        waited = crew.takeovers(killed)
        print(  # noqa: T201  shown by make crash
            f"{len(killed)} killed of those who sent to {siege.readers}: {len(waited)} parts taken "
            f"over within {max(waited):.1f} s, {len(doubted)} in doubt"
        )
        assert len(waited) >= siege.kills, "each had a part when it was killed"
        slowest = max(slowest, *waited)
    if FULL:  # on a machine of its own; said last, so that no promise goes untried for it
        assert slowest <= TIMEOUT + 2


def test_one_that_is_left_alone_judges_more_parts_than_it_can_go_on_with(crew: Crew) -> None:
    """Nobody waits for a free hand to learn what became of those in the air."""
    workers = [crew.begin() for _ in range(7)]
    crew.wait_for_workers(7)
    crew.record(1_600, parts=8, rate="80/s")
    with crew.memory() as memory:
        wait_until(lambda: len([r for r in memory.runs(crew.number) if not r.ended_at]) == 7)
        crew.wait_for_accepted(30)
        killed = []
        for pid in workers:
            killed.append(Killed(pid, dt.datetime.now(dt.UTC)))
            crew.kill(pid)
        left = [run for run in memory.runs(crew.number) if run.pid in workers and not run.ended_at]
        crew.begin()
        wait_until(lambda: _closed(memory.runs(crew.number)) >= {run.id for run in left})
        assert len(left) == 7
        assert memory.progress(crew.number).accepted < 900, "it had come to the end of none"
    if FULL:  # on a machine of its own
        assert max(crew.takeovers(killed)) <= TIMEOUT + 2
    crew.wait_for()
    crew.stop()
    hold(crew)


def test_a_frozen_worker_that_comes_back_marks_nothing(crew: Crew) -> None:
    crew.record(600, parts=2, rate="60/s")
    first = crew.begin()
    crew.wait_for_accepted(10)
    os.kill(first, signal.SIGSTOP)
    crew.begin()
    with crew.memory() as memory:
        wait_until(lambda: len([r for r in memory.runs(crew.number) if r.why == "interrupted"]) > 0)
    frozen = next(run for run in crew.runs() if run.pid == first and run.why == "interrupted")
    if FULL:  # on a machine of its own
        (waited,) = crew.takeovers([Killed(first, frozen.seen_at)])
        assert waited <= TIMEOUT + 2
    with crew.memory() as memory:
        before = [a for a in memory.attempts(crew.number) if a.run == frozen.id]
    os.kill(first, signal.SIGCONT)
    crew.wait_for()
    crew.stop()
    hold(crew)
    with crew.memory() as memory:
        settled = [a for a in memory.attempts(crew.number) if a.run == frozen.id]
    assert settled == before


def test_a_worker_that_freezes_inside_a_transaction_holds_nobody_up(crew: Crew) -> None:
    random = chance()
    for _ in range(scaled(2, 40)):
        crew.relay.forget()
        crew.record(400, parts=3)
        frozen = crew.begin(freeze_at=random.randrange(1, 60))
        wait_until(lambda pid=frozen: is_frozen(pid))  # type: ignore[misc]
        crew.begin()
        crew.wait_for()
        os.kill(frozen, signal.SIGCONT)
        wait_until(lambda pid=frozen: catches(pid, signal.SIGTERM))  # type: ignore[misc]
        crew.stop()
        hold(crew)


def test_a_database_that_restarts_is_waited_for_by_every_worker(crew: Crew) -> None:
    crew.record(600, parts=4, rate="100/s")
    crew.begin()
    crew.begin()
    for _ in range(scaled(1, 5)):
        crew.wait_for_accepted(50)
        restart(crew.address)
    crew.wait_for()
    crew.stop()  # each of them was there until it was told to go
    assert hold(crew) == set()


def test_a_database_that_restarts_is_waited_for_by_a_process_that_sends_alone(
    forks: Forks, folder: Path, shared: str
) -> None:
    empty(shared)
    with RelayProcess(folder, before=0.002, after=0.004) as relay:
        crew = Crew(forks, relay, folder / "alone", shared)
        crew.write(kind="local")
        crew.record_alone(400, "100/s")
        sender = crew.begin("resume", str(crew.number))
        crew.wait_for_accepted(50)
        restart(shared)
        crew.wait_for()
        assert forks.wait(sender) == 0
        assert hold(crew) == set()
    shutil.rmtree(folder / "alone")


def test_a_threshold_is_judged_over_all_workers(forks: Forks, folder: Path, shared: str) -> None:
    """No worker alone tries as many as are judged."""
    empty(shared)
    with RelayProcess(folder, deferring=600) as relay:
        crew = Crew(forks, relay, folder / "putoff", shared)
        crew.write()
        crew.record(320, parts=8, rate="100/s", pause_deferred=30.0, pause_after=100)
        for _ in range(3):
            crew.begin()
        crew.wait_for(CampaignState.PAUSED)
        crew.stop()
        with crew.memory() as memory:
            assert "were deferred, more than 30 %" in memory.campaign(crew.number).reason
    shutil.rmtree(folder / "putoff")


def test_a_pause_reaches_every_worker(crew: Crew) -> None:
    crew.record(2000, parts=4, rate="100/s")
    crew.begin()
    crew.begin()
    crew.wait_for_accepted(10)
    with crew.memory() as memory:
        workers = memory.workers()
        memory.pause(crew.number, dt.datetime.now(dt.UTC))
        wait_until(lambda: not workers.held(crew.number))
        assert memory.campaign(crew.number).state is CampaignState.PAUSED
        taken = memory.progress(crew.number).accepted
        assert crew.relay.settled().took.total() == taken < 2000
        assert memory.leftovers(crew.number) == ()
    crew.stop()
