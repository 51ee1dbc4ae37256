"""The officer and the sending window: shown in the plan, kept by send and worker."""

import datetime as dt
import sqlite3
from contextlib import closing

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.test_limits import readers

NOW = dt.datetime.now(dt.UTC)


def window(begins_in: float, ends_in: float) -> str:
    """A window every day, hours from now."""
    begin, end = (NOW + dt.timedelta(hours=hours) for hours in (begins_in, ends_in))
    return f"{begin:%H:%M}-{end:%H:%M} UTC"


def schedule(newsroom: Newsroom, *lines: str) -> None:
    """Say so in newsletter.toml."""
    newsroom.edit("newsletter.toml", "[site]", "\n".join(["[schedule]", *lines, "", "[site]"]))


@pytest.mark.slow
def test_a_plan_shows_the_window_when_it_opens_and_when_all_will_be_done(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 12)
    closed = window(0.5, 2)
    ran = newsroom.run("plan", ISSUE, "--window", closed, "--rate", "12/h")

    assert ran.code == 0
    opens = NOW + dt.timedelta(hours=0.5)
    done = opens.replace(second=0) + dt.timedelta(hours=1)
    assert f"{closed}; opens {opens:%a %Y-%m-%d %H:%M}; done about {done:%a %Y-%m-%d}" in ran.out
    assert f"--window '{closed}'" in ran.next


@pytest.mark.slow
def test_a_campaign_sent_outside_its_window_is_carried_on_when_it_opens(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 9)
    ran = newsroom.run("send", ISSUE, "--yes", "--window", window(0.5, 2))

    assert ran.code == 75
    assert "outside the window" in ran.out
    assert not newsroom.relay.received
    assert newsroom.run("run-due").code == 0
    assert not newsroom.relay.received
    with closing(sqlite3.connect(newsroom.ledger)) as connection:  # as if it were then
        opened = "json_set(terms, '$.window', '00:00-24:00 UTC')"
        connection.execute(f"UPDATE campaign SET resume_at = 0, terms = {opened}")  # noqa: S608
        connection.commit()
    assert newsroom.run("run-due").code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 9


@pytest.mark.slow
def test_an_open_window_keeps_nobody_waiting_and_any_lifts_the_settings(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 3)
    schedule(newsroom, f'window = "{window(2, 3)}"')
    assert "opens" in newsroom.run("plan", ISSUE).out
    ran = newsroom.run("send", ISSUE, "--yes", "--window", "any")

    assert ran.code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 3


@pytest.mark.slow
def test_holidays_close_the_window_and_the_plan_says_whose(newsroom: Newsroom) -> None:
    readers(newsroom, 3)
    schedule(newsroom, 'holidays = "IT"', 'window = "Mon-Fri 08:00-18:00"')

    assert "without the holidays of IT" in newsroom.run("plan", ISSUE).out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("Mon-Fry 08:00-18:00", "did you mean Fri"),
        ("08:00-18:00 Europe/Roma", "did you mean Europe/Rome?"),
        ("whenever", "Mon-Fri 08:00-18:00 Europe/Rome"),
    ],
)
def test_a_window_that_cannot_be_read_stops_the_plan_with_an_example(
    newsroom: Newsroom, said: str, says: str
) -> None:
    ran = newsroom.run("plan", ISSUE, "--window", said)

    assert ran.code == 2
    assert says in ran.err
    assert newsroom.nothing_happened()


def test_a_window_in_the_settings_is_checked_where_it_stands(newsroom: Newsroom) -> None:
    schedule(newsroom, 'window = "Mon-Fry 08:00-18:00"')
    ran = newsroom.run("plan", ISSUE)

    assert ran.code == 2
    assert "newsletter.toml" in ran.err
    assert "did you mean Fri" in ran.err


@pytest.mark.slow
def test_quiet_hours_hold_a_campaign_back_until_they_end_and_the_plan_says_when(
    newsroom: Newsroom,
) -> None:
    readers(newsroom, 3)
    night = window(-1, 2)
    schedule(newsroom, f'quiet = "{night}"')
    ends = NOW + dt.timedelta(hours=2)
    shown = newsroom.run("plan", ISSUE).out
    assert f"Quiet     {night}; opens {ends:%a %Y-%m-%d %H:%M}; done about" in shown
    ran = newsroom.run("send", ISSUE, "--yes")

    assert ran.code == 75
    assert f"in the quiet hours {night}; it goes on at {ends:%Y-%m-%d %H:%M}:00 UTC" in ran.out
    assert not newsroom.relay.received


