"""Again and again: approve, which lets a series send an issue, and how a series begins."""

from typing import Annotated

import typer

from newsletter.cli.command import Records, command
from newsletter.cli.desk import Desk

Issue = Annotated[
    str, typer.Argument(help="The issue's name, or a unique beginning of it.", metavar="ISSUE")
]


def register(top: typer.Typer) -> None:
    """Add these commands."""
    command(
        top,
        "approve",
        example="newsletter approve 2026-12",
        exits="0 done · 2 bad input · 3 checks failed · 4 not agreed to",
        records=Records(),
    )(approve)


def approve(
    desk: Desk,
    issue: Issue,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    reject: Annotated[
        bool, typer.Option("--reject", help="The contrary: no series is to send it.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why it is rejected, in your words.")
    ] = "",
) -> None:
    """Let a series send this content of an issue; its next edit takes the word back."""
    from newsletter.app import approving
    from newsletter.cli import show_times
    from newsletter.cli.live import ask

    if reject:
        done = approving.reject(desk.app, issue, reason)
    else:
        done = approving.approve(desk.app, issue, ask(desk), agreed=yes)
    desk.show(done, show_times.approved(done), "newsletter schedule list")
