"""Old campaigns let their accepted recipients go, and everything still adds up."""

import datetime as dt
import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from newsletter.delivery import Accepted, DeliveryState, Outcome, Reply
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, DomainCount, Want
from newsletter.values import IssueSlug
from tests.doubles import START
from tests.ledger.plans import make_plan, make_terms
from tests.ledger.test_ledger import LATER, LOST, OK, UNKNOWN, begin, claim, send, settle, states

YEAR = dt.timedelta(days=365)
LONG_AFTER = START + 3 * YEAR


def finish(ledger: Ledger, readers: int = 6, slug: str = "2026-11") -> CampaignId:
    """A campaign that is over: one was refused, one is in doubt, all others accepted."""
    number = ledger.record(make_plan(readers, slug), due=None, now=START)
    turn = ledger.begin_run(number, START)
    rows = claim(ledger, turn, readers).rows
    said: list[Outcome] = [UNKNOWN, LOST, *[OK] * (readers - 2)]
    told = [settle(row, outcome) for row, outcome in zip(rows, said, strict=True)]
    ledger.exchange(turn, told, Want(0), START)
    ledger.end_run(turn, CampaignState.FINISHED, "", START)
    return number


def prune(ledger: Ledger, number: CampaignId, at_once: int = 1000) -> int:
    """Long after."""
    return ledger.retention.prune(number, LONG_AFTER, at_once=at_once)


@pytest.mark.slow
@pytest.mark.parametrize("at_once", [1, 2, 3, 4, 100])
def test_the_accepted_go_and_every_count_stays(ledger: Ledger, at_once: int) -> None:
    number = finish(ledger, 8)
    before, domains = ledger.progress(number), ledger.domains(number)
    assert prune(ledger, number, at_once) == 6
    after = ledger.progress(number)
    assert after.counts == before.counts
    assert after.last_attempt_at == before.last_attempt_at
    assert ledger.domains(number) == domains
    assert states(ledger, number) == [DeliveryState.REFUSED, DeliveryState.IN_DOUBT]
    assert {attempt.seq for attempt in ledger.attempts(number)} == {1, 2}
    assert (after.pruned and (after.pruned.recipients, after.pruned.at)) == (6, LONG_AFTER)
    assert ledger.verify() == ()
    assert ledger.events(number)[-1].kind == "pruned"


@pytest.mark.slow
def test_pruned_once_more_it_changes_nothing(ledger: Ledger) -> None:
    number = finish(ledger)
    prune(ledger, number)
    assert prune(ledger, number) == 0
    assert ledger.retention.prunable(LONG_AFTER) == ()
    assert [event.kind for event in ledger.events(number)].count("pruned") == 1
    assert ledger.verify() == ()


def test_who_was_ever_in_doubt_stays_by_name(ledger: Ledger) -> None:
    number = finish(ledger)
    ledger.settle_doubt(number, 2, START, accepted=True, note="the log says so")
    assert prune(ledger, number) == 4
    assert states(ledger, number) == [DeliveryState.REFUSED, DeliveryState.ACCEPTED]
    assert ledger.verify() == ()


def test_only_what_ended_before_and_is_over_may_go(ledger: Ledger) -> None:
    over = finish(ledger)
    ready = ledger.record(make_plan(slug="2026-12"), due=None, now=START)
    running = ledger.record(make_plan(slug="2027-01"), due=None, now=START)
    turn = ledger.begin_run(running, START)
    send(ledger, turn, OK, OK)
    assert ledger.retention.prunable(START) == ()
    (found,) = ledger.retention.prunable(START + dt.timedelta(seconds=1))
    assert (found.campaign, found.ended, found.recipients, found.gone) == (over, START, 6, 4)
    assert prune(ledger, ready) == prune(ledger, running) == 0
    assert ledger.progress(running).counts[DeliveryState.ACCEPTED] == 2


