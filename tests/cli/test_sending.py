"""What sending promises, kept through the command line and a real SMTP server on loopback."""

import datetime as dt
import html
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from email.utils import getaddresses
from pathlib import Path

import pytest

from newsletter.inbox.server import InboxThread, StagingInbox
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.relay import Relay, parsed

ANNA = "anna.rossi@soci.example"
BRUNO = "bruno.weiss@soci.example"
DARIO = "dario.neri@soci.example"
SEND = ("send", ISSUE, "--yes")


def html_of(room: Newsroom, reader: str) -> str:
    """A reader's page as her mail program decodes it."""
    body = room.relay.message_of(reader).get_body(("html",))
    assert body
    return html.unescape(str(body.get_content()))


def many(room: Newsroom, count: int, rate: str) -> set[str]:
    """One list with many readers, and a rate."""
    readers = [f"r{number:04d}@soci.example" for number in range(count)]
    rows = "".join(f"{reader},Reader,{reader[1:5]},it,,IT\n" for reader in readers)
    room.write(
        "subscribers/members.csv", f"email,first_name,last_name,language,interests,country\n{rows}"
    )
    (room.root / "subscribers/partners.csv").unlink()
    room.edit("newsletter.toml", 'rate = "500/s"', f'rate = "{rate}"')
    return set(readers)


# Who gets what


def test_everybody_gets_one_message_though_lists_overlap(newsroom: Newsroom) -> None:
    ran = newsroom.run(*SEND)
    assert ran.code == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    assert "6 rows on lists · overlap −1 = 5" in ran.out


