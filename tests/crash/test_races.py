"""Two processes in the same moment: one sends, the other is refused, everybody gets one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import (
    ApprovalMissing,
    Incomplete,
    LedgerError,
    PlanChanged,
    TryLater,
    UsageError,
)
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from tests.cli.newsroom import EVERYBODY, ISSUE
from tests.crash.barrier import let_pass
from tests.crash.forks import Forks
from tests.crash.scale import scaled
from tests.crash.scene import Scene, just_now
from tests.crash.stand import RelayProcess, wait_until

pytestmark = pytest.mark.slow
READERS = 12
RATE = "20/s"
"""So that a run lasts a while."""
SIDE_BY_SIDE = 5
"""Races at a time, each on a ledger of its own."""
REFUSALS = {
    UsageError.exit_code,  # the other's campaign is unfinished
    ApprovalMissing.exit_code,  # it is finished, and would be mailed again
    PlanChanged.exit_code,  # it was recorded since the plan was made
}
REFUSED = re.compile(r"process (\d+) on \S+ has been sending since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


@dataclass
class Ran:
    """One of two commands that began together."""

    pid: int
    code: int
    said: str


@dataclass
class Ring:
    """Where races are held."""

    forks: Forks
    relay: RelayProcess
    folder: Path
    rounds: int = 0

    def scenes(self, count: int, **how: Any) -> list[Scene]:
        """So many newsletters, each with a campaign unless told otherwise."""
        self.rounds += 1
        made = []
        for number in range(count):
            place = self.folder / f"{self.rounds}-{number}"
            scene = Scene(self.forks, self.relay, place, "hold", pipelining=True)
            scene.record(READERS, **how)
            made.append(scene)
        return made

    def clash(
        self, scenes: Sequence[Scene], *commands: Sequence[str], held: bool = False
    ) -> list[list[Ran]]:
        """In each newsletter all commands begin in the same moment; how each ended.

        While ``held`` the relay answers nobody until one command of each newsletter has ended.
        """
        if held:
            self.relay.held.touch()
        gate = self.folder / f"gate-{self.rounds}"
        names = [str(number) for number in range(len(commands))]
        pids = [
            [
                scene.begin(*words, name=name, gate=gate)
                for name, words in zip(names, commands, strict=True)
            ]
            for scene in scenes
        ]
        let_pass(gate, len(scenes) * len(commands))
        if held:
            wait_until(lambda: all(any(map(scene.ended, names)) for scene in scenes))
            self.relay.held.unlink()
        for pid in (pid for group in pids for pid in group):
            assert self.forks.wait(pid) == 0
        return [
            [
                Ran(pid, (told := scene.told_by(name))["code"], told["said"])
                for pid, name in zip(group, names, strict=True)
            ]
            for scene, group in zip(scenes, pids, strict=True)
        ]


@pytest.fixture
def ring(forks: Forks, folder: Path) -> Iterator[Ring]:
    """A relay that takes a moment for each message."""
    with RelayProcess(folder, after=0.02) as relay:
        yield Ring(forks, relay, folder)


def everybody_got_one(ring: Ring, scenes: Sequence[Scene]) -> None:
    """By the relay's count and by each ledger's."""
    took = ring.relay.settled().took
    ring.relay.forget()
    assert len(took) == READERS
    assert set(took.values()) == {len(scenes)}, "one message to everybody, in each newsletter"
    for scene in scenes:
        with Ledger.open(scene.ledger) as memory:
            progress = memory.progress(CampaignId(1))
            assert progress.accepted == READERS
            assert progress.campaign.state is CampaignState.FINISHED
            assert not memory.verify()


def test_of_two_that_resume_at_once_one_sends_and_the_other_is_refused_with_pid_host_and_time(
    ring: Ring,
) -> None:
    for _ in range(scaled(20, 200) // SIDE_BY_SIDE):
        scenes = ring.scenes(SIDE_BY_SIDE)
        for pair in ring.clash(scenes, ("resume",), ("resume",), held=True):
            winner, loser = sorted(pair, key=lambda ran: ran.code)
            assert winner.code == 0, pair
            assert loser.code == LedgerError.exit_code, pair
            named = REFUSED.search(loser.said)
            assert named, loser.said
            assert int(named[1]) == winner.pid
        everybody_got_one(ring, scenes)


def test_what_is_due_is_sent_by_one_of_two_that_look_at_once(ring: Ring) -> None:
    for _ in range(scaled(1, 10)):
        scenes = ring.scenes(SIDE_BY_SIDE, due=just_now())
        for pair in ring.clash(scenes, ("run-due",), ("run-due",), held=True):
            (sent,) = [ran for ran in pair if "finished" in ran.said]
            (other,) = [ran for ran in pair if ran is not sent]
            assert sent.code == 0
            assert "nothing is due" in other.said or other.code == TryLater.exit_code, pair
        everybody_got_one(ring, scenes)


def test_of_two_that_send_the_same_issue_at_once_one_records_it(ring: Ring) -> None:
    for _ in range(scaled(3, 20)):
        scenes = ring.scenes(3, recorded=False)
        for scene, pair in zip(
            scenes, ring.clash(scenes, *[("send", ISSUE, "--yes")] * 2), strict=True
        ):
            with Ledger.open(scene.ledger) as memory:
                assert len(memory.campaigns()) == 1, pair
            winner, loser = sorted(pair, key=lambda ran: ran.code)
            assert winner.code == 0, pair
            assert loser.code in REFUSALS, pair
        took = ring.relay.settled().took
        ring.relay.forget()
        assert set(took) == EVERYBODY
        assert set(took.values()) == {len(scenes)}


def test_a_resume_and_a_cancel_at_once_end_in_one_of_both_and_nobody_gets_two(ring: Ring) -> None:
    for _ in range(scaled(1, 10)):
        scenes = ring.scenes(SIDE_BY_SIDE, rate=RATE)
        for pair in ring.clash(scenes, ("resume",), ("cancel", "--yes")):
            assert all(ran.code in {0, 2, Incomplete.exit_code} for ran in pair), pair
            assert all("Traceback" not in ran.said for ran in pair)
        took = ring.relay.settled().took
        ring.relay.forget()
        accepted = 0
        for scene in scenes:
            with Ledger.open(scene.ledger) as memory:
                progress = memory.progress(CampaignId(1))
                assert progress.campaign.state in {CampaignState.CANCELLED, CampaignState.FINISHED}
                assert not progress.open
                assert not memory.verify()
                accepted += progress.accepted
        assert sum(took.values()) == accepted


@pytest.mark.parametrize(
    "others",
    [
        (("resume",), ("pause",)),
        (("resume",), ("run-due",)),
        (("resume",), ("resume",), ("pause",), ("status",)),
    ],
    ids=lambda others: ", ".join(words[0] for words in others),
)
def test_whatever_is_said_at_once_everybody_gets_one_in_the_end(
    ring: Ring, others: tuple[tuple[str, ...], ...]
) -> None:
    for _ in range(scaled(1, 10)):
        scenes = ring.scenes(SIDE_BY_SIDE, rate=RATE)
        for together in ring.clash(scenes, *others):
            assert all("Traceback" not in ran.said for ran in together), together
            assert all(ran.code in {0, 2, 6, 75} for ran in together), together
        for scene in scenes:
            scene.run("resume")
        everybody_got_one(ring, scenes)
