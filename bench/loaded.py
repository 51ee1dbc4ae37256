"""Campaigns of loaded lists, and what a ledger does with them alone: claim, settle, prune, find."""

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psycopg

from bench.ledger import person, plan_of
from newsletter.audience.cohort import Crowd
from newsletter.campaign import Plan
from newsletter.edition.model import Variant
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Acceptance, CampaignId, CampaignState, Turn, Want
from newsletter.ledger.workers import Division
from newsletter.recipients import Recipients
from newsletter.values import Address, IssueSlug, Language

_SECONDS = 5.0
_CROWD = 1_000
_LARGEST = 2_000


def loaded(count: int, slug: str = "bench") -> Plan:
    """A campaign whose list was read and whose audience lies on this machine's disk."""
    small = plan_of(1, 10)
    variant = Variant(Language("it"), ())
    recipients = Recipients(_crowds(count), lambda _: variant, frozenset())
    pages = (replace(small.variants[0], readers=count),)
    return replace(small, slug=IssueSlug(slug), recipients=recipients, variants=pages)


def _crowds(count: int) -> Iterator[Crowd]:
    for start in range(0, count, _CROWD):
        yield Crowd.of(person(n) for n in range(start, min(count, start + _CROWD)))


def ledger_only(address: str | Path, state: Path, group: int, turns: int = 1) -> str:
    """One process that claims and settles groups of a size, and does nothing between.

    On a server it may have several turns, each at a part of its own in a thread of its own.
    """
    with Ledger.open(address, state=state) as ledger:
        number, taken = _begun(ledger, loaded(200_000 * turns), turns)
        wall, cpu = time.monotonic(), time.process_time()
        until = wall + _SECONDS
        with ThreadPoolExecutor(turns) as threads:
            done = list(threads.map(lambda turn: _exchange(ledger, turn, group, until), taken))
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        ledger.cancel(number, _now())
        for turn in taken:
            ledger.end_run(turn, CampaignState.RUNNING, "", _now())
    count, exchanges = (sum(each) for each in zip(*done, strict=True))
    each = f"{wall * turns / exchanges * 1e3:.1f} ms, {cpu / exchanges * 1e3:.1f} ms of CPU here"
    parts = f", {turns} parts at once" if turns > 1 else ""
    return (
        f"ledger alone, groups of {group}{parts}: {count / wall:,.0f}/s; an exchange takes {each}"
    )


def _exchange(ledger: Ledger, turn: Turn, group: int, until: float) -> tuple[int, int]:
    """How many were settled, in how many exchanges."""
    count = exchanges = after = 0
    told: list[Acceptance] = []
    while True:
        over = time.monotonic() >= until
        grant = ledger.exchange(turn, told, Want(0 if over else group, after), _now())
        count, exchanges, after = count + len(told), exchanges + 1, grant.last_seq
        at = int(time.time() * 1e6)
        told = [Acceptance(row.seq, at, 250, f"2.0.0 Ok: {row.seq:X}") for row in grant.rows]
        if not told:
            return count, exchanges


def pruned(address: str, state: Path, count: int) -> str:
    """What it takes to let everybody of a campaign go, and how many octets that gives back."""
    with Ledger.open(address, state=state) as ledger:
        number, (turn,) = _begun(ledger, loaded(count, "pruned"))
        _exchange(ledger, turn, _LARGEST, time.monotonic() + 1e6)
        ledger.end_run(turn, CampaignState.RUNNING, "", _now())
        before, began = octets(address), time.monotonic()
        gone = ledger.retention.prune(number, _now())
        went = time.monotonic() - began
        ledger.retention.give_back([number])
        back = time.monotonic() - began - went
    share = (before - octets(address)) / count
    return (
        f"pruned {gone:,} in {went:.1f} s, the room given back in {back:.1f} s: "
        f"{share:.0f} octets a recipient"
    )


def found_again(address: str, state: Path, campaigns: int) -> str:
    """How long it takes to find one reader in so many large campaigns."""
    with Ledger.open(address, state=state) as ledger:
        numbers = [
            ledger.record(loaded(10_000, f"found-{n}"), due=None, now=_now())
            for n in range(campaigns)
        ]
        began = time.monotonic()
        lists = ledger.lists_of(Address.parse("reader7@list7.example"), numbers)
        return f"one reader in {len(lists)} campaigns: {(time.monotonic() - began) * 1e3:.0f} ms"


def _begun(ledger: Ledger, plan: Plan, turns: int = 1) -> tuple[CampaignId, list[Turn]]:
    number = ledger.record(plan, due=None, now=_now())
    if "://" not in ledger.name:
        return number, [ledger.begin_run(number, _now())]
    workers = ledger.workers(Division(turns, 1))
    workers.open_up(number, _now(), lambda *_: None)
    parts = range(1, turns + 1)
    return number, [
        workers.take(number, part, _now(), worker=f"bench-{part}", timeout=60) for part in parts
    ]


def octets(address: str) -> int:
    """The database's size."""
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
