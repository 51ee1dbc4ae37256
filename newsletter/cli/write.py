"""Write: init, issue new|list|show|diff|schema, demo."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from newsletter.cli import images
from newsletter.cli.command import command, group
from newsletter.cli.desk import Desk
from newsletter.cli.layout import today
from newsletter.errors import UsageError

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
    command(issue, "new", example="newsletter issue new 2026-12-winter --from newest")(issue_new)
    command(issue, "diff", example="newsletter issue diff 2019-11 --against sent")(issue_diff)
    command(issue, "schema", example="newsletter issue schema")(issue_schema)
    command(
        issue,
        "translated",
        example="newsletter issue translated 2019-11 --lang en",
        exits="0 recorded · 2 there is no such translation",
    )(issue_translated)
    command(issue, "list", example="newsletter issue list")(issue_list)
    command(issue, "show", example="newsletter issue show 2019-11")(issue_show)
    images.register(issue)


def with_newest(words: Sequence[str]) -> list[str]:
    """The words of a command line, where ``--from`` without an issue means the newest one.

    The parser knows no option whose value may be left out.
    """
    found = list(words)
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else "-"
        if word == "--from" and list(words[:2]) == ["issue", "new"] and following.startswith("-"):
            found[at] = "--from=newest"
    return found


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
    desk: Desk,
    name: Annotated[str, typer.Argument(help="For example 2026-12-winter.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Take the frame of this issue, or of the newest; the words are yours to write.",
            metavar="[ISSUE]",
        ),
    ] = None,
) -> None:
    """Write a new issue to fill in; it checks clean from the start."""
    from newsletter.app.start import issue_from, new_issue
    from newsletter.cli import show

    started = (
        issue_from(desk.app, name, source, today())
        if source
        else new_issue(desk.app, name, today())
    )
    desk.show(started, show.started(started), f"newsletter preview {started.issue}")


def issue_diff(
    desk: Desk,
    name: Name,
    other: Annotated[
        str | None,
        typer.Argument(help="The issue to compare it with.", metavar="[OTHER]"),
    ] = None,
    against: Annotated[
        Literal["sent"] | None,
        typer.Option(
            "--against",
            help="sent: compare with what the issue's last campaign froze.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show what a reader would see differ: subject, sections, words, links, pictures."""
    from newsletter.app.differing import compare_issues, compare_with_sent
    from newsletter.cli.show_difference import difference

    if (other is None) == (against is None):
        raise UsageError(
            "say with what to compare: another issue, or --against sent",
            next_command="newsletter issue diff --help",
        )
    found = compare_issues(desk.app, name, other) if other else compare_with_sent(desk.app, name)
    desk.show(found, difference(found))


def issue_schema(desk: Desk) -> None:
    """Write the JSON Schemas that editors read into schemas/, as this program has them."""
    from newsletter.app.schemas import write_schemas

    files = write_schemas(desk.app.root)
    desk.show({"files": files}, [f"written: {', '.join(files)}"])


def issue_translated(
    desk: Desk,
    name: Name,
    language: Annotated[
        list[str] | None,
        typer.Option("--lang", help="Only this translation; may be given again. By default all."),
    ] = None,
) -> None:
    """Say that translations are up to date: `check` then names what changes in the original."""
    from newsletter.app.translated import record_translated
    from newsletter.cli import show

    recorded = record_translated(desk.app, name, language or [])
    desk.show(recorded, show.translated(recorded), f"newsletter check {recorded.slug}")


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
