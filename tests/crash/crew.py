"""Workers on a real PostgreSQL, each a process of its own that runs the real command."""

import datetime as dt
import os
import random
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from newsletter.dispatch.wakeups import Wakeups
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, RunRecord
from newsletter.ledger.workers import Division
from tests.cli.newsroom import write_newsletter
from tests.crash.child import Job
from tests.crash.forks import Forks
from tests.crash.scale import scaled
from tests.crash.stand import RelayProcess
from tests.ledger.plans import make_plan, make_terms
from tests.waiting import wait_until

CONNECTIONS = 2
TIMEOUT = 5.0
_LONG = scaled(120, 1_800)
"""Seconds in which a campaign comes to its end, on a busy machine."""


class Killed(NamedTuple):
    """Who was killed (or frozen), and when."""

    pid: int
    at: dt.datetime


@dataclass
class Crew:
    """A newsletter whose campaigns workers share."""

    forks: Forks
    relay: RelayProcess
    root: Path
    address: str
    number: CampaignId = field(default=CampaignId(0))
    pids: list[int] = field(default_factory=list)
    begun: int = 0
    timeout: float = TIMEOUT
    host: str = ""
    """Where its workers run, if not here."""

    def write(self, more: str = "", kind: str = "cluster") -> None:
        """Its files. Every worker has the same folder, as on one machine."""
        self.root.mkdir(parents=True)
        write_newsletter(self.root, self.relay.port)
        file = self.root / "newsletter.toml"
        engine = f'\n[engine]\nkind = "{kind}"\ntimeout = {self.timeout}\nsmallest_part = 1\n{more}'
        ledger = f'ledger = "{self.address}"\n'
        file.write_text(ledger + file.read_text() + engine)

    @contextmanager
    def memory(self) -> Iterator[Ledger]:
        """Its ledger."""
        with Ledger.open(self.address, state=self.root / ".newsletter") as opened:
            yield opened

    def record_alone(self, readers: int, rate: str) -> CampaignId:
        """Record a campaign that one process sends by itself."""
        agreed = replace(make_terms(rate, CONNECTIONS), profile="production")
        with self.memory() as memory:
            plan = make_plan(readers, terms=agreed)
            self.number = memory.record(plan, due=None, now=dt.datetime.now(dt.UTC))
        return self.number

    def record(
        self, readers: int, parts: int = 4, rate: str = "100000/s", **terms: object
    ) -> CampaignId:
        """Record a campaign and open it to the workers."""
        agreed = replace(
            make_terms(rate, CONNECTIONS),
            profile="production",
            **terms,  # type: ignore[arg-type]
        )
        with self.memory() as memory:
            now = dt.datetime.now(dt.UTC)
            workers = memory.workers(Division(parts, 1))
            ring = Wakeups(workers.conninfo).ring
            self.number = memory.record(
                make_plan(readers, terms=agreed),
                due=None,
                now=now,
                opened=lambda connection, n: workers.open_within(connection, n, now, ring),
            )
        return self.number

    def begin(self, *words: str, freeze_at: int = 0) -> int:
        """Begin a worker (or another command); its pid."""
        self.begun += 1
        job = Job(
            words=words or ("worker",),
            root=str(self.root),
            told=f"{self.root}/w{self.begun}",
            freeze_at=freeze_at,
            host=self.host,
        )
        pid = self.forks.begin(job.packed())
        self.pids.append(pid)
        return pid

    def said(self, worker: int) -> str:
        """What the worker of that number printed."""
        path = Path(f"{self.root}/w{worker}.out")
        return path.read_text() if path.exists() else ""

    def wait_for_workers(self, count: int) -> None:
        """Until so many have said that they are there."""
        numbers = range(self.begun - count + 1, self.begun + 1)
        wait_until(lambda: all("this is worker" in self.said(n) for n in numbers))

    def kill(self, pid: int) -> None:
        """As a power cut of this process alone."""
        os.kill(pid, signal.SIGKILL)
        self.pids.remove(pid)
        assert self.forks.wait(pid) == -signal.SIGKILL

    def kill_one_that_sends(self, luck: random.Random) -> Killed:
        """Kill any of those that have a part, in the middle of it."""
        with self.memory() as memory:
            while True:
                wait_until(lambda: self._sending(memory))
                pid = luck.choice(sorted(self._sending(memory)))
                at = dt.datetime.now(dt.UTC)
                self.kill(pid)
                if any(run.pid == pid and not run.ended_at for run in memory.runs(self.number)):
                    return Killed(pid, at)
                self.begin()  # that one had just come to the end of its part

    def _sending(self, memory: Ledger) -> set[int]:
        """Who has a part, of those that run."""
        open_runs = (run for run in memory.runs(self.number) if run.ended_at is None)
        return {run.pid for run in open_runs} & set(self.pids)

    def takeovers(self, killed: Iterable[Killed]) -> list[float]:
        """For each part that any of these left: seconds until another worker had it."""
        with self.memory() as memory:
            runs = memory.runs(self.number)
        waited = []
        for pid, at in killed:
            for left in (run for run in runs if run.pid == pid and run.why == "interrupted"):
                later = [r for r in runs if r.partition == left.partition and r.id > left.id]
                waited.append((later[0].started_at - at).total_seconds())
        return waited

    def stop(self) -> None:
        """Let all workers go home; none of them ended before it was told to."""
        pids, self.pids = self.pids, []
        for pid in pids:
            os.kill(pid, signal.SIGTERM)
        for pid in pids:
            assert self.forks.wait(pid) == 0

    def end(self) -> None:
        """Whatever still runs, when a test has failed."""
        for pid in self.pids:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)

    def state(self) -> CampaignState:
        """The campaign's."""
        with self.memory() as memory:
            return memory.campaign(self.number).state

    def runs(self) -> tuple[RunRecord, ...]:
        """Every turn at a part."""
        with self.memory() as memory:
            return memory.runs(self.number)

    def wait_for(self, state: CampaignState = CampaignState.FINISHED) -> None:
        """Until the campaign is in that state."""
        with self.memory() as memory:
            wait_until(lambda: memory.campaign(self.number).state is state, _LONG, every=0.05)

    def wait_for_accepted(self, count: int) -> None:
        """Until the relay took so many messages."""
        before = self.relay.taken
        wait_until(lambda: self.relay.taken >= before + count)
