"""kill -9 at random moments: nobody is lost, nobody is mailed twice, and doubt has its bound."""

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from tests.cli.newsroom import clean_environment
from tests.crash.forks import Forks
from tests.crash.scale import chance, scaled
from tests.crash.scene import Scene
from tests.crash.stand import RelayProcess, wait_until

pytestmark = pytest.mark.slow
CONNECTIONS = 16


@dataclass(frozen=True)
class Siege:
    """One way to be killed again and again, and its share of the kills."""

    name: str
    short: int
    full: int
    on_doubt: str = "hold"
    pipelining: bool = True
    words: tuple[str, ...] = ()
    """The command that is killed, in a child that has imported everything; none: the run itself."""
    deferring: float = 0.0
    loses_journal: bool = False
    window: int = 1
    """How many messages a connection may have in the air."""

    @property
    def kills(self) -> int:
        """How many, in the form that runs now."""
        return scaled(self.short, self.full)


SIEGES = (
    Siege("pipelined, doubt is held", 15, 400),
    Siege("plain, doubt is held", 10, 150, pipelining=False),
    Siege("pipelined, doubt is resent", 15, 250, on_doubt="resend"),
    Siege("plain, resent, some are put off", 10, 100, "resend", pipelining=False, deferring=20),
    Siege("the journal is lost too", 5, 100, loses_journal=True),
    Siege("by the command", 5, 100, words=("resume",)),
    Siege("in chunks, a window of 16", 5, 100, window=16),
    Siege("in chunks, a window of 16, resent", 5, 100, "resend", window=16),
)


@dataclass
class Tally:
    """What the kills came to."""

    kills: int = 0
    campaigns: int = 0
    connections: int = 0
    doubted: int = 0
    repeated: int = 0
    claimed: set[str] = field(default_factory=set, repr=False)


@pytest.mark.parametrize("siege", SIEGES, ids=lambda siege: siege.name)
def test_whenever_it_is_killed_nobody_is_lost_or_repeated_and_doubt_was_in_the_air(
    siege: Siege, forks: Forks, folder: Path
) -> None:
    luck = chance()
    tally = Tally()
    how = {"before": 0.01, "after": 0.01, "deferring": siege.deferring, "seed": luck.random()}
    how["chunking"] = siege.window > 1
    with RelayProcess(folder, **how) as relay:
        while tally.kills < siege.kills:
            tally.campaigns += 1
            scene = scene_of(siege, forks, relay, folder / str(tally.campaigns))
            one_campaign(siege, scene, luck, tally)
    print(f"{siege.name}: {tally}")  # noqa: T201  shown by make crash


def scene_of(siege: Siege, forks: Forks, relay: RelayProcess, folder: Path) -> Scene:
    """A campaign over 16 connections."""
    scene = Scene(forks, relay, folder, siege.on_doubt, siege.pipelining, CONNECTIONS, siege.window)
    scene.record(scaled(1500, 10_000))
    relay.forget()
    return scene


def one_campaign(siege: Siege, scene: Scene, luck: random.Random, tally: Tally) -> None:
    """Kill it until it is done or the kills are used up; then let it end, and judge."""
    tally.claimed.clear()
    while tally.kills < siege.kills and not finished(scene):
        killed = kill_somewhere(scene, siege.words, luck)
        tally.kills += killed
        if siege.loses_journal:
            lose_journal(scene, tally)
    assert finished(scene) or scene.run(*siege.words) == 0
    seen = scene.relay.settled()
    verdict = scene.judge(seen, tally.claimed)
    tally.connections += seen.opened
    tally.doubted += len(verdict.doubted)
    tally.repeated += len(verdict.repeated)


def kill_somewhere(scene: Scene, words: tuple[str, ...], luck: random.Random) -> bool:
    """Begin a sender and kill it: as it begins, as it sends, or as it winds down."""
    before = scene.relay.written
    pid = scene.begin(*words)
    manner = luck.random()
    if manner > 0.2:
        wait_until(lambda: scene.relay.written > before or scene.ended("told"))
    time.sleep(luck.uniform(0, 0.08))
    if manner > 0.85:
        os.kill(pid, signal.SIGTERM)
        time.sleep(luck.uniform(0, 0.02))
    os.kill(pid, signal.SIGKILL)
    return scene.forks.wait(pid) == -signal.SIGKILL


def finished(scene: Scene) -> bool:
    """Whether nothing is left to send."""
    with Ledger.open(scene.ledger) as memory:
        return memory.campaign(CampaignId(1)).state is CampaignState.FINISHED


def lose_journal(scene: Scene, tally: Tally) -> None:
    """Without it, whoever was claimed is in doubt: nobody else, and nobody twice."""
    tally.claimed |= scene.claimed
    with Ledger.open(scene.ledger) as memory:
        memory.journal_path(CampaignId(1)).unlink(missing_ok=True)


def test_the_real_command_is_killed_and_carries_on(forks: Forks, folder: Path) -> None:
    """In a process of its own from the first import on; the others are forked."""
    luck = chance()
    with RelayProcess(folder, before=0.01, after=0.01) as relay:
        scene = Scene(forks, relay, folder, "hold", pipelining=True, connections=CONNECTIONS)
        scene.record(scaled(1500, 10_000))
        kills = scaled(3, 30)
        begun_sending = 0
        for _ in range(kills):
            opened = relay.seen().opened
            command = [sys.executable, "-m", "newsletter", "resume"]
            child = subprocess.Popen(  # noqa: S603  our own program
                command,
                cwd=scene.root,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while relay.seen().opened == opened and child.poll() is None:
                time.sleep(0.01)
            time.sleep(luck.uniform(0, 0.1))
            child.kill()
            begun_sending += child.wait() == -signal.SIGKILL
        assert begun_sending == kills
        assert scene.run("resume") == 0
        scene.judge(relay.settled())
