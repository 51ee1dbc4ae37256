"""Figures, their table, and what a measured process cost."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.__main__ import LATEST
from bench.child import Failed, Look, Ran, run
from bench.figures import Recording, Timing, figures_of, short
from bench.senders import Job, Sent
from bench.sending import by_turns
from bench.table import table_of

WHOLE = Ran(9.0, 3.0, 50.0, "", ())


def sent(seconds: float, count: int = 1_000) -> Sent:
    return Sent(count, seconds, cpu_seconds=seconds / 2, whole=WHOLE)


RUNS = {
    "smtp-source": [sent(1.0), sent(2.0), sent(4.0)],
    "newsletter": [sent(0.5), sent(1.0), sent(4.0)],
    "nodemailer": [sent(1.0, 100), sent(1.0, 50), sent(1.0, 50)],
}


def test_a_ratio_is_the_median_of_each_rounds_own() -> None:
    figures = figures_of("big", RUNS, octets=50_000, connections=10)
    by_name = {each.sender: each for each in figures}
    ours = by_name["newsletter"]
    assert ours.messages_per_s == 1_000
    assert ours.ratios == {"smtp-source": 2.0, "nodemailer": 20.0}
    assert by_name["nodemailer"].messages == 100
    assert by_name["smtp-source"].cpu_s_per_1000 == 1.0
    assert by_name["smtp-source"].whole_cpu_s_per_1000 == 3.0


def test_a_rate_is_shown_as_a_part_of_what_the_round_trips_allow() -> None:
    runs = {"newsletter": [sent(20.0)]}
    (figure,) = figures_of("far", runs, octets=1, connections=1, limits={"newsletter": 62.5})
    assert figure.of_limit == 0.8


def test_the_table_is_one_and_has_a_line_for_everything() -> None:
    figures = figures_of("big", RUNS, octets=50_000, connections=10)
    timings = [Timing("fill", "newsletter", 4.5), Timing("fill", "EmailMessage", 4_500.0)]
    recording = Recording("record 1,000,000 from CSV", "newsletter", 1_000_000, 12.3, 90.0)
    lines = table_of([*timings, *figures, recording])
    assert len(lines) == 1 + len(timings) + len(figures) + 1
    assert lines[2].split()[-1] == "1000.00"
    assert lines[4].split()[4:6] == ["1,000/s", "2.00"]
    assert lines[5].split()[4:] == ["50.0/s", "0.10", "20.00", "10.000", "50"]
    assert lines[6].split()[-3:] == ["12.3", "s", "90"]


def test_a_record_can_be_read_by_itself() -> None:
    (figure,) = figures_of("big", {"newsletter": [sent(3.0)]}, octets=1, connections=10)
    record = json.loads(json.dumps(short(asdict(figure))))
    assert record["messages_per_s"] == 333.3
    asked = {"case", "sender", "connections", "reply_delay_ms", "cpu_s_per_1000", "peak_rss_mb"}
    assert asked <= record.keys()


def test_the_figures_that_are_kept_have_the_form_that_is_promised() -> None:
    records = json.loads(LATEST.read_text(encoding="utf-8"))
    big = {each["sender"]: each for each in records if each["case"] == "big"}
    assert {"newsletter", "smtp-source", "nodemailer", "aiosmtplib"} <= big.keys()
    assert all(each["messages_per_s"] > 0 and each["connections"] == 10 for each in big.values())


# Processes


@pytest.mark.slow
def test_a_process_is_looked_at_while_it_runs() -> None:
    code = "import time; held = 'x' * 40_000_000; t = time.process_time\nwhile t() < 0.4: pass"
    ran = run([sys.executable, "-c", code])
    (first, *_, last) = ran.course
    whole = ran.cpu_between(first.at, last.at)
    assert whole == pytest.approx(ran.cpu_seconds)
    middle = (first.at + last.at) / 2
    assert 0 < ran.cpu_between(first.at, middle) < whole
    assert ran.peak_until(last.at) <= ran.peak_rss_mb + 1
    assert ran.peak_until(last.at) > 40


def test_between_two_looks_the_later_one_counts() -> None:
    course = (Look(10.0, 0.0, 5.0), Look(11.0, 1.0, 30.0), Look(12.0, 1.5, 20.0))
    ran = Ran(2.0, 1.5, 30.0, "", course)
    assert ran.cpu_between(10.5, 99.0) == 0.5
    assert ran.peak_until(10.5) == 5.0


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"ended with 3:\nno\Z"):
        run([sys.executable, "-c", "import sys; print('no'); sys.exit(3)"], folder=tmp_path)


# A sender that fails


def test_a_sender_that_fails_is_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    def fails(job: Job) -> Sent:
        why = f"{job.count} of them were refused"
        raise Failed(why)

    job = Job("issue", Path(), Path(), octets=1, count=7, connections=1, port=25)
    entries = {"good": (lambda _: sent(1.0), job), "bad": (fails, job)}
    runs = by_turns("big", entries, 3)
    assert {name: len(each) for name, each in runs.items()} == {"good": 3}
    assert "NOT MEASURED: big, bad: 7 of them were refused" in capsys.readouterr().err
