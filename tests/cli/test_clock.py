"""The machine's clock and the wall's: twelve cases, each ending as docs/promises.md says.

An officer says something while the machine's clock shows one instant; then a worker looks at
what is due, each time with the clock at another one: as time passes, as it is set, as a machine
wakes up. What readers have then is counted by a real SMTP server.
"""

import datetime as dt
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from newsletter.app import sending, serial
from newsletter.app.agreement import Agreement
from newsletter.app.open import App, open_app, utc_now
from newsletter.app.plan import PlanRequest
from newsletter.app.steering import move, to_resume
from newsletter.app.telling import Witness, nothing
from newsletter.app.working import Pass, run_due_once, work
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.schedule import parse_when
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom

S = CampaignState


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+00:00")


@dataclass
class Machine:
    """A machine whose clock is set; from there it goes on."""

    newsroom: Newsroom
    away: dt.timedelta = field(default_factory=dt.timedelta)

    def set(self, reading: str) -> None:
        """Let the clock show this."""
        self.away = utc(reading) - utc_now()

    def now(self) -> dt.datetime:
        """What it shows."""
        return utc_now() + self.away

    def app(self) -> App:
        """The newsletter on this machine."""
        return open_app(self.newsroom.root, clock=self.now)

    def say(self, reading: str, **words: Any) -> None:
        """The officer sends the issue, in these words, or begins a series with it."""
        self.set(reading)
        app, request = self.app(), PlanRequest(ISSUE, **words)
        planned = sending.plan_only(app, request)
        if request.every:
            agreed = Agreement(yes=True)
            serial.begin(app, request, planned, agreed, None, "", approves=True)
        else:
            planned.start.check_decided()
            sending.record(app, planned)

    def look(self, reading: str) -> Pass:
        """What a worker does when the clock shows this."""
        self.set(reading)
        return run_due_once(self.app(), lambda _: None)


@dataclass(frozen=True)
class Case:
    """What was said, what the clock shows at each look, and how many messages there are then."""

    name: str
    said_at: str
    words: Mapping[str, Any]
    looks: Mapping[str, int]
    ends: CampaignState | None = S.FINISHED
    """None: no campaign was made."""
    shown: str = ""
    """What `schedule list` or `status` says of it."""


