"""The officer has the newsletter sent again and again, and nothing that she did not approve."""

import datetime as dt
import os
import re
import signal

import pytest

from newsletter.app.open import App, open_app, utc_now
from newsletter.app.working import Pass, run_due_once
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.ledger.series import Became
from newsletter.recurrence import parse_every
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, DARIO
from tests.cli.test_worker import LONG, worker

NEXT = "2026-12-news"
A_DAY = dt.timedelta(days=1)
A_MINUTE = dt.timedelta(minutes=1)


def begin(newsroom: Newsroom, *words: str, every: str = "every day 10:00 UTC") -> None:
    assert newsroom.run("send", *words, "--every", every, "--yes", follow=False).code == 0


def due(newsroom: Newsroom, nth: int = 1) -> dt.datetime:
    """When the first series is due, for the so-manyeth time from now."""
    with Ledger.open(newsroom.ledger) as ledger:
        (series, *_) = ledger.series.all()
    return series.rule.next(utc_now(), nth)[-1].due.instant


def opened(newsroom: Newsroom, at: dt.datetime) -> App:
    """The newsletter on a machine whose clock shows this, and goes on."""
    away = at - utc_now()
    return open_app(newsroom.root, clock=lambda: utc_now() + away)


def look(newsroom: Newsroom, at: dt.datetime) -> Pass:
    """What a worker does at an instant."""
    return run_due_once(opened(newsroom, at), lambda _: None)


def words(done: Pass) -> list[str]:
    return [each.words for each in done.occurrences]


def another_issue(newsroom: Newsroom) -> None:
    """An issue of the month after."""
    folder = newsroom.root / "issues"
    for name in ("issue.toml", "issue.en.toml"):
        text = (folder / ISSUE / name).read_text(encoding="utf-8")
        text = text.replace("date = 2026-11-15", "date = 2026-12-15")
        newsroom.write(f"issues/{NEXT}/{name}", text.replace("novembre", "dicembre"))


@pytest.mark.slow
def test_plan_shows_the_next_times_and_the_command_that_begins_the_series(
    newsroom: Newsroom,
) -> None:
    shown = newsroom.run("plan", ISSUE, "--every", "first Tuesday 10:00 Europe/Rome")

    assert "At        " in shown.out
    assert shown.out.count(" 10:00") >= 4
    assert f"send {ISSUE} --every 'first Tuesday 10:00 Europe/Rome'" in shown.next
    assert newsroom.nothing_happened()
    assert "Approved  not yet" in shown.out
    newsroom.run("approve", ISSUE, "--yes")
    approved = newsroom.run("plan", ISSUE).out
    assert re.search(
        r"^Approved  20\d\d-\d\d-\d\d \d\d:\d\d, this content$", approved, re.MULTILINE
    )
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "In breve.", "In due parole.")
    assert ", changed since\n" in newsroom.run("plan", ISSUE).out
    newsroom.run("approve", ISSUE, "--reject", "--reason", "too long")
    assert ", too long\n" in newsroom.run("plan", ISSUE).out
    unnamed = newsroom.run("plan", "--every", "first Tuesday 10:00", "--list", "members")
    assert unnamed.next == "newsletter send --list members --every 'first Tuesday 10:00'"
    found = newsroom.run("plan", "--every", "every day 09:00", "--format", "json").object
    assert len(found["then"]) == 3


