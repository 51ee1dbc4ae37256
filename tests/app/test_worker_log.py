"""What a worker writes for machines: a line an event, and nobody's address."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.app import telling
from newsletter.app.telling import Told
from newsletter.app.worker_log import LogForm, WorkerLog, masked


def logged(told: Told, form: LogForm = "json") -> str:
    """The line of one event."""
    stream = io.StringIO()
    WorkerLog(form, stream).told(told)
    return stream.getvalue()


@pytest.mark.slow
def test_an_event_is_one_json_object_with_time_level_and_facts() -> None:
    line = json.loads(logged(Told("campaign begun", "words", {"campaign": 3, "issue": "2026-12"})))

    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "campaign begun", "level": "info", "campaign": 3, "issue": "2026-12"}


def test_trouble_is_a_warning_and_logfmt_is_one_line() -> None:
    line = logged(telling.later("the relay is away"), "logfmt")

    assert line.count("\n") == 1
    assert 'level=warning event=later reason="the relay is away"' in line


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("the message for anna.rossi@soci.example cannot be made", "for [address] cannot"),
        ("<a@b.example>, b@c.example", "<[address]>, [address]"),
        ("postgresql://me:hush@db.example/x", "postgresql://db.example/x"),
        ("news@smtp.example:587 refuses us", "[address]:587 refuses us"),
    ],
)
def test_addresses_and_logins_are_masked_wherever_they_come_from(words: str, shown: str) -> None:
    line = json.loads(logged(telling.later(words)))["reason"]
    assert shown in line
    assert "@" not in line


def test_a_fact_that_is_called_a_secret_is_left_out() -> None:
    line = logged(Told("x", "x", {"password": "hush", "relay_token": "hush", "n": 1}))
    assert "hush" not in line


@pytest.mark.slow
@given(st.emails(), st.text(max_size=40), st.text(max_size=40))
def test_no_address_of_any_form_comes_through(address: str, before: str, after: str) -> None:
    assert address not in masked(f"{before} {address} {after}")
