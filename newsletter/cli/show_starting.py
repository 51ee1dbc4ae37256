"""What begins and what a pass did, as lines for a person to read."""

import shlex
from collections.abc import Iterator
from typing import Any

from newsletter.app.plan import PlanRequest
from newsletter.app.plan_view import PlanView
from newsletter.app.sending import DryRun
from newsletter.app.working import Pass
from newsletter.cli.layout import counted, number, shown_path
from newsletter.cli.show_sending import progress_line
from newsletter.schedule import Due


def send_command(request: PlanRequest, issue: str, *, recipients: int | None = None) -> str:
    """The `send` that does what a plan showed."""
    parts = ["newsletter send", issue] if issue else ["newsletter send"]
    parts += [f"--list {shlex.quote(name)}" for name in request.lists]
    parts += [f"--segment {shlex.quote(request.segment)}"] if request.segment else []
    parts += [f"--exclude {shlex.quote(name)}" for name in request.exclude]
    parts += [f"--rate {shlex.quote(request.rate)}"] if request.rate else []
    parts += [f"--on-doubt {request.on_doubt}"] if request.on_doubt else []
    parts += [f"--canary {request.canary}"] if request.canary else []
    if request.canary_wait:
        parts += [f"--canary-wait {shlex.quote(request.canary_wait)}"]
    parts += [f"--window {shlex.quote(request.window)}"] if request.window else []
    parts += [f"--quiet {shlex.quote(request.quiet)}"] if request.quiet else []
    parts += [f"--at {shlex.quote(request.at)}"] if request.at else []
    parts += [f"--every {shlex.quote(request.every)}"] if request.every else []
    parts += ["--local-time"] if request.local_time else []
    parts += [f"--passed {request.passed}"] if request.passed else []
    parts += [f"--missing {request.missing}"] if request.missing != "error" else []
    parts += [f"--recipients {recipients}"] if recipients is not None else []
    return " ".join(parts)


def dry_run(done: DryRun) -> Iterator[str]:
    """What a dry run wrote."""
    yield f"would send {number(done.would_send)} messages; nothing was sent or recorded"
    yield f"each as it would be sent: {shown_path(done.folder)}/*.eml"


def recorded(campaign: int, view: PlanView, due: Due) -> tuple[Any, list[str]]:
    """A campaign that waits for its time."""
    value = {"campaign": campaign, "recipients": view.recipients, "due": due}
    line = f"campaign {campaign} recorded: {counted(view.recipients, 'recipient')} at {due}"
    return value, [line, "it is sent by a worker, or by run-due from cron, and by nothing else"]


def run_due(done: Pass) -> Iterator[str]:
    """What one pass did."""
    if not (done.ran or done.missed or done.later or done.occurrences):
        yield "nothing is due"
    yield from (str(each) for each in done.occurrences)
    for progress in done.ran:
        yield progress_line(progress)
    for campaign in done.missed:
        yield f"campaign {campaign.id} missed its time ({campaign.due}) and was not sent"
