"""After: what readers agreed to, and forgetting them."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.command import command, group
from newsletter.cli.desk import Desk

Reader = Annotated[str, typer.Argument(help="The reader's address.")]
Only = Annotated[str | None, typer.Option("--list", help="Only what is about this list.")]
Purpose = Annotated[
    str | None, typer.Option("--purpose", help="Only consent to this: newsletter or tracking.")
]


def register(top: typer.Typer, subscribers: typer.Typer) -> None:
    """Add the commands about consent, and those about one reader's own data."""
    consent = group("What readers agreed to: when, where, after which words.")
    top.add_typer(consent, name="consent")
    command(consent, "list", example="newsletter consent list --list soci")(consent_list)
    command(consent, "show", example="newsletter consent show anna@soci.example")(consent_show)
    command(consent, "export", example="newsletter consent export -o consents.csv")(consent_export)
    command(consent, "expiring", example="newsletter consent expiring --within 90")(
        consent_expiring
    )
    command(subscribers, "forget", example="newsletter subscribers forget anna@soci.example")(
        forget
    )


def consent_list(desk: Desk, only: Only = None, purpose: Purpose = None) -> None:
    """Every consent that was given or withdrawn, the oldest first."""
    from newsletter.app.consents import consent_events
    from newsletter.cli import show_readers as show

    events = tuple(consent_events(desk.app, only, purpose))
    desk.show({"consents": events}, show.consents(events))


def consent_show(desk: Desk, reader: Reader) -> None:
    """One reader: what she agreed to, how it stands, and the proof."""
    from newsletter.app.consents import show_consent
    from newsletter.cli import show_readers as show

    found = show_consent(desk.app, reader)
    desk.show(found, show.consent(found))


def consent_export(
    desk: Desk,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file: .csv, or .json.")
    ] = None,
    only: Only = None,
    purpose: Purpose = None,
) -> None:
    """The proof as CSV (no cell of it is a formula), or as JSON, on the screen or in a file."""
    from newsletter.app.consents import export_consents
    from newsletter.cli import show_readers as show

    text = export_consents(desk.app, output, only, purpose, as_json=not desk.as_text)
    if output is None:
        show.raw(text)
    else:
        desk.show({"path": output}, [f"written: {output}"])


def consent_expiring(
    desk: Desk,
    within: Annotated[int, typer.Option("--within", min=0, help="So many days from now.")] = 60,
) -> None:
    """Implied consents that have lapsed, or will soon: ask these readers while you may."""
    from newsletter.app.consents import expiring_consents
    from newsletter.cli import show_readers as show

    found = expiring_consents(desk.app, within)
    desk.show(found, show.expiring(found))


def forget(
    desk: Desk,
    reader: Reader,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
) -> None:
    """Leave nothing of a reader's address here but a mark that keeps her from being mailed."""
    from newsletter.app.forgetting import forget_reader
    from newsletter.cli import show_readers as show

    done = forget_reader(desk.app, reader, dry_run=dry_run)
    desk.show(done, show.forgotten(done))
