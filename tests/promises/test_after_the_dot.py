"""The rows of the relay table about the final dot and its answer, through a whole run."""

import asyncio

import pytest

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.transport.smtp import SmtpTransport
from tests.promises.cases import Case, cases, play
from tests.promises.relay import Fault, FaultyRelay, on_loopback
from tests.promises.rows import End, after_the_dot
from tests.promises.stage import Stage, plan_of
from tests.transport.relays import Act, options_for

pytestmark = pytest.mark.slow  # every row, three places, two ways
DOUBTS = [row for row in after_the_dot() if row.end is End.DOUBT]


@pytest.mark.parametrize("case", cases(after_the_dot()))
def test_after_the_dot_each_behaviour_ends_as_the_table_says(case: Case, ledger: Ledger) -> None:
    play(case, ledger)


@pytest.mark.parametrize("case", cases(DOUBTS, "resend"))
def test_doubt_is_resent_once_under_the_same_id_where_that_was_chosen(
    case: Case, ledger: Ledger
) -> None:
    play(case, ledger)


@pytest.mark.parametrize("takes", [(True, True), (True, False), (False, True), (False, False)])
def test_who_is_in_doubt_a_second_time_is_held(takes: tuple[bool, bool], ledger: Ledger) -> None:
    lost = [Fault({"DOT": (Act.DROP,)}, takes=taken) for taken in takes]
    relay = FaultyRelay(fate=dict(enumerate(lost)).get)

    async def ride() -> Stage:
        async with on_loopback(relay):
            stage = Stage(ledger, relay, SmtpTransport(options_for(relay.port)))
            stage.record(plan_of(1, on_doubt="resend"))
            await stage.run()
            return stage

    stage = asyncio.run(ride())
    stage.adds_up(on_doubt="resend")
    assert stage.who(DeliveryState.IN_DOUBT) == {"r1@reader.example"}
    assert relay.messages == 2
