"""What comes back: sent for real, bounced as servers do it, read by the real commands."""

import re
from pathlib import Path

import pytest

from newsletter.feedback.parse import parse
from newsletter.ledger.ledger import Ledger
from newsletter.values import Address
from tests.cli.newsroom import ISSUE, Newsroom, Ran
from tests.cli.relay import parsed
from tests.feedback.mails import mail

SEND = ("send", ISSUE, "--yes")
ANNA, BRUNO, CARLA = (
    "anna.rossi@soci.example",
    "bruno.weiss@soci.example",
    "carla.dubois@soci.example",
)


@pytest.fixture
def sent(newsroom: Newsroom) -> Newsroom:
    """A campaign was sent, each message by a return path of its own."""
    settings = '[sender]\nbounce_address = "bounces@alisei.example"'
    newsroom.edit("newsletter.toml", "[sender]", settings)
    for part in ("new", "cur", "tmp"):
        (newsroom.root / "bounces" / part).mkdir(parents=True)
    with (newsroom.root / "newsletter.toml").open("a") as file:
        file.write('\n[feedback]\nmaildir = "bounces"\n')
    assert newsroom.run(*SEND, follow=False).code == 0
    return newsroom


def bounce(
    newsroom: Newsroom,
    reader: str,
    status: str = "5.1.1",
    answer: str = "550 5.1.1 no such user",
    *,
    path: str | None = None,
    number: int = 1,
) -> bytes:
    """What a server returns of a reader's message; ``path`` is where it is sent."""
    original = newsroom.relay.message_of(reader)
    head = "".join(f"{name}: {original[name]}\n" for name in ("From", "To", "Message-ID"))
    body = (
        "--b\nContent-Type: text/plain\n\nIt could not be delivered.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.soci.example\n\n"
        f"Final-Recipient: rfc822; {reader}\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {answer}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{head}\n--b--\n"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    to = newsroom.relay.senders[reader] if path is None else path
    return mail(body, Content_Type=kind, To=to, Message_ID=f"<{number}.{reader}>")


def deliver(newsroom: Newsroom, *mails: bytes) -> None:
    """Into the Maildir of the settings."""
    for number, raw in enumerate(mails):
        name = f"{len(list(newsroom.root.glob('bounces/*/*')))}.{number}"
        newsroom.write(f"bounces/new/{name}", raw)


def unseen(newsroom: Newsroom) -> list[Path]:
    """What still waits for a person."""
    return [path for path in newsroom.root.glob("bounces/*/*") if not path.name.endswith("S")]


def reason(newsroom: Newsroom, reader: str) -> str | None:
    """Why a reader is never mailed."""
    with Ledger.open(newsroom.ledger) as ledger:
        found = ledger.suppression_of(Address(reader))
    return found.reason if found else None


@pytest.mark.slow
def test_a_hard_bounce_by_our_own_path_silences_and_everything_shows_it(sent: Newsroom) -> None:
    deliver(sent, bounce(sent, ANNA))
    ran = sent.run("bounces", "fetch")
    assert ran.code == 0
    assert f"{ANNA} is never mailed again: no such mailbox" in ran.out
    assert unseen(sent) == []
    assert reason(sent, ANNA) == "bounced"
    assert "hard bounce: no such mailbox" in sent.run("bounces", "list").out
    assert "signed" in sent.run("bounces", "show", "1").out
    assert "hard bounce: no such mailbox, campaign 1" in sent.run("subscribers", "show", ANNA).out
    report = sent.run("report", "--save").out
    assert "came back  1 hard bounce, by the mailbox read at" in report
    assert "| hard bounces | 1 |" in (sent.root / "reports" / "1.md").read_text()
    assert "1 hard bounce" in sent.run("status", "1").out
    assert sent.run("report", "--format", "json").object["afterwards"]["hard"] == 1


@pytest.mark.slow
def test_the_next_issue_is_not_sent_to_who_bounced(sent: Newsroom) -> None:
    deliver(sent, bounce(sent, ANNA))
    sent.run("bounces", "fetch", follow=False)
    plan = sent.run("plan", ISSUE, follow=False)
    assert "bounced" in plan.out


@pytest.mark.slow
def test_reading_twice_changes_nothing(sent: Newsroom) -> None:
    raw = bounce(sent, ANNA, "5.2.2", "552 full")
    deliver(sent, raw)
    assert "1 bounce" in sent.run("bounces", "fetch", follow=False).out
    assert "nothing new" in sent.run("bounces", "fetch", follow=False).out
    deliver(sent, raw)
    assert "1 event known already" in sent.run("bounces", "fetch", follow=False).out
    assert len(sent.run("bounces", "list", "--format", "json").object["events"]) == 1


@pytest.mark.slow
def test_forged_bounces_silence_no_victim(sent: Newsroom) -> None:
    forged = bounce(sent, ANNA, path="bounces@alisei.example")
    nobody = re.sub(rb"Message-ID: <1\.\d+\.[^>]+>", b"Message-ID: <no@where>", forged)
    deliver(sent, *(nobody.replace(b"<1.anna", b"<%d.anna" % n) for n in range(20)))
    ran = sent.run("bounces", "fetch", follow=False)
    assert "20 events unproven" in ran.out
    assert reason(sent, ANNA) is None
    assert "(unproven)" in sent.run("bounces", "list", follow=False).out


@pytest.mark.slow
def test_one_bad_mail_never_stops_the_rest(sent: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(raw: bytes) -> object:
        if b"poison" in raw:
            message = "what no test thought of"
            raise RuntimeError(message)
        return parse(raw)

    monkeypatch.setattr("newsletter.app.bounces.parse", spoilt)
    deliver(sent, bounce(sent, ANNA), mail("poison"), bounce(sent, BRUNO))
    ran = sent.run("bounces", "fetch", follow=False)
    assert ran.code == 6
    assert "could not be read (RuntimeError): it stays unread" in ran.out
    assert len(unseen(sent)) == 1
    assert {reason(sent, ANNA), reason(sent, BRUNO)} == {"bounced"}


@pytest.mark.slow
def test_a_ledger_that_fails_leaves_the_mailbox_as_it_was(sent: Newsroom) -> None:
    deliver(sent, bounce(sent, ANNA))
    before = sorted(path.name for path in unseen(sent))
    kept = sent.ledger.read_bytes()
    sent.ledger.write_bytes(b"no ledger at all" * 100)
    assert sent.run("bounces", "fetch", follow=False).code == 2
    assert sorted(path.name for path in unseen(sent)) == before
    sent.ledger.write_bytes(kept)
    assert sent.run("bounces", "fetch", follow=False).code == 0
    assert reason(sent, ANNA) == "bounced"


@pytest.mark.slow
def test_a_letter_of_a_person_stays_unread(sent: Newsroom) -> None:
    person = {"From": CARLA, "Return-Path": f"<{CARLA}>"}
    wish = mail("Per favore cancellatemi.", Subject="Re: Notizie", **person)
    other = mail("Complimenti!", Subject="Brava", Message_ID="<2@x>", **person)
    deliver(sent, wish, other)
    ran = sent.run("bounces", "fetch")
    assert f"{CARLA} asks: Re: Notizie" in ran.out
    assert len(unseen(sent)) == 2
    assert reason(sent, CARLA) is None
    assert CARLA in sent.run("bounces", "list", "--unsubscribes").out


@pytest.mark.slow
def test_a_mail_programs_unsubscribe_is_obeyed(sent: Newsroom) -> None:
    header = str(sent.relay.message_of(BRUNO)["List-Unsubscribe"])
    subject = re.findall(r"mailto:[^?]+\?subject=([^>]+)>", header)[0].replace("%20", " ")
    deliver(sent, mail("", Subject=subject, From=BRUNO, Return_Path=f"<{BRUNO}>"))
    sent.run("bounces", "fetch", follow=False)
    assert reason(sent, BRUNO) == "unsubscribed"
    assert "1 unsubscribe" in sent.run("report", follow=False).out


@pytest.mark.slow
def test_a_complaint_silences_at_once(sent: Newsroom) -> None:
    message = next(raw for who, raw in sent.relay.received if who == ANNA)
    assert "/u/" in str(parsed(message)["List-Unsubscribe"])
    body = (
        b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n"
        b"--b\nContent-Type: message/rfc822\n\n" + message.replace(b"\r\n", b"\n") + b"\n--b--\n"
    )
    kind = 'multipart/report; report-type=feedback-report; boundary="b"'
    head = mail("", Content_Type=kind, From="fbl@big.example", Subject="complaint")
    deliver(sent, head + body)
    sent.run("bounces", "fetch", follow=False)
    assert reason(sent, ANNA) == "complained"
    assert ANNA in sent.run("complaints", "list").out


@pytest.mark.slow
def test_counts_are_reset_and_a_suppression_is_the_officers_to_lift(sent: Newsroom) -> None:
    deliver(sent, bounce(sent, ANNA))
    sent.run("bounces", "fetch", follow=False)
    ran = sent.run("bounces", "reset", ANNA)
    assert "1 bounce of" in ran.out
    assert ran.next == f"newsletter suppressions remove {ANNA} --yes"
    assert "(reset)" in sent.run("subscribers", "show", ANNA, follow=False).out


# A pipe


def piped(newsroom: Newsroom, raw: bytes, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """One mail on standard input."""
    path = newsroom.write("mail.eml", raw)
    with path.open("rb") as stream:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": stream}))
        return newsroom.run("bounces", "process", "-", follow=False)


@pytest.mark.slow
def test_one_mail_from_a_pipe_is_recorded(sent: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = piped(sent, bounce(sent, ANNA), monkeypatch)
    assert ran.code == 0
    assert reason(sent, ANNA) == "bounced"
    assert piped(sent, b"\xff\x00 nothing", monkeypatch).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["settings", "ledger"])
def test_whatever_hinders_the_mail_server_keeps_the_mail(
    sent: Newsroom, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = bounce(sent, ANNA)
    if fault == "settings":
        sent.edit("newsletter.toml", "[sender]", "[sender]\nnonsense = 1")
    else:
        sent.ledger.write_bytes(b"no ledger at all" * 100)
    assert piped(sent, raw, monkeypatch).code == 75


@pytest.mark.slow
def test_a_file_that_is_not_there_is_no_fault_of_the_program(sent: Newsroom) -> None:
    for name in ("nowhere.eml", "."):
        ran = sent.run("bounces", "process", name, follow=False)
        assert ran.code == 75
        assert f"{name} cannot be read" in ran.err
        assert "fault of this program" not in ran.err


@pytest.mark.slow
def test_a_real_process_reads_the_real_pipe(sent: Newsroom) -> None:
    import subprocess
    import sys

    from tests.cli.newsroom import clean_environment

    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "bounces", "process", "-"],
        cwd=sent.root,
        env=clean_environment(),
        input=bounce(sent, ANNA),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert reason(sent, ANNA) == "bounced"


# Settings


@pytest.mark.slow
def test_without_a_mailbox_it_says_which_there_can_be(newsroom: Newsroom) -> None:
    ran = newsroom.run("bounces", "fetch", follow=False)
    assert ran.code == 2
    assert "maildir" in ran.said
    assert "[feedback.imap]" in ran.said


def test_before_anything_came_back_the_lists_say_so(newsroom: Newsroom) -> None:
    assert "no bounces yet" in newsroom.run("bounces", "list").out
    assert "no complaints yet" in newsroom.run("complaints", "list").out
    assert newsroom.run("bounces", "show", "1").code == 2


# Script and formula through a bounce


@pytest.mark.slow
def test_script_through_a_bounce_is_shown_as_words(sent: Newsroom) -> None:
    answer = "550 5.1.1 <script>alert(1)</script> =cmd|' /C calc'!A0 \x1b[2J\x1b]0;owned\x07 | x"
    deliver(sent, bounce(sent, ANNA, answer=answer))
    for words in (
        ("bounces", "fetch"),
        ("bounces", "list"),
        ("bounces", "show", "1"),
        ("subscribers", "show", ANNA),
        ("report", "--save"),
        ("status", "1"),
    ):
        ran = sent.run(*words, follow=False)
        assert "\x1b" not in ran.said
        assert "\x07" not in ran.said
    saved = (sent.root / "reports" / "1.md").read_text() + (sent.root / "reports/1.csv").read_text()
    assert "<script>" not in saved
    assert "\n=" not in saved
    assert ",=" not in saved


@pytest.mark.slow
def test_a_campaign_that_was_not_recorded_has_no_list(sent: Newsroom) -> None:
    for words in (
        ("bounces", "list"),
        ("bounces", "list", "--unsubscribes"),
        ("complaints", "list"),
    ):
        assert sent.run(*words, "--campaign", "1").code == 0
        for number in ("2", "0", "-1", "99999999999999999999999"):
            ran = sent.run(*words, "--campaign", number)
            assert ran.code == 2
            assert f"there is no campaign {number}" in ran.err
            assert ran.next == "newsletter status"


@pytest.mark.slow
@pytest.mark.parametrize("number", ["7", "99999999999999999999999"])
def test_an_event_that_there_is_not_is_no_fault_of_the_program(sent: Newsroom, number: str) -> None:
    ran = sent.run("bounces", "show", number)
    assert (ran.code, ran.next) == (2, "newsletter bounces list")
    assert f"there is no event {number}" in ran.err


def test_before_anything_was_recorded_no_campaign_has_a_list(newsroom: Newsroom) -> None:
    assert newsroom.run("bounces", "list").code == 0
    ran = newsroom.run("bounces", "list", "--campaign", "1")
    assert (ran.code, "nothing was recorded here yet" in ran.err) == (2, True)
