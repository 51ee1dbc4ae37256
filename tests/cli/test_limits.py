"""The officer and the limits: canary, thresholds, quotas, several relays, slow domains."""

import sqlite3
from contextlib import closing

import pytest

from tests.cli.newsroom import ISSUE, Newsroom, wait_until
from tests.cli.relay import Relay


def readers(newsroom: Newsroom, count: int, domains: tuple[str, ...] = ("soci.example",)) -> None:
    """So many readers on one list, at these domains in turn."""
    header = "email,first_name,last_name,language,interests,country"
    rows = [f"r{n}@{domains[n % len(domains)]},R{n},,it,china,IT" for n in range(count)]
    newsroom.write("subscribers/members.csv", "\n".join([header, *rows]))
    (newsroom.root / "subscribers/partners.csv").unlink()


def settings(newsroom: Newsroom, text: str) -> None:
    """More in newsletter.toml."""
    path = newsroom.root / "newsletter.toml"
    path.write_text(f"{path.read_text()}\n{text}\n")


@pytest.mark.slow
def test_a_canary_is_sent_first_and_the_others_when_the_officer_resumes(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 12)
    ran = newsroom.run("send", ISSUE, "--yes", "--canary", "4")
    assert ran.code == 6
    assert "the first 4; the others when you resume it" in ran.out
    assert "canary: 4 of 4 accepted; it goes on when you resume it" in ran.out
    assert "stopping" not in ran.out
    assert len(newsroom.relay.received) == 4
    assert ran.next == "newsletter resume 1"
    assert newsroom.run("resume").code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 12


@pytest.mark.slow
def test_a_canary_goes_on_by_itself_after_a_short_time(newsroom: Newsroom) -> None:
    readers(newsroom, 9)
    ran = newsroom.run("send", ISSUE, "--yes", "--canary", "3", "--canary-wait", "1 s")
    assert ran.code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 9


@pytest.mark.slow
def test_a_canary_with_a_long_wait_is_carried_on_by_run_due_at_its_time(newsroom: Newsroom) -> None:
    readers(newsroom, 9)
    ran = newsroom.run("send", ISSUE, "--yes", "--canary", "3", "--canary-wait", "30 min")
    assert ran.code == 75
    assert "canary: 3 of 3 accepted; it goes on at" in ran.out
    assert newsroom.run("run-due").code == 0
    assert len(newsroom.relay.received) == 3
    an_hour_later(newsroom)
    assert newsroom.run("run-due").code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 9


@pytest.mark.slow
def test_a_canary_that_is_refused_asks_though_a_time_was_given(newsroom: Newsroom) -> None:
    readers(newsroom, 9)
    gone = {f"r{n}@soci.example": ["550 5.1.1 no such user"] for n in (0, 1)}
    with Relay(gone) as relay:
        newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {relay.port}")
        ran = newsroom.run("send", ISSUE, "--yes", "--canary", "3", "--canary-wait", "1 s")
    assert ran.code == 6
    assert "canary: 1 of 3 accepted; 2 of the last 3 were refused, more than 5 %" in ran.out
    assert len(relay.received) == 1


def test_a_canary_wait_needs_a_canary_and_a_length_of_time(newsroom: Newsroom) -> None:
    assert "add --canary N" in newsroom.run("send", ISSUE, "--canary-wait", "1 h").err
    ran = newsroom.run("send", ISSUE, "--canary", "2", "--canary-wait", "soon")
    assert (ran.code, "write 90 s, 5 min, 4 h or 2 d" in ran.err) == (2, True)
    assert newsroom.nothing_happened()


@pytest.mark.slow
def test_too_many_refusals_pause_the_run_by_itself(newsroom: Newsroom) -> None:
    readers(newsroom, 300)
    gone = {f"r{n}@soci.example": ["550 5.1.1 no such user"] for n in range(0, 300, 10)}
    with Relay(gone) as relay:
        newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {relay.port}")
        ran = newsroom.run("send", ISSUE, "--yes")
    assert ran.code == 6
    assert "were refused, more than 5 %" in ran.out
    assert 80 <= len(relay.received) <= 120
    assert ran.next == "newsletter resume 1"


