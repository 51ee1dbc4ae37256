"""A disk that is full or fails at every write: nobody lost, nobody twice, and it is said so."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.errors import Incomplete, LedgerError
from newsletter.ledger.ledger import Ledger
from tests.cli.newsroom import ISSUE
from tests.crash import disk
from tests.crash.forks import ROOT, Forks
from tests.crash.scale import chosen
from tests.crash.scene import Scene
from tests.crash.stand import RelayProcess

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not disk.reachable(), reason="SQLite is hidden inside this Python"),
]
FULL_DISK = {"name": "ENOSPC", "stays": True}
ONE_ERROR = {"name": "EIO", "stays": False}
HALF_A_LINE = {"name": "short", "stays": False, "places": ["journal"]}


@pytest.fixture
def scene(forks: Forks, folder: Path) -> Iterator[Scene]:
    """A campaign of a few readers."""
    with RelayProcess(folder) as relay:
        scene = Scene(forks, relay, folder, "hold", pipelining=True)
        scene.record(20)
        yield scene


@pytest.mark.parametrize("fault", [FULL_DISK, ONE_ERROR, HALF_A_LINE], ids=str)
def test_a_write_that_fails_while_sending_is_told_and_nobody_is_lost_or_repeated(
    scene: Scene, fault: dict[str, object]
) -> None:
    scene.keep()
    assert scene.run("resume", fault=fault | {"at": 0}) == 0
    assert scene.told["code"] == 0, scene.told
    for number in chosen(1, scene.told["writes"], 12):
        scene.begin_anew()
        assert scene.run("resume", fault=fault | {"at": number}) == 0
        told_rightly(scene, at=number)
        claimed = scene.claimed if fault is HALF_A_LINE else set()
        go_on(scene)
        scene.judge(scene.relay.settled(), claimed)


def told_rightly(scene: Scene, at: int) -> None:
    """The command ends with the fault in the officer's words, or the fault came after the end."""
    ran = scene.told
    assert "Traceback" not in ran["said"]
    assert "fault of this program" not in ran["said"]
    if ran["code"] != 0:
        assert ran["code"] == LedgerError.exit_code, (at, ran)
        assert re.search(r"^error: the (ledger|journal|lock|secret) /", ran["said"], re.MULTILINE)
        assert re.search(r"disk|room", ran["said"]), (at, ran)


def go_on(scene: Scene) -> None:
    """There is room again: carry on, if there is anything to carry on with."""
    assert scene.run("resume") == 0
    ran = scene.told
    assert ran["code"] in {0, Incomplete.exit_code} or "is finished" in ran["said"], ran


@pytest.mark.parametrize("fault", [FULL_DISK, ONE_ERROR], ids=str)
def test_a_write_that_fails_while_recording_leaves_nothing_or_a_campaign_that_can_go_on(
    scene: Scene, fault: dict[str, object]
) -> None:
    shutil.rmtree(scene.ledger.parent)
    scene.keep()
    send = ("send", ISSUE, "--yes")
    assert scene.run(*send, fault=fault | {"at": 0}) == 0
    assert scene.told["code"] == 0, scene.told
    for number in chosen(1, scene.told["writes"], 12):
        scene.begin_anew()
        assert scene.run(*send, fault=fault | {"at": number}) == 0
        told_rightly(scene, at=number)
        if recorded(scene):
            go_on(scene)
        else:
            assert not scene.relay.settled().took, "nothing is sent that was not recorded"
            assert scene.run(*send) == 0
            assert scene.told["code"] == 0, scene.told
        scene.judge(scene.relay.settled())


OPENS_ITS_LOG_LATER = """
import os, sqlite3, sys
from tests.crash import disk

disk.install(0)
connection = sqlite3.connect(sys.argv[1])
names = [b"%0*d" % (len(sys.argv[1]), number) for number in range(100_000)]
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("CREATE TABLE one (x)")
os._exit(0)
"""


def test_the_fault_under_sqlite_leaves_it_the_names_of_its_files(folder: Path) -> None:
    """SQLite keeps the pointer to a name, and makes its shared memory's name of it later."""
    subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", OPENS_ITS_LOG_LATER, folder / "ledger.db"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
    )
    names = {"ledger.db", "ledger.db-wal", "ledger.db-shm"}
    assert {each.name for each in folder.iterdir()} == names


def recorded(scene: Scene) -> bool:
    """Whether there is a campaign, and no half of one."""
    if not scene.ledger.exists():
        return False
    with Ledger.open(scene.ledger) as memory:
        assert not memory.verify()
        return bool(memory.campaigns())
