"""Workers on several hosts, one of which loses its ledger: nobody is lost, nobody mailed twice."""

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from newsletter.ledger.database import Database, parse_location
from tests.crash.crew import TIMEOUT, Crew, Killed
from tests.crash.forks import Forks
from tests.crash.hosts import LEDGER, NETWORK, Host, hosts
from tests.crash.judge import hold_promise, judge_memory
from tests.crash.scale import FULL
from tests.crash.stand import RelayProcess
from tests.ledger.databases import brought, empty, own_database, restart, servers
from tests.waiting import wait_until

__all__ = ["brought", "servers"]
_RATE = 60
_SECONDS_CLAIMED = 2
"""So much of its rate, at most, has a worker in its hands."""
pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.hosts]


@pytest.fixture(scope="module")
def two() -> Iterator[list[Host]]:
    """Two hosts."""
    with hosts(2) as made:
        yield made


@pytest.fixture(scope="module")
def shared(two: list[Host], brought: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database for workers on any host: its address here."""
    del two  # their server's address is there
    restart(brought, listen=LEDGER, network=NETWORK)
    return own_database(brought, "far", tmp_path_factory.mktemp("far"))


@pytest.fixture
def there(shared: str) -> str:
    """The same database, as hosts reach it."""
    url = make_url(shared)
    return make_url(f"postgresql://{url.username}@{LEDGER}/{url.database}").render_as_string()


@pytest.fixture
def crews(
    forks: Forks, folder: Path, shared: str, there: str, two: list[Host]
) -> Iterator[list[Crew]]:
    """On each host its own folder and relay, and nobody works yet."""
    empty(shared)
    with ExitStack() as stack:
        made = []
        for host in two:
            how = {"before": 0.002, "after": 0.004, "first": 1_000_000 * host.number}
            relay = stack.enter_context(RelayProcess(folder, netns=host.name, **how))
            crew = Crew(forks, relay, folder / host.name, there, host=host.name)
            crew.write()
            crew.address = shared  # for us, who are here
            stack.callback(shutil.rmtree, crew.root, ignore_errors=True)
            stack.callback(host.plug)
            stack.callback(crew.end)
            made.append(crew)
        yield made


def hold(crew: Crew) -> None:
    """The promise. A journal lies where it was written, so what a host had claimed is in doubt."""
    seen = crew.relay.settled() if not crew.pids else crew.relay.seen()
    with crew.memory() as memory:
        verdict = judge_memory(memory, seen, crew.number)
        assert memory.leftovers(crew.number) == ()
    hold_promise(verdict)
    assert len(verdict.doubted) <= _SECONDS_CLAIMED * _RATE


@pytest.mark.parametrize("seconds", [0, 75] if FULL else [0])
def test_a_host_that_loses_its_ledger_stops_sending_and_comes_back(
    crews: list[Crew], two: list[Host], seconds: int
) -> None:
    """It still has the relay; what it sent and could not tell is in doubt, and it marks nothing."""
    near, far = crews
    number = near.number = far.number = near.record(600, parts=2, rate=f"{_RATE}/s")
    cut_off = near.begin()
    near.wait_for_accepted(10)
    with near.memory() as memory:
        (first,) = memory.runs(number)
        assert first.host == two[0].name
        two[0].unplug()
        far.begin()
        wait_until(lambda: any(run.why == "interrupted" for run in memory.runs(number)))
        (left,) = [run for run in memory.runs(number) if run.why == "interrupted"]
        assert left.pid == cut_off
        if FULL:  # on a machine of its own
            (waited,) = near.takeovers([Killed(cut_off, left.seen_at)])
            assert waited <= TIMEOUT + 2
        before = [each for each in memory.attempts(number) if each.run == left.id]
    time.sleep(seconds)
    two[0].plug()
    far.wait_for()
    hold(near)
    with near.memory() as memory:
        settled = [each for each in memory.attempts(number) if each.run == left.id]
        assert settled == before
        near.relay.forget()
        number = near.record(600, parts=6, rate=f"{_RATE}/s")
        wait_until(lambda: any(run.pid == cut_off for run in memory.runs(number)))
    near.wait_for()
    near.stop()
    far.stop()
    hold(near)


def test_a_host_that_dies_unheard_holds_nobody_up(
    crews: list[Crew], two: list[Host], shared: str
) -> None:
    """Its machine cannot say goodbye: the server is to find out, and not after hours."""
    near, far = crews
    far.number = near.record(300, parts=3, rate=f"{_RATE}/s")
    gone = near.begin()
    near.wait_for_accepted(5)
    two[0].unplug()
    near.kill(gone)
    far.begin()
    far.wait_for()
    far.stop()
    hold(far)
    if FULL:  # a minute
        with psycopg.connect(shared, autocommit=True) as connection:
            wait_until(lambda: not _from_other_hosts(connection), 120)


def _from_other_hosts(connection: psycopg.Connection) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL"
    row = connection.execute(query).fetchone()
    assert row
    return int(row[0])


def test_each_side_takes_the_other_for_gone_after_a_minute(there: str) -> None:
    """As both were told to; the test above waits for it in its long form."""
    database = Database(parse_location(f"{there}?connect_timeout=3"))
    with database.read() as connection:
        (server,) = connection.exec_driver_sql(_ON_THE_SERVER)
        driver: psycopg.Connection = connection.connection.driver_connection  # type: ignore[assignment]
        here = driver.info.get_parameters()
    database.close()
    assert tuple(server) == ("30", "10", "3", "60000")
    assert {name: here[name] for name in _HERE} == _HERE


_ON_THE_SERVER = """
    SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'),
        current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout')"""
_HERE = {
    "connect_timeout": "3",  # as the address says
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
