"""The officer and her readers' own clocks: shown before anything is recorded, then kept."""

import datetime as dt
import sqlite3
import zoneinfo
from contextlib import closing

import pytest

from tests.cli.newsroom import ISSUE, Newsroom

FAR_EAST, FAR_WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
A_DAY = dt.timedelta(days=1)


def readers(newsroom: Newsroom, *zones: str, column: str = "timezone") -> None:
    """A reader in each of these zones."""
    rows = [f"r{n}@soci.example,R{n},,it,china,IT,{zone}" for n, zone in enumerate(zones)]
    header = f"email,first_name,last_name,language,interests,country,{column}"
    newsroom.write("subscribers/members.csv", "\n".join([header, *rows]))
    (newsroom.root / "subscribers/partners.csv").unlink(missing_ok=True)


def soon(zone: str, hours: float) -> dt.datetime:
    """What the clocks of a zone will show so many hours from now, to the minute."""
    then = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    return then.astimezone(zoneinfo.ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)


def next_at(newsroom: Newsroom) -> dict[str, dt.datetime]:
    """When each recipient is due, as the ledger has it."""
    query = "SELECT address, next_at FROM delivery JOIN recipient USING (campaign, seq)"
    with closing(sqlite3.connect(newsroom.ledger)) as connection:
        rows = connection.execute(query).fetchall()
    return {name: dt.datetime.fromtimestamp(at / 1_000_000, dt.UTC) for name, at in rows}


@pytest.mark.slow
def test_the_plan_shows_when_each_part_goes_and_the_end_and_send_keeps_to_it(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, "Europe/Rome", "Asia/Tokyo", "America/New_York", "", "Europe/Roma")
    wall = soon(FAR_EAST, 24)
    at = f"{wall:%Y-%m-%d %H:%M}"
    ran = newsroom.run("plan", ISSUE, "--at", at, "--local-time")

    rome = wall.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Rome"))
    tokyo = wall.replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")).astimezone(rome.tzinfo)
    new_york = wall.replace(tzinfo=zoneinfo.ZoneInfo("America/New_York")).astimezone(rome.tzinfo)
    lines = ran.out.splitlines()
    shown = [line for line in lines if line.startswith("          ") and "20" in line]
    assert f"At        {at} on each reader's clocks (from" in ran.out
    order = [
        f"{tokyo:%a %Y-%m-%d %H:%M}  1  Asia/Tokyo",
        f"{rome:%a %Y-%m-%d %H:%M}  3  Europe/Rome",
        f"{new_york:%a %Y-%m-%d %H:%M}  1  America/New_York",
    ]
    assert [line.strip() for line in shown if "  " in line.strip()][:3] == order
    assert "no zone of this name: 'Europe/Roma'; taken as without one" in ran.out
    assert f"--at '{at}' --local-time" in ran.next
    found = newsroom.run("plan", ISSUE, "--at", at, "--local-time", "--format", "json").object
    assert [part["readers"] for part in found["parts"]] == [1, 3, 1]
    last = dt.datetime.fromisoformat(found["done_at"])
    assert dt.timedelta() < last - new_york < dt.timedelta(seconds=10)

    sent = newsroom.run("send", ISSUE, "--at", at, "--local-time", "--yes")
    assert sent.code == 0
    assert next_at(newsroom) == {
        "r0@soci.example": rome,
        "r1@soci.example": tokyo,
        "r2@soci.example": new_york,
        "r3@soci.example": rome,
        "r4@soci.example": rome,
    }
    assert "on each reader's clocks" in newsroom.run("schedule", "list").out


@pytest.mark.slow
def test_who_has_her_time_behind_her_is_told_and_nothing_is_recorded_without_a_word(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, FAR_EAST, FAR_WEST)
    at = f"{soon(FAR_WEST, 2):%Y-%m-%d %H:%M}"
    ran = newsroom.run("plan", ISSUE, "--at", at, "--local-time")
    sent = newsroom.run("send", ISSUE, "--at", at, "--local-time", "--yes")

    assert f"1  {FAR_EAST}, whose local time has passed" in ran.out
    assert "the local time of 1 reader has passed" in ran.out
    assert sent.code == 2
    assert "--passed now" in sent.err
    assert newsroom.nothing_happened()


