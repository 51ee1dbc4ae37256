"""What is in doubt is settled by the relay's log where that proves something, else by a word."""

import bz2
import datetime as dt
import gzip
import io
import lzma
from collections.abc import Callable, Iterator

import pytest

from tests.cli.doubting import DroppingRelay, dropping, send_to
from tests.cli.newsroom import Newsroom
from tests.cli.readers import ANNA, BRUNO, DARIO
from tests.relay_log.postfix import Postfix

pytestmark = pytest.mark.slow  # real messages over real SMTP
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def relay_in_doubt(newsroom: Newsroom) -> Iterator[DroppingRelay]:
    """Two are in doubt, three were accepted."""
    with dropping(ANNA, BRUNO) as relay:
        assert send_to(newsroom, relay).code == 6
        yield relay


def now() -> dt.datetime:
    """The instant of the messages, nearly."""
    return dt.datetime.now(dt.UTC)


def log_of(relay: DroppingRelay, *, later: dt.timedelta = HOUR) -> Postfix:
    """The relay's log of the day, without those in doubt."""
    log = Postfix()
    log.idle(now() - HOUR)
    for number, message_id in enumerate(relay.taken):
        log.take(now(), f"1A2B3C4D{number:02X}", message_id)
    log.idle(now() + later)
    return log


def states(room: Newsroom) -> dict[str, int]:
    """The counts of campaign 1 that are not zero."""
    counts = room.run("status", "1", "--format", "json", follow=False).object["progress"]["counts"]
    return {state: count for state, count in counts.items() if count}


