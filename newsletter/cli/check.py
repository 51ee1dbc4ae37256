"""Check: check, build, preview, inbox, test."""

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.command import command
from newsletter.cli.desk import Desk
from newsletter.errors import ChecksFailed, Incomplete, InputError

Issue = Annotated[
    str | None,
    typer.Argument(
        help="The issue's name, or a unique beginning of it; by default the newest.",
        show_default=False,
    ),
]


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    command(
        top,
        "check",
        example="newsletter check 2019-11-assemblea --strict",
        exits="0 fit to send · 2 bad input · 3 checks failed",
        for_build_servers=True,
    )(check)
    command(top, "build", example="newsletter build 2019-11-assemblea -o build/november")(build)
    command(
        top,
        "preview",
        example="newsletter preview 2019-11 --as anna@soci.example",
        exits="0 stopped · 1 the port is taken · 2 bad input",
    )(preview)
    command(top, "inbox", example="newsletter inbox", exits="0 stopped · 1 the port is taken")(
        inbox
    )
    command(
        top,
        "test",
        example="newsletter test 2019-11-assemblea --as anna@soci.example",
        exits="0 all accepted · 2 bad input or relay · 3 --verify failed · 6 some not accepted",
    )(try_out)


def check(
    desk: Desk,
    issues: Annotated[
        list[str] | None,
        typer.Argument(help="Issues to check; by default all.", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    explain: Annotated[
        str | None, typer.Option("--explain", help="Only say what a rule wants, and why: W021.")
    ] = None,
    list_rules: Annotated[
        bool, typer.Option("--list-rules", help="Only list the rules, a line each.")
    ] = False,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask every link's server, politely; remembered.")
    ] = False,
    private: Annotated[
        bool, typer.Option("--private", help="With --online: ask private networks too.")
    ] = False,
    spam: Annotated[
        bool, typer.Option("--spam", help="Also ask SpamAssassin, where it is installed.")
    ] = False,
) -> int | None:
    """Say whether issues, theme, lists and segments are fit to send: every finding at once."""
    from newsletter.app.check import check_issues
    from newsletter.app.inquiry import Inquiry
    from newsletter.app.online import Manners
    from newsletter.cli import show_check

    if explain or list_rules:
        _rules(desk, explain)
        return None
    try:
        inquiry = Inquiry(Manners(private=private) if online else None, spam)
        report = check_issues(desk.app, issues or [], inquiry)
    except InputError as error:
        if not show_check.is_for_build_servers(desk):
            raise
        desk.show(error, show_check.problems(desk, error.problems))
        return error.exit_code
    desk.show(report, show_check.report(desk, report, strict=strict))
    return ChecksFailed.exit_code if report.failed(strict=strict) else None


def _rules(desk: Desk, explain: str | None) -> None:
    from newsletter.app.rules import all_rules, explain_rule
    from newsletter.cli import show_check

    if explain:
        rule = explain_rule(explain)
        desk.show(rule, show_check.rule(rule))
    else:
        rules = all_rules()
        desk.show(rules, show_check.rules(rules))


def build(
    desk: Desk,
    issue: Issue = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to write; by default build/ISSUE."),
    ] = None,
) -> None:
    """Write HTML, plain text and .eml of every variant; same input, same bytes."""
    from newsletter.app.preview import build_for_readers
    from newsletter.cli import show

    made = build_for_readers(desk.app, issue, output.absolute() if output else None)
    desk.show(made, show.build(made), f"newsletter test {made.slug}")


def preview(
    desk: Desk,
    issue: Issue = None,
    reader: Annotated[
        str | None, typer.Option("--as", help="The page of this reader, with her own fields.")
    ] = None,
    language: Annotated[
        str | None, typer.Option("--lang", help="Only this language, for example fr-CA.")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="Print the plain text and end, without the page.")
    ] = False,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="Build the pages as files, open one, and end; so does --format json."
        ),
    ] = False,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The page's port on 127.0.0.1; 0 for any."),
    ] = None,
    browser: Annotated[
        bool, typer.Option(help="Open the page; off, its address is only printed.")
    ] = True,
) -> None:
    """Show an issue on a page of this machine that follows every save, until Ctrl-C."""
    from newsletter.app.preview import open_in_browser, preview_issue
    from newsletter.cli import show

    if desk.as_text and not (once or text):
        from newsletter.web.previewing import Wish, run_preview

        def ready(address: str) -> None:
            opened = browser and open_in_browser(address)
            desk.show({"page": address}, show.live_preview(address, opened=opened))

        run_preview(desk.app, Wish(issue, reader or "", language, port), ready)
        return
    shown = preview_issue(desk.app, issue, reader=reader, language=language)
    if text:
        desk.show({"issue": shown.slug, "text": shown.text}, [shown.text])
        return
    opened = browser and desk.as_text and open_in_browser(shown.page.as_uri())
    desk.show(shown, show.preview(shown, opened=opened), f"newsletter test {shown.slug}")


def inbox(
    desk: Desk,
    port: Annotated[int | None, typer.Option("--port", help="SMTP port on 127.0.0.1.")] = None,
    web_port: Annotated[
        int | None, typer.Option("--web-port", help="The page's port on 127.0.0.1.")
    ] = None,
) -> None:
    """Run the staging inbox until Ctrl-C: SMTP on loopback, and a page that shows what arrived."""
    from newsletter.cli import show
    from newsletter.web.staging import run_inbox

    run_inbox(desk.app, port, web_port, lambda place: desk.show(place, show.inbox(place)))


def try_out(
    desk: Desk,
    issue: Issue = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", help="A staging address of the settings, through the relay if one is named."
        ),
    ] = None,
    reader: Annotated[
        str | None, typer.Option("--as", help="Only the page of this reader, with her fields.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Read each test back and say what holds as it arrived."),
    ] = False,
) -> int | None:
    """Send every variant to the staging inbox, marked as a test; readers never get it."""
    from newsletter.app.testing import send_test
    from newsletter.cli import show

    report = send_test(desk.app, issue, to or [], reader)
    faults = 0
    if verify:
        from newsletter.app.received import read_back
        from newsletter.cli import show_received

        found = read_back(desk.app, report)
        faults = sum(each.failed for each in found)
        lines = [*show.test(report), *show_received.read_back(found)]
        desk.show({"test": report, "received": found}, lines, f"newsletter plan {report.issue}")
    else:
        desk.show(report, show.test(report), f"newsletter plan {report.issue}")
    if report.not_accepted:
        return Incomplete.exit_code
    return ChecksFailed.exit_code if faults else None
