"""Acceptance: the officer's day, the same on a file, on PostgreSQL, and with two workers there.

Nothing is doubled: the real commands, real workers, a real SMTP server, a real database.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator

import pytest

from tests.cli.day import CLUSTER, POSTGRES, READERS, SQLITE, Day, begun
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, BRUNO, DARIO
from tests.cli.test_bounces import bounce, deliver
from tests.ledger.databases import Servers, empty, servers
from tests.ledger.servers import SERVERS
from tests.waiting import PATIENCE

__all__ = ["servers"]
pytestmark = pytest.mark.slow  # real messages over real SMTP

CARLA = "carla.dubois@soci.example"
NEXT, LAST = "2026-12-news", "2027-01-news"
GONE, BOUNCED = READERS[0], READERS[1]
ALL = EVERYBODY | {*READERS}


@pytest.fixture(
    params=[
        (SQLITE, None),
        *(
            pytest.param((setting, server), marks=pytest.mark.postgres)
            for setting in (POSTGRES, CLUSTER)
            for server in SERVERS
        ),
    ],
    ids=lambda ground: f"{ground[0].name}-{ground[1] or 'file'}",
)
def day(request: pytest.FixtureRequest, newsroom: Newsroom, servers: Servers) -> Iterator[Day]:
    """The day begins."""
    setting, server = request.param
    where = servers(server) if server else str(newsroom.ledger)
    if server:
        empty(where)
    with begun(newsroom, where, setting) as made:
        yield made


def test_the_officers_day_from_the_first_word_to_the_report(day: Day) -> None:
    writes_and_checks(day)
    looks_and_tests(day)
    plans(day)
    sends_at_a_time(day)
    settles_who_is_left(day)
    pauses_and_goes_on(day)
    reads_what_came_back(day)
    has_it_sent_again_and_again(day)
    shows_it_all(day)


def writes_and_checks(day: Day) -> None:
    """The next issue from the frame of the last; a slip of the pen is told with its place."""
    made = day.ask("issue", "new", NEXT, "--from", "newest")
    assert made["begun_from"] == ISSUE
    assert "TODO is left over" in day.type("check", NEXT).out
    day.type("check", NEXT, "--strict", code=3)
    for name in ("issue.toml", "issue.en.toml"):
        text = (day.room.root / "issues" / ISSUE / name).read_text("utf-8")
        day.room.write(
            f"issues/{NEXT}/{name}", text.replace("date = 2026-11-15", "date = 2026-12-15")
        )
    day.room.edit(f"issues/{NEXT}/issue.toml", "preheader", "preheder")
    slip = day.type("check", NEXT, code=2)
    assert f"issues/{NEXT}/issue.toml:2:1" in slip.said
    assert 'did you mean "preheader"' in slip.said
    day.room.edit(f"issues/{NEXT}/issue.toml", "preheder", "preheader")
    found = day.ask("check", NEXT)["findings"]
    assert {each["severity"] for each in found} == {"warning"}, found  # words left untranslated


def looks_and_tests(day: Day) -> None:
    """Pages as files, and each to the staging address: no reader hears of it."""
    day.type("build", NEXT)
    day.type("preview", NEXT, "--once")
    told = day.ask("test", NEXT)
    assert told["messages"]
    assert all(each["accepted"] for each in told["messages"])
    assert day.room.relay.counts == {"prova@staging.example": len(told["messages"])}
    day.room.relay.received.clear()


def plans(day: Day) -> None:
    """One sum; who leaves meanwhile is out of it; nothing is recorded without agreement."""
    assert day.ask("plan", NEXT)["recipients"] == len(ALL)
    day.type("subscribers", "unsubscribe", GONE, "--note", "by phone")
    plan = day.ask("plan", NEXT)
    assert plan["recipients"] == len(ALL) - 1
    assert plan["arithmetic"]["suppressed"] == {"unsubscribed": 1}
    day.type("approve", NEXT, "--yes")
    said = day.type("plan", NEXT).out
    assert re.findall(r"^(Tested|Approved) .*, this content$", said, re.MULTILINE) == [
        "Tested",
        "Approved",
    ]
    written = day.ask("send", NEXT, "--dry-run")
    assert written["would_send"] == len(ALL) - 1
    day.type("send", NEXT, code=4)
    day.type("send", NEXT, "--recipients", str(len(ALL)), code=5)
    assert day.ask("status")["progress"] is None
    assert not day.room.relay.received


def sends_at_a_time(day: Day) -> None:
    """A worker sends it when its time comes: who is refused, put off or in doubt is told apart."""
    relay = day.room.relay
    relay.will_answer(ANNA, "550 5.1.1 no such user")
    relay.will_answer(BRUNO, "451 4.3.0 try again later")
    relay.will_answer(CARLA, "550 5.7.1 not from you")
    relay.will_hang_up(DARIO)
    day.type("send", NEXT, "--recipients", "34", "--at", "2100-01-01 10:00 Europe/Rome")
    day.type("schedule", "move", "1", "2100-02-01 09:00 Europe/Rome")
    (waiting,) = day.ask("schedule", "list")["scheduled"]
    assert (waiting["state"], waiting["due"]["wall_time"]) == ("scheduled", "2100-02-01T09:00:00")
    day.type("send", NEXT, "--yes", code=2)  # one at a time
    assert not relay.received
    day.time_passes("campaign.due_at")
    day.wait_for(1, accepted=31, refused=2, in_doubt=1)
    assert relay.counts == dict.fromkeys(ALL - {ANNA, CARLA, DARIO, GONE}, 1)
    assert day.ask("schedule", "list")["scheduled"] == []


def settles_who_is_left(day: Day) -> None:
    """A word on who is in doubt, another try for who was refused; whoever is gone stays so."""
    failed = day.type("status", "1", "--failed").out
    assert f"{ANNA}  refused" in failed
    assert "5.7.1 not from you" in failed
    assert DARIO in day.type("status", "1", "--in-doubt").out
    assert "try 2" in day.type("status", "1", "--recipient", BRUNO).out
    assert DARIO in day.type("reconcile", "1", code=6).out
    settled = day.type("reconcile", "1", "--recipient", DARIO, "--not-accepted")
    assert settled.next == "newsletter resume 1"
    assert "32" in day.type("resume", "1", code=6).out
    day.type("retry", "1", "--failed")
    day.wait_for(1, accepted=33, suppressed=1)
    assert day.room.relay.counts == dict.fromkeys(ALL - {ANNA, GONE}, 1)


def pauses_and_goes_on(day: Day) -> None:
    """A canary, then the rest by another terminal; a pause holds until the officer goes on."""
    relay = day.room.relay
    day.room.edit(f"issues/{NEXT}/issue.toml", "In breve.", "In due parole.")
    assert day.ask("plan", NEXT)["already"] == 33
    day.type("send", NEXT, "--yes", code=4)
    relay.received.clear()
    day.type("send", ISSUE, "--recipients", "33", "--rate", "20/s", "--canary", "5", code=6)
    assert len(relay.received) == 5
    with day.room.child("resume", "2", "--format", "json") as going:
        wait_until(lambda: len(relay.received) >= 8)
        day.type("pause", "2")
        out, err = going.communicate(timeout=PATIENCE)
    assert (going.returncode, err) == (6, "")
    held = len(relay.received)
    assert json.loads(out)["counts"]["accepted"] == held < 33
    assert day.state(2) == "paused"
    assert "nothing is due" in day.type("run-due").out
    assert len(relay.received) == held
    day.type("resume", "2")
    assert relay.counts == dict.fromkeys(ALL - {ANNA, GONE}, 1)
    assert day.type("cancel", "2", "--yes", code=2).next == "newsletter status 2"


def reads_what_came_back(day: Day) -> None:
    """A mailbox that is gone is read from its bounce, and is never written to again."""
    deliver(day.room, bounce(day.room, BOUNCED))
    assert f"{BOUNCED} is never mailed again: no such mailbox" in day.type("bounces", "fetch").out
    assert BOUNCED in day.type("bounces", "list", "--campaign", "2").out
    assert "never mailed: bounced" in day.type("subscribers", "show", BOUNCED).out
    day.type("complaints", "list")
    assert {row["address"] for row in day.ask("suppressions", "list")["suppressions"]} == {
        ANNA,
        BOUNCED,
        GONE,
    }


def has_it_sent_again_and_again(day: Day) -> None:
    """A series sends what was approved when its time comes, once; then it ends."""
    for name in ("issue.toml", "issue.en.toml"):
        text = (day.room.root / "issues" / ISSUE / name).read_text("utf-8")
        day.room.write(
            f"issues/{LAST}/{name}", text.replace("date = 2026-11-15", "date = 2027-01-15")
        )
    day.room.relay.received.clear()
    now = dt.datetime.now(dt.UTC)
    rule = f"every day {now - dt.timedelta(minutes=1):%H:%M} UTC"
    day.type("send", LAST, "--every", rule, "--recipients", "32")
    assert f"now it would send {LAST}" in day.type("schedule", "list").out
    assert not day.room.relay.received
    day.time_passes("series.since", now - dt.timedelta(minutes=10))
    day.wait_for(3, accepted=32)
    assert day.room.relay.counts == dict.fromkeys(ALL - {ANNA, GONE, BOUNCED}, 1)
    (series,) = day.ask("schedule", "list")["series"]
    assert [each["became"] for each in series["past"]] == ["campaign"]
    day.type("schedule", "cancel", "s1")
    assert "nothing is scheduled" in day.type("schedule", "list").out


def shows_it_all(day: Day) -> None:
    """The report, the archive, one reader's story, and the proof that nobody was lost."""
    assert "INCOMPLETE" not in day.type("report", "1", "--save").out
    assert (day.room.root / "reports" / "1.md").exists()
    report = day.ask("report", "2")
    assert report["complete"]
    assert report["afterwards"]["hard"] == 1
    assert next(iter(report["domains"]))["name"] == "lettori.example"
    day.type("archive", "build")
    assert (day.room.root / "public" / "it" / LAST / "index.html").exists()
    known = day.ask("subscribers", "export", BRUNO)["records"]["delivery"]
    assert [row["state"] for row in known] == ["accepted"] * 3
    assert len(day.ask("status")["campaigns"]) == 3
    assert "3 campaigns, 99 recipients, every one in exactly one state" in (
        day.type("ledger", "verify").out
    )
