"""After a kill, each row is settled by the journal, put back, or held in doubt."""

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.delivery import (
    Accepted,
    Deferred,
    Delivery,
    DeliveryState,
    InDoubt,
    Outcome,
    Phase,
    Reply,
    RetryPolicy,
)
from newsletter.dispatch.journal import Heading, Journal, Replay
from newsletter.dispatch.recovery import Recovery, clear_up, recover, remove_journal
from newsletter.errors import LedgerError, LedgerLocked
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.lock import this_process
from newsletter.ledger.model import CampaignState, ClaimedRow, Want
from tests.doubles import START
from tests.ledger.plans import make_plan

ROW = ClaimedRow(5, "r5@reader.example", 0, {}, (), Delivery(DeliveryState.CLAIMED, attempts=1))
THIS_TRY, LAST_TRY = (5, 2), (5, 1)
OK = Accepted(Reply(250, "2.0.0 Ok"))
HEADING = Heading("ledger", 1, 7, "boot")
SILENT = Replay(HEADING, frozenset(), {}, torn=False)


def judge(replay: Replay | None, *, run: int = 7, boot: str = "boot") -> Recovery:
    """What becomes of the row that run 7 left."""
    return recover([(run, ROW)], replay, "ledger", boot, RetryPolicy(), START)


def verdict(found: Recovery) -> DeliveryState:
    """The state of the row that was settled."""
    assert found.unsent == ()
    (settlement,) = found.settlements
    return settlement.after.state


def with_outcome(outcome: Outcome, attempt: tuple[int, int] = THIS_TRY) -> Replay:
    """A journal that has the answer."""
    return replace(SILENT, dots=frozenset({attempt}), outcomes={attempt: (START, outcome)})


def test_a_row_without_a_dot_was_surely_not_sent() -> None:
    assert judge(SILENT) == Recovery((), (5,))


def test_a_row_with_a_dot_and_no_answer_is_in_doubt() -> None:
    found = judge(replace(SILENT, dots=frozenset({THIS_TRY})))
    assert verdict(found) is DeliveryState.IN_DOUBT


def test_a_row_with_an_answer_gets_it() -> None:
    assert verdict(judge(with_outcome(OK))) is DeliveryState.ACCEPTED
    later = Deferred(Phase.DOT, Reply(450, "later"))
    assert verdict(judge(with_outcome(later))) is DeliveryState.DEFERRED


def test_what_an_earlier_attempt_left_in_the_journal_counts_for_nothing() -> None:
    assert judge(with_outcome(OK, LAST_TRY)) == Recovery((), (5,))
    assert judge(replace(SILENT, dots=frozenset({LAST_TRY}))) == Recovery((), (5,))


@pytest.mark.parametrize(
    ("replay", "run", "boot"),
    [
        (None, 7, "boot"),
        (SILENT, 8, "boot"),
        (SILENT, 7, "another boot"),
        (replace(SILENT, torn=True), 7, "boot"),
        (replace(SILENT, heading=replace(HEADING, ledger="another")), 7, "boot"),
        (replace(SILENT, heading=replace(HEADING, boot="")), 7, ""),
    ],
    ids=["missing", "of another run", "before a power cut", "torn", "of another ledger", "no boot"],
)
def test_silence_of_a_journal_that_may_have_lost_lines_is_doubt(
    replay: Replay | None, run: int, boot: str
) -> None:
    assert verdict(judge(replay, run=run, boot=boot)) is DeliveryState.IN_DOUBT


def test_an_answer_counts_even_when_the_journal_may_have_lost_others() -> None:
    torn = replace(with_outcome(OK), torn=True)
    assert verdict(judge(torn, boot="another boot")) is DeliveryState.ACCEPTED


def test_doubt_is_queued_again_where_the_officer_chose_to_resend() -> None:
    found = recover([(7, ROW)], None, "ledger", "boot", RetryPolicy(on_doubt="resend"), START)
    assert verdict(found) is DeliveryState.QUEUED
    assert isinstance(found.settlements[0].outcome, InDoubt)


