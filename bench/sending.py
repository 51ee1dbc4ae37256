"""Messages a second into one sink: the senders by turns, over several rounds."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import child, senders
from bench.figures import OURS, Figure, Recording, figures_of
from bench.letter import Letter
from bench.senders import Job, Sender, Sent
from bench.sink import delaying_sink, sink

CONNECTIONS = 10
YARDSTICK = "smtp-source"
PEERS: Mapping[str, Sender] = {
    YARDSTICK: senders.smtp_source,
    OURS: senders.newsletter,
    "nodemailer": senders.nodemailer,
    "aiosmtplib": senders.aiosmtplib,
}
COUNTS: Mapping[str, Mapping[str, int]] = {
    "big": {YARDSTICK: 20_000, OURS: 20_000, "nodemailer": 1_500, "aiosmtplib": 500},
    "small": {YARDSTICK: 60_000, OURS: 60_000, "nodemailer": 4_000, "aiosmtplib": 1_200},
}
"""Enough for each that its rate is steady: rates are compared, so the slow ones get fewer."""
QUICK, FAR_QUICK = 20, 5
"""By how much a quick look divides the counts."""


Entries = Mapping[str, tuple[Sender, Job]]


def compare(case: str, rounds: int, counts: Mapping[str, int]) -> list[Figure]:
    """Big or small messages over ten connections, to a relay that answers at once."""
    letters = max((counts[name] for name in counts if name not in {OURS, YARDSTICK}), default=1)
    with sink() as port, _prepared(case, counts[OURS], letters, port) as job:
        entries = {name: (PEERS[name], replace(job, count=count)) for name, count in counts.items()}
        runs = by_turns(case, entries, rounds)
    return figures_of(case, runs, octets=job.octets, connections=CONNECTIONS)


@contextmanager
def _prepared(case: str, count: int, peers: int, port: int) -> Iterator[Job]:
    """A folder for the newsletter and a letter for its peers, made in a process of their own."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place:
        folder, letter = Path(place, "newsletter"), Path(place, "letter.json")
        numbers = [str(count), str(peers)]
        made = [sys.executable, "-m", "bench.prepare", case, *numbers, str(folder), str(letter)]
        child.run(made, folder=senders.HERE.parent)
        read = Letter.load(letter)
        yield Job(read.issue, folder, letter, read.octets, count, CONNECTIONS, port)


def by_turns(case: str, entries: Entries, rounds: int) -> dict[str, list[Sent]]:
    """Every sender once a round, each round beginning with another one; who fails is left out."""
    runs: dict[str, list[Sent]] = {name: [] for name in entries}
    for number in range(rounds):
        for name in _rotated(list(runs), number):
            sender, job = entries[name]
            try:
                sent = sender(job)
            except child.Failed as error:
                del runs[name]
                loudly(f"{case}, {name}: {error}")
                continue
            runs[name].append(sent)
            _say(f"{case}, round {number + 1} of {rounds}: {name} {sent.rate:,.1f}/s")
    return runs


def loudly(what: str) -> None:
    """Say that something is not measured."""
    print(f"\n*** NOT MEASURED: {what} ***\n", file=sys.stderr, flush=True)


def _rotated(names: list[str], by: int) -> list[str]:
    by %= max(1, len(names))
    return names[by:] + names[:by]


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


# A relay that is far away

DELAY_MS = 20.0


@dataclass(frozen=True, slots=True)
class Far:
    """A sender over one connection, the extensions of its relay, and its round trips a message."""

    sender: Sender
    count: int
    extensions: Sequence[str] = ("pipelining",)
    round_trips: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


WINDOW = 16
FAR: Mapping[str, Far] = {  # pipelined, unless the name says more
    OURS: Far(senders.newsletter, 400, round_trips=1),
    f"{OURS}, one by one": Far(senders.newsletter, 100, extensions=(), round_trips=4),
    f"{OURS}, chunks, window {WINDOW}": Far(
        senders.newsletter,
        6_000,
        extensions=("pipelining", "chunking"),
        round_trips=1 / WINDOW,
        settings={"RELAY__CHUNKING_WINDOW": str(WINDOW)},
    ),
    "nodemailer": Far(senders.nodemailer, 100),
    "aiosmtplib": Far(senders.aiosmtplib, 50),
}


def compare_far(rounds: int, names: Sequence[str], divisor: int = 1) -> list[Figure]:
    """Small messages over one connection, every reply 20 ms late."""
    with ExitStack() as stack:
        entries = {name: _far(FAR[name], divisor, stack) for name in names}
        runs = by_turns("far", entries, rounds)
    trips = {name: FAR[name].round_trips for name in names}
    limits = {name: 1000 / (DELAY_MS * each) for name, each in trips.items() if each}
    octets = next(job.octets for _, job in entries.values())
    figures = figures_of(
        "far", runs, octets=octets, connections=1, reply_delay_ms=DELAY_MS, limits=limits
    )
    return [_named(figure) for figure in figures]


def _named(figure: Figure) -> Figure:
    """What stands after the sender's name is a case of its own."""
    sender, comma, way = figure.sender.partition(", ")
    return replace(figure, case=f"{figure.case}{comma}{way}", sender=sender)


def _far(far: Far, divisor: int, stack: ExitStack) -> tuple[Sender, Job]:
    """The sender with readers and a relay of its own."""
    count = far.count // divisor
    port = stack.enter_context(delaying_sink(DELAY_MS, far.extensions))
    job = stack.enter_context(_prepared("small", count, count, port))
    return far.sender, replace(job, connections=1, settings=far.settings)


# A million

MILLION = (100_000, 300_000, 1_000_000)


def send_many(counts: Sequence[int]) -> Iterator[Figure | Recording]:
    """Small messages through the command line: whether many are as quick as few.

    The rate of each run against the smaller ones is in ``ratios``. The last run also tells how
    long it took from the lists to a recorded plan.
    """
    rates: dict[str, float] = {}
    for count in counts:
        case = f"{count:,} small"
        with sink() as port, _prepared("small", count, 1, port) as job:
            runs = by_turns(case, {OURS: (senders.newsletter, job)}, 1)
        for figure in figures_of(case, runs, octets=job.octets, connections=CONNECTIONS):
            rate = figure.messages_per_s
            yield replace(figure, ratios={f"{OURS}, {name}": rate / rates[name] for name in rates})
            rates[case] = rate
    for sent in runs.get(OURS, []):
        recorded = f"record {sent.count:,} from CSV"
        yield Recording(recorded, OURS, sent.count, sent.seconds_before, sent.peak_before)
