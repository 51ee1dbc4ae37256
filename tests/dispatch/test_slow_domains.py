"""A domain that is slow waits alone, a restart does not burst, and a clock may step."""

import asyncio
import datetime as dt
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from newsletter.delivery import Blame, Deferred, DeliveryState, Outcome, Phase, Refused, Reply
from newsletter.dispatch.limits import Limits, Relay
from newsletter.dispatch.model import RunOptions, RunResult, Snapshot
from newsletter.dispatch.quota import Quota
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import RelayUnavailable
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.ledger.notes import Place
from newsletter.transport.base import OutgoingMessage, Transport
from newsletter.values import Rate
from tests.dispatch.counting import average, worst_second
from tests.dispatch.test_rates import is_held, plan_for
from tests.doubles import START, FakeClock, InlineExecutor, ScriptedTransport, accept, mint

BUSY = Reply(421, "4.7.0 too fast for us")


@dataclass
class Busy:
    """A relay whose domains take so many messages in any second, and answer 421 above."""

    clock: FakeClock
    most: dict[str, int]
    taken: dict[str, deque[float]] = field(default_factory=dict)
    log: list[tuple[float, str, bool]] = field(default_factory=list)

    def __call__(self, message: OutgoingMessage) -> Outcome:
        """Its answer."""
        name, now = message.recipient.rpartition("@")[2], self.clock.monotonic()
        taken = self.taken.setdefault(name, deque())
        while taken and taken[0] <= now - 1:
            taken.popleft()
        fits = len(taken) < self.most.get(name, 1 << 30)
        self.log.append((now, name, fits))
        if not fits:
            return Deferred(Phase.RCPT, BUSY)
        taken.append(now)
        return accept(message)

    def count(self, name: str, since: float, until: float) -> Counter[bool]:
        """How many were accepted and refused in a span."""
        return Counter(fits for at, each, fits in self.log if each == name and since <= at < until)


@dataclass
class Stage:
    """A ledger, and a clock that a run may be stopped by."""

    ledger: Ledger
    clock: FakeClock = field(default_factory=FakeClock)
    seen: list[Snapshot] = field(default_factory=list)

    def record(self, addresses: Sequence[str], rate: str, connections: int = 3) -> CampaignId:
        """A campaign that is ready."""
        return self.ledger.record(plan_for(addresses, rate, connections), due=None, now=START)

    def run(
        self,
        number: CampaignId,
        relays: Transport | Sequence[Relay],
        limits: Limits | None = None,
        stop_after: float | None = None,
    ) -> RunResult:
        """Run it to its end, or for so long."""

        async def run() -> RunResult:
            stop = asyncio.Event()
            stopper = asyncio.create_task(self._stop(stop, stop_after))
            try:
                return await run_campaign(
                    self.ledger,
                    number,
                    relays,
                    mint=mint,
                    clock=self.clock,
                    on_progress=self.seen.append,
                    stop=stop,
                    options=RunOptions(
                        executor=InlineExecutor(),
                        jitter=lambda: 0.5,
                        progress_every=1.0,
                        limits=limits or Limits(),
                    ),
                )
            finally:
                stopper.cancel()

        return asyncio.run(run())

    async def _stop(self, stop: asyncio.Event, after: float | None) -> None:
        if after is not None:
            await self.clock.sleep(after)
            stop.set()


@pytest.fixture
def stage(file: Path) -> Iterator[Stage]:
    """On SQLite."""
    with Ledger.open(file) as ledger:
        yield Stage(ledger)


def mixed(count: int, *domains: str) -> list[str]:
    return [f"r{n}@{domains[n % len(domains)]}" for n in range(count)]


@pytest.mark.slow
def test_a_domain_that_refuses_above_a_rate_settles_and_the_others_run_at_full_rate(
    stage: Stage,
) -> None:
    number = stage.record(
        mixed(6000, "slow.example", "a.example", "b.example", "c.example"), "80/s"
    )
    busy = Busy(stage.clock, {"slow.example": 8})
    stage.run(number, ScriptedTransport(stage.clock, busy, seconds=0.01), stop_after=45)
    slow = busy.count("slow.example", 25, 45)
    assert slow[False] <= 0.05 * slow.total()
    assert slow[True] >= 0.75 * 8 * 20
    others = sum(busy.count(f"{name}.example", 0, 45)[True] for name in "abc")
    assert others + busy.count("slow.example", 0, 45).total() == pytest.approx(80 * 45, rel=0.02)
    (place,) = stage.seen[-5].slow
    assert (place.domain, place.words) == ("slow.example", "421 4.7.0 too fast for us")
    assert place.waiting > 50
    assert stage.ledger.verify() == ()