SPRING, AUTUMN = "2027-03-27 12:00", "2027-10-30 12:00"
"""A day before clocks in Rome go forward from 02:00 to 03:00, and back from 03:00 to 02:00."""
TEN = {"at": "2026-12-03 10:00 UTC"}
CASES = (
    Case(
        "1 forward, --at beside the gap: sent once, when clocks show it",
        SPRING,
        {"at": "2027-03-28 03:00 Europe/Rome"},
        {"2027-03-28 00:59:50": 0, "2027-03-28 01:00": 5, "2027-03-28 02:00": 5},
    ),
    Case(
        "2 back, --at by its offset: sent at the one that was meant and not at the other",
        AUTUMN,
        {"at": "2027-10-31 02:30 +01:00"},
        {"2027-10-31 00:30": 0, "2027-10-31 01:30": 5, "2027-10-31 02:30": 5},
    ),
    Case(
        "3 forward, --local-time in the gap: when clocks have gone forward",
        SPRING,
        {"at": "2027-03-28 02:30 Europe/Rome", "local_time": True},
        {"2027-03-28 00:59:50": 0, "2027-03-28 01:00": 5, "2027-03-28 01:30": 5},
    ),
    Case(
        "4 back, --local-time shown twice: the first time and not again",
        AUTUMN,
        {"at": "2027-10-31 02:30 Europe/Rome", "local_time": True},
        {"2027-10-31 00:29:50": 0, "2027-10-31 00:30": 5, "2027-10-31 01:30": 5},
    ),
    Case(
        "5 forward, a window that is skipped: closed that day, it waits for the next one",
        SPRING,
        {"at": "2027-03-28 01:30 Europe/Rome", "window": "02:00-03:00 Europe/Rome"},
        {"2027-03-28 00:30": 0, "2027-03-28 01:00": 0, "2027-03-29 00:00": 5},
    ),
    Case(
        "6 back, a window that is shown twice: open twice",
        AUTUMN,
        {"at": "2027-10-31 01:30 UTC", "window": "02:00-03:00 Europe/Rome"},
        {"2027-10-31 00:30": 0, "2027-10-31 01:30": 5, "2027-10-31 02:30": 5},
    ),
    Case(
        "7 forward, --every in the gap: once, when clocks have gone forward",
        SPRING,
        {"every": "every day 02:30 Europe/Rome"},
        {"2027-03-28 00:59:50": 0, "2027-03-28 01:00": 5, "2027-03-28 01:30": 5},
    ),
    Case(
        "8 back, --every shown twice: once, the first time",
        AUTUMN,
        {"every": "every day 02:30 Europe/Rome"},
        {"2027-10-31 00:29:50": 0, "2027-10-31 00:30": 5, "2027-10-31 01:30": 5},
    ),
    Case(
        "9 set an hour forward while it waits: due by the clock, once, also when it goes back",
        "2026-12-03 08:00",
        TEN,
        {"2026-12-03 09:30": 0, "2026-12-03 10:30:00": 5, "2026-12-03 09:31": 5,
         "2026-12-03 10:00": 5},
    ),
    Case(
        "10 set an hour back while it waits: not before its time, then once",
        "2026-12-03 08:00",
        TEN,
        {"2026-12-03 09:59": 0, "2026-12-03 08:59": 0, "2026-12-03 09:58": 0,
         "2026-12-03 10:00": 5, "2026-12-03 10:01": 5},
    ),
    Case(
        "11 suspended over its time, awake within the grace: sent",
        "2026-12-03 08:00",
        TEN,
        {"2026-12-03 09:00": 0, "2026-12-03 11:59": 5, "2026-12-03 12:30": 5},
    ),
    Case(
        "12 suspended over its time, awake beyond the grace: missed, and not sent if set back",
        "2026-12-03 08:00",
        TEN,
        {"2026-12-03 09:00": 0, "2026-12-03 12:01": 0, "2026-12-03 10:30": 0},
        S.MISSED,
        "nobody could send at 2026-12-03T10:00:00 UTC",
    ),
    Case(
        "13 first started within the grace: sent",
        "2026-12-03 08:00",
        TEN,
        {"2026-12-03 11:59:30": 5},
    ),
    Case(
        "14 first started beyond the grace: missed, and it asks",
        "2026-12-03 08:00",
        TEN,
        {"2026-12-03 12:00:30": 0, "2026-12-04 10:00": 0},
        S.MISSED,
        "nobody could send at 2026-12-03T10:00:00 UTC",
    ),
    Case(
        "15 --every, suspended within the grace: sent once",
        "2026-12-03 08:00",
        {"every": "first Thursday 10:00 UTC"},
        {"2026-12-03 09:00": 0, "2026-12-03 11:59": 5, "2026-12-03 10:00": 5},
    ),
    Case(
        "16 --every, suspended beyond the grace: missed, shown, and not sent if set back",
        "2026-12-03 08:00",
        {"every": "first Thursday 10:00 UTC"},
        {"2026-12-03 09:00": 0, "2026-12-03 12:01": 0, "2026-12-03 10:30": 0},
        None,
        "it was missed and is not sent",
    ),
    Case(
        "17 --every, set an hour forward and back: once",
        "2026-12-03 08:00",
        {"every": "first Thursday 10:00 UTC"},
        {"2026-12-03 09:30": 0, "2026-12-03 10:30": 5, "2026-12-03 09:31": 5,
         "2026-12-03 10:00": 5},
    ),
    Case(
        "18 a window, set an hour forward and back: nothing before it opens",
        "2026-12-03 08:00",
        {"at": "2026-12-03 09:00 UTC", "window": "10:00-18:00 UTC"},
        {"2026-12-03 09:30": 0, "2026-12-03 08:30": 0, "2026-12-03 09:59": 0,
         "2026-12-03 10:00:01": 5},
    ),
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_clock_case_ends_as_promised(newsroom: Newsroom, case: Case) -> None:
    machine = Machine(newsroom)
    machine.say(case.said_at, **case.words)
    counted = {}
    for reading in case.looks:
        machine.look(reading)
        counted[reading] = len(newsroom.relay.received)

    assert counted == case.looks
    assert set(newsroom.relay.counts.values()) <= {1}
    with Ledger.open(newsroom.ledger) as ledger:
        states = [campaign.state for campaign in ledger.campaigns()]
        assert states == ([] if case.ends is None else [case.ends])
        assert ledger.verify() == ()
    if case.shown:
        listed = newsroom.run("schedule", "list", follow=False).out
        assert case.shown in listed + newsroom.run("status", follow=False).out


@pytest.mark.parametrize(
    ("said_at", "words", "refused"),
    [
        (SPRING, "2027-03-28 02:30 Europe/Rome", "does not exist"),
        (AUTUMN, "2027-10-31 02:30 Europe/Rome", "happens twice"),
    ],
    ids=["forward, --at in the gap", "back, --at shown twice"],
)
def test_a_time_on_an_edge_is_refused_and_nothing_is_recorded(
    newsroom: Newsroom, said_at: str, words: str, refused: str
) -> None:
    with pytest.raises(UsageError, match=refused) as caught:
        Machine(newsroom).say(said_at, at=words)

    assert "write" in caught.value.cure
    assert newsroom.nothing_happened()


@pytest.mark.slow
def test_what_was_missed_is_sent_at_the_time_that_it_is_given(newsroom: Newsroom) -> None:
    machine = Machine(newsroom)
    machine.say("2026-12-03 08:00", **TEN)
    machine.look("2026-12-03 12:01")
    move(machine.app(), None, "2026-12-04 09:00 UTC")

    machine.look("2026-12-04 08:59")
    assert not newsroom.relay.received
    machine.look("2026-12-04 09:00")
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


@pytest.mark.slow
def test_a_worker_that_waits_while_the_clock_is_set_sends_once_and_at_its_time(
    newsroom: Newsroom,
) -> None:
    machine = Machine(newsroom)
    machine.say("2026-12-03 08:00", **TEN)
    readings = ["09:59", "08:59", "09:30", "10:00", "10:00:01", "09:00", "10:00", "10:01"]
    seen: list[int] = []

    def looked(_: int) -> None:
        seen.append(len(newsroom.relay.received))
        if len(seen) == len(readings):
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            machine.set(f"2026-12-03 {readings[len(seen)]}")

    machine.set(f"2026-12-03 {readings[0]}")
    work(machine.app(), [Witness(nothing, nothing, looked)], every=0.05)

    assert seen == [0, 0, 0, 0, 5, 5, 5, 5]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)


