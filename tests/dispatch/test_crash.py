"""A process that is killed loses nobody and repeats nobody."""

import collections
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from tests.doubles import START
from tests.ledger.plans import make_plan, make_terms

ROOT = Path(__file__).parents[2]
READERS = 2000
CONNECTIONS = 4
KILLS = 12


def start(ledger: Path, number: CampaignId, relay: Path) -> subprocess.Popen[str]:
    """A sending process, back once it begins."""
    command = [
        sys.executable,
        "-m",
        "tests.dispatch.crash_child",
        *map(str, (ledger, number, relay)),
    ]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert child.stdout
    child.stdout.readline()
    return child


def kill_somewhere(ledger: Path, number: CampaignId, relay: Path) -> bool:
    """Kill -9 at a random moment; False when it was done before."""
    child = start(ledger, number, relay)
    time.sleep(random.uniform(0.02, 0.3))  # noqa: S311  no secret
    killed = child.poll() is None
    child.kill()
    child.communicate()
    return killed


@pytest.mark.slow
def test_everyone_is_accepted_once_or_listed_in_doubt_whenever_the_process_is_killed(
    tmp_path: Path,
) -> None:
    path, relay = tmp_path / "ledger.db", tmp_path / "relay"
    terms = make_terms("100000/s", CONNECTIONS)
    with Ledger.open(path) as ledger:
        number = ledger.record(make_plan(READERS, terms=terms), due=None, now=START)

    kills = sum(kill_somewhere(path, number, relay) for _ in range(KILLS))
    start(path, number, relay).communicate(timeout=60)

    received = collections.Counter(relay.read_text().split())
    with Ledger.open(path) as ledger:
        progress = ledger.progress(number)
        accepted = {row.address for row in ledger.deliveries(number, [DeliveryState.ACCEPTED])}
        doubtful = {row.address for row in ledger.deliveries(number, [DeliveryState.IN_DOUBT])}
        assert ledger.verify() == ()
    assert kills >= 10
    assert progress.campaign.state is CampaignState.FINISHED
    assert max(received.values()) == 1
    assert len(accepted) + len(doubtful) == READERS
    assert accepted <= set(received) <= accepted | doubtful
    assert len(doubtful) <= CONNECTIONS * kills
