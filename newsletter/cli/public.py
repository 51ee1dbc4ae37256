"""After: the public pages and the archive."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.command import Records, command, group
from newsletter.cli.desk import Desk


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    command(
        top,
        "serve",
        example="newsletter serve --check",
        exits="0 stopped, or every page answers · 1 a port is taken, a page fails · 2 bad input",
        records=Records(unless="check"),
    )(serve)
    archive = group("What was sent, as a site for everybody.")
    top.add_typer(archive, name="archive")
    command(
        archive,
        "build",
        example="newsletter archive build -o public",
        exits="0 written · 2 nothing was sent yet, or the folder cannot be written",
    )(archive_build)
    command(
        archive,
        "correct",
        example='newsletter archive correct 2019-11 --note "The date of the assembly was wrong."',
        exits="0 filed · 2 it was not sent, says what was sent, or is faulty",
        records=Records(),
    )(archive_correct)


def serve(
    desk: Desk,
    host: Annotated[
        str | None,
        typer.Option("--host", help="Where to listen; by default serve.host, this machine alone."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="The port; by default serve.port. 0 for any."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Ask each page once, say what it answered, and end.")
    ] = False,
) -> None:
    """Run the public pages until stopped: unsubscribe, preferences, subscribe, view, archive."""
    from newsletter.cli import show_public as show
    from newsletter.web.public_serving import check_public, run_public

    if check:
        checked = check_public(desk.app)
        desk.show(checked, show.checked(checked), "newsletter serve", notes=checked.place.notes)
        return
    run_public(
        desk.app,
        host,
        port,
        lambda place: desk.show(place, show.place(place), notes=place.notes),
    )


def archive_build(
    desk: Desk,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; by default public/."),
    ] = None,
) -> None:
    """Write a static site of what was sent: a page per issue and language, lists, feeds."""
    from newsletter.app.archiving import build_archive
    from newsletter.cli import show_public as show

    made = build_archive(desk.app, output.absolute() if output else None)
    desk.show(made, show.archived(made), notes=made.notes)


def archive_correct(
    desk: Desk,
    issue: Annotated[str, typer.Argument(help="The issue's name, or a unique beginning of it.")],
    note: Annotated[
        str, typer.Option("--note", help="What was wrong, in a sentence for everybody.")
    ] = "",
) -> None:
    """Publish a sent issue as its files say it now, with a note; the sent page stays beside it."""
    from newsletter.app.archiving import correct_issue
    from newsletter.cli import show_public as show

    made = correct_issue(desk.app, issue, note)
    desk.show(made, show.corrected(made), "newsletter archive build")
