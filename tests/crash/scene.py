"""A small campaign that can be put back to how it stood, run with a trap or a fault, and judged."""

import datetime as dt
import json
import shutil
import signal
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.schedule import Due, parse_when
from tests.cli.newsroom import write_newsletter
from tests.crash.child import Job
from tests.crash.forks import Forks
from tests.crash.judge import Verdict, hold_promise, judge
from tests.crash.stand import RelayProcess, Seen
from tests.doubles import START
from tests.ledger.moved import as_if_moved
from tests.ledger.plans import make_plan, make_terms

CONNECTIONS = 4


@dataclass
class Scene:
    """A campaign that can be put back to how it stood, and a relay."""

    forks: Forks
    relay: RelayProcess
    folder: Path
    on_doubt: str
    pipelining: bool
    connections: int = CONNECTIONS
    window: int = 1
    before: Seen = field(default_factory=Seen)
    """What the relay saw before the campaign was kept."""

    @property
    def root(self) -> Path:
        """The newsletter's folder."""
        return self.folder / "run"

    @property
    def ledger(self) -> Path:
        """The ledger of the run that is killed."""
        return self.root / ".newsletter" / "ledger.db"

    def record(
        self,
        readers: int,
        *,
        rate: str = "100000/s",
        due: Due | None = None,
        recorded: bool = True,
    ) -> None:
        """Write a newsletter and freeze a campaign; nobody was sent anything yet."""
        self.root.mkdir(parents=True)
        write_newsletter(self.root, self.relay.port)
        terms = make_terms(rate, self.connections, self.on_doubt)
        plan = make_plan(readers, terms=replace(terms, profile="production"))
        with Ledger.open(self.ledger) as memory:
            if recorded:
                memory.record(plan, due=due, now=START)

    def keep(self) -> None:
        """What lies in the folder now is what every later run begins with."""
        shutil.rmtree(self.folder / "kept", ignore_errors=True)
        shutil.copytree(self.folder / "run", self.folder / "kept")
        as_if_moved(self.folder / "kept" / self.ledger.relative_to(self.folder / "run"))

    def put_back(self) -> None:
        """As it was when it was kept; the relay keeps what it took before that."""
        shutil.rmtree(self.folder / "run")
        shutil.copytree(self.folder / "kept", self.folder / "run")

    def run(self, *words: str, trap: Any = None, fault: Any = None) -> int:
        """Send until it ends or dies, by a command if there are words; how the process ended."""
        return self.forks.wait(self.begin(*words, trap=trap, fault=fault))

    def begin(
        self, *words: str, name: str = "told", gate: Path | None = None, **installed: Any
    ) -> int:
        """The same, without waiting for the end; its pid. ``name`` tells several apart."""
        told = self.folder / name
        told.unlink(missing_ok=True)
        job = Job(
            ledger=str(self.ledger),
            port=self.relay.port,
            pipelining=self.pipelining,
            window=self.window,
            words=words,
            root=str(self.root),
            gate=str(gate or ""),
            trap=installed.get("trap") or {},
            fault=installed.get("fault") or {},
            told=str(told),
        )
        return self.forks.begin(job.packed())

    def ended(self, name: str) -> bool:
        """Whether the child of that name came to its end."""
        return (self.folder / name).exists()

    def told_by(self, name: str) -> dict[str, Any]:
        """What the child of that name said of itself when it ended."""
        found: dict[str, Any] = json.loads((self.folder / name).read_text())
        return found

    @property
    def said(self) -> str:
        """What the command has printed until now."""
        path = self.folder / "told.out"
        return path.read_text() if path.exists() else ""

    @property
    def told(self) -> dict[str, Any]:
        """What the child that ended last said of itself."""
        return self.told_by("told")

    @property
    def claimed(self) -> set[str]:
        """Who is in the hands of a run that ended without a word."""
        with Ledger.open(self.ledger) as memory:
            return {row.address for _, row in memory.leftovers(CampaignId(1))}

    def begin_anew(self) -> None:
        """As it was when it was kept, and the relay looks only at what comes."""
        self.put_back()
        self.relay.settled()
        self.relay.forget()

    def die_at(self, number: int, **how: object) -> bool:
        """Kill a run at one event, let the next one end, and judge; False if it lived."""
        self.begin_anew()
        if self.run(trap={"at": number} | how) != -signal.SIGKILL:
            return False
        assert self.run() == 0
        self.judge(self.before + self.relay.settled())
        return True

    def judge(self, seen: Seen, also_doubtful: AbstractSet[str] = frozenset()) -> Verdict:
        """The promise, once the campaign is over; doubt only about what was in the air."""
        resends = self.on_doubt == "resend"
        verdict = judge(self.ledger, seen)
        hold_promise(verdict, resends=resends)
        if self.window > 1:  # what the relay had not read yet, it cannot name
            assert len(verdict.doubted) <= self.window * seen.opened
        else:
            unexplained = seen.unexplained(verdict.doubted - also_doubtful)
            assert not unexplained, f"doubted without a reason: {sorted(unexplained)[:5]}"
        assert max(seen.took.values()) <= 1 + resends, "resent once at most"
        return verdict


def just_now() -> Due:
    """A time that has just come."""
    wall = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    return parse_when(wall.strftime("%Y-%m-%d %H:%M UTC"), default_zone="UTC")