def killed_run(ledger: Ledger) -> int:
    """A run that claimed three of four rows, heard one answer, and sent a second dot."""
    number = ledger.record(make_plan(4), due=None, now=START)
    turn = ledger.begin_run(number, START)
    ledger.exchange(turn, (), Want(3), START)
    heading = Heading(ledger.identity, number, turn.run, this_process().boot)
    journal = Journal.create(ledger.journal_path(number), heading)
    journal.dot((1, 1))
    journal.outcome((1, 1), START, OK)
    journal.dot((2, 1))
    journal.close()
    return number


@pytest.mark.slow
def test_clearing_up_settles_what_was_left_and_sends_nothing(file: Path) -> None:
    with Ledger.open(file) as ledger:
        number = ledger.campaigns()[0].id if killed_run(ledger) else None
        assert number
        assert clear_up(ledger, number, START) == 3
        assert [row.delivery.state for row in ledger.deliveries(number)] == [
            DeliveryState.ACCEPTED,
            DeliveryState.IN_DOUBT,
            DeliveryState.QUEUED,
            DeliveryState.QUEUED,
        ]
        assert ledger.campaign(number).state is CampaignState.PAUSED
        assert ledger.verify() == ()
        assert clear_up(ledger, number, START) == 0


@pytest.mark.slow
def test_clearing_up_a_cancelled_campaign_may_be_killed_too(file: Path) -> None:
    with Ledger.open(file) as ledger:
        killed_run(ledger)
        number = ledger.campaigns()[0].id
        ledger.cancel(number, START)
        turn = ledger.begin_run(number, START, to_send=False)
        ledger.release(turn, [3])  # and then it was killed
        assert ledger.verify() == ()
        assert clear_up(ledger, number, START) == 2
        assert ledger.verify() == ()
        assert ledger.progress(number).count(DeliveryState.CANCELLED) == 2


def test_a_journal_that_cannot_be_read_or_removed_is_said_so_and_nothing_is_guessed(
    file: Path,
) -> None:
    with Ledger.open(file) as ledger:
        killed_run(ledger)
        number = ledger.campaigns()[0].id
        journal = ledger.journal_path(number)
        journal.unlink()
        journal.mkdir()
        with pytest.raises(LedgerError, match="cannot be read"):
            clear_up(ledger, number, START)
        assert ledger.progress(number).count(DeliveryState.CLAIMED) == 3
        with pytest.raises(LedgerError, match="cannot be removed") as told:
            remove_journal(journal)
        assert told.value.cure


@pytest.mark.slow
def test_a_journal_of_an_older_program_leaves_every_claimed_row_in_doubt(file: Path) -> None:
    with Ledger.open(file) as ledger:
        killed_run(ledger)
        number = ledger.campaigns()[0].id
        journal = ledger.journal_path(number)
        journal.write_bytes(journal.read_bytes().replace(b"journal 2", b"journal 1"))
        assert clear_up(ledger, number, START) == 3
        assert ledger.progress(number).count(DeliveryState.IN_DOUBT) == 3
        assert ledger.verify() == ()


@pytest.mark.slow
def test_a_cancelled_campaign_stays_cancelled_when_it_is_cleared_up(file: Path) -> None:
    with Ledger.open(file) as ledger:
        killed_run(ledger)
        (campaign,) = ledger.campaigns()
        ledger.cancel(campaign.id, START)
        clear_up(ledger, campaign.id, START)
        progress = ledger.progress(campaign.id)
        assert progress.campaign.state is CampaignState.CANCELLED
        assert progress.counts == {
            DeliveryState.ACCEPTED: 1,
            DeliveryState.IN_DOUBT: 1,
            DeliveryState.CANCELLED: 2,
        }
        assert ledger.verify() == ()


@pytest.mark.slow
def test_nothing_is_cleared_up_under_a_process_that_sends(file: Path) -> None:
    with Ledger.open(file) as ledger:
        killed_run(ledger)
        with ledger.sending(START), pytest.raises(LedgerLocked):
            clear_up(ledger, ledger.campaigns()[0].id, START)
