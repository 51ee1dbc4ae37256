"""A run pauses when too large a share is refused or put off, and not before enough was tried."""

from collections.abc import Sequence

from newsletter.delivery import Accepted, Blame, Deferred, Outcome, Phase, Refused, Reply
from newsletter.dispatch.threshold import Shares, Thresholds

YES = Accepted(Reply(250, "ok"))
NO = Refused(Phase.RCPT, Reply(550, "5.1.1 no such user"), Blame.READER)
LATER = Deferred(Phase.RCPT, Reply(450, "4.2.0 later"))
USUAL = Thresholds(refused=5, deferred=30, after=100)


def test_more_refusals_than_the_share_are_the_reason_to_pause() -> None:
    shares = Shares(USUAL)
    assert said(shares, [YES] * 95 + [NO] * 5) == ""
    assert said(shares, [NO]) == "6 of the last 101 were refused, more than 5 %"


def test_nothing_is_judged_before_enough_was_tried() -> None:
    shares = Shares(USUAL)
    assert said(shares, [NO] * 99) == ""
    assert said(shares, [NO]) == "100 of the last 100 were refused, more than 5 %"
    assert Shares(USUAL).verdict(0) == ""


def test_more_deferrals_than_the_share_are_too() -> None:
    shares = Shares(USUAL)
    assert said(shares, [YES] * 70 + [LATER] * 30) == ""
    assert said(shares, [LATER]) == "31 of the last 101 were deferred, more than 30 %"


def test_what_only_asked_for_fewer_messages_does_not_count() -> None:
    shares = Shares(USUAL)
    assert not any(shares.see(LATER, paced=True) for _ in range(500))


def test_a_threshold_of_nothing_never_pauses() -> None:
    shares = Shares(Thresholds())
    assert said(shares, [NO, LATER] * 500) == ""


def test_what_was_long_ago_does_not_hide_what_happens_now() -> None:
    shares = Shares(USUAL)
    assert said(shares, [YES] * 100_000 + [NO] * 50) == ""
    assert said(shares, [NO]) == "51 of the last 1000 were refused, more than 5 %"


def said(shares: Shares, outcomes: Sequence[Outcome]) -> str:
    return "".join(shares.see(outcome) for outcome in outcomes)
