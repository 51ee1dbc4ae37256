"""How sending goes, status and reports as lines for a person to read; nothing renders here."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from newsletter.app.reporting import Verified
from newsletter.app.status import Status, next_step
from newsletter.app.steering import Cancelled
from newsletter.cli import show_bounces, show_clicks, show_pruned
from newsletter.cli.desk import Desk
from newsletter.cli.going import going_elsewhere, going_line, slow_line
from newsletter.cli.layout import counted, local, number, one_line, paint, shown_path, table
from newsletter.delivery import DeliveryState
from newsletter.errors import Incomplete, RelayError, TryLater
from newsletter.ledger.model import (
    Attempt,
    Campaign,
    CampaignState,
    DeliveryRow,
    Progress,
    RunRecord,
)
from newsletter.report import Report

_BAR = 20
_MEANS = {
    DeliveryState.ACCEPTED: "by the relay; delivery is not known from this",
    DeliveryState.IN_DOUBT: "connection lost after the final dot; not sent again",
    DeliveryState.DEFERRED: "to be tried again",
    DeliveryState.EXPIRED: "given up: deferred for too long",
    DeliveryState.SUPPRESSED: "not sent: on the suppression list",
    DeliveryState.QUEUED: "waiting",
    DeliveryState.CLAIMED: "in a sender's hands",
    DeliveryState.CANCELLED: "spared by a cancel",
}


def finish(desk: Desk, progress: Progress) -> int:
    """Say how a run ended; the exit code that its end means."""
    desk.show(progress, status(Status(progress)), next_step(progress))
    return ending(progress)


def ending(progress: Progress) -> int:
    """0 when nobody failed or waits, else what the officer (or cron) is to do about it."""
    state = progress.campaign.state
    if state is CampaignState.STOPPED:
        return RelayError.exit_code
    if state is CampaignState.WAITING:
        return TryLater.exit_code
    if progress.incomplete or state is not CampaignState.FINISHED:
        return Incomplete.exit_code
    return 0


def progress_line(progress: Progress, going: str = "") -> str:
    """One line: the state, then how it goes, or every count that is not zero."""
    campaign = progress.campaign
    counts = going or " · ".join(
        f"{number(count)} {state.value.replace('_', ' ')}"
        for state, count in progress.counts.items()
        if count
    )
    return f"campaign {campaign.id}  {campaign.slug}  {state_words(progress)}  {counts}"


def state_words(progress: Progress) -> str:
    """Where a campaign stands; a run that was killed is `interrupted`, not `running`."""
    campaign = progress.campaign
    if progress.interrupted_at:
        killed = f"interrupted at {local(progress.interrupted_at)}"
        over = campaign.state is CampaignState.CANCELLED
        return f"cancelled; its run was {killed}" if over else killed
    if campaign.due and campaign.state in {CampaignState.SCHEDULED, CampaignState.MISSED}:
        return f"{campaign.state.value} {campaign.due}"
    return campaign.state.value


def status(seen: Status) -> Iterator[str]:
    """One campaign, or all in a line each."""
    if seen.campaigns:
        for progress in seen.campaigns:
            yield progress_line(progress)
        return
    if seen.progress is None:
        yield "no campaign was recorded yet"
        return
    progress = seen.progress
    campaign = progress.campaign
    yield (
        f"Campaign {campaign.id}   {campaign.slug}   {counted(campaign.recipients, 'recipient')}   "
        f"{paint(state_words(progress), 'bold')}"
    )
    if campaign.reason:
        yield f"  {campaign.reason}"
    yield from _counts(progress)
    yield from show_pruned.note(progress.pruned)
    if going := going_elsewhere(seen):
        yield f"  {going_line(going)}"
    if progress.twice:
        yield f"  {number(progress.twice)} may have it twice: in doubt, and sent once more"
    if seen.afterwards.any:
        yield from show_bounces.afterwards(seen.afterwards)
    yield from (f"  {slow_line(place)}" for place in seen.slow)
    yield from _rows(seen.rows, seen.attempts)
    if seen.more:
        yield f"  … and {seen.more} more: newsletter report {campaign.id} --save lists all"


def _counts(progress: Progress) -> Iterator[str]:
    total = progress.campaign.recipients or 1
    rows = []
    for state, count in progress.counts.items():
        if not count:
            continue
        means = _MEANS.get(state, "")
        if state is DeliveryState.DEFERRED and progress.next_retry_at:
            means = f"next try {local(progress.next_retry_at)}"
        words = state.value.replace("_", " ")
        rows.append((f"  {words}", number(count), f"{count / total:.1%}", means))
    yield from table(rows, right=(1, 2))


def delivery_lines(row: DeliveryRow) -> Iterator[str]:
    """One recipient: where the delivery stands, since when, and the relay's words."""
    delivery = row.delivery
    words = str(delivery.reply) if delivery.reply else _MEANS.get(delivery.state, "")
    when = f"  {local(row.last_attempt_at)}" if row.last_attempt_at else ""
    named = delivery.state.value.replace("_", " ")
    yield f"  {row.address}  {named}{when}  {one_line(words)}"
    if delivery.state is DeliveryState.DEFERRED and delivery.next_at:
        yield f"      next try {local(delivery.next_at)}"


