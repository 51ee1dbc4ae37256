"""Stopped by a signal: open dialogues are finished, no message is begun, nobody is lost."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.errors import Incomplete
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from tests.crash.forks import Forks
from tests.crash.scale import FULL
from tests.crash.scene import CONNECTIONS, Scene, just_now
from tests.crash.stand import RelayProcess, wait_until

pytestmark = pytest.mark.slow
SIGNALS = [signal.SIGTERM, signal.SIGINT]
_CLOSING = 30.0


@pytest.fixture(params=[True, False], ids=["pipelined", "plain"])
def scene(request: pytest.FixtureRequest, forks: Forks, folder: Path) -> Iterator[Scene]:
    """A campaign, and a relay that answers no final dot for now."""
    with RelayProcess(folder, pipelining=request.param) as relay:
        scene = Scene(forks, relay, folder, "hold", request.param)
        scene.record(60)
        relay.held.touch()
        yield scene


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_open_dialogues_finish_and_no_message_begins(
    scene: Scene, number: signal.Signals
) -> None:
    pid = scene.begin("resume")
    begun = in_hand(scene)
    stop(scene, pid, number)
    time.sleep(0.2)
    assert begun_at(scene) == begun, "no message was begun after the signal"
    scene.relay.held.unlink()
    assert scene.forks.wait(pid) == 0
    assert scene.told["code"] == Incomplete.exit_code, scene.told["said"]
    assert "next: newsletter resume" in scene.said
    seen = scene.relay.settled()
    assert set(seen.took) == begun
    assert state(scene) is CampaignState.PAUSED
    assert not scene.claimed
    assert scene.run("resume") == 0
    assert scene.told["code"] == 0, "nobody is in doubt"
    scene.judge(scene.relay.settled())


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_ends_it_at_once_and_what_was_in_the_air_is_in_doubt(
    scene: Scene, number: signal.Signals
) -> None:
    pid = scene.begin("resume")
    begun = in_hand(scene)
    stop(scene, pid, number)
    os.kill(pid, number)
    scene.forks.wait(pid)
    scene.relay.held.unlink()
    assert set(scene.relay.settled().took) == begun, "the relay took what nobody was told of"
    assert scene.run("resume") == 0
    assert scene.told["code"] == Incomplete.exit_code, scene.told["said"]
    scene.judge(scene.relay.settled())
    with Ledger.open(scene.ledger) as memory:
        rows = memory.deliveries(CampaignId(1))
        assert {row.address for row in rows if row.delivery.doubted} == begun


@pytest.mark.skipif(not FULL, reason="takes half a minute: make crash")
def test_a_relay_that_never_answers_is_waited_for_half_a_minute_and_no_longer(
    scene: Scene,
) -> None:
    pid = scene.begin("resume")
    begun = in_hand(scene)
    started = time.monotonic()
    stop(scene, pid, signal.SIGTERM)
    assert scene.forks.wait(pid) == 0
    assert 0.9 * _CLOSING < time.monotonic() - started < 1.5 * _CLOSING
    assert scene.told["code"] == Incomplete.exit_code, scene.told["said"]
    scene.relay.held.unlink()
    with Ledger.open(scene.ledger) as memory:
        rows = memory.deliveries(CampaignId(1))
        assert {row.address for row in rows if row.delivery.doubted} == begun
    assert scene.run("resume") == 0
    scene.judge(scene.relay.settled())


def test_a_worker_that_is_told_to_stop_finishes_what_is_open_and_the_next_goes_on(
    forks: Forks, folder: Path
) -> None:
    with RelayProcess(folder) as relay:
        scene = Scene(forks, relay, folder, "hold", pipelining=True)
        scene.record(60, due=just_now())
        relay.held.touch()
        pid = scene.begin("worker", "--every", "0.1")
        begun = in_hand(scene)
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: "stopping" in scene.said)
        relay.held.unlink()
        assert forks.wait(pid) == 0
        assert scene.told["code"] == 0
        assert set(relay.settled().took) == begun
        assert state(scene) is CampaignState.WAITING
        pid = scene.begin("worker", "--every", "0.1")
        wait_until(lambda: "campaign 1: finished" in scene.said)
        os.kill(pid, signal.SIGTERM)
        assert forks.wait(pid) == 0
        scene.judge(relay.settled())


def test_a_worker_carries_on_what_a_worker_that_was_killed_left(forks: Forks, folder: Path) -> None:
    with RelayProcess(folder) as relay:
        scene = Scene(forks, relay, folder, "hold", pipelining=True)
        scene.record(60, due=just_now())
        relay.held.touch()
        pid = scene.begin("worker", "--every", "0.1")
        in_hand(scene)
        os.kill(pid, signal.SIGKILL)
        assert forks.wait(pid) == -signal.SIGKILL
        relay.held.unlink()
        pid = scene.begin("worker", "--every", "0.1")
        wait_until(lambda: "campaign 1: finished" in scene.said)
        os.kill(pid, signal.SIGTERM)
        assert forks.wait(pid) == 0
        scene.judge(relay.settled())


def in_hand(scene: Scene) -> set[str]:
    """Once every connection waits for the answer to a final dot: to whom."""
    wait_until(lambda: len(scene.relay.seen().bodies) == CONNECTIONS)
    time.sleep(0.1)  # the body follows the relay's 354 at once
    return begun_at(scene)


def begun_at(scene: Scene) -> set[str]:
    """To whom a body was begun."""
    return {who for begun in scene.relay.seen().bodies.values() for who in begun}


def stop(scene: Scene, pid: int, number: signal.Signals) -> None:
    """Signal it, and see that it heard."""
    os.kill(pid, number)
    wait_until(lambda: "stopping" in scene.said)


def state(scene: Scene) -> CampaignState:
    """Where the campaign stands."""
    with Ledger.open(scene.ledger) as memory:
        return memory.campaign(CampaignId(1)).state
