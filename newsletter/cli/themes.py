"""Themes: theme list|new|check."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.command import command, group
from newsletter.cli.desk import Desk
from newsletter.errors import ChecksFailed


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    theme = group("How the pages look: folders under templates/.")
    top.add_typer(theme, name="theme")
    command(theme, "list", example="newsletter theme list")(theme_list)
    command(theme, "new", example="newsletter theme new autumn --from plain")(theme_new)
    command(
        theme,
        "check",
        example="newsletter theme check alisei --output build/alisei",
        exits="0 nothing is wrong · 2 the theme cannot be read · 3 checks failed",
    )(theme_check)


def theme_list(desk: Desk) -> None:
    """Every theme, its kinds of section and the languages it has words in."""
    from newsletter.app.themes import list_themes
    from newsletter.cli import show_themes

    rows = list_themes(desk.app)
    desk.show({"themes": rows}, show_themes.themes(rows))


def theme_new(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="The new theme's name, for example autumn.")],
    base: Annotated[str, typer.Option("--from", help="The theme to begin from.")] = "alisei",
) -> None:
    """Begin a theme as a copy of another, to change from there."""
    from newsletter.app.themes import new_theme
    from newsletter.cli import show_themes

    started = new_theme(desk.app, name, base)
    desk.show(started, show_themes.started(started), f"newsletter theme check {name}")


def theme_check(
    desk: Desk,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[THEME]", help="By default every theme.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the pages here, to look at them."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> int | None:
    """Try a theme: every kind of section in five languages, full and bare, on page and in text."""
    from newsletter.app.themes import check_themes
    from newsletter.cli import show_themes

    reports = check_themes(desk.app, name, output.absolute() if output else None)
    desk.show({"themes": reports}, show_themes.reports(reports))
    failed = any(report.failed(strict=strict) for report in reports)
    return ChecksFailed.exit_code if failed else None
