"""Recipients a second into one sink: the senders by turns, over several rounds; medians."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import child, senders
from bench.letter import Letter
from bench.senders import Job, Sender, Sent
from bench.sink import sink

CONNECTIONS = 10
YARDSTICK = "smtp-source"
OURS = "newsletter"
SENDERS: Mapping[str, Sender] = {
    YARDSTICK: senders.smtp_source,
    OURS: senders.newsletter,
    "nodemailer": senders.nodemailer,
    "aiosmtplib": senders.aiosmtplib,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One sender in one case: medians over the rounds."""

    case: str
    sender: str
    octets: int
    messages: int
    rounds: int
    messages_per_s: float
    whole_seconds: float
    """The whole process: for the newsletter also reading, rendering, checking, recording."""
    cpu_s_per_1000: float
    """Of the whole process, too."""
    peak_rss_mb: float
    ratios: Mapping[str, float]
    """Messages a second against each sender: the median of the ratios of each round."""


def compare(
    case: str, count: int, rounds: int, competitors: Mapping[str, Sender]
) -> Iterator[Figure]:
    """Run every sender once a round, each round beginning with another one."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place, sink() as port:
        job = _prepared(case, count, Path(place), port)
        runs: dict[str, list[Sent]] = {name: [] for name in competitors}
        for number in range(rounds):
            for name in _rotated(list(competitors), number):
                sent = competitors[name](job)
                runs[name].append(sent)
                rate = f"{count / sent.seconds:,.0f}/s"
                _say(f"{case}, round {number + 1} of {rounds}: {name} {rate}")
    for name in competitors:
        yield _figure(case, job, name, runs)


def _prepared(case: str, count: int, place: Path, port: int) -> Job:
    """The folder and the letter are made in a process of their own."""
    folder, letter = place / "newsletter", place / "letter.json"
    made = [sys.executable, "-m", "bench.prepare", case, str(count), str(folder), str(letter)]
    child.run(made, folder=senders.HERE.parent)
    read = Letter.load(letter)
    return Job(read.issue, folder, letter, read.octets, count, CONNECTIONS, port)


def _rotated(names: list[str], by: int) -> list[str]:
    by %= len(names)
    return names[by:] + names[:by]


def _figure(case: str, job: Job, name: str, runs: Mapping[str, list[Sent]]) -> Figure:
    own = runs[name]
    return Figure(
        case=case,
        sender=name,
        octets=job.octets,
        messages=job.count,
        rounds=len(own),
        messages_per_s=median(job.count / each.seconds for each in own),
        whole_seconds=median(each.whole.seconds for each in own),
        cpu_s_per_1000=median(1000 * each.whole.cpu_seconds / job.count for each in own),
        peak_rss_mb=median(each.whole.peak_rss_mb for each in own),
        ratios={
            other: median(b.seconds / a.seconds for a, b in zip(own, theirs, strict=True))
            for other, theirs in runs.items()
            if other != name
        },
    )


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)