# Readers' own clocks, and a worker that came too late for some of them

TOKYO_AND_ROME = """\
email,first_name,last_name,language,interests,country,timezone
aiko@soci.example,Aiko,,it,china,IT,Asia/Tokyo
anna@soci.example,Anna,,it,china,IT,Europe/Rome
"""
LOCAL = {"at": "2026-12-03 10:00 Europe/Rome", "local_time": True, "lists": ("members",)}
"""Tokyo's clocks show it at 01:00 UTC, Rome's at 09:00 UTC."""


@pytest.fixture
def machine(newsroom: Newsroom) -> Machine:
    """A reader in Tokyo has hers, and another one waits for the clocks of Rome."""
    newsroom.edit("newsletter.toml", "[sender]", 'retry_schedule = ["30 min"]\n\n[sender]')
    newsroom.write("subscribers/members.csv", TOKYO_AND_ROME)
    machine = Machine(newsroom)
    machine.say("2026-12-02 12:00", **LOCAL)
    machine.look("2026-12-03 01:00")
    assert set(newsroom.relay.counts) == {"aiko@soci.example"}
    return machine


@pytest.mark.slow
def test_a_local_time_that_passed_beyond_the_grace_asks_instead_of_being_sent(
    machine: Machine,
) -> None:
    done = machine.look("2026-12-03 11:01")

    (campaign,) = done.overdue
    assert campaign.state is S.PAUSED
    assert campaign.reason == (
        "nobody could send to the readers whose local time was 2026-12-03 09:00 UTC"
    )
    assert done.exit_code == 6
    assert machine.look("2026-12-03 09:30").overdue == (), "it is said once"
    assert len(machine.newsroom.relay.received) == 1
    assert "whose local time was 2026-12-03 09:00 UTC" in machine.newsroom.run("status").out

    machine.set("2026-12-03 11:10")
    number = to_resume(machine.app(), None).id
    sending.run(machine.app(), number, nothing)
    assert machine.newsroom.relay.counts == {"aiko@soci.example": 1, "anna@soci.example": 1}


