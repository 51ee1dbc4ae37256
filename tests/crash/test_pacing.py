"""A rate over several workers, each a process: judged by a relay that counts."""

import datetime as dt
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from newsletter.audience.model import Person
from newsletter.campaign import Plan, Recipient
from newsletter.dispatch.wakeups import Wakeups
from newsletter.ledger.model import CampaignState
from newsletter.ledger.workers import Division
from newsletter.values import Address
from tests.crash.crew import Crew
from tests.crash.forks import Forks
from tests.crash.scale import FULL, scaled
from tests.dispatch.counting import Counted, average, counting_relay, worst_second
from tests.ledger.databases import brought, empty, own_database, servers
from tests.ledger.plans import make_plan, make_terms
from tests.waiting import wait_until

__all__ = ["brought", "servers"]
pytestmark = [pytest.mark.slow, pytest.mark.postgres]
WORKERS = 8
_DONE = {CampaignState.FINISHED, CampaignState.WAITING}


@pytest.fixture(scope="module")
def shared(brought: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database for workers."""
    return own_database(brought, "pacing", tmp_path_factory.mktemp("pacing"))


@pytest.fixture
def place(folder: Path) -> Iterator[Path]:
    """Where the newsletter lives."""
    yield folder / "news"
    shutil.rmtree(folder / "news", ignore_errors=True)


_COUNTED_AFTER = 11.0
"""Seconds after which the server has counted what a session did that is idle since: nothing of how
the workers began is left over."""


@dataclass
class Measured:
    """What the relay saw, and how often the database was asked."""

    seen: Counted
    calls_a_second: float


def plan_for(addresses: Sequence[str], rate: str) -> Plan:
    """A plan for readers at these addresses."""
    people = [Person(Address.parse(one), {"first_name": "R"}, ("soci",)) for one in addresses]
    plan = make_plan(1, terms=replace(make_terms(rate, 4), profile="production"))
    return replace(plan, recipients=tuple(Recipient(person, 0) for person in people))


def calls(address: str) -> int:
    """Transactions that the server committed."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()")
        query = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        row = connection.execute(query).fetchone()
    assert row
    return int(row[0])


def send(
    forks: Forks, place: Path, address: str, plan: Plan, more: str = "", strict: Sequence[str] = ()
) -> Measured:
    """Eight workers that are there before the campaign is; then it runs to its end."""
    empty(address)
    with counting_relay(*strict) as relay:
        crew = Crew(forks, relay, place, address, timeout=20.0)  # type: ignore[arg-type]
        crew.write(more.replace("PORT", str(relay.port)))
        try:
            for _ in range(WORKERS):
                crew.begin()
            crew.wait_for_workers(WORKERS)
            if FULL:
                time.sleep(_COUNTED_AFTER)
            before = calls(address)
            with crew.memory() as memory:
                workers, now = memory.workers(Division(WORKERS, 1)), dt.datetime.now(dt.UTC)
                ring = Wakeups(workers.conninfo).ring
                crew.number = memory.record(
                    plan,
                    due=None,
                    now=now,
                    opened=lambda connection, n: workers.open_within(connection, n, now, ring),
                )
            with crew.memory() as memory:
                wait_until(
                    lambda: memory.campaign(crew.number).state in _DONE, seconds=300.0, every=2.0
                )
            asked = calls(address) - before
            crew.stop()
        finally:
            crew.end()
            shutil.rmtree(place)
    times = relay.times()
    return Measured(relay, asked / (times[-1] - times[0]))


def is_held(times: list[float], rate: float) -> bool:
    """No second has more than 5 % above the rate (or one, at its edge), nor has the average 1 %.

    In the short form less is asked: a machine that is busy stamps what came in heaps.
    """
    if not FULL:
        return worst_second(times) <= 1.1 * rate + 5 and average(times) <= 1.05 * rate
    worst = max(1.05 * rate, rate + 1.5)
    return worst_second(times) <= worst and average(times) <= 1.01 * rate


