"""Who gets what, and what the relay answers, through the command line and a real SMTP server."""

import re
import signal
from email.utils import getaddresses

import pytest

from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, BRUNO, DARIO, SEND, due_now, html_of
from tests.cli.relay import Relay, parsed

pytestmark = pytest.mark.slow  # real messages over real SMTP


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


@pytest.mark.slow
def test_a_deferral_is_tried_again_and_ends_accepted(newsroom: Newsroom, relay: Relay) -> None:
    relay._answers = {BRUNO: ["451 4.3.0 try again later"]}
    child = newsroom.child(*SEND)
    wait_until(lambda: len(relay.received) == 4 and not relay._answers[BRUNO])
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=120)
    assert child.returncode == 6
    assert re.search(r"deferred +1 +20.0% +next try 20\d\d-", out)
    due_now(newsroom, column="delivery.next_at")
    assert newsroom.run("resume").code == 0
    assert relay.counts == dict.fromkeys(EVERYBODY, 1)
    attempts = newsroom.run("status", "--recipient", BRUNO).out
    assert "451" in attempts
    assert "try 2" in attempts


def test_a_canary_larger_than_the_audience_is_everybody(newsroom: Newsroom) -> None:
    assert newsroom.run(*SEND, "--canary", "99999999999999999999999").code == 0
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
