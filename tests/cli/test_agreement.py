"""What the officer agrees to, and the ways to look before: nothing goes out without her word."""

import re

import pytest

from newsletter.inbox.server import StagingInbox
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom
from tests.cli.readers import ANNA, SEND, due_now, filed
from tests.cli.relay import parsed

pytestmark = pytest.mark.slow  # real messages over real SMTP


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
    assert "1 recipient has no first_name" in ran.err
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
    assert newsroom.run("resume", "1").code == 0  # it waits for its time again
    assert newsroom.relay.recipients == []
    due_now(newsroom)
    assert newsroom.run("run-due").code == 0
    assert set(newsroom.relay.recipients) == EVERYBODY


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
