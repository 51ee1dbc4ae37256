"""After: the public pages."""

from typing import Annotated

import typer

from newsletter.cli.command import command
from newsletter.cli.desk import Desk


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    command(
        top,
        "serve",
        example="newsletter serve --check",
        exits="0 stopped, or every page answers · 1 a port is taken, a page fails · 2 bad input",
    )(serve)


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