@pytest.mark.slow
def test_a_quota_holds_over_restarts_and_the_campaign_says_when_it_goes_on(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 20)
    settings(newsroom, "[limits]\nhour = 8")
    ran = newsroom.run("send", ISSUE, "--yes")
    assert ran.code == 75
    assert "the quota of 8 messages an hour is used up; it goes on at" in ran.out
    assert len(newsroom.relay.received) == 8
    assert newsroom.run("resume").code == 75
    assert newsroom.run("run-due").code == 0
    assert len(newsroom.relay.received) == 8
    an_hour_later(newsroom)
    assert newsroom.run("run-due").code == 6
    assert len(newsroom.relay.received) == 16
    assert newsroom.run("ledger", "verify").code == 0


@pytest.mark.slow
def test_several_relays_share_the_readers_by_domain(newsroom: Newsroom) -> None:
    readers(newsroom, 30, ("soci.example", "campus.example", "uni.example"))
    with Relay() as campus, Relay() as big:
        settings(newsroom, several(campus.port, big.port))
        ran = newsroom.run("send", ISSUE, "--yes", "--profile", "production")
    assert ran.code == 0
    assert "campus.example, uni.example by 127.0.0.1" in ran.out
    assert {who.partition("@")[2] for who in campus.recipients} == {"campus.example", "uni.example"}
    assert (len(campus.received), len(big.received)) == (20, 10)
    assert not newsroom.relay.received


@pytest.mark.slow
def test_a_relay_that_used_up_its_quota_does_not_hold_up_the_others(newsroom: Newsroom) -> None:
    readers(newsroom, 30, ("soci.example", "campus.example", "uni.example"))
    with Relay() as campus, Relay() as big:
        settings(newsroom, several(campus.port, big.port).replace("domains", "hour = 5\ndomains"))
        ran = newsroom.run("send", ISSUE, "--yes", "--profile", "production")
        assert newsroom.run("ledger", "verify").code == 0
    assert ran.code == 75
    assert (len(campus.received), len(big.received)) == (5, 10)


@pytest.mark.slow
def test_a_slow_domain_is_named_with_the_relays_words_and_who_waits(newsroom: Newsroom) -> None:
    readers(newsroom, 60, ("soci.example", "slow.example"))
    busy = {f"r{n}@slow.example": ["421 4.7.0 slow down"] for n in range(1, 5, 2)}
    settings(newsroom, '[limits.domains]\n"slow.example" = "2/s"')
    with Relay(busy) as relay:
        newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {relay.port}")
        process = newsroom.child("send", ISSUE, "--yes")
        wait_until(lambda: sum("soci" in who for who in relay.recipients) == 30)
        wait_until(lambda: "waiting: “421" in newsroom.run("status", follow=False).out)
        seen = newsroom.run("status", follow=False).out
        process.terminate()
        process.communicate(timeout=120)
    assert "! slow.example" in seen
    assert "waiting: “421 4.7.0 slow down”" in seen


def several(campus: int, big: int) -> str:
    """Two more relays; the production profile chooses one of them."""
    plain = 'host = "127.0.0.1"\nsecurity = "none"'
    return f"""
[relays.campus]
{plain}
port = {campus}
domains = ["campus.example", "uni.example"]

[relays.big]
{plain}
port = {big}

[profiles.production]
default_relay = "big"
"""


def an_hour_later(newsroom: Newsroom) -> None:
    """As if all of it had been done more than an hour ago."""
    with closing(sqlite3.connect(newsroom.ledger)) as connection:
        connection.execute("UPDATE quota SET minute = minute - 70")
        connection.execute("UPDATE campaign SET resume_at = resume_at - 70 * 60000000")
        connection.commit()


def test_the_plans_end_counts_every_limit_and_not_the_rate_alone(newsroom: Newsroom) -> None:
    readers(newsroom, 40, ("soci.example", "altri.example"))
    settings(newsroom, '[limits]\nday = 10\n[limits.domains]\n"altri.example" = "1/h"')
    at = ("--at", "2100-01-04 10:00 UTC")
    assert "about 3.0 days" in (found := newsroom.run("plan", ISSUE, *at)).out
    assert "done about Thu 2100-01-07 10:00" in found.out
    newsroom.edit("newsletter.toml", "day = 10", "day = 1000")
    found = newsroom.run("plan", ISSUE, *at)
    assert "about 20.0 h" in found.out
    assert "done about Tue 2100-01-05 06:00" in found.out
