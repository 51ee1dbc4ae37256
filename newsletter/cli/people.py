"""After: lists, segments, subscribers, suppressions."""

from typing import Annotated

import typer

from newsletter.cli import readers
from newsletter.cli.command import Records, command, group
from newsletter.cli.desk import Desk
from newsletter.errors import ListError

Reader = Annotated[str, typer.Argument(help="The reader's address.")]
Lists = Annotated[
    list[str] | None,
    typer.Option("--list", help="Only this list (may be repeated); by default all."),
]


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    segments = group("Saved expressions over readers' columns: subscribers/segments.toml.")
    subscribers = group("The readers on the lists.")
    suppressions = group("Who is never mailed again.")
    top.add_typer(segments, name="segments")
    top.add_typer(subscribers, name="subscribers")
    top.add_typer(suppressions, name="suppressions")
    command(top, "lists", example="newsletter lists")(lists)
    command(segments, "list", example="newsletter segments list")(segments_list)
    command(segments, "count", example="newsletter segments count 'country == \"CN\"'")(
        segments_count
    )
    command(segments, "explain", example="newsletter segments explain china --as li@x.example")(
        segments_explain
    )
    command(subscribers, "check", example="newsletter subscribers check")(subscribers_check)
    command(subscribers, "show", example="newsletter subscribers show anna@soci.example")(
        subscribers_show
    )
    command(
        subscribers,
        "unsubscribe",
        example="newsletter subscribers unsubscribe anna@soci.example",
        records=Records(),
    )(unsubscribe)
    readers.register(top, subscribers)
    command(suppressions, "list", example="newsletter suppressions list")(suppressions_list)
    command(
        suppressions,
        "add",
        example="newsletter suppressions add anna@soci.example --reason complained",
        records=Records(),
    )(suppressions_add)
    command(
        suppressions,
        "remove",
        example="newsletter suppressions remove anna@soci.example --yes",
        records=Records(),
    )(suppressions_remove)


def lists(desk: Desk) -> None:
    """The lists under subscribers/: readers, languages, encoding, what was mended."""
    from newsletter.app.listing import list_lists
    from newsletter.cli import show_people as show

    rows = list_lists(desk.app)
    faulty = any(row.refused or row.unread for row in rows)
    desk.show({"lists": rows}, show.lists(rows), "newsletter subscribers check" if faulty else "")


def segments_list(desk: Desk) -> None:
    """The saved segments with their expressions and how many readers each has."""
    from newsletter.app.listing import list_segments
    from newsletter.cli import show_people as show

    rows = list_segments(desk.app)
    desk.show({"segments": rows}, show.segments(rows))


def segments_count(
    desk: Desk,
    segment: Annotated[str, typer.Argument(help="A saved segment's name, or an expression.")],
    only: Lists = None,
) -> None:
    """How many readers are in a segment, by list and language."""
    from newsletter.app.listing import count_segment
    from newsletter.cli import show_people as show

    counted = count_segment(desk.app, segment, tuple(only or ()))
    desk.show(counted, show.segment_count(counted))


def segments_explain(
    desk: Desk,
    segment: Annotated[str, typer.Argument(help="A saved segment's name, or an expression.")],
    reader: Annotated[
        str | None, typer.Option("--as", help="Say for this reader which parts hold.")
    ] = None,
) -> None:
    """What a segment says, and why a reader is in it or not."""
    from newsletter.app.listing import explain_segment
    from newsletter.cli import show_people as show

    explained = explain_segment(desk.app, segment, reader)
    desk.show(explained, show.explained(explained))


def subscribers_check(desk: Desk, only: Lists = None) -> int | None:
    """Read every list and say what is wrong, with file, line and cure; changes nothing."""
    from newsletter.app.listing import check_lists
    from newsletter.cli import show_people as show

    report = check_lists(desk.app, tuple(only or ()))
    desk.show(report, show.list_check(report))
    if desk.as_text:
        report.refuse_if_mended()
    return ListError.exit_code if report.faulty else None


def subscribers_show(desk: Desk, reader: Reader) -> None:
    """One reader: lists, fields, segments, suppression, and every message of hers."""
    from newsletter.app.readers import show_reader
    from newsletter.cli import show_people as show

    shown = show_reader(desk.app, reader)
    desk.show(shown, show.reader(shown))


def unsubscribe(
    desk: Desk,
    reader: Reader,
    note: Annotated[str, typer.Option("--note", help="How she told you.")] = "",
) -> None:
    """Never mail this reader again: it outlives every later import of a list."""
    from newsletter.app.readers import suppress
    from newsletter.cli import show_people as show

    done = suppress(desk.app, reader, "unsubscribed", note)
    desk.show(done, show.suppressed(done), f"newsletter subscribers show {done.address}")


def suppressions_list(desk: Desk) -> None:
    """Every suppressed address with its reason, source and date."""
    from newsletter.app.readers import list_suppressions
    from newsletter.cli import show_people as show

    rows = list_suppressions(desk.app)
    desk.show({"suppressions": rows}, show.suppressions(rows))


def suppressions_add(
    desk: Desk,
    reader: Reader,
    reason: Annotated[
        str, typer.Option("--reason", help="unsubscribed, bounced, complained or manual.")
    ] = "manual",
    note: Annotated[str, typer.Option("--note", help="A few words for later.")] = "",
) -> None:
    """Never mail this address again."""
    from newsletter.app.readers import suppress
    from newsletter.cli import show_people as show

    done = suppress(desk.app, reader, reason, note)
    desk.show(done, show.suppressed(done))


def suppressions_remove(
    desk: Desk,
    reader: Reader,
    yes: Annotated[
        bool, typer.Option("--yes", help="She asked to be mailed again; needed to go on.")
    ] = False,
) -> None:
    """Let an address be mailed again, because the reader asked for it."""
    from newsletter.app.readers import unsuppress
    from newsletter.cli import show_people as show

    done = unsuppress(desk.app, reader, agreed=yes)
    desk.show(done, show.unsuppressed(done))