@pytest.mark.parametrize("rate", [100] if not FULL else [100, 1000])
def test_a_rate_and_a_domains_beside_it_hold_over_eight_workers(
    forks: Forks, place: Path, shared: str, rate: int
) -> None:
    """Never over; where the machine keeps up, in full. Three tries: it is busy."""
    seconds = scaled(6, 30)
    slow = [f"r{n}@slow.example" for n in range(10 * seconds)]
    others = [f"r{n}@reader.example" for n in range((rate - 10) * seconds)]
    addresses = [one for pair in zip(slow, others, strict=False) for one in pair]
    addresses = sorted(addresses + others[len(slow) :], key=lambda one: one.partition("@")[0])
    plan = plan_for(addresses, f"{rate}/s")
    for _ in range(3):
        found = send(forks, place, shared, plan, '\n[limits.domains]\n"slow.example" = "10/s"\n')
        times, those = found.seen.times(), found.seen.times("slow.example")
        print(  # noqa: T201  the figures
            f"{rate}/s: {average(times):.1f}/s, worst {worst_second(times)}; 10/s: "
            f"{average(those):.1f}/s, worst {worst_second(those)}; "
            f"{found.calls_a_second:.1f} calls a second"
        )
        assert len(times) == len(addresses)
        if is_held(times, rate) and is_held(those, 10) and (not FULL or is_full(found, rate)):
            return
    pytest.fail("in none of three tries the rates were held")


def is_full(found: Measured, rate: float) -> bool:
    """What a machine that keeps up does."""
    kept = average(found.seen.times()) == pytest.approx(rate, rel=0.01)
    return kept and found.calls_a_second <= 25


_SECOND = """
[relays.second]
host = "127.0.0.1"
port = PORT
security = "none"
domains = ["slow.example"]
rate = "20/s"
"""


def test_two_relays_within_one_campaigns_rate_hold_theirs_over_eight_workers(
    forks: Forks, place: Path, shared: str
) -> None:
    """A message needs a turn of its relay's and one of all together."""
    slow = [f"r{n}@slow.example" for n in range(scaled(80, 400))]
    others = [f"r{n}@reader.example" for n in range(scaled(320, 1600))]
    addresses = sorted(slow + others, key=lambda one: one.partition("@")[0])
    for _ in range(3):
        found = send(forks, place, shared, plan_for(addresses, "100/s"), _SECOND)
        times, those = found.seen.times(), found.seen.times("slow.example")
        print(  # noqa: T201  the figures
            f"100/s: {average(times):.1f}/s, worst {worst_second(times)}; 20/s: "
            f"{average(those):.1f}/s, worst {worst_second(those)}"
        )
        assert len(times) == len(addresses)
        if is_held(times, 100) and is_held(those, 20):
            return
    pytest.fail("in none of three tries the rates were held")


@pytest.mark.skipif(not FULL, reason="it takes a minute: `make crash`")
def test_a_domain_that_says_too_fast_to_some_workers_settles_for_all(
    forks: Forks, place: Path, shared: str
) -> None:
    """No limit is set: eight workers find together what the domain takes."""
    slow = [f"r{n}@slow.example" for n in range(900)]
    others = [f"r{n}@reader.example" for n in range(2600)]
    addresses = sorted(slow + others, key=lambda one: one.partition("@")[0])
    for _ in range(3):
        found = send(forks, place, shared, plan_for(addresses, "100/s"), "", ["slow.example=20"])
        refused, taken = found.seen.refused["slow.example"], found.seen.times("slow.example")
        settled = taken[0] + 15
        late = sum(at > settled for at in refused)
        share = late / (late + sum(at > settled for at in taken))
        print(f"{share:.1%} refused, {average(taken):.1f}/s")  # noqa: T201  the figures
        assert len(found.seen.times("reader.example")) == len(others)
        if share <= 0.05:
            return
    pytest.fail("in none of three tries the workers settled")


def test_a_quota_holds_over_workers_and_the_campaign_says_when_it_goes_on(
    forks: Forks, place: Path, shared: str
) -> None:
    empty(shared)
    with counting_relay() as relay:
        crew = Crew(forks, relay, place, shared, timeout=20.0)  # type: ignore[arg-type]
        crew.write("\n[limits]\nhour = 50\n")
        try:
            for _ in range(3):
                crew.begin()
            crew.wait_for_workers(3)
            crew.record(300, parts=6)
            crew.wait_for(CampaignState.WAITING)
            with crew.memory() as memory:
                wait_until(lambda: not memory.workers().held(crew.number))
                campaign = memory.campaign(crew.number)
            crew.stop()
        finally:
            crew.end()
    assert len(relay.times()) == 50
    assert "50 messages an hour" in campaign.reason
    assert campaign.resume_at
