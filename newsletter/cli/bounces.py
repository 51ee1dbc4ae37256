"""After: bounces fetch|process|list|show|reset, complaints list."""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from newsletter.cli.command import Records, command, group
from newsletter.cli.desk import Desk
from newsletter.cli.people import Reader
from newsletter.errors import Incomplete, UsageError

Campaign = Annotated[
    int | None, typer.Option("--campaign", help="Only what is about this campaign's messages.")
]


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    bounces = group("What comes back: bounces, delays, unsubscribes by mail.")
    complaints = group("Readers who called a message spam.")
    top.add_typer(bounces, name="bounces")
    top.add_typer(complaints, name="complaints")
    command(
        bounces,
        "fetch",
        example="newsletter bounces fetch",
        exits="0 done · 2 bad input · 6 some mails could not be read",
        records=Records(),
    )(fetch)
    command(
        bounces,
        "process",
        example="newsletter bounces process mail.eml",
        exits="0 recorded · 75 not now, keep the mail",
    )(process)
    command(bounces, "list", example="newsletter bounces list --campaign 12")(bounces_list)
    command(bounces, "show", example="newsletter bounces show 7")(bounces_show)
    command(
        bounces,
        "reset",
        example="newsletter bounces reset anna@soci.example",
        records=Records(),
    )(reset)
    command(complaints, "list", example="newsletter complaints list")(complaints_list)


def fetch(desk: Desk) -> int | None:
    """Read the mailboxes of the settings; who is proven to be gone is never mailed again.

    Bounces, complaints and unsubscribes are recorded first, and marked as seen only then.
    """
    from newsletter.app.bounces import fetch_bounces
    from newsletter.cli import show_bounces as show

    fetched = fetch_bounces(desk.app)
    desk.show(show.as_value(fetched), show.fetched(fetched), fetched.next_command)
    return Incomplete.exit_code if fetched.aside else None


def process(
    desk: Desk,
    mail: Annotated[str, typer.Argument(help="A file with one mail; - is standard input.")] = "-",
) -> None:
    """One mail, from a pipe of the mail server: recorded, or kept by it for later.

    In Postfix's aliases: bounces: "|newsletter bounces process - --root /srv/news".
    """
    from newsletter.app.bounces import process_mail
    from newsletter.cli import show_bounces as show

    done = process_mail(lambda: desk.app, lambda: _opened(mail))
    desk.show(done, show.processed(done))


def _opened(mail: str) -> BinaryIO:
    if mail == "-":
        return sys.stdin.buffer
    try:
        return Path(mail).open("rb")
    except OSError as error:
        message = f"{mail} cannot be read: {error.strerror}"
        raise UsageError(message, cure="name a file with one mail, or - for a pipe") from error


def bounces_list(
    desk: Desk,
    campaign: Campaign = None,
    unsubscribes: Annotated[
        bool, typer.Option("--unsubscribes", help="Unsubscribes by mail, and words that ask it.")
    ] = False,
) -> None:
    """What came back, the latest first, with how far it is proven and what followed."""
    _list(desk, "unsubscribes" if unsubscribes else "bounces", campaign)


def complaints_list(desk: Desk, campaign: Campaign = None) -> None:
    """Who called which message spam, the latest first."""
    _list(desk, "complaints", campaign)


def _list(desk: Desk, what: str, campaign: int | None) -> None:
    from newsletter.app.bounces import list_events
    from newsletter.cli import show_bounces as show

    listing = list_events(desk.app, what, campaign)
    desk.show(listing, show.listed(listing), listing.next_command)


def bounces_show(
    desk: Desk, number: Annotated[int, typer.Argument(help="The number in the list.", min=1)]
) -> None:
    """One event: what the server said, about which message, how far it is proven."""
    from newsletter.app.bounces import show_event
    from newsletter.cli import show_bounces as show

    event = show_event(desk.app, number)
    following = f"newsletter subscribers show {event.address}" if event.address else ""
    desk.show(event, show.event(event), following)


def reset(desk: Desk, reader: Reader) -> None:
    """Let the bounces of an address count no more, as when its mailbox works again."""
    from newsletter.app.bounces import reset_bounces
    from newsletter.cli import show_bounces as show

    done = reset_bounces(desk.app, reader)
    desk.show(done, show.was_reset(done), done.next_command)
