"""A campaign cancelled while its run was killed: what was left is judged, nobody is mailed."""

import datetime as dt

import pytest

from newsletter.delivery import Accepted, DeliveryState, Reply
from newsletter.dispatch.journal import Heading, Journal
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.lock import this_process
from newsletter.ledger.model import CampaignId, Want
from tests.cli.newsroom import Newsroom
from tests.cli.readers import SEND, due_now, many

pytestmark = pytest.mark.slow
ONE = CampaignId(1)
S = DeliveryState


@pytest.fixture(params=["hold", "resend"])
def killed(newsroom: Newsroom, request: pytest.FixtureRequest) -> Newsroom:
    """Of three in its hands the run heard of one, wrote another's dot, and had not begun one."""
    many(newsroom, 8, "500/s")
    words = ("--on-doubt", request.param, "--at", "2100-01-01 10:00")
    newsroom.run(*SEND, *words, follow=False)
    due_now(newsroom)
    now = dt.datetime.now(dt.UTC)
    with Ledger.open(newsroom.ledger) as ledger:  # and then this process is gone
        turn = ledger.begin_run(ONE, now)
        ledger.exchange(turn, (), Want(3), now)
        heading = Heading(ledger.identity, ONE, turn.run, this_process().boot)
        journal = Journal.create(ledger.journal_path(ONE), heading)
        journal.dot((1, 1))
        journal.outcome((1, 1), now, Accepted(Reply(250, "2.0.0 Ok")))
        journal.dot((2, 1))
        journal.close()
        ledger.cancel(ONE, now)  # said in another terminal, before the kill
    return newsroom


def judged(room: Newsroom) -> bool:
    """One accepted, one in doubt, the others spared; nobody was mailed and it all adds up."""
    with Ledger.open(room.ledger) as ledger:
        counts = {s: count for s, count in ledger.progress(ONE).counts.items() if count}
        closed = not ledger.journal_path(ONE).exists() and not ledger.verify()
    told = {S.ACCEPTED: 1, S.IN_DOUBT: 1, S.CANCELLED: 6}
    return counts == told and closed and not room.relay.received


def test_status_leads_to_cancel_which_judges_what_the_killed_run_had_in_hand(
    killed: Newsroom,
) -> None:
    seen = killed.run("status", "1", follow=False)
    assert "cancelled; its run was interrupted at" in seen.out
    assert seen.next == "newsletter cancel 1"
    done = killed.run("cancel", "1", follow=False)
    assert done.code == 0, done.said
    assert "its killed run had in hand: 1 accepted, 1 in doubt, 1 spared" in done.out
    assert done.next == "newsletter reconcile 1"
    assert judged(killed)
    again = killed.run("cancel", "1", follow=False)
    assert again.code == 2
    assert "is cancelled: there is nothing to cancel" in again.said


def test_run_due_judges_it_too_and_says_that_somebody_is_in_doubt(killed: Newsroom) -> None:
    ran = killed.run("run-due", follow=False)
    assert ran.code == 6, ran.said
    assert "1 accepted" in ran.out
    assert "1 in doubt" in ran.out
    assert judged(killed)
    assert "nothing is due" in killed.run("run-due", follow=False).out


@pytest.mark.parametrize("word", ["pause", "resume"])
def test_no_other_word_touches_it_and_each_leads_to_the_one_that_does(
    killed: Newsroom, word: str
) -> None:
    ran = killed.run(word, "1", follow=False)
    assert ran.code == 2, ran.said
    assert killed.run(*ran.next.split()[1:], follow=False).next == "newsletter cancel 1"
    assert not killed.relay.received