@pytest.mark.slow
def test_each_time_it_sends_the_newest_approved_issue_and_none_twice(newsroom: Newsroom) -> None:
    begun = newsroom.run("send", "--every", "every day 10:00 UTC", "--recipients", "5")
    assert "now it would send nothing: no issue is ready" in begun.out
    assert begun.next == f"newsletter approve {ISSUE}"
    first = due(newsroom)

    unapproved = look(newsroom, first + A_MINUTE)
    assert words(unapproved) == [f"no issue is ready: {ISSUE} is not approved"]
    assert unapproved.exit_code == 0
    assert not newsroom.relay.received

    assert newsroom.run("approve", ISSUE, "--yes").code == 0
    assert look(newsroom, first + 2 * A_MINUTE).occurrences == (), "its time is over"
    sent = look(newsroom, first + A_DAY)
    assert words(sent) == [f"{ISSUE} to 5 recipients"]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    assert look(newsroom, first + A_DAY + A_MINUTE).occurrences == ()

    again = look(newsroom, first + 2 * A_DAY)
    assert words(again) == [f"{ISSUE} was sent already (campaign 1, finished)"]
    another_issue(newsroom)
    still = look(newsroom, first + 3 * A_DAY)
    assert words(still) == [
        f"{ISSUE} was sent already (campaign 1, finished); {NEXT} is not approved"
    ]
    assert newsroom.run("approve", NEXT, "--yes").code == 0
    assert f"now it would send {NEXT}" in newsroom.run("schedule", "list").out
    assert words(look(newsroom, first + 4 * A_DAY)) == [f"{NEXT} to 5 recipients"]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 2)
    shown = newsroom.run("schedule", "list", "--format", "json").object["series"][0]
    assert [each["became"] for each in shown["past"]] == ["campaign", "nothing", "nothing"]
    assert newsroom.run("ledger", "verify", follow=False).code == 0


