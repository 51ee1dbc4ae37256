"""What was settled of what is in doubt, as lines for a person to read."""

from collections.abc import Iterator
from pathlib import Path

from newsletter.app.log_reading import LogRead
from newsletter.app.reconciling import Reconciled, Settled
from newsletter.app.taking_over import TakenOver
from newsletter.cli.layout import counted, number, shown_path
from newsletter.cli.show_sending import delivery_lines
from newsletter.relay_log.verdict import Finding

_MEANS = {
    Finding.ACCEPTED: "accepted",
    Finding.REFUSED: "refused",
    Finding.PUT_OFF: "not accepted",
    Finding.RECEIVED: "in doubt",
    Finding.ABSENT: "not in the log",
    Finding.UNKNOWN: "in doubt",
}


def reconciled(done: Reconciled) -> Iterator[str]:
    """What was settled, and who is still in doubt."""
    campaign = done.progress.campaign.id
    if done.log:
        yield from _log(done.log)
    yield from _settled(campaign, done.settled)
    if not done.doubts:
        yield f"nobody of campaign {campaign} is in doubt"
        return
    yield f"in doubt in campaign {campaign}: the connection was lost after the final dot"
    for doubt in done.doubts:
        yield from delivery_lines(doubt.row)
        yield f"      Message-ID {doubt.message_id}"
    yield from _advice(done)


def _log(log: LogRead) -> Iterator[str]:
    """What was read, then each person's verdict with its reason."""
    yield f"read {counted(log.lines, 'line')} of {', '.join(log.files)}"
    for host in log.hosts:
        clock = "UTC" if host.zoned else "by its own clock"
        first, last = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (host.first, host.last))
        yield f"  {host.host}: {first} – {last} {clock}"
    for each in log.judged:
        yield f"  {_MEANS[each.verdict.finding]:14}  {each.row.address}  {each.verdict.why}"
        if each.verdict.fate:
            yield f"      the relay took it, and wrote later: {each.verdict.fate}"


def _settled(campaign: int, settled: Settled) -> Iterator[str]:
    words = {
        "accepted": settled.accepted,
        "not accepted: they wait to be sent again": settled.not_accepted,
        "refused": settled.refused,
    }
    for word, count in words.items():
        if count:
            yield f"campaign {campaign}: {number(count)} settled as {word}"


def _advice(done: Reconciled) -> Iterator[str]:
    """What may settle the rest."""
    absent = done.log and any(e.verdict.finding is Finding.ABSENT for e in done.log.judged)
    if absent:
        yield "who is not in the log waits again if you add --absent not-accepted"
    else:
        yield "ask for the relay's log and give it as --log FILE; or say your word on one with"
        yield "--recipient and --accepted or --not-accepted, on all with --assume-accepted or"
        yield "--assume-not; what was accepted is never sent again"


def taken_over(done: TakenOver) -> Iterator[str]:
    """What became of a copy."""
    name = done.ledger if "://" in done.ledger else shown_path(Path(done.ledger))
    if not done.was_copy:
        yield f"{name} is no copy: there is nothing to take over"
        return
    yield f"{name} sends from now on; its original must not: it cannot know"
    if done.judged:
        yield f"{counted(done.judged, 'recipient')} stood in a sender's hands: now in doubt"
