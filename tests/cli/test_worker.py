"""The worker as a service: its health, its log, its figures, and how it ends."""

import json
import re
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import Popen

import pytest

from tests.cli.newsroom import ISSUE, Newsroom, wait_until
from tests.cli.readers import due_now, many
from tests.ports import quiet_port

SEND = ("send", ISSUE, "--yes")
LONG = 120.0


@contextmanager
def worker(newsroom: Newsroom, *words: str) -> Iterator["Popen[str]"]:
    """A worker in a process of its own, which ends with the test."""
    child = newsroom.child("worker", "--every", "0.1", *words)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate(timeout=LONG)


def due(newsroom: Newsroom, count: int, rate: str) -> set[str]:
    """A campaign to so many that is due."""
    readers = many(newsroom, count, rate)
    newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)
    return readers


def state(newsroom: Newsroom) -> str:
    return str(newsroom.campaigns()[0]["state"])


@pytest.mark.slow
def test_a_worker_that_is_told_to_end_leaves_its_campaign_to_the_next_one(
    newsroom: Newsroom,
) -> None:
    readers = due(newsroom, 60, "25/s")
    with worker(newsroom) as first:
        wait_until(lambda: len(newsroom.relay.received) >= 5, LONG)
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=LONG)
        assert first.returncode == 0
    shown = newsroom.run("status", follow=False).out
    assert "its worker was stopped; the next one carries it on" in shown
    assert state(newsroom) == "waiting"
    assert len(newsroom.relay.received) < 60
    with worker(newsroom):
        wait_until(lambda: state(newsroom) == "finished", LONG)
    assert newsroom.relay.counts == dict.fromkeys(readers, 1)
    assert newsroom.run("ledger", "verify", follow=False).code == 0


@pytest.mark.slow
def test_ctrl_c_at_a_worker_is_a_persons_pause_and_no_other_worker_goes_on(
    newsroom: Newsroom,
) -> None:
    due(newsroom, 60, "25/s")
    with worker(newsroom) as first:
        wait_until(lambda: len(newsroom.relay.received) >= 5, LONG)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=LONG)
    assert state(newsroom) == "paused"
    assert "nothing is due" in newsroom.run("run-due", follow=False).out


@pytest.mark.slow
def test_health_is_asked_of_a_running_worker_and_there_is_none_afterwards(
    newsroom: Newsroom,
) -> None:
    before = newsroom.run("worker", "--health")
    assert (before.code, before.out) == (1, "no worker runs here\n")
    with worker(newsroom) as child:
        wait_until(lambda: newsroom.run("worker", "--health").code == 0, LONG)
        well = newsroom.run("worker", "--health", "--format", "json")
        assert well.object["healthy"] is True
        assert well.object["workers"][0]["pid"] == child.pid
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=LONG)
    assert newsroom.run("worker", "--health", "--format", "json").object == {
        "healthy": False,
        "workers": [],
    }


@pytest.mark.slow
def test_the_log_has_a_line_an_event_and_no_address_of_a_reader(newsroom: Newsroom) -> None:
    newsroom.relay._answers["anna.rossi@soci.example"] = [
        "550 5.1.1 anna.rossi@soci.example is not here"
    ]
    newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)
    with worker(newsroom, "--log", "json") as child:
        wait_until(lambda: state(newsroom) == "finished", LONG)
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=LONG)
    lines = [json.loads(line) for line in err.splitlines()]
    assert [line["event"] for line in lines] == [
        "worker begins",
        "campaign begun",
        "campaign ended",
        "worker ends",
    ]
    assert (lines[2]["accepted"], lines[2]["refused"], lines[2]["state"]) == (4, 1, "finished")
    assert "@" not in err
    assert not out


@pytest.mark.slow
def test_prometheus_is_told_what_became_of_the_messages(newsroom: Newsroom) -> None:
    newsroom.relay._answers["anna.rossi@soci.example"] = ["550 5.1.1 no such user"]
    newsroom.relay._answers["wei.li@partner.example"] = ["450 4.2.0 later"]
    newsroom.run(*SEND, "--at", "2100-01-01 10:00", follow=False)
    due_now(newsroom)
    place = f"127.0.0.1:{quiet_port()}"
    with worker(newsroom, "--metrics", place):
        wait_until(lambda: state(newsroom) == "finished", LONG)
        wait_until(lambda: figures(place).get("newsletter_campaigns_due") == 0, LONG)
        found = figures(place)
    messages = {name: found[f'newsletter_messages_total{{outcome="{name}"}}'] for name in OUTCOMES}
    assert messages == {"accepted": 4, "refused": 1, "deferred": 1, "in_doubt": 0}
    assert found["newsletter_waiting"] == 0
    assert found["newsletter_last_look_seconds"] > 0


OUTCOMES = ("accepted", "refused", "deferred", "in_doubt")


def figures(place: str) -> dict[str, float]:
    """What is served, by name."""
    with urllib.request.urlopen(f"http://{place}/metrics", timeout=LONG) as answer:
        text = answer.read().decode()
    return {
        name: float(value)
        for name, value in re.findall(r"^(newsletter\S+) (\S+)$", text, re.MULTILINE)
    }


def test_a_place_that_is_none_or_is_taken_is_told(newsroom: Newsroom) -> None:
    none = newsroom.run("worker", "--metrics", "somewhere")
    taken = newsroom.run("worker", "--metrics", f"127.0.0.1:{newsroom.relay.port}")

    assert (none.code, taken.code) == (2, 2)
    assert "write for example 127.0.0.1:9464" in none.err
    assert "choose another port" in taken.err