@pytest.mark.slow
def test_a_cancelled_campaign_keeps_whoever_was_spared(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    send(ledger, turn, OK)
    ledger.cancel(number, START)
    assert ledger.retention.prunable(LONG_AFTER) == ()  # its run is still open
    ledger.end_run(turn, CampaignState.FINISHED, "", START)
    assert [each.campaign for each in ledger.retention.prunable(LONG_AFTER)] == [number]
    assert prune(ledger, number) == 1
    assert states(ledger, number) == [DeliveryState.CANCELLED] * 2
    assert ledger.verify() == ()


def test_an_officers_word_since_makes_it_young_again(ledger: Ledger) -> None:
    number = finish(ledger)
    ledger.settle_doubt(number, 2, START + YEAR, accepted=True)
    assert ledger.retention.prunable(START + YEAR) == ()
    assert [each.campaign for each in ledger.retention.prunable(START + 2 * YEAR)] == [number]


def test_an_issue_whose_readers_were_pruned_is_never_recorded_again(ledger: Ledger) -> None:
    number = finish(ledger)
    prune(ledger, number)
    plan = make_plan(6)
    with pytest.raises(UsageError, match=r"2026-11 is not sent again: 4 readers had it in camp"):
        ledger.record(plan, due=None, now=LONG_AFTER)
    with pytest.raises(UsageError):
        ledger.retention.refuse_again(IssueSlug("2026-11"), plan.terms.profile)
    ledger.retention.refuse_again(IssueSlug("2026-11"), "production")
    ledger.retention.refuse_again(IssueSlug("2026-12"), plan.terms.profile)
    assert len(ledger.campaigns()) == 1


def test_a_pruned_campaign_is_over_for_good(ledger: Ledger) -> None:
    number = finish(ledger)
    prune(ledger, number)
    with pytest.raises(UsageError, match=r"over for good: 4 of its recipients were pruned"):
        ledger.retry(number, [DeliveryState.REFUSED], LONG_AFTER)
    with pytest.raises(UsageError):
        ledger.resume(number, LONG_AFTER)
    ledger.settle_doubt(number, 2, LONG_AFTER, accepted=False)
    assert ledger.campaign(number).state is CampaignState.FINISHED
    assert states(ledger, number)[1] is DeliveryState.CANCELLED
    with pytest.raises(UsageError):
        ledger.begin_run(number, LONG_AFTER)
    assert ledger.verify() == ()


def test_many_tries_of_one_reader_go_with_her(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    (row,) = claim(ledger, turn, 1).rows
    ledger.exchange(turn, [settle(row, LATER)], Want(0), START)
    later = START + dt.timedelta(hours=1)
    (again,) = ledger.exchange(turn, (), Want(1), later).rows
    ledger.exchange(turn, [settle(again, Accepted(Reply(250, "ok")))], Want(0), later)
    ledger.end_run(turn, CampaignState.FINISHED, "", later)
    assert prune(ledger, number) == 1
    assert ledger.attempts(number) == ()
    assert ledger.progress(number).counts == {DeliveryState.ACCEPTED: 1}
    assert ledger.verify() == ()


def test_domains_of_few_readers_are_told_together(ledger: Ledger) -> None:
    number = finish(ledger, 5)
    prune(ledger, number)
    assert set(ledger.domains(number)) == {
        DomainCount("other domains", 3, 3),
        DomainCount("reader.example", 0, 2),
    }
    assert ledger.verify() == ()


def test_verify_finds_a_recipient_who_went_uncounted(ledger: Ledger) -> None:
    number = finish(ledger)
    prune(ledger, number)
    with ledger._database.write() as connection:
        connection.exec_driver_sql("UPDATE pruned SET recipients = recipients - 1")
    rules = {found.rule for found in ledger.verify()}
    assert rules == {"states add up to the audience", "who was pruned is counted"}


@pytest.mark.slow
def test_a_run_of_another_campaign_goes_on_between_two_steps(ledger: Ledger) -> None:
    old = finish(ledger)
    number = ledger.record(make_plan(4, "2026-12"), due=None, now=START)
    turn = ledger.begin_run(number, START)
    ledger.retention.prune(old, LONG_AFTER, at_once=1, on_progress=lambda _: send(ledger, turn, OK))
    assert ledger.progress(number).counts == {DeliveryState.ACCEPTED: 4}
    assert ledger.verify() == ()


def _killed(location: str, state: Path, number: CampaignId, after: int) -> None:
    with Ledger.open(location, state=state) as opened:
        opened.retention.prune(
            number,
            LONG_AFTER,
            at_once=2,
            on_progress=lambda total: (
                os.kill(os.getpid(), signal.SIGKILL) if total >= after else None
            ),
        )


@pytest.mark.slow
@pytest.mark.parametrize("after", [2, 8])
def test_killed_in_between_the_counts_are_right_and_the_next_one_goes_on(
    ledger: Ledger, location: str, tmp_path: Path, after: int
) -> None:
    number = finish(ledger, 14)
    before = ledger.progress(number).counts
    spawn = multiprocessing.get_context("spawn")
    child = spawn.Process(target=_killed, args=(location, tmp_path, number, after))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert ledger.progress(number).counts == before
    assert ledger.verify() == ()
    assert len(states(ledger, number)) == 14 - after
    assert prune(ledger, number) == 12 - after
    assert ledger.progress(number).counts == before
    assert ledger.verify() == ()


@pytest.mark.slow
def test_the_room_is_given_back(ledger: Ledger, location: str) -> None:
    number = finish(ledger, 3000)
    prune(ledger, number)
    before = _octets(location)
    ledger.retention.give_back([number])
    assert states(ledger, number) == [DeliveryState.REFUSED, DeliveryState.IN_DOUBT]
    assert not before or _octets(location) < before / 2


def _octets(location: str) -> int:
    """Of a file with its log; 0 for a server."""
    file = Path(location)
    return sum(each.stat().st_size for each in file.parent.glob(f"{file.name}*"))


def test_resent_doubts_stay(ledger: Ledger) -> None:
    terms = make_terms(on_doubt="resend")
    number = ledger.record(make_plan(1, terms=terms), due=None, now=START)
    turn = ledger.begin_run(number, START)
    (row,) = claim(ledger, turn, 1).rows
    ledger.exchange(turn, [settle(row, LOST)], Want(0), START)
    ledger.end_run(turn, CampaignState.FINISHED, "", START)
    ledger.settle_doubt(number, 1, START, accepted=True)
    assert ledger.retention.prunable(LONG_AFTER) == ()
