"""Workers judge thresholds together: what each says counts for all."""

from collections.abc import Iterable

from newsletter.delivery import Accepted, Blame, Outcome, Phase, Refused, Reply
from newsletter.dispatch.hearsay import Word, alike, lately, unpacked
from newsletter.dispatch.threshold import Shares, Thresholds
from newsletter.dispatch.watch import Watch
from newsletter.ledger.model import CampaignState

YES = Accepted(Reply(250, "ok"))
NO = Refused(Phase.RCPT, Reply(550, "5.1.1 no such user"), Blame.READER)
SPAM = Refused(Phase.DOT, Reply(554, "5.7.1 looks like spam"), Blame.MESSAGE)
NOW = 1_800_000_000_000_000


def seen(shares: Shares, outcomes: Iterable[Outcome]) -> str:
    """The last reason."""
    why = ""
    for each in outcomes:
        why = shares.see(each)
    return why


def test_the_others_tries_count() -> None:
    shares = Shares(Thresholds(refused=5, after=100))
    assert seen(shares, [YES] * 10 + [NO]) == ""
    shares.others = lately([Word(NOW, 60, 5, 0), Word(NOW, 60, 3, 0)], shares.tries)
    assert seen(shares, [NO]) == "10 of the last 132 were refused, more than 5 %"


def test_others_who_are_well_keep_a_few_refusals_from_pausing() -> None:
    shares = Shares(Thresholds(refused=5, after=100))
    shares.others = lately([Word(NOW, 900, 0, 0)], 0)
    assert seen(shares, [NO] * 20) == ""


def test_no_more_tries_count_than_of_one_worker_alone() -> None:
    words = [Word(NOW, 600, 1, 0), Word(NOW, 600, 2, 0), Word(NOW, 600, 400, 0)]
    assert lately(words, 0) == (1200, 3, 0)
    assert lately(words, 1000) == (0, 0, 0)


def test_the_same_refusal_of_the_text_by_three_workers_pauses() -> None:
    watch = Watch()
    watch.others = lambda kind: alike(
        [Word(NOW, 1, 1, 0, kind, 1), Word(NOW, 1, 1, 0, kind, 1)], kind, NOW
    )
    halt = watch.see(SPAM)
    assert halt
    assert halt.state is CampaignState.PAUSED


def test_while_the_text_is_taken_from_somebody_it_does_not() -> None:
    watch = Watch()
    words = [Word(NOW, 9, 2, 0, "554 5.7.1", 2), Word(NOW, 9, 0, 0, took=True)]
    watch.others = lambda kind: alike(words, kind, NOW)
    assert watch.see(SPAM) is None
    assert alike(words, "554 5.7.1", NOW + 60_000_000) == 0  # long ago


def test_what_cannot_be_read_is_passed_over() -> None:
    word = Word(NOW, 3, 2, 1, "554", 2, took=True)
    assert list(unpacked(["", "{", "[1]", "7", word.packed()])) == [word]