@pytest.mark.slow
def test_who_has_her_time_behind_her_waits_a_day_or_gets_it_at_once(newsroom: Newsroom) -> None:
    readers(newsroom, FAR_EAST, FAR_WEST)
    wall = soon(FAR_WEST, 2)
    words = ("--at", f"{wall:%Y-%m-%d %H:%M}", "--local-time", "--yes")
    assert newsroom.run("send", ISSUE, *words, "--passed", "next-day").code == 0
    due = next_at(newsroom)
    east = (wall + A_DAY).replace(tzinfo=zoneinfo.ZoneInfo(FAR_EAST))
    while east <= dt.datetime.now(dt.UTC):
        east += A_DAY
    assert due["r0@soci.example"] == east
    assert due["r1@soci.example"] == wall.replace(tzinfo=zoneinfo.ZoneInfo(FAR_WEST))
    newsroom.run("schedule", "cancel", "1")

    assert newsroom.run("send", ISSUE, *words, "--passed", "now").code == 0
    ran = newsroom.run("run-due")
    assert ran.code == 6
    assert set(newsroom.relay.counts) == {"r0@soci.example"}


@pytest.mark.slow
def test_a_local_campaign_is_moved_on_every_readers_clocks(newsroom: Newsroom) -> None:
    readers(newsroom, "Europe/Rome", "Asia/Tokyo", column="zone")
    wall = soon(FAR_EAST, 48)
    newsroom.run("send", ISSUE, "--at", f"{wall:%Y-%m-%d %H:%M}", "--local-time", "--yes")
    later = wall + A_DAY
    moved = newsroom.run("schedule", "move", "1", f"{later:%Y-%m-%d %H:%M}")

    assert moved.code == 0
    assert next_at(newsroom) == {
        "r0@soci.example": later.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Rome")),
        "r1@soci.example": later.replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")),
    }


@pytest.mark.slow
def test_a_move_to_a_time_that_has_passed_for_some_says_what_can_be_done(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, FAR_EAST, FAR_WEST)
    wall = soon(FAR_EAST, 48)
    newsroom.run("send", ISSUE, "--at", f"{wall:%Y-%m-%d %H:%M}", "--local-time", "--yes")
    before = next_at(newsroom)
    for hours, says in ((-1, "has passed for 1 of the readers"), (-48, "on every reader's")):
        ran = newsroom.run("schedule", "move", "1", f"{soon(FAR_EAST, hours):%Y-%m-%d %H:%M}")
        assert (ran.code, says in ran.err) == (2, True)
        assert "name a later time" in ran.err
        assert "--" not in ran.err
    assert next_at(newsroom) == before


@pytest.mark.slow
def test_local_time_without_a_time_and_passed_without_local_time_are_told(
    newsroom: Newsroom,
) -> None:
    bare = newsroom.run("plan", ISSUE, "--local-time")
    passed = newsroom.run("plan", ISSUE, "--passed", "now")

    assert (bare.code, passed.code) == (2, 2)
    assert "add --at" in bare.err
    assert "add --local-time" in passed.err


def test_unknown_zones_are_told_with_their_line_at_the_check_of_lists(newsroom: Newsroom) -> None:
    readers(newsroom, "Europe/Rome", "Europe/Roma", column="zone")
    ran = newsroom.run("subscribers", "check")

    assert "members.csv:3" in ran.said
    assert "'Europe/Roma' is not a time zone, did you mean 'Europe/Rome'?" in ran.said


@pytest.mark.slow
def test_a_dry_run_of_a_local_campaign_writes_everybody(newsroom: Newsroom) -> None:
    readers(newsroom, "Europe/Rome", "Asia/Tokyo")
    at = f"{soon(FAR_EAST, 24):%Y-%m-%d %H:%M}"
    ran = newsroom.run("send", ISSUE, "--at", at, "--local-time", "--dry-run")

    assert "would send 2 messages" in ran.out
    assert newsroom.nothing_happened()


@pytest.mark.slow
def test_a_plan_for_a_time_counts_window_and_end_from_then(newsroom: Newsroom) -> None:
    at = dt.datetime.now(dt.UTC) + 3 * A_DAY
    ran = newsroom.run("plan", ISSUE, "--at", f"{at:%Y-%m-%d %H:%M} UTC", "--rate", "1/h")
    done = at.replace(second=0) + dt.timedelta(hours=5)

    assert f"At        {at:%Y-%m-%d %H:%M} UTC" in ran.out
    assert f"done about {done:%a %Y-%m-%d %H:%M}" in ran.out
    assert f"--at '{at:%Y-%m-%d %H:%M} UTC'" in ran.next
