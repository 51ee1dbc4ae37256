"""How long a deferral is tried, and what becomes of doubt, is said before and frozen with it."""

import datetime as dt
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from newsletter.values import seconds_of
from tests.cli.doubting import dropping, send_to
from tests.cli.newsroom import ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, BRUNO, SEND, many
from tests.cli.relay import Relay

LATER = "451 4.3.0 later"


@pytest.fixture
def relay() -> Iterator[Relay]:
    """One reader is deferred again and again."""
    with Relay(dict.fromkeys((ANNA, "r0000@soci.example"), [LATER] * 9)) as running:
        yield running


def terms_of(room: Newsroom) -> dict[str, object]:
    """What was frozen with the newest campaign."""
    found: dict[str, object] = room.campaigns()[0]["terms"]
    return found


@pytest.mark.slow
def test_the_waits_are_the_settings_and_frozen_with_the_campaign(newsroom: Newsroom) -> None:
    plain = 'connections = 4\nretry_schedule = ["10 min", "3 h"]\ngive_up_after = "2 d"\n'
    newsroom.edit("newsletter.toml", "connections = 4\n", plain)
    assert newsroom.run(*SEND).code == 75
    newsroom.edit("newsletter.toml", '["10 min", "3 h"]', '["1 s"]')
    assert terms_of(newsroom)["retry_schedule"] == [600, 10_800]
    assert terms_of(newsroom)["give_up_after"] == 172_800
    with closing(sqlite3.connect(newsroom.ledger)) as direct:
        last, following = direct.execute(
            "SELECT last_tried, next_at FROM delivery WHERE state = 'deferred'"
        ).fetchone()
    assert 600 <= (following - last) / 1e6 <= 660


@pytest.mark.slow
def test_a_deferral_that_would_come_too_late_is_given_up_and_may_be_tried_by_hand(
    newsroom: Newsroom,
) -> None:
    plain = 'connections = 4\nretry_schedule = ["10 min"]\ngive_up_after = "5 min"\n'
    newsroom.edit("newsletter.toml", "connections = 4\n", plain)
    assert newsroom.run(*SEND).code == 6
    status = newsroom.run("status", "1", "--failed")
    assert "expired   1" in status.out
    assert "given up: deferred for too long" in status.out
    assert newsroom.run("retry", "--deferred", follow=False).code == 2
    assert newsroom.run("retry", "--failed", follow=False).code == 6
    assert newsroom.relay.connections >= 2
    assert newsroom.run("ledger", "verify").code == 0


@pytest.mark.slow
def test_a_campaign_with_nobody_to_retry_or_that_is_cancelled_is_left_alone(
    newsroom: Newsroom,
) -> None:
    assert newsroom.run(*SEND, follow=False).code == 75
    nobody = newsroom.run("retry", "--failed")
    assert nobody.code == 2
    assert "has nobody refused or expired" in nobody.err
    assert newsroom.run("cancel", "1", "--yes", follow=False).code == 0
    gone = newsroom.run("retry", "1", "--deferred", follow=False)
    assert gone.code == 2
    assert "campaign 1 is cancelled" in gone.err
    assert newsroom.run("retry", "1", follow=False).code == 2


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retry_schedule", "[]"),
        ("retry_schedule", '["often"]'),
        ("retry_schedule", '["0 s"]'),
        ("give_up_after", '"48"'),
        ("give_up_after", '"31 d"'),
        ("give_up_after", "48"),
    ],
)
def test_a_wait_that_is_no_length_of_time_is_told(newsroom: Newsroom, key: str, value: str) -> None:
    newsroom.edit("newsletter.toml", "connections = 4", f"connections = 4\n{key} = {value}")
    ran = newsroom.run("plan", ISSUE)
    assert ran.code == 2
    assert key in ran.err


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90 s", 90), ("5min", 300), (" 4 h ", 14_400), ("2 d", 172_800), ("30 d", 2_592_000)],
)
def test_a_length_of_time_is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds == dt.timedelta(seconds=seconds).total_seconds()


@pytest.mark.slow
def test_doubt_is_sent_again_where_that_was_chosen_for_one_send(newsroom: Newsroom) -> None:
    planned = newsroom.run("plan", ISSUE, "--on-doubt", "resend")
    assert "Doubt     sent once more" in planned.out
    assert planned.next.endswith("--on-doubt resend")
    assert "Doubt" not in newsroom.run("plan", ISSUE).out
    with dropping(BRUNO) as relay:
        assert send_to(newsroom, relay, "--on-doubt", "resend").code == 0
        assert relay.taken.count(relay.doubted[BRUNO]) == 1
    assert terms_of(newsroom)["on_doubt"] == "resend"
    for words in (("status", "1"), ("report", "1")):
        assert "1 may have it twice" in newsroom.run(*words, follow=False).out


@pytest.mark.slow
def test_a_time_or_an_address_that_cannot_be_read_says_what_to_type_next(
    newsroom: Newsroom,
) -> None:
    for words in (
        ("send", ISSUE, "--at", "tomorrow"),
        ("send", ISSUE, "--at", "2020-01-01 10:00"),
        ("send", ISSUE, "--at", "2030-01-01 10:00 Europe/Rom"),
        ("send", ISSUE, "--at", "2026-10-25 02:30 Europe/Rome"),
        ("status", "--recipient", "anna"),
        ("suppressions", "add", "anna"),
    ):
        newsroom.run("suppressions", "add", "nobody@soci.example", follow=False)
        ran = newsroom.run(*words)
        assert ran.code == 2
        assert ran.next
    assert newsroom.run("send", ISSUE, "--recipients", "-1", follow=False).code == 2


@pytest.mark.slow
def test_whoever_watches_sees_rate_end_and_the_next_try_while_another_process_sends(
    newsroom: Newsroom,
) -> None:
    many(newsroom, 400, "10/s")  # longer than anybody looks
    child = newsroom.child(*SEND)
    try:
        wait_until(lambda: len(newsroom.relay.received) > 12, 30)
        seen = newsroom.run("status", "1", follow=False)
        line = (
            r"accepted · 1 deferred \(next try \d\d:\d\d\) · \d+ waiting · \S+/s of 10/s · ends \d"
        )
        assert re.search(line, seen.out), seen.out
        told = newsroom.run("status", "1", "--format", "json", follow=False).object
        assert 0 < told["per_second"] <= 11
        assert dt.datetime.fromisoformat(told["ends"]) > dt.datetime.now(dt.UTC)
        watching = newsroom.child("status", "--watch")
        assert watching.stdout
        assert re.search(line, watching.stdout.readline())
    finally:
        child.kill()
        child.communicate()
    watching.communicate(timeout=120)