def test_only_readers_in_the_segment_get_its_section(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    assert "La Cina" in html_of(newsroom, ANNA)
    assert "China" not in html_of(newsroom, BRUNO)
    for reader in (BRUNO, DARIO):
        whole = newsroom.relay.message_of(reader).as_string()
        assert "Biomedicina" not in whole
        assert "tavolo" not in whole


def test_every_slot_is_filled_with_the_readers_own_words_or_the_default(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND)
    assert newsroom.relay.message_of(ANNA)["Subject"] == "Notizie per Anna"
    assert newsroom.relay.message_of(BRUNO)["Subject"] == "News for Bruno"
    assert newsroom.relay.message_of(DARIO)["Subject"] == "Notizie per voi"
    assert "Caro Anna Rossi, un saluto da IT." in re.sub(r"<[^>]+>", "", html_of(newsroom, ANNA))
    assert "Caro lettore" in html_of(newsroom, DARIO)
    for _, content in newsroom.relay.received:
        message = parsed(content)
        whole = str(message.get_body(("html",))) + str(message.get_body(("plain",)))
        assert "{{" not in whole
        assert not re.search("[\ue000-\uf8ff]", whole)


def test_every_message_has_the_headers_of_a_mailing_list(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    seen: set[str] = set()
    for reader, content in newsroom.relay.received:
        message = parsed(content)
        assert getaddresses([str(message["To"])])[0][1] == reader
        assert str(message["From"]) == "Cluster ALISEI <news@alisei.example>"
        assert "<news.alisei.example>" in message["List-Id"]
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "https://news.alisei.example/u/" in message["List-Unsubscribe"]
        assert "mailto:" in message["List-Unsubscribe"]
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert content.isascii()
        seen.update((message["Message-ID"], message["List-Unsubscribe"]))
    assert len(seen) == 2 * len(EVERYBODY)


def test_a_plan_and_its_send_count_alike(newsroom: Newsroom) -> None:
    newsroom.run("suppressions", "add", BRUNO, "--reason", "complained")
    planned = newsroom.run("plan", ISSUE, "--exclude", "partners", "--format", "json").object
    sums = planned["arithmetic"]
    assert planned["recipients"] == 2
    assert sums["on_lists"] == 6
    assert planned["sections"] == {"report": 2, "china": 1}
    assert newsroom.run(*SEND, "--exclude", "partners").code == 0
    assert sorted(newsroom.relay.recipients) == ["carla.dubois@soci.example", DARIO]


def test_lists_and_segments_narrow_a_send(newsroom: Newsroom) -> None:
    assert newsroom.run(*SEND, "--list", "members", "--segment", "italians").code == 0
    assert sorted(newsroom.relay.recipients) == [ANNA, DARIO]


def test_the_suppressed_get_nothing(newsroom: Newsroom) -> None:
    newsroom.run("subscribers", "unsubscribe", ANNA.upper().replace("EXAMPLE", "example"))
    assert newsroom.run(*SEND).code == 0
    assert ANNA not in newsroom.relay.recipients
    assert len(newsroom.relay.recipients) == 4


def test_who_is_suppressed_after_recording_gets_nothing(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    newsroom.run("suppressions", "add", ANNA)
    due_now(newsroom)
    ran = newsroom.run("run-due", follow=False)
    assert ran.code == 0, ran.said
    assert set(newsroom.relay.recipients) == EVERYBODY - {ANNA}
    assert "suppressed" in newsroom.run("status", "--recipient", ANNA).out


# Agreement


def test_without_a_terminal_and_without_agreement_nothing_is_recorded(newsroom: Newsroom) -> None:
    ran = newsroom.run("send", ISSUE)
    assert ran.code == 4
    assert ran.next == f"newsletter send {ISSUE} --recipients 5"
    assert newsroom.nothing_happened()
    assert newsroom.run(*ran.next.split()[1:]).code == 0
    assert len(newsroom.relay.received) == 5


def test_another_number_of_recipients_than_agreed_stops_with_5(newsroom: Newsroom) -> None:
    ran = newsroom.run("send", ISSUE, "--recipients", "6")
    assert ran.code == 5
    assert "agreed to 6 recipients, the plan has 5" in ran.err
    assert newsroom.nothing_happened()


def test_yes_never_skips_that_people_had_this_issue_already(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, "--list", "partners")
    ran = newsroom.run(*SEND)
    assert ran.code == 4
    assert "! 2 of 5 recipients were accepted for another campaign of this issue" in ran.out
    assert len(newsroom.relay.received) == 2
    assert newsroom.run("send", ISSUE, "--recipients", "5").code == 4
    assert newsroom.run(*ran.next.split()[1:]).code == 0
    assert newsroom.relay.counts[ANNA] == 2


def test_a_failing_check_stops_with_3(newsroom: Newsroom) -> None:
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "first_name | 'voi'", "surname")
    ran = newsroom.run(*SEND)
    assert ran.code == 3
    assert "surname" in ran.err
    assert newsroom.nothing_happened()


def test_a_slot_without_default_that_a_row_leaves_empty_stops_with_3(newsroom: Newsroom) -> None:
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "{{ first_name | 'voi' }}", "{{ first_name }}")
    ran = newsroom.run(*SEND)
    assert ran.code == 3
    assert "1 recipients have no 'first_name'" in ran.err
    assert newsroom.nothing_happened()


def test_a_second_send_of_an_unfinished_campaign_is_refused_with_the_way_to_go_on(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    assert newsroom.run(*SEND).next == "newsletter schedule list"
    newsroom.run("pause")
    ran = newsroom.run(*SEND)
    assert ran.code == 2
    assert ran.next == "newsletter resume 1"
    assert len(newsroom.campaigns()) == 1
    assert newsroom.run("resume", "1").code == 0
    assert set(newsroom.relay.recipients) == EVERYBODY


# Tests, staging, dry runs


@pytest.fixture
def staging(newsroom: Newsroom) -> Iterator[StagingInbox]:
    """No relay is named: all goes to a staging inbox."""
    text = (newsroom.root / "newsletter.toml").read_text()
    inbox = StagingInbox(newsroom.root / ".newsletter" / "inbox", port=0)
    with InboxThread(inbox):
        text = re.sub(r"^port = \d+$", f"port = {inbox.port}", text, count=1, flags=re.MULTILINE)
        newsroom.write("newsletter.toml", text.partition("\n[relay]")[0])
        yield inbox


def filed(room: Newsroom) -> list[Path]:
    """The files of the staging inbox."""
    folder = room.root / ".newsletter" / "inbox"
    return sorted([*folder.glob("new/*"), *folder.glob("cur/*")])


def test_a_test_goes_to_the_staging_address_marked_and_never_into_a_campaign(
    newsroom: Newsroom, staging: StagingInbox
) -> None:
    ran = newsroom.run("test", ISSUE)
    assert ran.code == 0
    messages = [parsed(path.read_bytes()) for path in filed(newsroom)]
    assert len(messages) == staging.received == 4
    for message in messages:
        assert "prova@staging.example" in str(message["To"])
        assert str(message["Subject"]).startswith("[TEST] ")
        assert message["X-Newsletter-Test"] == "yes"
    assert not newsroom.ledger.exists()
    assert "this content" in newsroom.run("plan", ISSUE).out
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "In breve.", "In due parole.")
    assert "changed since" in newsroom.run("plan", ISSUE).out


def test_a_test_as_one_reader_goes_to_a_named_staging_address(
    newsroom: Newsroom, staging: StagingInbox
) -> None:
    ran = newsroom.run("test", ISSUE, "--as", ANNA, "--to", "capo@staging.example")
    assert ran.code == 0
    assert staging.received == 1
    message = parsed(filed(newsroom)[0].read_bytes())
    assert "capo@staging.example" in str(message["To"])
    assert message["Subject"] == "[TEST] Notizie per Anna"


def test_under_the_staging_profile_no_reader_is_written_to(newsroom: Newsroom) -> None:
    ran = newsroom.run(*SEND, "--profile", "staging")
    assert ran.code == 0
    assert len(set(newsroom.relay.recipients)) == 5
    for recipient, content in newsroom.relay.received:
        assert re.fullmatch(r"prova\+[a-z0-9.]+@staging\.example", recipient)
        assert recipient in str(parsed(content)["To"])
    assert newsroom.run(*SEND).code == 0, "a staging campaign stands in nobody's way"


def test_a_dry_run_writes_the_bytes_of_the_real_send_and_records_nothing(
    newsroom: Newsroom,
) -> None:
    ran = newsroom.run("send", ISSUE, "--dry-run")
    assert ran.code == 0
    assert "would send 5 messages; nothing was sent or recorded" in ran.out
    assert newsroom.nothing_happened()
    assert not newsroom.ledger.exists()
    folder = newsroom.root / "build" / ISSUE / "dry-run"
    dry = {without_instant(path.read_bytes()) for path in folder.glob("*.eml")}
    newsroom.run(*SEND)
    assert {without_instant(content) for _, content in newsroom.relay.received} == dry


def without_instant(content: bytes) -> bytes:
    """A message without Date and Message-ID."""
    return re.sub(
        rb"^(Date|Message-ID):.*(\r\n[ \t].*)*\r\n",
        b"",
        content,
        flags=re.MULTILINE | re.IGNORECASE,
    )


# What the relay answers


def test_a_dead_address_is_refused_listed_and_never_mailed_again(
    newsroom: Newsroom, relay: Relay
) -> None:
    relay._answers = {ANNA: ["550 5.1.1 no such user"]}
    ran = newsroom.run(*SEND)
    assert ran.code == 6
    failed = newsroom.run("status", "--failed")
    assert f"{ANNA}  refused" in failed.out
    assert "5.1.1 no such user" in failed.out
    assert ANNA in newsroom.run("suppressions", "list").out
    report = newsroom.run("report", "--format", "json").object
    assert report["refused"] == [{"code": "5.1.1", "words": "no such user", "count": 1}]
    assert not report["complete"]
    retried = newsroom.run("retry", "--failed")
    assert ANNA not in relay.recipients, retried.said


def test_a_deferral_is_tried_again_and_ends_accepted(newsroom: Newsroom, relay: Relay) -> None:
    relay._answers = {BRUNO: ["451 4.3.0 try again later"]}
    ran = newsroom.run(*SEND)
    assert ran.code in {0, 6, 75}
    if ran.code:
        assert "deferred" in ran.out
        assert newsroom.run("retry", "--deferred").code == 0
    assert relay.counts == dict.fromkeys(EVERYBODY, 1)
    attempts = newsroom.run("status", "--recipient", BRUNO).out
    assert "451" in attempts
    assert "try 2" in attempts


# Pausing


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_pauses_cleanly_and_resume_completes_exactly_once(
    newsroom: Newsroom, number: signal.Signals
) -> None:
    readers = many(newsroom, 60, "25/s")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) >= 5)
    child.send_signal(number)
    out, err = child.communicate(timeout=20)
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
def test_another_terminal_pauses_a_run_and_cancels_the_rest(newsroom: Newsroom) -> None:
    readers = many(newsroom, 60, "25/s")
    child = newsroom.child(*SEND)
    wait_until(lambda: len(newsroom.relay.received) >= 3)
    ran = newsroom.run("pause")
    out, err = child.communicate(timeout=20)
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


