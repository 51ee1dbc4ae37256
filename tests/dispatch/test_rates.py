"""Rates, measured where the messages arrive: a relay that counts, over real time."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.audience.model import Person
from newsletter.campaign import Plan, Recipient
from newsletter.delivery import DeliveryState
from newsletter.dispatch.limits import Limits, Relay
from newsletter.dispatch.model import RunOptions, Snapshot
from newsletter.dispatch.runner import run_campaign
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.transport.base import Transport
from newsletter.values import Address, Rate
from tests.dispatch.counting import Pulse, average, counting_relay, worst_second
from tests.doubles import START, mint
from tests.ledger.plans import make_plan, make_terms

pytestmark = pytest.mark.slow
_HAIR = 0.02


def plan_for(addresses: Sequence[str], rate: str, connections: int = 10) -> Plan:
    """A plan for readers at these addresses."""
    people = [Person(Address.parse(one), {"first_name": "R"}, ("soci",)) for one in addresses]
    plan = make_plan(1, terms=make_terms(rate, connections))
    return replace(plan, recipients=tuple(Recipient(person, 0) for person in people))


def send(
    file: Path,
    plan: Plan,
    relays: Transport | Sequence[Relay],
    limits: Limits | None = None,
    seconds: float | None = None,
) -> float:
    """Send it over real time, to its end or for so long from the first message on.

    Returns how long the sender was kept waiting.
    """
    pulse = Pulse()

    async def run(ledger: Ledger) -> CampaignState:
        stop, beating = asyncio.Event(), asyncio.create_task(pulse.beat())
        ends: list[asyncio.TimerHandle] = []

        def look(snapshot: Snapshot) -> None:
            if seconds is not None and not ends and snapshot.count(DeliveryState.ACCEPTED):
                ends.append(asyncio.get_running_loop().call_later(seconds, stop.set))

        options = RunOptions(limits=limits or Limits())
        number = ledger.record(plan, due=None, now=START)
        done = await run_campaign(
            ledger, number, relays, mint=mint, on_progress=look, options=options, stop=stop
        )
        beating.cancel()
        return done.state

    with Ledger.open(file) as ledger:
        state = asyncio.run(run(ledger))
        assert state is (CampaignState.PAUSED if seconds else CampaignState.FINISHED)
        assert ledger.verify() == ()
    return pulse.longest


def is_held(times: list[float], rate: float, stalled: float = 0.0) -> bool:
    """Within 1 % on average, no second with more than 5 % above it (or one, at its edge).

    Where somebody was kept waiting by the machine (``stalled`` seconds), what was due meanwhile
    came late and at once: by so much more may a second have, and the average be off.
    """
    worst = max(1.05 * rate, rate + 1.5) + stalled * rate
    off = 0.01 + 2 * stalled / (times[-1] - times[0])
    return abs(average(times) / rate - 1) <= off and worst_second(times) <= worst


def by_the_machine(*pulses: float) -> float:
    """Seconds for which sender and relay were kept waiting; a quiet machine's hair is none."""
    return sum(longest for longest in pulses if longest > _HAIR)


def holds(file: Path, rate: int, measure: Callable[[int], bool]) -> bool:
    """Measured up to four times: the machine may be busy with other things.

    One that cannot even do twice the rate without a limit has nothing to say of a limit, nor has
    one where many wait for each processor.
    """
    return any(measure(n) or is_busy(file.with_suffix(f".free.{n}"), rate) for n in range(4))


def is_busy(file: Path, rate: float) -> bool:
    """Whether this machine could not hold any such rate just now."""
    return os.getloadavg()[0] > 3 * (os.cpu_count() or 1) or unlimited(file) < 2 * rate


def unlimited(file: Path) -> float:
    """How many a second this machine sends here just now, if nothing holds it back."""
    plan = plan_for([f"r{n}@reader.example" for n in range(2000)], "100000/s")
    with counting_relay() as relay:
        send(file, plan, relay.transport())
    times = relay.times()
    return len(times) / (times[-1] - times[0])


@pytest.mark.parametrize(("rate", "seconds"), [(100, 3), (1000, 4)])
def test_a_rate_is_held_within_a_hundredth_and_no_second_has_a_twentieth_more(
    file: Path, rate: int, seconds: int
) -> None:
    plan = plan_for([f"r{n}@reader.example" for n in range(rate * seconds)], f"{rate}/s")

    def measure(n: int) -> bool:
        with counting_relay() as relay:
            stalled = send(file.with_suffix(f".{n}"), plan, relay.transport())
        assert len(relay.times()) == rate * seconds
        return is_held(relay.times(), rate, by_the_machine(stalled, relay.stalled))

    assert holds(file, rate, measure)


@pytest.mark.parametrize("limit", [20, 200])
def test_a_domains_limit_is_held_as_well_while_others_go_at_full_rate(
    file: Path, limit: int
) -> None:
    names = ["limited.example", "a.example", "b.example", "c.example"]
    plan = plan_for([f"r{n}@{names[n % 4]}" for n in range(8000)], "1000/s")
    limits = Limits(domains={"limited.example": Rate(limit, 1)})

    def measure(n: int) -> bool:
        with counting_relay() as relay:
            stalled = send(file.with_suffix(f".{n}"), plan, relay.transport(), limits, seconds=4)
        stalled = by_the_machine(stalled, relay.stalled)
        at_full_rate = average(relay.times()) == pytest.approx(1000, rel=0.03 + stalled / 2)
        return at_full_rate and is_held(relay.times("limited.example"), limit, stalled)

    assert holds(file, 1000, measure)


def test_each_relay_has_its_own_rate_within_the_campaigns(file: Path) -> None:
    plan = plan_for([f"r{n}@{'ab'[n % 2]}.example" for n in range(3000)], "300/s")

    def measure(n: int) -> bool:
        with counting_relay() as slow, counting_relay() as quick:
            relays = [
                Relay("quick", quick.transport()),
                Relay("slow", slow.transport(), frozenset({"a.example"}), rate=Rate(50, 1)),
            ]
            stalled = send(file.with_suffix(f".{n}"), plan, relays, seconds=4)
        stalled = by_the_machine(stalled, max(slow.stalled, quick.stalled))
        both = sorted(slow.times() + quick.times())
        held = average(both) == pytest.approx(300, rel=0.05 + stalled / 2)
        return (
            held
            and worst_second(both) <= 315 + 300 * stalled
            and is_held(slow.times(), 50, stalled)
        )

    assert holds(file, 300, measure)