@pytest.mark.slow
def test_readers_of_a_limited_domain_who_stand_first_do_not_hold_up_the_others(
    stage: Stage,
) -> None:
    number = stage.record([*mixed(1000, "limited.example"), *mixed(300, "a.example")], "100/s")
    busy = Busy(stage.clock, {})
    limits = Limits(domains={"limited.example": Rate(4, 1)})
    stage.run(number, ScriptedTransport(stage.clock, busy), limits, stop_after=4)
    assert busy.count("a.example", 0, 4)[True] == 300
    assert busy.count("limited.example", 0, 4)[True] == pytest.approx(16, abs=1)
    counts = stage.ledger.progress(number).counts
    assert counts[DeliveryState.QUEUED] == 1300 - counts[DeliveryState.ACCEPTED]
    assert stage.ledger.verify() == ()


@pytest.mark.slow
def test_a_limited_domain_is_sent_to_its_end_and_nobody_is_lost(stage: Stage) -> None:
    number = stage.record(mixed(90, "limited.example", "a.example", "b.example"), "100/s")
    busy = Busy(stage.clock, {})
    result = stage.run(number, ScriptedTransport(stage.clock, busy), Limits(per_domain=Rate(2, 1)))
    assert result.state is CampaignState.FINISHED
    assert result.progress.counts == {DeliveryState.ACCEPTED: 90}
    assert stage.clock.monotonic() == pytest.approx(15, rel=0.1)


def test_a_run_says_for_whom_it_ends_whether_it_tried_them_or_not(stage: Stage) -> None:
    number = stage.record(mixed(3, "limited.example"), "100/s")
    limits = Limits(domains={"limited.example": Rate(1, 86_400)})
    for _ in range(2):
        result = stage.run(number, ScriptedTransport(stage.clock), limits)
        assert result.why.startswith("only slow domains are left, the next at ")


@pytest.mark.slow
def test_a_relay_that_is_busy_as_a_whole_is_slowed_as_a_whole(stage: Stage) -> None:
    number = stage.record([f"r{n}@d{n}.example" for n in range(400)], "20/s")
    answers = iter(range(400))

    def answer(message: OutgoingMessage) -> Outcome:
        return Deferred(Phase.DOT, BUSY) if 40 <= next(answers) < 60 else accept(message)

    stage.run(number, ScriptedTransport(stage.clock, answer), stop_after=15)
    assert min(snapshot.rate for snapshot in stage.seen) <= 10


