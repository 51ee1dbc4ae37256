"""Series in the ledger: each occurrence is written once, whoever else writes, or not at all."""

import datetime as dt
import threading
from pathlib import Path

import pytest

from newsletter.errors import PlanChanged, UsageError
from newsletter.ledger.approvals import Approval
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.ledger.series import Became, Series, SeriesId
from newsletter.recurrence import Occurrence, parse_every
from newsletter.values import Digest, IssueSlug
from tests.ledger.plans import make_plan

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)
DAILY = parse_every("every day 10:00", default_zone="Europe/Rome")


def begun(ledger: Ledger) -> Series:
    return ledger.series.begin(DAILY, NOW, profile="staging", request="{}", agreed=3)


def next_of(ledger: Ledger, series: Series, now: dt.datetime) -> Occurrence:
    found = ledger.series.next(series, now)
    assert found
    return found


def send(ledger: Ledger, series: Series, occurrence: Occurrence, now: dt.datetime) -> CampaignId:
    """Record the campaign that an occurrence becomes."""
    become = ledger.series.becoming(series, occurrence, now, "an issue")
    return ledger.record(make_plan(3), due=occurrence.due, now=now, opened=become)


def test_an_occurrence_and_its_campaign_are_written_together_and_the_next_follows(
    ledger: Ledger,
) -> None:
    series = begun(ledger)
    first = next_of(ledger, series, NOW)
    later = first.due.instant
    number = send(ledger, series, first, later)

    (judged,) = ledger.series.judged(series.id)
    assert (judged.date, judged.became, judged.campaign) == (
        dt.date(2026, 11, 29), Became.CAMPAIGN, number
    )  # fmt: skip
    assert ledger.campaign(number).due == first.due
    assert next_of(ledger, series, later).date == dt.date(2026, 11, 30)


def test_an_occurrence_that_was_taken_leaves_no_second_campaign(ledger: Ledger) -> None:
    series = begun(ledger)
    first = next_of(ledger, series, NOW)
    send(ledger, series, first, first.due.instant)

    with pytest.raises(PlanChanged, match="taken meanwhile"):
        send(ledger, series, first, first.due.instant)
    with pytest.raises(PlanChanged):
        ledger.series.close(series, first, first.due.instant, Became.MISSED, "missed")
    assert len(ledger.campaigns()) == 1
    assert ledger.verify() == ()


def test_what_ends_before_it_is_recorded_leaves_nothing_half(ledger: Ledger) -> None:
    series = begun(ledger)
    first = next_of(ledger, series, NOW)
    become = ledger.series.becoming(series, first, first.due.instant, "an issue")

    def dies(connection: object, number: CampaignId) -> None:
        become(connection, number)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.record(make_plan(3), due=first.due, now=first.due.instant, opened=dies)
    assert ledger.campaigns() == ()
    assert ledger.series.judged(series.id) == ()
    assert next_of(ledger, series, first.due.instant) == first


@pytest.mark.slow
def test_of_many_that_take_an_occurrence_at_once_one_has_it(location: str, tmp_path: Path) -> None:
    with Ledger.open(location, state=tmp_path) as ledger:
        series = begun(ledger)
        first = next_of(ledger, series, NOW)
    won, lost = [], []
    barrier = threading.Barrier(4)

    def race() -> None:
        with Ledger.open(location, state=tmp_path) as mine:
            barrier.wait()
            try:
                won.append(send(mine, series, first, first.due.instant))
            except PlanChanged:
                lost.append(1)

    racers = [threading.Thread(target=race) for _ in range(4)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert (len(won), len(lost)) == (1, 3)
    with Ledger.open(location, state=tmp_path) as ledger:
        assert [each.id for each in ledger.campaigns()] == won


def test_a_series_that_was_moved_or_ended_meanwhile_sends_nothing(ledger: Ledger) -> None:
    series = begun(ledger)
    first = next_of(ledger, series, NOW)
    ledger.series.move(series.id, DAILY, NOW + A_DAY)

    with pytest.raises(PlanChanged, match="was changed meanwhile"):
        send(ledger, series, first, first.due.instant)
    ledger.series.end(series.id)
    assert ledger.series.open() == ()
    for number in (series.id, SeriesId(9)):
        with pytest.raises(UsageError):
            ledger.series.end(number)
    assert ledger.campaigns() == ()


def test_a_rule_that_is_moved_on_the_day_of_an_occurrence_does_not_repeat_it(
    ledger: Ledger,
) -> None:
    series = begun(ledger)
    first = next_of(ledger, series, NOW)
    now = first.due.instant + dt.timedelta(minutes=1)
    send(ledger, series, first, now)
    evening = parse_every("every day 18:00", default_zone="Europe/Rome")

    moved = ledger.series.move(series.id, evening, now)

    assert next_of(ledger, moved, now).date == first.date + A_DAY


def test_a_clock_that_was_ahead_and_went_back_takes_no_occurrence_away(ledger: Ledger) -> None:
    series = begun(ledger)
    ahead = NOW + 3 * A_DAY
    missed = next_of(ledger, series, ahead)
    ledger.series.close(series, missed, ahead, Became.MISSED, "missed")
    sent = next_of(ledger, series, ahead)
    send(ledger, series, sent, ahead)

    ledger.series.going_on(NOW)
    again = next_of(ledger, series, NOW)
    assert again == missed, "nothing was sent for it"
    send(ledger, series, again, again.due.instant)
    after = next_of(ledger, series, sent.due.instant)
    assert after.date == sent.date + A_DAY, "what was sent is sent"


def test_the_last_word_on_an_issue_counts(ledger: Ledger) -> None:
    slug = IssueSlug("2026-11")

    def say(digest: str, *, approved: bool) -> None:
        word = Approval(slug, Digest(digest), approved=approved, at=NOW, note="")
        ledger.approvals.say(word)

    say("a", approved=True)
    say("b", approved=True)
    assert ledger.approvals.latest()[slug].content_digest == "b"
    say("b", approved=False)
    assert not ledger.approvals.latest()[slug].approved
