"""Is the ground firm? doctor."""

from typing import Annotated

import typer

from newsletter.cli.command import command
from newsletter.cli.desk import Desk
from newsletter.errors import ChecksFailed


def register(top: typer.Typer) -> None:
    """Add this command."""
    command(
        top,
        "doctor",
        example="newsletter doctor",
        exits="0 nothing is bad · 2 bad input, or a key that is not fit · 3 something is bad",
    )(doctor)


def doctor(
    desk: Desk,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look at this machine alone; ask no server.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> int | None:
    """Examine relay, SPF, DKIM, DMARC, names, one-click address and machine; sends nothing."""
    from newsletter.app.doctoring import examine_ground
    from newsletter.cli import show_doctor as show
    from newsletter.doctor.examination import State

    examined = examine_ground(desk.app, offline=offline)
    desk.show(examined, show.examined(examined))
    failed = examined.is_bad or (strict and examined.count(State.WARNING) > 0)
    return ChecksFailed.exit_code if failed else None
