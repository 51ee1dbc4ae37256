"""Pausing, resuming and times, through the command line."""

import datetime as dt
import json
import shutil
import signal

import pytest

from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, SEND, due_now, many
from tests.waiting import catches

pytestmark = pytest.mark.slow  # real messages over real SMTP


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_pauses_cleanly_and_resume_completes_exactly_once(
    newsroom: Newsroom, number: signal.Signals
) -> None:
    readers = many(newsroom, 60, "25/s")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) >= 5)
    child.send_signal(number)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 6, out + err
    assert "next: " in out
    assert "newsletter resume 1" in out
    assert len(newsroom.relay.received) < 60
    newsroom.edit("newsletter.toml", 'rate = "25/s"', 'rate = "500/s"')
    assert "paused" in newsroom.run("status").out
    assert newsroom.run("resume").code == 0
    assert newsroom.relay.counts == dict.fromkeys(readers, 1)
    assert newsroom.run("ledger", "verify").code == 0


@pytest.mark.slow
@pytest.mark.usefixtures("_terminal")
def test_a_terminal_that_is_closed_pauses_cleanly_and_nobody_is_in_doubt(
    newsroom: Newsroom,
) -> None:
    readers = many(newsroom, 40, "25/s")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) >= 5)
    for stream in (child.stdout, child.stderr):  # nobody hears what it says from now on
        assert stream
        stream.close()
    child.send_signal(signal.SIGHUP)
    child.wait(120)
    (campaign,) = newsroom.campaigns()
    assert (campaign["state"], campaign["reason"]) == ("paused", "stopped by you")
    newsroom.edit("newsletter.toml", 'rate = "25/s"', 'rate = "500/s"')
    assert newsroom.run("resume", follow=False).code == 0
    assert newsroom.relay.counts == dict.fromkeys(readers, 1)


@pytest.mark.slow
def test_another_terminal_pauses_a_run_and_cancels_the_rest(newsroom: Newsroom) -> None:
    readers = many(newsroom, 60, "25/s")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) >= 3)
    ran = newsroom.run("pause")
    out, err = child.communicate(timeout=120)
    assert ran.code == 0
    assert child.returncode == 6, out + err
    before = len(newsroom.relay.received)
    assert before < 60
    done = newsroom.run("cancel", "--yes")
    assert done.code == 0
    assert f"{60 - before} recipients spared" in done.out
    assert newsroom.run("resume").code == 2
    assert set(newsroom.relay.recipients) < readers
    assert newsroom.run("ledger", "verify").code == 0


@pytest.mark.slow
def test_a_run_that_is_cancelled_from_another_terminal_is_told_in_true_numbers(
    newsroom: Newsroom,
) -> None:
    many(newsroom, 60, "25/s")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) >= 3)
    assert newsroom.run("report", follow=False).next == "newsletter status 1 --watch"
    assert newsroom.run("retry", "--failed", follow=False).next == "newsletter pause 1"
    done = newsroom.run("cancel", "--yes", follow=False)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 6, out + err
    assert f"{60 - len(newsroom.relay.received)} recipients spared" in done.out


