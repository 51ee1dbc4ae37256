"""What a relay's log proves, and what it does not."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.relay_log.evidence import Evidence
from newsletter.relay_log.line import parse_entry, parse_line
from newsletter.relay_log.verdict import Case, Finding, Neighbour, Verdict, judge
from tests.relay_log.postfix import ISO, JOURNAL_UNIX, LONG_IDS, RFC5424, TRADITIONAL, Postfix

AT = dt.datetime(2026, 11, 22, 13, 10, 7, tzinfo=dt.UTC)
NOW = AT + dt.timedelta(hours=8)
DOUBTED, BEFORE, AFTER = (
    "<3.2.ab@alisei.example>",
    "<3.1.cd@alisei.example>",
    "<3.3.ef@alisei.example>",
)
WANTED = {DOUBTED: 2, BEFORE: 1, AFTER: 3}
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
CASE = Case(
    2,
    AT - 5 * MINUTE,
    AT,
    (Neighbour(1, AT - MINUTE), Neighbour(3, AT + MINUTE)),
)
FORMS = [TRADITIONAL, ISO, RFC5424, JOURNAL_UNIX]


def verdict_of(*logs: Postfix, case: Case = CASE) -> Verdict:
    """What these logs, read in order, mean for the case."""
    evidence = Evidence(WANTED, NOW)
    for log in logs:
        evidence.read(log.raw)
    return judge(case, evidence)


def covering(form: str = TRADITIONAL, host: str = "mx1") -> Postfix:
    """A log of the day with the two neighbours, to which the one in doubt may be added."""
    log = Postfix(host, form)
    log.idle(AT - HOUR)
    log.take(AT - MINUTE, "1A2B3C4D5E", BEFORE)
    log.take(AT + MINUTE, "2A2B3C4D5E", AFTER)
    log.idle(AT + HOUR)
    return log


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("queue_id", ["3F2A10C0B7", LONG_IDS])
def test_a_message_that_the_queue_manager_had_was_accepted(form: str, queue_id: str) -> None:
    log = Postfix(form=form)
    log.receive(AT, queue_id, DOUBTED)
    assert verdict_of(log).finding is Finding.RECEIVED
    log.queue(AT, queue_id)
    found = verdict_of(log)
    assert found.finding is Finding.ACCEPTED
    assert queue_id in found.why
    assert "mx1" in found.why
    assert "2026-11-22" in found.why


@pytest.mark.parametrize("status", ["deferred (connect timed out)", "bounced (550 5.1.1 no user)"])
def test_what_became_of_it_later_is_told_and_it_stays_accepted(status: str) -> None:
    log = Postfix()
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    log.finish(AT + MINUTE, "3F2A10C0B7", status)
    found = verdict_of(log)
    assert found.finding is Finding.ACCEPTED
    assert found.fate == status


def test_a_proxy_that_took_it_had_it_queued() -> None:
    log = Postfix()
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    took = "proxy-accept: END-OF-MESSAGE: 250 2.0.0 Ok: queued as 9B1; from=<a@b.example>"
    log.say(AT, "smtpd", f"3F2A10C0B7: {took}")
    assert verdict_of(log).finding is Finding.ACCEPTED


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        (
            "milter-reject: END-OF-MESSAGE from x[192.0.2.7]: 5.7.1 spam; from=<a@b.example>",
            "refused",
        ),
        ("reject: header Subject: x from x[192.0.2.7]; from=<a@b.example>: 5.7.1 no", "refused"),
        ("milter-reject: END-OF-MESSAGE from x[192.0.2.7]: 4.7.1 later", "put off"),
        ("warning: queue file size limit exceeded", "received"),
        ("hold: header X: y from x[192.0.2.7]; from=<a@b.example>", "received"),
    ],
)
def test_what_cleanup_says_of_it_counts(words: str, finding: str) -> None:
    log = covering()
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    log.say(AT, "cleanup", f"3F2A10C0B7: {words}")
    assert verdict_of(log).finding == finding


TRIED_TWICE = replace(CASE, tried_before=AT - 4 * MINUTE)


def put_off(log: Postfix, at: dt.datetime, queue_id: str, code: str = "4.7.1 later") -> None:
    """Cleanup receives it, and a filter refuses it."""
    log.receive(at, queue_id, DOUBTED)
    words = f"milter-reject: END-OF-MESSAGE from x[192.0.2.7]: {code}"
    log.say(at, "cleanup", f"{queue_id}: {words}")


@pytest.mark.parametrize("form", FORMS)
def test_what_an_earlier_try_was_answered_says_nothing_of_the_one_in_doubt(form: str) -> None:
    """Both have one Message-ID."""
    log = covering(form)
    put_off(log, AT - 4 * MINUTE, "3F2A10C0B7")
    found = verdict_of(log, case=TRIED_TWICE)
    assert found.finding is Finding.ABSENT
    assert "its last try is not in the log" in found.why
    log.receive(AT, "4F2A10C0B7", DOUBTED)
    found = verdict_of(log, case=TRIED_TWICE)
    assert found.finding is Finding.RECEIVED
    assert "4F2A10C0B7" in found.why
    log.queue(AT, "4F2A10C0B7")
    assert verdict_of(log, case=TRIED_TWICE).finding is Finding.ACCEPTED


@pytest.mark.parametrize("form", FORMS)
def test_of_two_refusals_the_last_one_counts(form: str) -> None:
    log = covering(form)
    put_off(log, AT - 4 * MINUTE, "3F2A10C0B7")
    put_off(log, AT, "4F2A10C0B7", "5.7.1 spam")
    found = verdict_of(log, case=TRIED_TWICE)
    assert found.finding is Finding.REFUSED
    assert "4F2A10C0B7" in found.why


@pytest.mark.parametrize(
    ("log", "case"),
    [
        (Postfix(), TRIED_TWICE),
        (covering(), replace(TRIED_TWICE, doubted_before=True)),
        (covering(), replace(TRIED_TWICE, tried_before=AT - 2 * MINUTE / 60)),
    ],
    ids=["no message sets the clock", "that one is in doubt too", "seconds before"],
)
def test_a_refusal_that_may_be_an_earlier_trys_settles_nothing(log: Postfix, case: Case) -> None:
    put_off(log, AT - 4 * MINUTE, "3F2A10C0B7")
    found = verdict_of(log, case=case)
    assert found.finding is Finding.RECEIVED
    assert "perhaps at an earlier try" in found.why


def test_neighbours_that_were_put_off_at_first_set_the_clock_by_when_they_were_taken() -> None:
    log = Postfix()
    log.idle(AT - HOUR)
    for at, queue_id, message_id in ((-1, "1A2B3C4D5E", BEFORE), (1, "2A2B3C4D5E", AFTER)):
        log.receive(AT + (at - 4) * MINUTE, f"9{queue_id}", message_id)
        log.take(AT + at * MINUTE, queue_id, message_id)
    put_off(log, AT - 4 * MINUTE, "3F2A10C0B7")
    log.idle(AT + HOUR)
    assert verdict_of(log, case=TRIED_TWICE).finding is Finding.ABSENT


def test_words_inside_a_message_are_no_proof() -> None:
    log = covering()
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    for words in ("to=<x>, status=sent (ok)", "from=<>, size=1, nrcpt=1 (queue active)"):
        log.say(AT, "cleanup", f"3F2A10C0B7: warning: header Subject: {words}")
        log.say(AT, "smtpd", f"3F2A10C0B7: warning: {words}")
        log.say(AT, "cleanup", f"3F2A10C0B8: message-id={DOUBTED} {words}")
    assert verdict_of(log).finding is Finding.RECEIVED


def test_a_queue_id_that_is_used_again_stands_for_another_message() -> None:
    log = covering()
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    log.receive(AT + MINUTE, "3F2A10C0B7", "<another@elsewhere.example>")
    log.queue(AT + MINUTE, "3F2A10C0B7")
    assert verdict_of(log).finding is Finding.RECEIVED


def test_the_same_queue_id_on_another_host_is_another_message() -> None:
    log, other = covering(), Postfix("mx2")
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    other.queue(AT, "3F2A10C0B7")
    assert verdict_of(log, other).finding is Finding.RECEIVED


def test_a_message_that_passes_a_filter_twice_was_accepted_the_first_time() -> None:
    log = Postfix()
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    log.queue(AT, "3F2A10C0B7")
    log.receive(AT, "4F2A10C0B7", DOUBTED)
    log.say(AT, "cleanup", "4F2A10C0B7: reject: body x from localhost: 5.7.1 spam")
    assert verdict_of(log).finding is Finding.ACCEPTED


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ahead", [dt.timedelta(hours=-9), dt.timedelta(0), dt.timedelta(hours=13)])
def test_a_message_that_a_whole_log_does_not_hold_is_absent_by_whatever_clock(
    form: str, ahead: dt.timedelta
) -> None:
    log = covering(form)
    moved = Postfix(form=form, ahead=ahead)
    moved.idle(AT - HOUR)
    moved.take(AT - MINUTE, "1A2B3C4D5E", BEFORE)
    moved.take(AT + MINUTE, "2A2B3C4D5E", AFTER)
    moved.idle(AT + HOUR)
    assert verdict_of(log).finding is Finding.ABSENT
    found = verdict_of(moved)
    assert found.finding is Finding.ABSENT
    assert "2 accepted around it" in found.why


def test_a_cluster_is_covered_when_each_of_its_hosts_is() -> None:
    one, two = Postfix("mx1"), Postfix("mx2", ISO)
    for log, message_id in ((one, BEFORE), (two, AFTER)):
        log.idle(AT - HOUR)
        log.take(AT, "1A2B3C4D5E", message_id)
    one.idle(AT + HOUR)
    two.idle(AT + MINUTE)
    assert "mx2 ends too soon" in verdict_of(one, two).why
    assert "not in the log either" in verdict_of(one).why
    two.idle(AT + HOUR)
    assert verdict_of(one, two).finding is Finding.ABSENT


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (AT - 2 * MINUTE, AT + HOUR, "begins after"),
        (AT - HOUR, AT + 2 * MINUTE, "ends too soon"),
    ],
)
def test_silence_of_a_log_that_does_not_cover_the_attempt_proves_nothing(
    first: dt.datetime, last: dt.datetime, told: str
) -> None:
    log = Postfix()
    log.idle(first)
    log.take(AT - MINUTE, "1A2B3C4D5E", BEFORE)
    log.take(AT + MINUTE, "2A2B3C4D5E", AFTER)
    log.idle(last)
    found = verdict_of(log)
    assert found.finding is Finding.UNKNOWN
    assert told in found.why


def test_silence_of_another_hosts_log_proves_nothing() -> None:
    log = Postfix()
    log.idle(AT - HOUR, AT, AT + HOUR)
    found = verdict_of(log)
    assert found.finding is Finding.UNKNOWN
    assert "no other message of this campaign" in found.why


@pytest.mark.parametrize(
    "words",
    [
        "Suppressed 1204 messages from postfix.service",
        "imuxsock: begin to drop messages due to rate-limiting",
    ],
)
def test_silence_of_a_log_that_dropped_lines_proves_nothing(words: str) -> None:
    log = covering()
    log.lines.insert(1, f"Nov 22 14:09:00 mx1 systemd-journald[120]: {words}")
    assert "dropped" in verdict_of(log).why


def test_without_another_message_of_the_run_silence_proves_nothing() -> None:
    assert verdict_of(covering(), case=replace(CASE, neighbours=())).finding is Finding.UNKNOWN
    far = replace(CASE, neighbours=(Neighbour(1, AT - 3 * HOUR), Neighbour(3, AT + 3 * HOUR)))
    assert verdict_of(covering(), case=far).finding is Finding.UNKNOWN


def test_a_year_that_is_not_written_is_the_last_that_is_not_to_come() -> None:
    now = dt.datetime(2027, 1, 3, tzinfo=dt.UTC)
    for raw, year in ((b"Jan  3 10:00:00 mx1 x", 2027), (b"Jan  9 10:00:00 mx1 x", 2026)):
        line = parse_line(raw, now)
        assert line
        assert line.at.year == year
    leap = parse_line(b"Feb 29 10:00:00 mx1 x", now)
    assert leap
    assert leap.at.year == 2024


@pytest.mark.parametrize(
    "raw",
    [
        b"Nov 22 14:10:07 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"Nov  2 14:10:07.123456 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed\r\n",
        b"<22>Nov  2 14:10:07 mx1 postfix-out/qmgr[12]: 3F2A10C0B7: removed",
        b"2026-11-22T14:10:07+0100 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"2026-11-22T14:10:07.123456+01:00 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"Sun 2026-11-22 14:10:07 CET mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"Sun 2026-11-22 17:10:07 +04 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"Sun 2026-11-22 18:40:07 +0530 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"1795871407.123456 mx1 postfix/qmgr[12]: 3F2A10C0B7: removed",
        b"<22>1 2026-11-22T13:10:07Z mx1 postfix/qmgr 12 - - \xef\xbb\xbf3F2A10C0B7: removed",
        b'<22>1 2026-11-22T13:10:07.1Z mx1 postfix/a/qmgr 12 - [x y="z"] 3F2A10C0B7: removed',
    ],
)
def test_every_form_of_a_line_is_understood(raw: bytes) -> None:
    line = parse_line(raw, NOW)
    assert line
    assert line.origin.host == "mx1"
    entry = parse_entry(line.rest)
    assert entry
    assert (entry.program, entry.queue_id, entry.text) == ("qmgr", "3F2A10C0B7", "removed")


def test_a_host_may_be_an_address() -> None:
    line = parse_line(b"Nov 22 14:10:07 2001:db8::1 postfix/qmgr[12]: 3F2A10C0B7: removed", NOW)
    assert line
    assert line.origin.host == "2001:db8::1"
    assert parse_entry(line.rest)


def test_no_terminal_obeys_what_stands_in_a_log() -> None:
    log = Postfix("mx\x9b1")
    log.receive(AT, "3F2A10C0B7", DOUBTED)
    log.finish(AT, "3F2A10C0B7", "bounced (550 \x1b[2J\x00\x07 no\u202e)")
    found = verdict_of(log)
    assert found.finding is Finding.ACCEPTED
    assert "bounced" in found.fate
    assert (found.fate + found.why).isprintable()


@pytest.mark.slow
@given(st.lists(st.binary(max_size=300)))
def test_no_bytes_are_too_odd(lines: list[bytes]) -> None:
    evidence = Evidence(WANTED, NOW)
    evidence.read(lines)
    assert evidence.lines == len(lines)
    assert judge(CASE, evidence).finding is Finding.UNKNOWN


@pytest.mark.slow
@given(
    st.data(),
    st.sampled_from(covering().raw),
)
def test_a_line_that_was_damaged_anywhere_is_passed_over_or_read(
    data: st.DataObject, line: bytes
) -> None:
    at = data.draw(st.integers(0, len(line)))
    evidence = Evidence(WANTED, NOW)
    evidence.read([line[:at] + data.draw(st.binary(max_size=9)) + line[at:]])
    assert evidence.understood <= evidence.lines == 1
