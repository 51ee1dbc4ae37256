"""kill -9 at any moment: nobody is lost, nobody is mailed twice, the doubtful are listed."""

import random
import re
import signal
import time

import pytest

from tests.cli.newsroom import ISSUE, Newsroom, wait_until
from tests.cli.readers import SEND, many

READERS = 2_000
KILLS = 10


@pytest.mark.slow
def test_a_send_killed_ten_times_ends_with_everyone_accepted_once_or_listed_in_doubt(
    newsroom: Newsroom,
) -> None:
    readers = many(newsroom, READERS, "1000/s")
    newsroom.relay._seconds = 0.002
    chance = random.Random(29)  # noqa: S311 no secret
    words: tuple[str, ...] = SEND
    killed = 0
    for _ in range(KILLS):
        before = len(newsroom.relay.received)
        child = newsroom.child(*words)
        goal = before + chance.randint(1, READERS // KILLS - 20)
        wait_until(lambda: len(newsroom.relay.received) >= goal or child.poll() is not None, 30)  # noqa: B023 called at once
        time.sleep(chance.random() / 50)
        child.kill()
        child.communicate()
        killed += child.returncode == -signal.SIGKILL
        words = ("resume",)
    assert killed == KILLS
    assert "interrupted at" in newsroom.run("status", follow=False).out
    ran = newsroom.run("resume", follow=False)
    assert ran.code in {0, 6}, ran.said
    doubtful = set(
        re.findall(
            r"^  (\S+@soci\.example)  in doubt",
            newsroom.run("status", "--in-doubt", follow=False).out,
            re.MULTILINE,
        )
    )
    counts = newsroom.run("status", "1", "--format", "json").object["progress"]["counts"]
    assert counts.get("accepted", 0) + counts.get("in_doubt", 0) == READERS
    assert counts.get("in_doubt", 0) == len(doubtful) <= 4 * KILLS
    assert (ran.code == 6) == bool(doubtful)
    assert set(newsroom.relay.counts.values()) == {1}, "nobody got it twice"
    assert readers - doubtful <= set(newsroom.relay.recipients), "nobody was lost"
    assert newsroom.run("ledger", "verify").code == 0
    again = newsroom.run(*SEND)
    assert again.code == 4, f"{ISSUE} was accepted by these readers already"
