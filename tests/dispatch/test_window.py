"""A sending window: outside it a campaign waits, inside it goes on, and nobody is lost between."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.hours import parse_hours
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.sending_times import SendingTimes
from tests.dispatch.test_runner import Bench
from tests.doubles import START, FakeClock

OPENS, CLOSES = dt.time(8), dt.time(18)
HOURS = SendingTimes(parse_hours("08:00-18:00 UTC", default_zone="UTC"))
NEXT_DAY = dt.datetime.combine(START.date() + dt.timedelta(days=1), OPENS, dt.UTC)


@pytest.fixture
def evening(file: Path) -> Iterator[Bench]:
    """Ten seconds before the window closes."""
    closes = dt.datetime.combine(START.date(), CLOSES, dt.UTC)
    with Ledger.open(file) as ledger:
        bench = Bench(ledger, FakeClock(closes - dt.timedelta(seconds=10)))
        bench.options = replace(bench.options, times=HOURS)
        yield bench


@pytest.mark.slow
def test_what_the_window_cuts_off_waits_until_it_opens_and_then_goes_on(evening: Bench) -> None:
    number, relay = evening.record(150), evening.relay()
    result = evening.run(number, relay)

    assert result.state is CampaignState.WAITING
    assert "outside the window 08:00-18:00 UTC" in result.why
    assert result.progress.campaign.resume_at == NEXT_DAY
    assert 95 <= result.progress.accepted <= 115, "ten seconds at 10/s, and a second to notice"

    evening.clock.advance((NEXT_DAY - evening.clock.now()).total_seconds())
    result = evening.run(number, relay)

    assert result.state is CampaignState.FINISHED
    assert sorted(relay.accepted) == sorted(f"r{n}@reader.example" for n in range(1, 151))


def test_outside_the_window_no_connection_is_opened(evening: Bench) -> None:
    evening.clock.advance(60)
    number, relay = evening.record(3), evening.relay()
    result = evening.run(number, relay)

    assert result.state is CampaignState.WAITING
    assert relay.connections == 0
    assert result.progress.accepted == 0


@pytest.mark.slow
def test_a_turn_that_lies_beyond_the_window_is_not_waited_for(evening: Bench) -> None:
    number, relay = evening.record(5, rate="1/h"), evening.relay()
    result = evening.run(number, relay)

    assert result.state is CampaignState.WAITING
    assert len(relay.accepted) == 1
    assert evening.clock.now().time() < dt.time(18, 0, 5)