@pytest.mark.slow
def test_a_local_time_that_passed_within_the_grace_is_sent(machine: Machine) -> None:
    assert machine.look("2026-12-03 10:59").overdue == ()
    assert machine.newsroom.relay.counts == {"aiko@soci.example": 1, "anna@soci.example": 1}


@pytest.mark.slow
def test_who_was_tried_at_her_time_and_waits_for_a_retry_is_not_overdue(
    machine: Machine,
) -> None:
    machine.newsroom.relay._answers["anna@soci.example"] = ["450 4.2.0 later"]
    machine.look("2026-12-03 09:00")
    late = machine.look("2026-12-03 15:00")

    assert late.overdue == ()
    assert machine.newsroom.relay.counts == {"aiko@soci.example": 1, "anna@soci.example": 1}


@pytest.mark.slow
def test_who_waits_for_the_end_of_quiet_hours_is_late_on_purpose(newsroom: Newsroom) -> None:
    newsroom.write("subscribers/members.csv", TOKYO_AND_ROME)
    machine = Machine(newsroom)
    machine.say("2026-12-02 12:00", quiet="08:00-14:00 UTC", **LOCAL)
    machine.look("2026-12-03 01:00")
    machine.look("2026-12-03 09:00")
    assert set(newsroom.relay.counts) == {"aiko@soci.example"}

    late = machine.look("2026-12-03 14:00")
    assert late.overdue == ()
    assert newsroom.relay.counts == {"aiko@soci.example": 1, "anna@soci.example": 1}


# The clock, set again and again


@pytest.mark.slow
def test_what_is_due_goes_out_once_however_often_the_clock_is_set(newsroom: Newsroom) -> None:
    wall = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    newsroom.run("send", ISSUE, "--yes", "--at", f"{wall:%Y-%m-%d %H:%M} UTC", follow=False)
    half_past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=30)
    due = parse_when(f"{half_past:%Y-%m-%d %H:%M} UTC", default_zone="UTC")
    with Ledger.open(newsroom.ledger) as ledger:
        ledger.reschedule(CampaignId(1), due, utc_now())
    ran = []
    for hours in (-1, 0, -1, 0, 1, -1, 0):
        at = dt.timedelta(hours=hours)
        app = open_app(newsroom.root, clock=lambda: utc_now() + at)  # noqa: B023  called at once
        ran.append(len(run_due_once(app, lambda _: None).ran))

    assert ran == [0, 1, 0, 0, 0, 0, 0]
    assert newsroom.relay.counts == dict.fromkeys(EVERYBODY, 1)
    with Ledger.open(newsroom.ledger) as ledger:
        assert ledger.campaign(CampaignId(1)).state is CampaignState.FINISHED
