"""Killed at every statement of the ledger, every write to the wire, every step of the journal."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.forks import Forks
from tests.crash.scale import FULL, chosen
from tests.crash.scene import Scene
from tests.crash.stand import RelayProcess

KINDS = {"statement", "socket", "file"}
WAYS = [("hold", True), ("resend", False)] + [("hold", False), ("resend", True)] * FULL


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}, {'pipelined' if way[1] else 'plain'}")
def scene(request: pytest.FixtureRequest, forks: Forks, folder: Path) -> Iterator[Scene]:
    """Each way to treat doubt, each way to speak."""
    on_doubt, pipelining = request.param
    with RelayProcess(folder) as relay:
        scene = Scene(forks, relay, folder, on_doubt, pipelining)
        scene.record(50)
        yield scene


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "right after"])
def test_killed_at_any_event_of_a_run_nobody_is_lost_or_repeated(
    scene: Scene, *, after: bool
) -> None:
    scene.keep()
    assert scene.run(trap={"at": 0}) == 0
    events = scene.told["events"]
    assert set(events) == KINDS, "the trap saw every kind of event"
    points = chosen(1, sum(events.values()), 16)
    died = [number for number in points if scene.die_at(number, after=after)]
    print(len(died), "events of", events)  # noqa: T201  shown by make crash
    assert len(died) > 0.8 * len(points), "runs differ a little, not much"


@pytest.mark.slow
def test_killed_at_any_event_of_a_recovery_nobody_is_lost_or_repeated(scene: Scene) -> None:
    scene.keep()
    assert scene.run(trap={"at": 0}) == 0
    total = sum(scene.told["events"].values())
    scene.begin_anew()
    assert scene.run(trap={"at": total // 2}) == -signal.SIGKILL
    scene.before = scene.relay.settled()
    scene.keep()
    assert scene.run(trap={"at": 0}) == 0
    points = chosen(1, scene.told["first"]["socket"] + 10, 8)
    died = [number for number in points if scene.die_at(number)]
    assert died == list(points)


@pytest.mark.slow
def test_killed_at_any_event_of_winding_down_nobody_is_lost_or_repeated(scene: Scene) -> None:
    scene.keep()
    assert scene.run(trap={"at": 0}) == 0
    middle = sum(scene.told["events"].values()) // 2
    scene.put_back()
    assert scene.run(trap={"at": 0, "term_at": middle}) == 0
    events = scene.told["events"]
    points = chosen(middle, sum(events.values()), 8)
    died = [number for number in points if scene.die_at(number, term_at=middle)]
    print(len(died), "events of", events)  # noqa: T201  shown by make crash
    assert len(died) > 0.5 * len(points), "runs differ a little, not much"
