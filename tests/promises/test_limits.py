"""Relays that set limits (connections, messages, size, characters), through a whole run."""

import asyncio

import pytest

from newsletter.campaign import Plan
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import RunResult
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.transport.smtp import SmtpTransport
from tests.promises.cases import PLACES, READERS, WAYS
from tests.promises.relay import Fate, Fault, FaultyRelay, on_loopback
from tests.promises.stage import Stage, moved_to_large, plan_of
from tests.transport.relays import Act, options_for

pytestmark = pytest.mark.slow  # whole runs over sockets

S = DeliveryState
each_way = pytest.mark.parametrize("way", WAYS)
each_place = pytest.mark.parametrize("at", PLACES.values(), ids=list(PLACES))


def offer(way: str, *more: str) -> tuple[str, ...]:
    """What the relay says that it can do."""
    return (*more, "PIPELINING") if way == "pipelined" else more


def ride(ledger: Ledger, relay: FaultyRelay, plan: Plan) -> tuple[Stage, RunResult]:
    """One run."""

    async def go() -> tuple[Stage, RunResult]:
        async with on_loopback(relay):
            stage = Stage(ledger, relay, SmtpTransport(options_for(relay.port, timeout=5)))
            stage.record(plan)
            return stage, await stage.run()

    stage, result = asyncio.run(go())
    stage.adds_up()
    return stage, result


@each_way
@pytest.mark.parametrize("most", [1, 2])
def test_a_relay_that_allows_few_connections_gets_no_more_and_everybody_is_served(
    way: str, most: int, ledger: Ledger
) -> None:
    relay = FaultyRelay(offer(way), at_most=most)
    stage, result = ride(ledger, relay, plan_of(40, connections=4))
    assert result.state is CampaignState.FINISHED
    assert len(stage.who(S.ACCEPTED)) == 40
    assert {each.number for each in ledger.attempts(stage.number)} == {1}, "nobody is touched by it"


def _drops_after(messages: int) -> Fate:
    left = Fault({"MAIL": (Act.DROP,)})
    return lambda number: left if number % (messages + 1) == messages else None


@each_way
@pytest.mark.parametrize("most", [1, 3])
def test_a_relay_that_takes_few_messages_on_a_connection_is_given_others(
    way: str, most: int, ledger: Ledger
) -> None:
    relay = FaultyRelay(offer(way), a_connection=most)
    stage, result = ride(ledger, relay, plan_of(12))
    assert result.state in {CampaignState.FINISHED, CampaignState.WAITING}
    assert len(stage.who(S.ACCEPTED)) + len(stage.who(S.DEFERRED)) == 12
    assert relay.connections >= len(stage.who(S.ACCEPTED)) / most


@each_way
@pytest.mark.parametrize("most", [1, 3])
def test_a_relay_that_hangs_up_after_few_messages_is_called_again(
    way: str, most: int, ledger: Ledger
) -> None:
    relay = FaultyRelay(offer(way), fate=_drops_after(most))
    stage, result = ride(ledger, relay, plan_of(12))
    assert result.state is CampaignState.FINISHED
    assert len(stage.who(S.ACCEPTED)) == 12


@each_way
@each_place
def test_a_message_beyond_the_announced_size_is_never_begun_and_the_campaign_pauses(
    way: str, at: int, ledger: Ledger
) -> None:
    relay = FaultyRelay(offer(way, "SIZE 2000"))
    stage, result = ride(ledger, relay, moved_to_large(plan_of(READERS, octets=4_000), at))
    assert stage.who(S.REFUSED) == {f"r{at + 1}@reader.example"}
    if result.state is CampaignState.FINISHED:
        assert at == READERS - 1
    else:
        assert result.state is CampaignState.PAUSED
        assert "too big" in result.why
    sent = {f"r{number + 1}@reader.example" for number in range(at)}
    assert stage.who(S.ACCEPTED) <= sent  # who stood in line when it was seen is sent later
    assert len(stage.who(S.ACCEPTED, S.QUEUED)) == READERS - 1
    assert ledger.suppressions() == ()