def _rows(rows: Sequence[DeliveryRow], attempts: Sequence[Attempt]) -> Iterator[str]:
    for row in rows:
        yield from delivery_lines(row)
    for attempt in attempts:
        reply = one_line(str(attempt.reply)) if attempt.reply else attempt.detail
        yield f"      try {attempt.number}  {local(attempt.at)}  {attempt.outcome}  {reply}"


def scheduled(rows: Sequence[Campaign]) -> Iterator[str]:
    """What waits for its time."""
    if not rows:
        yield "nothing is scheduled"
        return
    yield from table(
        (
            f"campaign {c.id}",
            c.slug,
            c.state.value,
            str(c.due),
            counted(c.recipients, "recipient"),
        )
        for c in rows
    )


def moved(campaign: Campaign) -> list[str]:
    """A campaign's new time."""
    return [f"campaign {campaign.id} ({campaign.slug}) is sent at {campaign.due}"]


def cancelled(done: Cancelled) -> list[str]:
    """A campaign that was taken back, and what a killed run had in hand."""
    line = f"campaign {done.campaign.id} is cancelled: {counted(done.spared, 'recipient')} spared"
    return [line, done.judgement] if done.judgement else [line]


def paused(progress: Progress) -> list[str]:
    """A pause that was said; one that came too late to hold anybody back says so."""
    campaign = progress.campaign
    if campaign.state is CampaignState.FINISHED:
        return [f"campaign {campaign.id} is finished: nobody waits", progress_line(progress)]
    in_hand = progress.count(DeliveryState.CLAIMED)
    how = "pauses after what is in flight" if in_hand else "is paused"
    return [f"campaign {campaign.id} {how}", progress_line(progress)]


def report(made: Report, saved: Sequence[Path] = ()) -> Iterator[str]:
    """The report, as `officer.md` draws it."""
    campaign = made.campaign
    when = ""
    if made.started:
        end = made.ended or made.interrupted_at
        when = f" · {local(made.started)}" + (f"–{end.astimezone():%H:%M:%S}" if end else "")
        when += f" ({_by_whom(made.runs)})"
    mark = paint("complete", "green") if made.complete else paint("INCOMPLETE", "red")
    yield (
        f"Campaign {campaign.id} · {campaign.slug} · {counted(made.recipients, 'recipient')}"
        f"{when}   {mark}"
    )
    if made.interrupted_at:
        yield f" interrupted at {local(made.interrupted_at)}"
    if campaign.reason:
        yield f" {campaign.reason}"
    yield from table(_state_rows(made), right=(1, 2))
    yield from show_pruned.note(made.pruned)
    if made.twice:
        yield f"   {number(made.twice)} may have it twice: in doubt, and sent once more"
    for reason in made.refused:
        yield f"   refused {reason.count}: {one_line(f'{reason.code} {reason.words}')}"
    for reason in made.deferred:
        yield f"   deferred {reason.count}: {one_line(f'{reason.code} {reason.words}')}"
    for person in made.in_doubt:
        at = f" at {local(person.at)}" if person.at else ""
        yield f"   in doubt {person.address}: lost after the final dot{at}, not sent again"
    domains = " · ".join(f"{d.name} {d.accepted}/{d.total}" for d in made.domains[:8])
    rest = len(made.domains) - 8
    yield f" by domain  {domains}" + (f" · {rest} more" if rest > 0 else "")
    yield from show_bounces.in_report(made.afterwards)
    yield from show_clicks.in_report(made.clicked)
    if saved:
        yield f" saved  {', '.join(map(shown_path, saved))}"


def _by_whom(runs: Sequence[RunRecord]) -> str:
    """How many runs there were; where workers shared it, how many of them did how many parts."""
    parts = {run.partition for run in runs if run.partition is not None}
    if not parts:
        return counted(len(runs), "run")
    workers = {(run.host, run.boot, run.pid) for run in runs if run.partition is not None}
    return f"{counted(len(parts), 'part')} by {counted(len(workers), 'worker')}"


def _state_rows(made: Report) -> Iterator[tuple[str, ...]]:
    for state, count in made.counts.items():
        if count:
            share = made.share(state)
            bar = "█" * round(share * _BAR)
            words = state.value.replace("_", " ")
            yield (f" {words}", number(count), f"{share:.1%}", bar, _MEANS.get(state, ""))


def verified(done: Verified) -> Iterator[str]:
    """The proof, or what is wrong."""
    if not done.discrepancies:
        yield (
            f"{_ledger_name(done.ledger)}: {counted(done.campaigns, 'campaign')}, "
            f"{counted(done.recipients, 'recipient')}, every one in exactly one state"
        )
        if done.pruned:
            yield f"{counted(done.pruned, 'recipient')} of them pruned: counted, not named"
        return
    for wrong in done.discrepancies:
        yield paint(f"campaign {wrong.campaign}: {wrong.rule}: {wrong.detail}", "red")


def _ledger_name(name: str) -> str:
    return name if "://" in name else shown_path(Path(name))