def test_cancelling_without_a_terminal_wants_yes(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, "--at", "2100-01-01 10:00")
    ran = newsroom.run("cancel")
    assert ran.code == 4
    assert newsroom.campaigns()[0]["state"] == "scheduled"
    assert newsroom.run("cancel", "--yes").code == 0
    assert newsroom.campaigns()[0]["state"] == "cancelled"


# Times


def due_now(room: Newsroom, late: dt.timedelta = dt.timedelta(seconds=1)) -> None:
    """Let a scheduled campaign's time be just past, as time itself would."""
    import sqlite3

    with sqlite3.connect(room.ledger) as direct:
        ((stored,),) = direct.execute("SELECT due_at FROM campaign")
        past = dt.datetime.now(dt.UTC) - late
        if isinstance(stored, str):
            direct.execute("UPDATE campaign SET due_at = ?", (past.isoformat(),))
        else:
            direct.execute("UPDATE campaign SET due_at = ?", (int(past.timestamp() * 1e6),))
    direct.close()


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
    wait_until(lambda: len(newsroom.relay.received) == 5)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 0
    assert "finished, 5 accepted" in out


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


# Afterwards


def test_a_report_is_shown_and_saved_and_no_cell_is_a_formula(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    ran = newsroom.run("report", "--save")
    assert "accepted  5  100.0%" in ran.out
    assert "complete" in ran.out
    rows = (newsroom.root / "reports" / "1.csv").read_text().splitlines()
    assert len(rows) == 6
    assert not [row for row in rows if row.startswith(("=", "+", "-", "@"))]
    assert "| accepted | 5 | 100.0% |" in (newsroom.root / "reports" / "1.md").read_text()


def test_the_ledger_is_backed_up_whole_and_never_over_a_file(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    assert newsroom.run("ledger", "backup", "copy.db").code == 0
    assert newsroom.run("ledger", "backup", "copy.db").code == 2
    newsroom.edit("newsletter.toml", "connections = 4", 'connections = 4\nledger = "copy.db"')
    assert newsroom.run("ledger", "verify").code == 0
    assert newsroom.run("status", "--format", "json").object["progress"]["counts"]["accepted"] == 5


def test_a_reader_is_shown_with_every_message_and_suppression(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    newsroom.run("subscribers", "unsubscribe", ANNA, "--note", "by phone")
    shown = newsroom.run("subscribers", "show", ANNA).out
    assert "on members, partners" in shown
    assert "in segments china, italians" in shown
    assert "never mailed: unsubscribed" in shown
    assert "by phone" in shown
    assert f"campaign 1 ({ISSUE}): accepted" in shown
    assert newsroom.run("suppressions", "remove", ANNA).code == 4
    assert newsroom.run("suppressions", "remove", ANNA, "--yes").code == 0
    assert "nobody is suppressed" in newsroom.run("suppressions", "list").out


@pytest.mark.parametrize(
    "words",
    [
        ("check",),
        ("issue", "list"),
        ("issue", "show", ISSUE),
        ("build", ISSUE),
        ("preview", ISSUE),
        ("plan", ISSUE),
        ("lists",),
        ("segments", "list"),
        ("segments", "count", "china"),
        ("segments", "explain", "china", "--as", ANNA),
        ("subscribers", "check"),
        ("subscribers", "show", ANNA),
        ("suppressions", "list"),
        ("schedule", "list"),
        ("status",),
        ("run-due",),
        ("issue", "new", "2026-12-more"),
    ],
)
def test_every_command_answers_with_one_json_object(
    newsroom: Newsroom, words: tuple[str, ...]
) -> None:
    ran = newsroom.run(*words, "--format", "json")
    assert ran.code == 0, ran.said
    assert isinstance(json.loads(ran.out), dict)
    assert not ran.err


@pytest.mark.slow
def test_the_number_typed_in_a_terminal_agrees(newsroom: Newsroom) -> None:
    import os
    import pty
    import sys

    from tests.cli.newsroom import clean_environment

    mine, theirs = pty.openpty()
    child = subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, "-m", "newsletter", "send", ISSUE],
        cwd=newsroom.root,
        env=clean_environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(mine, b"5\n")
    out, err = child.communicate(timeout=20)
    os.close(mine)
    os.close(theirs)
    assert child.returncode == 0, out + err
    assert "Type the number of recipients to send (5)" in out
    assert set(newsroom.relay.recipients) == EVERYBODY
