"""Write: init, issue new|list|show, demo."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli import images
from newsletter.cli.command import command, group
from newsletter.cli.desk import Desk
from newsletter.cli.layout import today

Name = Annotated[str, typer.Argument(help="The issue's name, or a unique beginning of it.")]


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    issue = group("The numbers of the newsletter: folders under issues/.")
    top.add_typer(issue, name="issue")
    command(
        top,
        "init",
        example="newsletter init my-newsletter",
        exits="0 done · 2 the folder is not empty",
    )(init)
    command(top, "demo", example="newsletter demo --keep", exits="0 done · 1 it did not work")(demo)
    command(issue, "new", example="newsletter issue new 2026-12-winter")(issue_new)
    command(issue, "list", example="newsletter issue list")(issue_list)
    command(issue, "show", example="newsletter issue show 2019-11")(issue_show)
    images.register(issue)


def init(
    desk: Desk,
    folder: Annotated[Path, typer.Argument(help="An empty folder, or a new one.")] = Path(),
) -> None:
    """Write a working newsletter into an empty folder: settings, theme, a list, an issue."""
    from newsletter.app.start import init_newsletter
    from newsletter.cli import show

    started = init_newsletter(folder.absolute(), today())
    desk.root = None if folder == Path() else folder
    desk.show(started, show.started(started), f"newsletter preview {started.issue}")


def demo(
    desk: Desk,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the inbox's page open.")] = False,
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the demo's newsletter is written anew.")
    ] = Path("newsletter-demo"),
) -> None:
    """The whole path on ALISEI's first issue, sent to a real SMTP server on this machine."""
    from newsletter.app.demo import run_demo
    from newsletter.cli import show
    from newsletter.cli.live import Live

    desk.root = folder
    with Live(desk) as live:
        outcome = run_demo(folder.absolute(), live, lambda view: show.lines(desk, show.plan(view)))
    desk.show(outcome, show.demo(outcome, desk))
    if keep:
        from newsletter.web.staging import run_inbox

        run_inbox(desk.app, None, None, lambda place: show.lines(desk, show.inbox(place)))


def issue_new(
    desk: Desk, name: Annotated[str, typer.Argument(help="For example 2026-12-winter.")]
) -> None:
    """Write a new issue to fill in; it checks clean from the start."""
    from newsletter.app.start import new_issue
    from newsletter.cli import show

    started = new_issue(desk.app, name, today())
    desk.show(started, show.started(started), f"newsletter preview {started.issue}")


def issue_list(desk: Desk) -> None:
    """Every issue with its date, languages, sections and what was sent of it."""
    from newsletter.app.issues import list_issues
    from newsletter.cli import show

    rows = list_issues(desk.app)
    desk.show({"issues": rows}, show.issues(rows))


def issue_show(desk: Desk, name: Name) -> None:
    """One issue: its words' places, sections, who sees them, what is not translated."""
    from newsletter.app.issues import show_issue
    from newsletter.cli import show

    shown = show_issue(desk.app, name)
    desk.show(shown, show.issue(shown), f"newsletter check {shown.slug}")