@pytest.mark.slow
def test_a_restart_waits_for_the_turn_that_was_next(stage: Stage) -> None:
    number = stage.record(mixed(9, "a.example"), "6/min", connections=1)
    relay = ScriptedTransport(stage.clock)
    stage.run(number, relay, stop_after=1)
    for _ in range(3):
        stage.ledger.resume(number, stage.clock.now())
        stage.run(number, relay, stop_after=1)
    assert len(relay.tried) == 1
    stage.ledger.resume(number, stage.clock.now())
    stage.run(number, relay, stop_after=30)
    assert relay.tried[1][0] == pytest.approx(10, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_stepped_an_hour_between_runs_neither_bursts_nor_hangs(
    stage: Stage, hours: int
) -> None:
    number = stage.record(mixed(9, "a.example"), "6/min", connections=1)
    relay = ScriptedTransport(stage.clock)
    stage.run(number, relay, stop_after=1)
    stage.clock = Stepped(START + dt.timedelta(hours=hours, seconds=1))
    stage.ledger.resume(number, stage.clock.now())
    again = ScriptedTransport(stage.clock)
    stage.run(number, again, stop_after=25)
    assert 1 <= len(again.tried) <= 3


class Stepped(FakeClock):
    """A machine's clock after it was set."""


@pytest.mark.slow
def test_a_domain_that_complained_is_spared_by_the_next_run_too(stage: Stage) -> None:
    number = stage.record(mixed(200, "slow.example"), "50/s")
    busy = Busy(stage.clock, {"slow.example": 5})
    stage.run(number, ScriptedTransport(stage.clock, busy), stop_after=4)
    (stored,) = [pace for pace in stage.ledger.paces() if pace.place.domain]
    assert stored.place == Place("relay", "slow.example")
    assert stored.words == "421 4.7.0 too fast for us"
    before = len(busy.log)
    stage.ledger.resume(number, stage.clock.now())
    stage.run(number, ScriptedTransport(stage.clock, busy), stop_after=2)
    assert len(busy.log) - before <= 20


@pytest.mark.slow
def test_a_quota_that_frees_soon_is_waited_for_and_one_that_does_not_ends_the_run(
    stage: Stage,
) -> None:
    number = stage.record(mixed(10, "a.example"), "50/s")
    relay = ScriptedTransport(stage.clock)
    result = stage.run(number, relay, Limits(quota=Quota(hour=4)))
    assert result.state is CampaignState.WAITING
    assert len(relay.tried) == 4
    assert stage.ledger.campaign(number).resume_at == START + dt.timedelta(minutes=61)
    stage.clock.advance(60 * 60)
    result = stage.run(number, relay, Limits(quota=Quota(hour=4)))
    assert [round(at) for at, _ in relay.tried[4:]][:1] == [61 * 60]
    assert (result.state, len(relay.tried)) == (CampaignState.WAITING, 8)


@pytest.mark.slow
def test_retries_count_against_a_quota_too(stage: Stage) -> None:
    number = stage.record(mixed(4, "a.example"), "50/s")
    later = Deferred(Phase.RCPT, Reply(450, "4.2.0 later"))
    relay = ScriptedTransport(stage.clock, lambda _: later)
    stage.run(number, relay, Limits(quota=Quota(day=6)))
    assert len(relay.tried) <= 6


@pytest.mark.slow
def test_a_relay_that_is_away_does_not_hold_up_the_other_one(stage: Stage) -> None:
    number = stage.record(mixed(120, "a.example", "b.example"), "40/s")
    away = ScriptedTransport(stage.clock, refusals=[RelayUnavailable("no route")] * 3)
    here = ScriptedTransport(stage.clock)
    relays = [Relay("here", here), Relay("away", away, frozenset({"a.example"}))]
    result = stage.run(number, relays)
    assert result.state is CampaignState.FINISHED
    assert max(at for at, _ in here.tried) < 10
    assert min(at for at, _ in away.tried) > 30
    assert result.progress.counts == {DeliveryState.ACCEPTED: 120}


@pytest.mark.slow
def test_a_relay_that_stays_away_ends_the_run_once_the_other_one_is_done(stage: Stage) -> None:
    number = stage.record(mixed(2000, "a.example", "b.example"), "1/s")
    away = ScriptedTransport(stage.clock, refusals=[RelayUnavailable("no route")] * 999)
    here = ScriptedTransport(stage.clock)
    relays = [Relay("here", here), Relay("away", away, frozenset({"a.example"}))]
    result = stage.run(number, relays)
    assert (result.state, type(result.error)) == (CampaignState.WAITING, RelayUnavailable)
    assert result.progress.counts[DeliveryState.ACCEPTED] == len(here.tried) == 1000
    assert not away.tried


@pytest.mark.slow
def test_a_domain_that_complained_is_never_shown_faster_than_the_campaign(stage: Stage) -> None:
    number = stage.record(mixed(1800, "a.example"), "20/s")
    stage.run(number, ScriptedTransport(stage.clock, Busy(stage.clock, {"a.example": 15})))
    shown = [place.per_second for seen in stage.seen for place in seen.slow]
    assert shown
    assert max(shown) <= 20


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (Refused(Phase.MAIL, Reply(550, "5.7.515 access denied"), Blame.US), "far refuses us"),
        (
            Refused(Phase.DOT, Reply(552, "5.3.4 too big"), Blame.MESSAGE),
            "too big for the relay far",
        ),
    ],
)
def test_of_several_relays_the_one_that_says_no_is_named(
    stage: Stage, refusal: Refused, why: str
) -> None:
    number = stage.record(mixed(6, "a.example", "b.example"), "10/s")
    far = ScriptedTransport(stage.clock, lambda _: refusal)
    relays = [
        Relay("here", ScriptedTransport(stage.clock)),
        Relay("far", far, frozenset({"a.example"})),
    ]
    assert why in stage.run(number, relays).why


@pytest.mark.slow
def test_each_relay_has_its_own_rate_within_the_campaigns_by_a_clock_that_never_stalls(
    stage: Stage,
) -> None:
    number = stage.record(mixed(1600, "a.example", "b.example"), "300/s", connections=10)
    quick, slow = ScriptedTransport(stage.clock), ScriptedTransport(stage.clock)
    relays = [
        Relay("quick", quick),
        Relay("slow", slow, frozenset({"a.example"}), rate=Rate(50, 1)),
    ]
    stage.run(number, relays, stop_after=3)
    by_slow = [at for at, _ in slow.tried]
    both = sorted(by_slow + [at for at, _ in quick.tried])
    assert is_held(by_slow, 50)
    assert average(both) == pytest.approx(300, rel=0.05)
    assert worst_second(both) <= 315