@pytest.mark.slow
def test_an_edit_after_the_approval_takes_it_back(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    assert f"now it would send {ISSUE}" in newsroom.run("schedule", "list").out

    newsroom.edit(f"issues/{ISSUE}/issue.toml", "In breve.", "In due parole.")

    listed = newsroom.run("schedule", "list").out
    assert f"would send nothing: no issue is ready: {ISSUE} was changed since it was app" in listed
    done = look(newsroom, due(newsroom))
    assert words(done) == [f"no issue is ready: {ISSUE} was changed since it was approved"]
    assert not newsroom.relay.received


@pytest.mark.slow
def test_whoever_rejects_an_issue_keeps_every_series_from_it(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    assert newsroom.run("approve", ISSUE, "--reject", "--reason", "the date is wrong").code == 0

    assert words(look(newsroom, due(newsroom))) == [f"no issue is ready: {ISSUE} was rejected"]


@pytest.mark.slow
def test_nobody_approves_without_a_word_nor_what_has_errors(newsroom: Newsroom) -> None:
    silent = newsroom.run("approve", ISSUE)
    assert (silent.code, silent.next) == (4, f"newsletter approve {ISSUE} --yes")
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "In breve.", "{{ first_nam }}")
    assert newsroom.run("approve", ISSUE, "--yes").code in {2, 3}


@pytest.mark.slow
def test_a_time_that_went_by_is_missed_shown_and_never_sent_later(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    first = due(newsroom)

    done = look(newsroom, first + dt.timedelta(hours=2, minutes=1))

    assert [each.became for each in done.occurrences] == [Became.MISSED]
    assert done.exit_code == 6
    assert look(newsroom, first + dt.timedelta(hours=2, minutes=2)).occurrences == ()
    assert look(newsroom, first).occurrences == (), "not even if the clock goes back"
    assert not newsroom.relay.received
    assert "it was missed and is not sent" in newsroom.run("schedule", "list").out


@pytest.mark.slow
def test_a_machine_that_was_off_for_days_sends_the_last_time_alone_if_at_all(
    newsroom: Newsroom,
) -> None:
    begin(newsroom, ISSUE)

    done = look(newsroom, due(newsroom, 4) + A_MINUTE)

    became = [each.became for each in done.occurrences]
    assert became == [Became.MISSED, Became.MISSED, Became.MISSED, Became.CAMPAIGN]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


@pytest.mark.slow
def test_what_hinders_it_is_waited_for_and_is_missed_in_the_end(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    first = due(newsroom)
    path = newsroom.root / "subscribers/members.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + "no address\n", encoding="utf-8")

    hindered = look(newsroom, first)
    assert "series s1" in hindered.later
    assert hindered.exit_code == 75
    assert hindered.occurrences == ()
    path.write_text(whole, encoding="utf-8")
    assert words(look(newsroom, first + A_MINUTE)) == [f"{ISSUE} to 5 recipients"]


@pytest.mark.slow
def test_a_series_is_moved_and_ended_by_its_name(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE, "--list", "members")
    moved = newsroom.run("schedule", "move", "s1", "first Tuesday 11:00 Asia/Tokyo")
    assert "s1: first Tuesday 11:00 Asia/Tokyo from now on" in moved.out
    assert "all lists" not in newsroom.run("schedule", "list").out
    unnamed = newsroom.run("schedule", "cancel")
    assert (unnamed.code, unnamed.next) == (2, "newsletter schedule cancel s1")
    assert newsroom.run("schedule", "cancel", "S1").code == 0
    assert "nothing is scheduled" in newsroom.run("schedule", "list").out
    assert newsroom.run("schedule", "move", "s1", "every day 10:00").code == 2
    assert newsroom.run("schedule", "cancel", "s7").code == 2
    assert look(newsroom, utc_now() + 40 * A_DAY).occurrences == ()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--every", "tomorrow"), "'tomorrow' is no rule"),
        (("--every", "every day 10:00", "--at", "2030-01-01 10:00"), "goes with neither --at"),
        (("--every", "every day 10:00", "--local-time"), "goes with neither --at nor --local"),
        ((), "say which issue"),
    ],
)
def test_what_does_not_go_together_is_refused(
    newsroom: Newsroom, options: tuple[str, ...], said: str
) -> None:
    ran = newsroom.run("send", "--yes", *options)

    assert ran.code == 2
    assert said in ran.err
    assert newsroom.nothing_happened()


@pytest.mark.slow
def test_another_number_or_none_begins_no_series(newsroom: Newsroom) -> None:
    every = ("--every", "every day 10:00")
    assert newsroom.run("send", ISSUE, *every).code == 4
    assert newsroom.run("send", ISSUE, *every, "--recipients", "4").code == 5
    assert "nothing is scheduled" in newsroom.run("schedule", "list").out


@pytest.mark.slow
def test_two_series_for_two_lists_each_send_the_issue_once(newsroom: Newsroom) -> None:
    newsroom.edit("subscribers/partners.csv", "anna.rossi@SOCI.example", "lea@partner.example")
    begin(newsroom, ISSUE, "--list", "members")
    begin(newsroom, "--list", "partners")
    first = due(newsroom)

    done = look(newsroom, first)
    assert (len(done.occurrences), done.later) == (2, "")
    assert set(newsroom.relay.counts) == EVERYBODY | {"lea@partner.example"}
    assert set(newsroom.relay.counts.values()) == {1}


@pytest.mark.slow
def test_two_series_for_two_segments_of_a_list_each_send_the_issue_and_to_nobody_twice(
    newsroom: Newsroom,
) -> None:
    begin(newsroom, ISSUE, "--list", "members", "--segment", "italians")
    begin(newsroom, "--list", "members", "--segment", "china")
    first = due(newsroom)

    assert words(look(newsroom, first)) == [
        f"{ISSUE} to 2 recipients",
        f"{ISSUE} to 1 recipients; 1 had it already",
    ]
    members = {ANNA, DARIO, "carla.dubois@soci.example"}
    assert newsroom.relay.counts == dict.fromkeys(members, 1)
    assert words(look(newsroom, first + A_DAY)) == [
        f"{ISSUE} was sent already (campaign 1, finished)",
        f"{ISSUE} was sent already (campaign 2, finished)",
    ]
    assert newsroom.run("ledger", "verify", follow=False).code == 0


@pytest.mark.slow
def test_a_series_for_other_readers_sends_no_issue_whose_first_ones_were_pruned(
    newsroom: Newsroom,
) -> None:
    begin(newsroom, ISSUE, "--list", "members", "--segment", "italians")
    first = due(newsroom)
    begin(newsroom, "--list", "members", "--segment", "china", every="every day 10:30 UTC")
    look(newsroom, first)
    before = dict(newsroom.relay.counts)
    with Ledger.open(newsroom.ledger) as ledger:
        assert ledger.retention.prune(ledger.campaigns()[0].id, first) == 2

    done = look(newsroom, first + dt.timedelta(minutes=30))
    assert done.later == ""
    (said,) = words(done)
    assert said.startswith(f"{ISSUE} is not sent again: 2 readers had it in campaign 1")
    assert newsroom.relay.counts == before


@pytest.mark.slow
def test_a_series_whose_readers_all_had_the_issue_says_so(newsroom: Newsroom) -> None:
    newsroom.run("suppressions", "add", ANNA)
    begin(newsroom, ISSUE, "--list", "members")
    begin(newsroom, "--list", "members", "--segment", "china")

    done = look(newsroom, due(newsroom))
    assert words(done) == [
        f"{ISSUE} to 3 recipients",
        f"{ISSUE} has nobody to go to: all of its readers had it already, or are suppressed",
    ]
    assert set(newsroom.relay.counts.values()) == {1}


@pytest.mark.slow
def test_what_goes_to_other_lists_holds_up_no_series_unless_it_asks_for_a_word(
    newsroom: Newsroom,
) -> None:
    newsroom.edit("newsletter.toml", "connections = 4", 'retry_schedule = ["10 min"]')
    newsroom.edit("subscribers/partners.csv", "anna.rossi@SOCI.example", "lea@partner.example")
    newsroom.relay.will_answer("lea@partner.example", "450 4.2.0 later")
    begin(newsroom, ISSUE, "--list", "members")
    sent = newsroom.run("send", ISSUE, "--list", "partners", "--yes", follow=False)
    assert sent.code == 75, "somebody is tried again later"

    first = due(newsroom)
    newsroom.run("pause", "1", follow=False)
    held = look(newsroom, first)
    assert (held.occurrences, held.later) == ((), f"series s1: campaign 1 of {ISSUE} is paused")
    with Ledger.open(newsroom.ledger) as ledger:  # the officer has them go on, and it waits
        ledger.resume(CampaignId(1), utc_now())
    assert words(look(newsroom, first + A_MINUTE)) == [f"{ISSUE} to 4 recipients"]
    assert newsroom.relay.counts["lea@partner.example"] <= 1


@pytest.mark.slow
def test_what_an_officer_sends_herself_the_series_does_not_send_again(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    newsroom.run("send", ISSUE, "--yes", follow=False)

    assert words(look(newsroom, due(newsroom))) == [
        f"{ISSUE} was sent already (campaign 1, finished)"
    ]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


@pytest.mark.slow
def test_what_was_cancelled_is_sent_only_if_it_is_approved_once_more(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    newsroom.run("send", ISSUE, "--yes", "--at", "2100-01-01 10:00", follow=False)
    newsroom.run("schedule", "cancel", "1", follow=False)

    first = due(newsroom)
    assert words(look(newsroom, first)) == [f"{ISSUE} was sent already (campaign 1, cancelled)"]
    newsroom.run("approve", ISSUE, "--yes", follow=False)
    assert words(look(newsroom, first + A_DAY)) == [f"{ISSUE} to 5 recipients"]


def soon(newsroom: Newsroom) -> None:
    """Let the series be due a minute ago, as time itself would."""
    past = utc_now() - A_MINUTE
    rule = parse_every(f"{past:%M} {past:%H} * * * UTC", default_zone="UTC")
    with Ledger.open(newsroom.ledger) as ledger:
        (series,) = ledger.series.all()
        ledger.series.move(series.id, rule, past - 2 * A_MINUTE)


@pytest.mark.slow
def test_of_two_workers_that_see_it_due_at_once_one_sends_it(newsroom: Newsroom) -> None:
    begin(newsroom, ISSUE)
    with worker(newsroom), worker(newsroom):
        soon(newsroom)
        wait_until(lambda: len(newsroom.relay.received) >= 5, LONG)
        wait_until(lambda: newsroom.campaigns()[0]["state"] == "finished", LONG)
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    assert len(newsroom.campaigns()) == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_plans_leaves_nothing_and_the_next_one_sends(
    newsroom: Newsroom,
) -> None:
    begin(newsroom, ISSUE)
    fifo = newsroom.root / "subscribers" / "waiting.csv"
    os.mkfifo(fifo)  # whoever reads the lists waits here
    with worker(newsroom) as first:
        soon(newsroom)
        writer = os.open(fifo, os.O_WRONLY)  # returns once the worker reads: it plans
        first.send_signal(signal.SIGKILL)
        first.wait(LONG)
        os.close(writer)
    fifo.unlink()
    with Ledger.open(newsroom.ledger) as ledger:
        assert ledger.campaigns() == ()
        assert ledger.series.judged(ledger.series.all()[0].id) == ()

    assert newsroom.run("run-due", follow=False).code == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    with Ledger.open(newsroom.ledger) as ledger:
        assert ledger.campaigns()[0].state is CampaignState.FINISHED
