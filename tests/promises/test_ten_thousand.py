"""Ten thousand readers, a fault in one dialogue of twenty: each ends somewhere, the sums agree."""

import asyncio
import random

import pytest

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.transport.smtp import SmtpTransport
from tests.promises.relay import Fate, FaultyRelay, on_loopback
from tests.promises.rows import End, after_the_dot, before_the_dot
from tests.promises.stage import Stage, plan_of
from tests.transport.relays import options_for

READERS = 10_000
ROUNDS = 60
S = DeliveryState
OPEN = (S.QUEUED, S.CLAIMED, S.DEFERRED)
STOPPING = {End.STOPS_AT_A_READER, End.TOO_BIG, End.THREE_ALIKE}
ROWS = [row for row in (*before_the_dot(), *after_the_dot()) if not row.octets]


def one_in_twenty(seed: int) -> Fate:
    """Faults of the whole table at random messages; few of those that an officer must mend."""
    chance = random.Random(seed)  # noqa: S311  no secret
    often = [row for row in ROWS if row.end not in STOPPING and row.patience > 1]
    waits = [row for row in ROWS if row.patience < 1]
    stops = [row for row in ROWS if row.end in STOPPING]
    rows = {
        number: chance.choice(often).fault for number in range(READERS) if chance.random() < 0.05
    }
    rows |= {chance.randrange(READERS): row.fault for row in (*waits, *stops)}
    return rows.get


@pytest.mark.slow
@pytest.mark.parametrize("way", ["plain", "pipelined"])
def test_faults_in_one_dialogue_of_twenty_leave_nobody_out(way: str, ledger: Ledger) -> None:
    relay = FaultyRelay(("PIPELINING",) if way == "pipelined" else (), fate=one_in_twenty(7))

    async def ride() -> Stage:
        async with on_loopback(relay):
            options = options_for(relay.port, timeout=2.0, dot_timeout=2.0)
            stage = Stage(ledger, relay, SmtpTransport(options))
            stage.record(plan_of(READERS, connections=10))
            result = await stage.run()
            for _ in range(ROUNDS):  # the officer mends what stopped it, and resumes
                if result.state is CampaignState.FINISHED:
                    break
                result = await stage.resume()
            return stage

    stage = asyncio.run(ride())
    stage.adds_up()
    assert stage.who(*OPEN) == set()
    assert ledger.campaign(stage.number).state is CampaignState.FINISHED
    assert len(stage.who(S.ACCEPTED)) > 0.95 * READERS
    assert stage.who(S.IN_DOUBT)
    assert stage.who(S.REFUSED)
