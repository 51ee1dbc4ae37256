"""Workers that share campaigns: their logs and their figures say what each of them did."""

import json
import re
import signal
from contextlib import ExitStack

import pytest

from tests.cli.day import CLUSTER, READERS, Day
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, BRUNO
from tests.cli.test_worker import LONG, OUTCOMES, figures, worker
from tests.ledger.databases import empty, postgres, servers
from tests.ports import quiet_port

__all__ = ["postgres", "servers"]
pytestmark = [pytest.mark.slow, pytest.mark.postgres]  # real messages over real SMTP


def test_what_two_workers_count_and_log_is_the_whole_campaign(
    newsroom: Newsroom, postgres: str
) -> None:
    empty(postgres)
    day = Day(newsroom, postgres)
    day.prepare(CLUSTER)
    newsroom.relay.will_answer(ANNA, "550 5.1.1 no such user")
    newsroom.relay.will_answer(BRUNO, "450 4.2.0 later")
    first = quiet_port()
    places = [f"127.0.0.1:{first}", f"127.0.0.1:{first + 1}"]
    day.type("send", ISSUE, "--yes", "--at", "2100-01-01 10:00")
    with ExitStack() as stack:
        words = [("--log", "json", "--metrics", place) for place in places]
        workers = [stack.enter_context(worker(newsroom, *each)) for each in words]
        day.time_passes("campaign.due_at")
        day.wait_for(1, accepted=len(EVERYBODY | {*READERS}) - 1, refused=1)
        names = [f'newsletter_messages_total{{outcome="{name}"}}' for name in OUTCOMES]
        wait_until(lambda: all(figures(each).get("newsletter_waiting") == 0 for each in places))
        counted = [sum(figures(place)[name] for place in places) for name in names]
        for each in workers:
            each.send_signal(signal.SIGTERM)
        logs = [each.communicate(timeout=LONG)[1] for each in workers]
    assert dict(zip(OUTCOMES, counted, strict=True)) == {
        "accepted": 34,
        "refused": 1,
        "deferred": 1,
        "in_doubt": 0,
    }
    assert re.search(r"\(\d+ parts? by [12] workers?\)", day.type("report", "1", code=0).out)
    told = [json.loads(line) for log in logs for line in log.splitlines()]
    ended = [each for each in told if each["event"] == "campaign ended"]
    assert {(each["campaign"], each["state"]) for each in ended} >= {(1, "finished")}
    assert "@" not in "".join(logs)