def test_cancelling_without_a_terminal_wants_yes(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    ran = newsroom.run("cancel")
    assert ran.code == 4
    assert newsroom.campaigns()[0]["state"] == "scheduled"
    assert newsroom.run("cancel", "--yes").code == 0
    assert newsroom.campaigns()[0]["state"] == "cancelled"


def test_a_scheduled_campaign_is_listed_moved_run_when_due_and_only_once(
    newsroom: Newsroom,
) -> None:
    ran = newsroom.run(*SEND, "--at", "2100-01-01 10:00 Europe/Rome")
    assert ran.code == 0
    assert "2100-01-01" in newsroom.run("schedule", "list").out
    assert newsroom.run("schedule", "move", "1", "2100-02-01 09:00").code == 0
    assert "2100-02-01 09:00" in newsroom.run("schedule", "list").out
    assert "nothing is due" in newsroom.run("run-due").out
    assert not newsroom.relay.received
    due_now(newsroom)
    assert newsroom.run("run-due").code == 0
    assert newsroom.run("run-due").code == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


def test_a_campaign_that_waits_for_its_time_is_told_how_it_gets_another_one(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    past = newsroom.run("schedule", "move", "1", "2020-01-01 10:00")
    assert (past.code, "--at" in past.err) == (2, False)
    assert "name a later time\n" in past.err
    early = newsroom.run("resume", "1")
    assert (early.code, early.next) == (2, "newsletter schedule list")
    assert "it is sent at 2100-01-01 10:00" in early.err
    assert "schedule move gives it another time" in early.err


def test_one_that_was_paused_before_its_time_waits_for_it_again(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    assert "campaign 1 is paused" in newsroom.run("pause", "1", follow=False).out
    assert newsroom.campaigns()[0]["state"] == "paused"
    early = newsroom.run("resume")
    assert (early.code, early.next) == (0, "newsletter schedule list")
    assert "is sent at 2100-01-01 10:00" in early.out
    assert newsroom.campaigns()[0]["state"] == "scheduled"
    assert not newsroom.relay.received

    assert newsroom.run("pause", "1", follow=False).code == 0
    due_now(newsroom)
    assert newsroom.run("resume").code == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


def test_a_number_that_there_is_not_hits_no_campaign_by_the_name_of_its_issue(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    for slip in ("2", "20", "01", "1.0", "-1", "٢"):
        ran = newsroom.run("schedule", "cancel", slip, follow=False)
        assert ran.code == 2, slip
    assert newsroom.campaigns()[0]["state"] == "scheduled"
    assert newsroom.run("schedule", "cancel", "2026").code == 0


def test_a_beginning_that_may_mean_two_issues_steers_neither(newsroom: Newsroom) -> None:
    copy = ISSUE.replace("news", "news-two")
    shutil.copytree(newsroom.root / "issues" / ISSUE, newsroom.root / "issues" / copy)
    for issue in (ISSUE, copy):
        newsroom.run("send", issue, "--yes", "--at", "2100-01-01 10:00", follow=False)
    ran = newsroom.run("schedule", "cancel", "2026-11", follow=False)
    assert (ran.code, f"may mean {ISSUE}, {copy}" in ran.err) == (2, True)
    assert "write more of the name" in ran.err
    assert newsroom.run("schedule", "cancel", ISSUE, follow=False).code == 0
    states = {each["slug"]: each["state"] for each in newsroom.campaigns()}
    assert states == {ISSUE: "cancelled", copy: "scheduled"}


def test_what_is_missed_by_more_than_the_grace_asks_instead_of_going_out(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    due_now(newsroom, dt.timedelta(hours=3))
    ran = newsroom.run("run-due")
    assert ran.code == 6
    assert "missed its time" in ran.said
    assert not newsroom.relay.received
    assert "missed" in newsroom.run("schedule", "list").out
    assert newsroom.run("schedule", "move", "1", "2100-02-01 09:00").code == 0
    assert newsroom.run("schedule", "cancel", "1").code == 0
    assert "nothing is scheduled" in newsroom.run("schedule", "list").out


@pytest.mark.slow
def test_a_worker_sends_what_comes_due_and_stops_at_sigterm(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)
    child = newsroom.child("worker", "--every", "0.1")
    wait_until(lambda: newsroom.campaigns()[0]["state"] == "finished")
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    assert "finished, 5 accepted" in out


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_cron_runs_cleanly_and_only_a_person_pauses_it(
    newsroom: Newsroom, number: signal.Signals
) -> None:
    by_hand = number is signal.SIGINT
    readers = many(newsroom, 60, "25/s")
    newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)
    child = newsroom.child("run-due", "--format", "json")
    wait_until(lambda: len(newsroom.relay.received) >= 5)
    child.send_signal(number)
    out, _ = child.communicate(timeout=120)
    assert child.returncode == (6 if by_hand else 75), out
    (ran,) = json.loads(out)["ran"]
    assert ran["campaign"]["state"] == ("paused" if by_hand else "waiting")
    assert ran["counts"]["accepted"] == len(newsroom.relay.received) < len(readers)
    assert newsroom.run("ledger", "verify", follow=False).code == 0


def test_a_pause_holds_though_the_run_was_killed_with_nothing_in_hand(newsroom: Newsroom) -> None:
    many(newsroom, 20, "500/s")
    newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)
    with Ledger.open(newsroom.ledger) as ledger:  # and then this process is gone
        ledger.begin_run(CampaignId(1), dt.datetime.now(dt.UTC))
    paused = newsroom.run("pause", "1", follow=False)
    assert paused.code == 0
    assert newsroom.campaigns()[0]["state"] == "paused"
    assert "nothing is due" in newsroom.run("run-due", follow=False).out
    assert not newsroom.relay.received


def test_a_retry_of_a_paused_campaign_queues_and_sends_nothing(newsroom: Newsroom) -> None:
    newsroom.relay._answers[ANNA] = ["450 4.2.0 later"] * 9
    newsroom.edit("newsletter.toml", "connections = 4", "connections = 1")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) == len(EVERYBODY) - 1)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=120)
    assert newsroom.campaigns()[0]["state"] == "paused"
    ran = newsroom.run("retry", "--deferred")
    assert ran.code == 6, ran.said
    assert "next: newsletter resume 1" in ran.out
    assert len(newsroom.relay.received) == len(EVERYBODY) - 1
    newsroom.relay._answers.clear()
    assert newsroom.run("resume").code == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


