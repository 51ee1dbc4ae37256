"""The officer warms a relay up: the plan shows the days, the rest waits for the next one."""

import datetime as dt
import sqlite3
import zoneinfo
from contextlib import closing

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import due_now
from tests.cli.test_limits import readers, settings

ROME = zoneinfo.ZoneInfo("Europe/Rome")


def today() -> dt.date:
    return dt.datetime.now(ROME).date()


def warm(newsroom: Newsroom, curve: str, start: dt.date | None = None) -> None:
    settings(newsroom, f"[warmup]\nstart = {start or today()}\ncurve = {curve}\n")


def yesterday(newsroom: Newsroom) -> None:
    """As if all that was tried were of yesterday."""
    with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
        direct.execute("UPDATE quota SET minute = minute - 1440")


def test_the_plan_shows_how_many_days_it_takes_and_the_rest_waits_for_the_next(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 12)
    warm(newsroom, "[4, 6, 9]")
    first, second, third = (today() + dt.timedelta(days=n) for n in range(3))
    shown = newsroom.run("plan", ISSUE).out
    assert (
        f"Warm-up   {first:%a %Y-%m-%d} 4 · {second:%a %Y-%m-%d} 6 · {third:%a %Y-%m-%d} 2" in shown
    )

    sent = newsroom.run("send", ISSUE, "--yes")
    assert sent.code == 75
    assert f"4 messages on {first}, a day of the warm-up" in sent.out
    midnight = dt.datetime.combine(second, dt.time(), ROME).astimezone(dt.UTC)
    assert f"it goes on at {midnight:%Y-%m-%d %H:%M:%S} UTC" in sent.out
    assert len(newsroom.relay.received) == 4
    assert "day 1 of 3, 4 of 4 today" in newsroom.run("warmup", "status").out

    assert newsroom.run("run-due").code == 0
    assert len(newsroom.relay.received) == 4
    yesterday(newsroom)
    warm_again = f"start = {first - dt.timedelta(days=1)}"
    newsroom.edit("newsletter.toml", f"start = {first}", warm_again)
    due_now(newsroom, column="campaign.resume_at")
    assert newsroom.run("run-due").code == 6
    assert len(newsroom.relay.received) == 10
    yesterday(newsroom)
    newsroom.edit("newsletter.toml", warm_again, f"start = {first - dt.timedelta(days=2)}")
    due_now(newsroom, column="campaign.resume_at")
    assert newsroom.run("run-due").code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 12


def test_after_the_curve_there_is_no_limit_and_without_one_status_says_how(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 12)
    assert "[warmup] in newsletter.toml" in newsroom.run("warmup", "status").out
    warm(newsroom, "[4]", today() - dt.timedelta(days=1))
    assert "over: no such limit" in newsroom.run("warmup", "status").out
    assert newsroom.run("send", ISSUE, "--yes").code == 0


def test_a_faulty_curve_is_told_where_it_stands(newsroom: Newsroom) -> None:
    warm(newsroom, "[0]")
    ran = newsroom.run("plan", ISSUE)

    assert ran.code == 2
    assert "newsletter.toml" in ran.err
    assert "curve" in ran.err


def test_a_relay_of_its_own_has_a_curve_of_its_own(newsroom: Newsroom) -> None:
    readers(newsroom, 8)
    newsroom.edit(
        "newsletter.toml",
        'security = "none"\n',
        f'security = "none"\n\n[relay.warmup]\nstart = {today()}\ncurve = [3]\n',
    )
    assert newsroom.run("send", ISSUE, "--yes").code == 75
    assert len(newsroom.relay.received) == 3