def test_the_log_settles_whom_it_proves_and_says_why_of_each(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    log = log_of(relay_in_doubt)
    log.receive(now(), "4bXyZ30Pdqz1kQF", relay_in_doubt.doubted[ANNA])
    log.queue(now(), "4bXyZ30Pdqz1kQF")
    log.finish(now(), "4bXyZ30Pdqz1kQF", "bounced (550 5.1.1 no such user)")
    newsroom.write("mail.log", log.content)
    ran = newsroom.run("reconcile", "1", "--log", "mail.log")
    assert ran.code == 6
    assert f"accepted        {ANNA}  queued as 4bXyZ30Pdqz1kQF on mx1 at " in ran.said
    assert "wrote later: bounced (550 5.1.1 no such user)" in ran.said
    assert f"not in the log  {BRUNO}  not in the log, which covers the attempt" in ran.said
    assert ran.next == "newsletter reconcile 1 --log mail.log --absent not-accepted"
    assert states(newsroom) == {"accepted": 4, "in_doubt": 1}
    story = newsroom.run("status", "1", "--recipient", ANNA, follow=False).said
    assert "queued as 4bXyZ30Pdqz1kQF on mx1" in story
    assert newsroom.run("ledger", "verify").code == 0


def test_who_is_absent_from_a_whole_log_waits_again_only_by_choice(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    newsroom.write("mail.log", log_of(relay_in_doubt).content)
    assert newsroom.run("reconcile", "--log", "mail.log").code == 6
    assert states(newsroom) == {"accepted": 3, "in_doubt": 2}
    ran = newsroom.run("reconcile", "--log", "mail.log", "--absent", "not-accepted")
    assert ran.code == 0
    assert states(newsroom) == {"accepted": 3, "queued": 2}
    assert ran.next == "newsletter resume 1"
    assert newsroom.run("resume", "1", follow=False).code == 0
    assert sorted(relay_in_doubt.taken[3:]) == sorted(relay_in_doubt.doubted.values())
    assert newsroom.run("ledger", "verify").code == 0


def test_absence_from_a_log_that_proves_nothing_is_never_applied(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    for log in (log_of(relay_in_doubt, later=dt.timedelta(seconds=9)), Postfix()):
        log.idle(now())
        newsroom.write("mail.log", log.content)
        ran = newsroom.run("reconcile", "--log", "mail.log", "--absent", "not-accepted")
        assert ran.code == 6
        assert ran.next == "newsletter reconcile 1 --assume-accepted"
        assert states(newsroom) == {"accepted": 3, "in_doubt": 2}


def test_a_refusal_in_the_log_is_a_refusal(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    log = log_of(relay_in_doubt)
    for reader, code in ((ANNA, "5.7.1 spam"), (BRUNO, "4.7.1 later")):
        log.receive(now(), "3F2A10C0B7", relay_in_doubt.doubted[reader])
        words = f"milter-reject: END-OF-MESSAGE from x[192.0.2.7]: {code}"
        log.say(now(), "cleanup", f"3F2A10C0B7: {words}")
    newsroom.write("mail.log", log.content)
    assert newsroom.run("reconcile", "--log", "mail.log").code == 0
    assert states(newsroom) == {"accepted": 3, "queued": 1, "refused": 1}
    assert "5.7.1 spam" in newsroom.run("status", "1", "--failed", follow=False).said
    assert newsroom.run("ledger", "verify").code == 0


def test_what_the_log_says_of_an_earlier_try_does_not_settle_the_one_in_doubt(
    newsroom: Newsroom,
) -> None:
    """It was put off, tried again under the same Message-ID, and then fell in doubt."""
    newsroom.edit("newsletter.toml", 'rate = "500/s"', 'rate = "500/s"\nretry_schedule = ["2 s"]')
    with dropping(ANNA) as relay:
        relay.later = {ANNA}
        assert send_to(newsroom, relay).code == 6
        log = log_of(relay)
        story = newsroom.run("status", "1", "--recipient", ANNA, "--format", "json", follow=False)
        tried = dt.datetime.fromisoformat(story.object["attempts"][0]["at"])
        log.receive(tried, "3F2A10C0B7", relay.doubted[ANNA])
        words = "milter-reject: END-OF-MESSAGE from x[192.0.2.7]: 4.7.1 later"
        log.say(tried, "cleanup", f"3F2A10C0B7: {words}")
        newsroom.write("mail.log", log.content)
        ran = newsroom.run("reconcile", "--log", "mail.log")
    assert ran.code == 6
    assert "4.7.1 later" in ran.said
    assert "but perhaps at an earlier try" in ran.said
    assert states(newsroom) == {"accepted": 4, "in_doubt": 1}


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_rotated_logs_may_come_in_any_order_packed_and_twice(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay, pack: Callable[[bytes], bytes]
) -> None:
    older, newer = log_of(relay_in_doubt, later=dt.timedelta()), Postfix()
    older.receive(now(), "3F2A10C0B7", relay_in_doubt.doubted[ANNA])
    newer.queue(now() + HOUR, "3F2A10C0B7")
    newsroom.write("mail.log", newer.content)
    newsroom.write("mail.log.1.gz", pack(older.content))
    words = [word for name in ("mail.log", "mail.log.1.gz", "mail.log") for word in ("--log", name)]
    ran = newsroom.run("reconcile", *words, "--format", "json")
    assert ran.code == 6
    assert ran.object["settled"]["accepted"] == 1
    assert ran.object["log"]["files"] == ["mail.log.1.gz", "mail.log"]


def test_a_log_may_come_over_the_standard_input(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(relay_in_doubt)
    for number, message_id in enumerate(relay_in_doubt.doubted.values()):
        log.take(now(), f"2A2B3C4D{number:02X}", message_id)
    content = b"\xff\xfe odd \x00 bytes\n" + b"x" * 200_000 + b"\n" + log.content
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert newsroom.run("reconcile", "--log", "-").code == 0
    assert states(newsroom) == {"accepted": 5}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"", "no line of"),
        (b"this is a letter\nto nobody\n", "no line of"),
        (gzip.compress(b"Nov 22 14:10:07 mx1 x: y\n" * 9)[:-9], "cannot be read"),
        (b"\x28\xb5\x2f\xfd\x04\x00", "packed with zstd: unpack it first"),
    ],
    ids=["not there", "empty", "no log", "cut off", "packed otherwise"],
)
def test_a_log_that_cannot_be_read_is_told_and_settles_nothing(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay, content: bytes | None, told: str
) -> None:
    assert relay_in_doubt.doubted
    if content is not None:
        newsroom.write("mail.log", content)
    ran = newsroom.run("reconcile", "--log", "mail.log")
    assert ran.code == 2
    assert told in ran.err
    assert ran.next
    assert states(newsroom) == {"accepted": 3, "in_doubt": 2}


def test_what_is_listed_ends_with_a_step_that_leads_on_and_settles_nothing_by_itself(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    assert newsroom.run("status", "1").next == "newsletter reconcile 1"
    listed = newsroom.run("reconcile", "1")
    assert (listed.code, listed.next) == (6, "newsletter reconcile 1 --assume-accepted")
    assert newsroom.run(*listed.next.split()[1:]).code == 4
    assert states(newsroom) == {"accepted": 3, "in_doubt": 2}
    one = newsroom.run("reconcile", "1", "--recipient", ANNA, "--accepted")
    assert (one.code, one.next) == (6, "newsletter reconcile 1 --assume-accepted")
    log = log_of(relay_in_doubt)
    newsroom.write("a log", log.content)
    read = newsroom.run("reconcile", "1", "--log", "a log")
    assert read.next == "newsletter reconcile 1 --log 'a log' --absent not-accepted"


def test_a_word_on_all_in_doubt_wants_their_number(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    assert relay_in_doubt.doubted
    ran = newsroom.run("reconcile", "--assume-accepted")
    assert ran.code == 4
    assert ran.next == "newsletter reconcile 1 --assume-accepted --recipients 2"
    assert newsroom.run("reconcile", "--assume-not", "--recipients", "3").code == 5
    assert newsroom.run("reconcile", "--assume-not", "--recipients", "0").code == 2
    assert states(newsroom) == {"accepted": 3, "in_doubt": 2}
    assert newsroom.run("reconcile", "--assume-accepted", "--recipients", "2").code == 0
    assert states(newsroom) == {"accepted": 5}


def test_a_word_against_all_in_doubt_has_them_wait_again(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay
) -> None:
    ran = newsroom.run("reconcile", "--assume-not", "--yes")
    assert ran.code == 0
    assert ran.next == "newsletter resume 1"
    assert states(newsroom) == {"accepted": 3, "queued": 2}
    assert len(relay_in_doubt.taken) == 3


@pytest.mark.parametrize(
    "words",
    [
        ("--accepted",),
        ("--not-accepted",),
        ("--recipient", ANNA),
        ("--recipient", ""),
        ("--recipient", ANNA, "--assume-accepted"),
        ("--recipient", DARIO, "--accepted"),
        ("--recipient", ANNA, "--accepted", "--assume-not"),
        ("--absent", "not-accepted"),
        ("--absent", "accepted", "--log", "x"),
        ("--log", "x", "--assume-not", "--yes"),
        ("--recipient", "anna", "--accepted"),
    ],
)
def test_words_that_do_not_go_together_settle_nothing(
    newsroom: Newsroom, relay_in_doubt: DroppingRelay, words: tuple[str, ...]
) -> None:
    assert relay_in_doubt.doubted
    ran = newsroom.run("reconcile", *words)
    assert ran.code == 2
    assert ran.next
    assert states(newsroom) == {"accepted": 3, "in_doubt": 2}