@pytest.mark.slow
def test_a_worker_that_is_stopped_answers_with_one_json_object(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, follow=False)
    child = newsroom.child("worker", "--format", "json", "--every", "0.1")
    wait_until(lambda: catches(child.pid, signal.SIGTERM))
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=120)
    assert (child.returncode, json.loads(out)) == (0, {"stopped": True})


@pytest.mark.parametrize(
    "url", ["sqlite:///kept/l.db", "sqlite+pysqlite:///kept/l.db", "kept/l.db"]
)
def test_a_ledger_is_the_same_by_path_or_address_from_any_folder(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("NEWSLETTER_LEDGER", url)
    monkeypatch.chdir(newsroom.root / "issues")
    assert newsroom.run(*SEND, follow=False).code == 0
    assert (newsroom.root / "kept" / "l.db").exists()
    monkeypatch.setenv("NEWSLETTER_LEDGER", f"sqlite:///{newsroom.root}/kept/l.db")
    assert "finished" in newsroom.run("status", follow=False).out
    assert {file.parent.name for file in newsroom.root.rglob("*.lock")} == {"kept"}


@pytest.mark.parametrize(
    "words",
    [
        ("cancel",),
        ("cancel", "--yes"),
        ("schedule", "cancel"),
        ("schedule", "move", "1", "2100-01-01 10:00"),
        ("resume",),
        ("pause",),
    ],
)
def test_what_is_over_is_not_steered_and_the_next_command_only_looks(
    newsroom: Newsroom, words: tuple[str, ...]
) -> None:
    newsroom.run(*SEND, follow=False)
    ran = newsroom.run(*words)
    assert ran.code == 2
    assert ran.next.startswith("newsletter status ")


def test_an_empty_profile_in_the_environment_names_none(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_PROFILE", "")
    assert newsroom.run("plan", ISSUE, follow=False).code == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [(OSError(28, "No space left"), 1), (ZeroDivisionError(), 1), (KeyboardInterrupt(), 130)],
)
def test_what_nobody_foresaw_is_one_json_object_too(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, fault: BaseException, code: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("newsletter.cli.desk.open_app", fail)
    ran = newsroom.run("status", "--format", "json", follow=False)
    assert ran.object["exit_code"] == ran.code == code
    assert not ran.err


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-10-25 02:30 Europe/Rome", "passed"),
        ("2027-10-31 02:30 Europe/Rome", "twice"),
        ("2027-03-28 02:30 Europe/Rome", "does not exist"),
        ("2020-01-01 10:00", "has passed"),
        ("tomorrow", "2026-12-03 10:00"),
        ("2100-01-01 10:00 Europe/Roma", "Europe/Rome"),
    ],
)
def test_a_time_that_is_past_ambiguous_or_does_not_exist_is_refused(
    newsroom: Newsroom, at: str, told: str
) -> None:
    ran = newsroom.run(*SEND, "--at", at)
    assert ran.code == 2
    if not (at.startswith("2026-10-25") and "twice" in ran.err):
        assert told in ran.err
    assert newsroom.nothing_happened()