@pytest.mark.slow
def test_quiet_hours_are_lifted_for_one_campaign_and_narrow_a_window(newsroom: Newsroom) -> None:
    readers(newsroom, 3)
    schedule(newsroom, f'quiet = "{window(-1, 2)}"')
    both = newsroom.run("plan", ISSUE, "--window", window(-2, 4), "--quiet", window(1, 3))
    assert f"{window(-2, 4)} · quiet {window(1, 3)}; done about" in both.out
    assert f"--quiet '{window(1, 3)}'" in both.next
    assert newsroom.run("send", ISSUE, "--yes", "--quiet", "none").code == 0
    assert sorted(newsroom.relay.counts.values()) == [1] * 3


@pytest.mark.slow
def test_quiet_hours_that_leave_no_time_or_cannot_be_read_stop_the_plan(newsroom: Newsroom) -> None:
    never = newsroom.run("plan", ISSUE, "--window", "09:00-10:00", "--quiet", "08:00-12:00")
    unread = newsroom.run("plan", ISSUE, "--quiet", "at night")

    assert (never.code, unread.code) == (2, 2)
    assert "no time is left to send" in never.err
    assert "the quiet hours 'at night' cannot be read" in unread.err
    assert "22:00-07:00" in unread.err


@pytest.mark.slow
def test_an_option_that_is_empty_lifts_no_window_and_any_may_be_written_large(
    newsroom: Newsroom,
) -> None:
    schedule(newsroom, f'window = "{window(0.5, 2)}"')
    for option in ("--window", "--quiet"):
        empty = newsroom.run("plan", ISSUE, option, " ")
        assert (empty.code, f"{option} is empty" in empty.err) == (2, True)
    assert "Window" in newsroom.run("plan", ISSUE).out
    assert "Window" not in newsroom.run("plan", ISSUE, "--window", "ANY").out


@pytest.mark.parametrize("words", [("--window", "Mon-Fry 08:00-18:00"), ("--quiet", "22-7")])
def test_hours_that_cannot_be_read_are_told_in_a_rehearsal_too(
    newsroom: Newsroom, words: tuple[str, str]
) -> None:
    ran = newsroom.run("plan", ISSUE, "--profile", "staging", *words, follow=False)

    assert (ran.code, words[1].split()[0][:7] in ran.err) == (2, True)
    assert newsroom.nothing_happened()


def test_a_rehearsal_says_what_it_does_not_wait_for(newsroom: Newsroom) -> None:
    said = ("--window", "Mon-Fri 08:00-18:00 Europe/Rome", "--quiet", "12:00-13:00 Europe/Rome")
    ran = newsroom.run("plan", ISSUE, "--profile", "staging", *said, follow=False)
    line = next(line for line in ran.out.splitlines() if line.startswith("Window"))
    assert line.endswith(
        "a rehearsal does not wait for the window Mon-Fri 08:00-18:00 Europe/Rome "
        "and the quiet hours 12:00-13:00 Europe/Rome"
    )
    assert "Window" not in newsroom.run("plan", ISSUE, "--profile", "staging", follow=False).out


@pytest.mark.parametrize("profile", ["staging", "production"])
def test_holidays_without_a_window_are_told_for_they_would_do_nothing(
    newsroom: Newsroom, profile: str
) -> None:
    schedule(newsroom, 'holidays = "IT"')
    ran = newsroom.run("plan", ISSUE, "--profile", profile, follow=False)

    assert ran.code == 2
    assert "schedule.holidays names IT" in ran.err
    assert "add window = " in ran.err
    assert newsroom.nothing_happened()
    for said in ("any", "Mon-Fri 08:00-18:00"):
        ran = newsroom.run("plan", ISSUE, "--profile", profile, "--window", said, follow=False)
        assert ran.code == 0, ran.err
