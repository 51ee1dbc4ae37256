"""A campaign that was taken back, and the doubts that it left."""

from newsletter.delivery import DeliveryState, InDoubt, RetryPolicy, advance
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState, Settlement, Want
from tests.doubles import START
from tests.ledger.plans import make_plan


def test_a_doubt_of_a_cancelled_campaign_that_was_not_accepted_is_spared(ledger: Ledger) -> None:
    number = ledger.record(make_plan(2), due=None, now=START)
    turn = ledger.begin_run(number, START)
    row = ledger.exchange(turn, (), Want(1), START).rows[0]
    lost = InDoubt("connection lost")
    after = advance(row.delivery, lost, RetryPolicy(), START, 0)
    ledger.exchange(turn, [Settlement(row.seq, START, lost, after)], Want(0), START)
    ledger.cancel(number, START)
    ledger.end_run(turn, CampaignState.PAUSED, "", START)

    ledger.settle_doubt(number, row.seq, START, accepted=False)

    states = {each.delivery.state for each in ledger.deliveries(number)}
    assert states == {DeliveryState.CANCELLED}
    assert ledger.campaign(number).state is CampaignState.CANCELLED
    assert ledger.verify(number) == ()
