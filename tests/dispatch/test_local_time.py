"""Readers with their own clocks: each waits for her instant, on both databases."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from newsletter.campaign import Recipient
from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.schedule import Due
from tests.dispatch.test_runner import Bench
from tests.doubles import START
from tests.ledger.plans import make_person, make_plan, make_terms

ZONES = ("Asia/Tokyo", "Europe/Rome", "", "America/New_York")
HOUR = dt.timedelta(hours=1)
INSTANTS = {
    "Asia/Tokyo": START,
    "Europe/Rome": START + 8 * HOUR,
    "": START + 8 * HOUR,
    "America/New_York": START + 14 * HOUR,
}


def record(
    ledger: Ledger, readers: int, instants: Mapping[str, dt.datetime] = INSTANTS
) -> CampaignId:
    """A campaign to readers in these zones in turn, each due at her zone's instant."""
    people = [make_person(n, timezone=ZONES[n % 4]) for n in range(1, readers + 1)]
    plan = make_plan(readers, terms=replace(make_terms("100/s"), local_time=True))
    plan = replace(plan, recipients=tuple(Recipient(one, 0) for one in people), instants=instants)
    return ledger.record(plan, due=Due(START, "2026-11-22T10:00:00", "UTC", local=True), now=START)


def by_zone(recipients: list[str]) -> Counter[str]:
    return Counter(ZONES[int(address[1:].partition("@")[0]) % 4] for address in recipients)


@pytest.mark.slow
def test_each_zone_is_sent_to_at_its_own_instant_and_everybody_once(ledger: Ledger) -> None:
    bench = Bench(ledger)
    number, relay = record(ledger, 40), bench.relay()

    first = bench.run(number, relay)
    assert first.state is CampaignState.WAITING
    assert "the others' local time has not come, the next at" in first.why
    assert by_zone(relay.accepted) == {"Asia/Tokyo": 10}
    assert first.progress.next_retry_at == START + 8 * HOUR
    assert ledger.due(bench.clock.now()) == ()

    bench.clock.advance(8 * 3600)
    assert [one.id for one in ledger.due(bench.clock.now())] == [number]
    bench.run(number, relay)
    assert by_zone(relay.accepted) == {"Asia/Tokyo": 10, "Europe/Rome": 10, "": 10}

    bench.clock.advance(6 * 3600)
    last = bench.run(number, relay)
    assert last.state is CampaignState.FINISHED
    assert set(Counter(relay.accepted).values()) == {1}
    assert len(relay.accepted) == 40
    assert ledger.verify() == ()


@pytest.mark.slow
def test_who_waits_for_her_time_counts_as_queued_and_the_snapshots_add_up(ledger: Ledger) -> None:
    bench = Bench(ledger)
    number = record(ledger, 40)

    assert ledger.progress(number).counts == {DeliveryState.QUEUED: 40}
    bench.run(number, bench.relay())
    assert all(sum(seen.counts.values()) == 40 for seen in bench.seen)
    assert all(min(seen.counts.values()) >= 0 for seen in bench.seen)
    assert bench.seen[-1].counts[DeliveryState.QUEUED] == 30


@pytest.mark.slow
def test_a_retry_brings_nobody_forward_whose_time_has_not_come(ledger: Ledger) -> None:
    bench = Bench(ledger)
    number = record(ledger, 8)
    bench.run(number, bench.relay())

    assert ledger.retry(number, [DeliveryState.DEFERRED], bench.clock.now()) == 0
    ledger.pause(number, bench.clock.now())
    ledger.resume(number, bench.clock.now())
    relay = bench.relay()
    assert bench.run(number, relay).state is CampaignState.WAITING
    assert not relay.accepted


@pytest.mark.slow
def test_a_campaign_that_is_moved_moves_every_zone(ledger: Ledger) -> None:
    number = record(ledger, 8)
    later = {cell: at + 24 * HOUR for cell, at in INSTANTS.items()}
    due = Due(START + 24 * HOUR, "2026-11-23T10:00:00", "UTC", local=True)

    moved = ledger.reschedule(number, due, START, later)

    assert moved.state is CampaignState.SCHEDULED
    assert ledger.campaign(number).due == due
    assert ledger.zones(number) == dict.fromkeys(ZONES, 2)
    assert ledger.next_turn(number) == START + 24 * HOUR
    bench = Bench(ledger)
    bench.clock.advance(48 * 3600)
    relay = bench.relay()
    assert bench.run(number, relay).state is CampaignState.FINISHED
    assert len(relay.accepted) == 8


def test_the_ledger_knows_readers_zones_from_either_column(ledger: Ledger) -> None:
    people = [make_person(1, zone="Asia/Tokyo"), make_person(2, timezone="", zone="Europe/Rome")]
    people.append(make_person(3, timezone="Europe/Rome", zone="Asia/Tokyo"))
    plan = replace(make_plan(3), recipients=tuple(Recipient(one, 0) for one in people))
    number = ledger.record(replace(plan, instants=INSTANTS), due=None, now=START)

    assert ledger.zones(number) == {"Asia/Tokyo": 1, "Europe/Rome": 2}
