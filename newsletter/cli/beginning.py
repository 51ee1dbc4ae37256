"""How a series begins: what shows it, and what is said once it is agreed to."""

from newsletter.app import serial
from newsletter.app.agreement import Agreement
from newsletter.app.plan import Planned, PlanRequest
from newsletter.cli import show_starting, show_times
from newsletter.cli.desk import Desk
from newsletter.cli.live import ask
from newsletter.errors import UsageError


def named(desk: Desk, issue: str | None, every: str | None) -> str:
    """The issue that is planned; a series shows the one that it would begin with."""
    if issue is None and every is None:
        raise UsageError("say which issue", next_command="newsletter issue list")
    return serial.issue_to_plan(desk.app, issue)


def begin(
    desk: Desk, request: PlanRequest, planned: Planned, agreed: Agreement, *, approves: bool
) -> None:
    """Record a series that was agreed to, and say what comes."""
    issue = planned.view.issue if approves else ""
    again = show_starting.send_command(request, issue, recipients=planned.view.recipients)
    begun = serial.begin(desk.app, request, planned, agreed, ask(desk), again, approves=approves)
    worker, approve = "newsletter worker", f"newsletter approve {planned.view.issue}"
    desk.show(begun, show_times.series_begun(begun), worker if begun.would_send else approve)
