"""The officer warms a relay up: the plan shows the days, the rest waits for the next one."""

import datetime as dt
import sqlite3
import zoneinfo
from contextlib import closing

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import due_now
from tests.cli.test_limits import readers, settings

ZONE = f"Etc/GMT{dt.datetime.now(dt.UTC).hour - 12:+d}"
"""Where it is about noon: no day ends while a test runs."""
HERE = zoneinfo.ZoneInfo(ZONE)


@pytest.fixture(autouse=True)
def noon(newsroom: Newsroom) -> None:
    """The clocks that count are those of that zone."""
    settings(newsroom, f'[schedule]\nzone = "{ZONE}"')


def today() -> dt.date:
    return dt.datetime.now(HERE).date()


def warm(newsroom: Newsroom, curve: str, start: dt.date | None = None) -> None:
    settings(newsroom, f"[warmup]\nstart = {start or today()}\ncurve = {curve}\n")


def yesterday(newsroom: Newsroom) -> None:
    """As if all that was tried were of yesterday."""
    with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
        direct.execute("UPDATE quota SET minute = minute - 1440")


@pytest.mark.slow
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
    midnight = dt.datetime.combine(second, dt.time(), HERE).astimezone(dt.UTC)
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_relay_of_its_own_has_a_curve_of_its_own(newsroom: Newsroom) -> None:
    readers(newsroom, 8)
    newsroom.edit(
        "newsletter.toml",
        'security = "none"\n',
        f'security = "none"\n\n[relay.warmup]\nstart = {today()}\ncurve = [3]\n',
    )
    assert newsroom.run("send", ISSUE, "--yes").code == 75
    assert len(newsroom.relay.received) == 3


@pytest.mark.slow
def test_a_plan_takes_the_days_of_every_relay_that_it_uses(newsroom: Newsroom) -> None:
    readers(newsroom, 9, ("soci.example", "gmail.example", "gmail.example"))
    settings(
        newsroom,
        f'[relays.other]\nhost = "127.0.0.1"\nport = {newsroom.shadow.port}\nsecurity = "none"\n'
        f'domains = ["gmail.example"]\n[relays.other.warmup]\nstart = {today()}\ncurve = [4]\n',
    )
    second = today() + dt.timedelta(days=1)
    shown = newsroom.run("plan", ISSUE).out
    assert f"Warm-up   {today():%a %Y-%m-%d} 7 · {second:%a %Y-%m-%d} 2" in shown

    newsroom.edit("newsletter.toml", 'domains = ["gmail.example"]', 'domains = ["yahoo.example"]')
    assert "Warm-up" not in newsroom.run("plan", ISSUE).out, "nobody goes through that relay"


@pytest.mark.slow
def test_set_writes_the_day_and_the_curve_and_leaves_every_other_letter(
    newsroom: Newsroom,
) -> None:
    newsroom.edit("newsletter.toml", "[site]", "# ours\n[site]")
    before = (newsroom.root / "newsletter.toml").read_text(encoding="utf-8")

    assert newsroom.run("warmup", "set", "--day", "1").code == 2, "a new one wants a curve"
    begun = newsroom.run("warmup", "set", "--day", "1", "--curve", "4, 6,9")
    assert begun.code == 0
    assert "day 1 of 3, 0 of 4 today" in begun.out
    after = (newsroom.root / "newsletter.toml").read_text(encoding="utf-8")
    assert after == f"{before}\n[warmup]\nstart = {today()}\ncurve = [4, 6, 9]\n"

    newsroom.edit("newsletter.toml", "curve = [4, 6, 9]", "curve = [4,6, 9]  # slowly")
    assert "day 3 of 3" in newsroom.run("warmup", "set", "--day", "3").out
    third = (newsroom.root / "newsletter.toml").read_text(encoding="utf-8")
    start = today() - dt.timedelta(days=2)
    assert third.endswith(f"[warmup]\nstart = {start}\ncurve = [4,6, 9]  # slowly\n")
    moved = newsroom.run("warmup", "set", "--start", "2099-01-01", "--curve", "5", "--format=json")
    assert (moved.object["start"], moved.object["curve"]) == ("2099-01-01", [5])


def test_set_knows_the_table_of_each_relay(newsroom: Newsroom) -> None:
    settings(
        newsroom,
        '[relays.other]\nhost = "other.example"\ndomains = ["gmail.example"]\n'
        f"[relays.other.warmup]\nstart = {today()}\ncurve = [3]\n",
    )
    done = newsroom.run("warmup", "set", "--relay", "other", "--curve", "7,8", follow=False)
    assert "[relays.other.warmup]" in done.out
    assert "other.example:587   day 1 of 2, 0 of 7 today" in done.out
    unknown = newsroom.run("warmup", "set", "--relay", "othr", "--day", "2")
    assert (unknown.code, "did you mean 'other'?" in unknown.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--day", "0"),
        ("--day", "401"),
        ("--start", "2026-02-30"),
        ("--curve", "0,5"),
        ("--curve", "many"),
        ("--curve", ""),
        ("--day", "2", "--start", "2026-12-01"),
    ],
)
def test_what_cannot_be_set_changes_nothing(newsroom: Newsroom, words: tuple[str, ...]) -> None:
    warm(newsroom, "[4, 6]")
    before = (newsroom.root / "newsletter.toml").read_bytes()

    assert newsroom.run("warmup", "set", *words).code == 2
    assert (newsroom.root / "newsletter.toml").read_bytes() == before


def test_what_would_not_count_is_told_and_taken_back(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(newsroom, "[4, 6]")
    before = (newsroom.root / "newsletter.toml").read_bytes()
    monkeypatch.setenv("NEWSLETTER_WARMUP__START", "2026-01-01")

    ran = newsroom.run("warmup", "set", "--day", "2")
    assert (ran.code, "does not count" in ran.err) == (2, True)
    assert (newsroom.root / "newsletter.toml").read_bytes() == before
