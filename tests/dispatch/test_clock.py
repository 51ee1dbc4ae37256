"""The machine's clock is set, an hour forwards or back, in the middle of a run."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from tests.dispatch.test_runner import LATER, Bench
from tests.doubles import FakeClock, following

HOUR = dt.timedelta(hours=1)


@dataclass
class Step:
    """When the clock is set, in seconds from the start, and by how much."""

    after: float
    by: dt.timedelta


class SteppedClock(FakeClock):
    """The wall's clock jumps; the monotonic one, by its nature, does not."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self._step = step

    def now(self) -> dt.datetime:
        """The instant as the machine has it."""
        stepped = self.monotonic() >= self._step.after
        return super().now() + (self._step.by if stepped else dt.timedelta())


@pytest.fixture(params=[HOUR, -HOUR], ids=["forwards", "back"])
def bench(request: pytest.FixtureRequest, file: Path) -> Bench:
    """A run whose clock is set after three seconds."""
    return Bench(Ledger.open(file), SteppedClock(Step(3.0, request.param)))


@pytest.mark.slow
def test_nobody_is_lost_or_repeated_and_the_rate_holds_when_the_clock_is_set(bench: Bench) -> None:
    number, relay = bench.record(60, "10/s", connections=4), bench.relay(seconds=0.2)

    result = bench.run(number, relay)

    assert result.state is CampaignState.FINISHED
    assert Counter(relay.accepted) == Counter({f"r{n}@reader.example": 1 for n in range(1, 61)})
    seconds = Counter(int(at) for at, _ in relay.tried)
    assert max(seconds.values()) <= 12, "no rush when the clock is set"
    assert relay.tried[-1][0] < 9, "no pause either"
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_a_retry_comes_once_whenever_the_clock_is_set(bench: Bench) -> None:
    number, relay = bench.record(60, "10/s"), bench.relay(following([LATER, LATER]))

    result = bench.run(number, relay)
    if result.state is CampaignState.WAITING:
        due = result.progress.next_retry_at
        assert due is not None
        assert due - bench.clock.now() < HOUR + dt.timedelta(minutes=2), "an hour late, not more"
        bench.clock.advance((due - bench.clock.now()).total_seconds() + 1)
        result = bench.run(number, relay)

    assert result.state is CampaignState.FINISHED
    assert result.progress.counts[DeliveryState.ACCEPTED] == 60
    assert set(Counter(relay.accepted).values()) == {1}
    assert len(relay.tried) == 62
    assert bench.ledger.verify() == ()
