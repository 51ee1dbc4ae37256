"""A place that complains to one worker is spared by all."""

import asyncio
from pathlib import Path

import pytest

from newsletter.delivery import Accepted, Deferred, Delivery, DeliveryState, Phase, Reply
from newsletter.dispatch.grievances import Grievance, Grievances
from newsletter.dispatch.hearsay import Word, unpacked
from newsletter.dispatch.limits import Relay
from newsletter.dispatch.model import RunOptions, Share
from newsletter.dispatch.roads import Roads
from newsletter.dispatch.stock import Stock
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, ClaimedRow
from newsletter.ledger.notes import Place
from tests.doubles import START, FakeClock, ScriptedTransport, accept
from tests.ledger.plans import make_plan, make_terms

BUSY = Deferred(Phase.RCPT, Reply(421, "4.7.0 too fast for us"))
LATER = Deferred(Phase.MAIL, Reply(421, "4.3.2 we are busy"))
YES = Accepted(Reply(250, "ok"))
NOW = to_microseconds(START)
SECOND = 1_000_000
SLOW = Place("relay", "slow.example")


@pytest.fixture
def campaign(file: Path) -> Campaign:
    """A hundred a second."""
    plan = make_plan(1, terms=make_terms("100/s", 2))
    with Ledger.open(file) as ledger:
        return ledger.campaign(ledger.record(plan, due=None, now=START))


class Worker:
    """The roads of one worker, over a clock that all have."""

    def __init__(self, campaign: Campaign, clock: FakeClock) -> None:
        self.clock = clock
        options = RunOptions(share=Share(1, "w", 10.0))
        relays = [Relay("relay", ScriptedTransport(clock, accept))]
        self.stock = Stock()
        self.roads = Roads(relays, campaign, self.stock, clock, options)
        self.road = self.roads.all[0]

    def send(self, outcome: Accepted | Deferred, count: int = 1, domain: str = "slow") -> None:
        """So many of its messages were answered like this."""
        for _ in range(count):
            row = ClaimedRow(1, f"r@{domain}.example", 0, {}, (), Delivery(DeliveryState.CLAIMED))
            self.road.heed(row, outcome)

    def tell(self, other: "Worker") -> None:
        """What this one heard, as it goes through the ledger."""
        now = to_microseconds(self.clock.now())
        word = Word(now, 1, 0, 0, grievances=self.roads.grievances.fresh(now)).packed()
        (heard,) = unpacked([word])
        other.roads.overhear(heard.grievances, to_microseconds(other.clock.now()))

    @property
    def rate(self) -> float:
        """Messages a second that this worker would send to the slow domain now."""
        domain = self.road.domains.find("slow.example", self.clock.monotonic())
        return domain.pace.throttle.rate(self.clock.monotonic()) if domain else float("inf")


def two(campaign: Campaign) -> tuple[Worker, Worker]:
    clock = FakeClock()
    return Worker(campaign, clock), Worker(campaign, clock)


def one_heard(campaign: Campaign) -> tuple[Worker, Worker]:
    """One sent and was told that it is too fast; the other sent nothing, and hears of it."""
    one, other = two(campaign)
    one.send(YES, 40)
    one.clock.advance(2.0)
    one.send(BUSY)
    one.tell(other)
    return one, other


def test_a_domain_that_complains_to_one_worker_is_spared_by_the_other(campaign: Campaign) -> None:
    one, other = two(campaign)
    one.send(YES, 40)
    other.send(YES, 80)
    one.clock.advance(2.0)
    one.send(BUSY)
    one.tell(other)
    assert other.rate == pytest.approx(20.0)  # half of its own forty a second
    assert one.rate == pytest.approx(10.25)


def test_one_that_sent_nothing_there_takes_the_others_word_for_the_rate(
    campaign: Campaign,
) -> None:
    one, other = one_heard(campaign)
    assert other.rate == pytest.approx(one.rate)


def test_a_complaint_is_heeded_once_and_never_passed_on(campaign: Campaign) -> None:
    one, other = one_heard(campaign)
    one.clock.advance(3.0)
    before = other.rate
    one.tell(other)
    assert other.rate == before
    assert other.roads.grievances.fresh(NOW) == ()


def test_what_was_said_before_it_had_slowed_down_slows_it_no_further(campaign: Campaign) -> None:
    one, other = two(campaign)
    one.send(YES, 40)
    other.send(YES, 40)
    one.clock.advance(2.0)
    one.send(BUSY)
    one.clock.advance(0.5)
    other.send(BUSY)
    one.clock.advance(1.0)
    before = other.rate
    one.tell(other)
    assert other.rate == before


def test_a_relay_that_is_busy_is_spared_by_all(campaign: Campaign) -> None:
    one, other = two(campaign)
    one.send(YES, 40, "fast")
    other.send(YES, 40, "fast")
    one.clock.advance(2.0)
    one.send(LATER, domain="fast")
    one.tell(other)
    assert other.road.pacer.per_second == pytest.approx(10.25)


def test_what_is_old_is_not_told_and_not_heard() -> None:
    heard = Grievances()
    heard.add(SLOW, NOW, 30.0, "421 slow")
    assert heard.fresh(NOW + 4 * SECOND)
    assert heard.fresh(NOW + 6 * SECOND) == ()
    told = Grievance(*SLOW, NOW, 30.0, "421 slow")
    assert list(Grievances().news([told], NOW + 6 * SECOND)) == []
    assert list(Grievances().news([told, told], NOW)) == [told]


def test_words_of_workers_before_this_one_are_understood() -> None:
    assert list(unpacked([f'[{NOW}, 5, 1, 0, "", 0, true]'])) == [Word(NOW, 5, 1, 0, took=True)]


def test_a_row_whose_turn_went_by_waits_for_its_domains_next_one(campaign: Campaign) -> None:
    """Its domain's turn is lost with the relay's: later it would be one too many there."""

    async def run() -> None:
        worker = Worker(campaign, FakeClock())
        queue, clock = worker.road.queue, worker.clock
        row = ClaimedRow(1, "r@fast.example", 0, {}, (), Delivery(DeliveryState.CLAIMED))
        late = row._replace(seq=2, address="r@slow.example")
        worker.road.domains.complained("slow.example", clock.monotonic(), "421 slow")
        for each in (row, late):
            worker.stock.in_hand[each.seq] = each  # as a lane has it
            queue.put_back_without_turn(each)
        assert queue.unparked == 1
        assert worker.road.domains.parked("slow.example") == 1
        assert [each.seq for each in queue.rows()] == [1, 2]

    asyncio.run(run())
