"""A report tells what the relay answered, adds up, and names what is not known."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.delivery import Blame, Deferred, DeliveryState, InDoubt, Phase, Refused, Reply
from newsletter.dispatch.model import RunOptions
from newsletter.dispatch.runner import run_campaign
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.report import Report, report_of
from newsletter.transport.base import OutgoingMessage
from tests.doubles import (
    START,
    Answer,
    FakeClock,
    InlineExecutor,
    ScriptedTransport,
    following,
    mint,
)
from tests.ledger.plans import make_plan

UNKNOWN = Refused(Phase.RCPT, Reply(550, "5.1.1 no such user"), Blame.READER)
POLICY = Refused(Phase.DOT, Reply(554, "5.7.1 policy"), Blame.MESSAGE)
LATER = Deferred(Phase.RCPT, Reply(450, "4.2.0 try later"))
LOST = InDoubt("connection lost")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty ledger."""
    with Ledger.open(tmp_path / "ledger.db") as opened:
        yield opened


def sent(ledger: Ledger, readers: int, answer: Answer) -> Report:
    """The report after one run against a relay that answers so."""
    number = ledger.record(make_plan(readers), due=None, now=START)
    clock = FakeClock()
    options = RunOptions(executor=InlineExecutor(), jitter=lambda: 0.0)
    relay = ScriptedTransport(clock, answer)
    asyncio.run(run_campaign(ledger, number, relay, mint=mint, clock=clock, options=options))
    return report_of(ledger, number)


@pytest.mark.slow
def test_a_report_of_a_send_that_all_took_is_complete(ledger: Ledger) -> None:
    made = sent(ledger, 3, following([]))
    assert made.complete
    assert made.count(DeliveryState.ACCEPTED) == made.recipients == 3
    assert made.share(DeliveryState.ACCEPTED) == 1.0
    assert [(d.name, d.accepted, d.total) for d in made.domains] == [("reader.example", 3, 3)]
    assert made.next_command == ""
    assert len(made.runs) == 1
    assert made.started
    assert made.ended


@pytest.mark.slow
def test_the_states_of_a_report_add_up_and_the_incomplete_is_named(ledger: Ledger) -> None:
    made = sent(ledger, 6, following([UNKNOWN, POLICY, LOST, UNKNOWN]))
    assert sum(made.counts.values()) == made.recipients == 6
    assert not made.complete
    assert [(reason.code, reason.words, reason.count) for reason in made.refused] == [
        ("5.1.1", "no such user", 2),
        ("5.7.1", "policy", 1),
    ]
    assert [person.address for person in made.in_doubt] == ["r3@reader.example"]
    assert {person.address for person in made.not_accepted} == {
        f"r{number}@reader.example" for number in (1, 2, 3, 4)
    }
    assert made.next_command == "newsletter reconcile 1"


@pytest.mark.slow
def test_a_reason_is_counted_once_however_the_relay_names_the_reader(ledger: Ledger) -> None:
    def refuse(message: OutgoingMessage) -> Refused:
        words = f"5.1.1 <{message.recipient}>: no such user"
        return Refused(Phase.RCPT, Reply(550, words), Blame.READER)

    made = sent(ledger, 4, refuse)
    assert [(reason.words, reason.count) for reason in made.refused] == [("<…>: no such user", 4)]


@pytest.mark.slow
def test_deferrals_are_told_apart_from_refusals(ledger: Ledger) -> None:
    made = sent(ledger, 2, lambda _: LATER)
    assert made.count(DeliveryState.DEFERRED) == 2
    assert [(reason.code, reason.count) for reason in made.deferred] == [("4.2.0", 2)]
    assert not made.refused
    assert made.next_command == "newsletter resume 1"


def test_a_campaign_that_has_not_begun_has_a_report_of_zeros(ledger: Ledger) -> None:
    number = ledger.record(make_plan(2), due=None, now=START)
    made = report_of(ledger, CampaignId(number))
    assert made.count(DeliveryState.QUEUED) == 2
    assert made.started is None
    assert not made.complete


def test_a_campaign_of_another_number_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="7"):
        report_of(ledger, CampaignId(7))
