"""After: what readers agreed to, and forgetting them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.command import Records, command, group
from newsletter.cli.desk import Desk
from newsletter.consent import Basis
from newsletter.errors import UsageError


class Tool(StrEnum):
    """Whose exports are known."""

    mailchimp = "mailchimp"
    brevo = "brevo"
    mailerlite = "mailerlite"
    listmonk = "listmonk"
    newsletter = "newsletter"
    csv = "csv"


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
    command(
        consent,
        "withdraw",
        example="newsletter consent withdraw anna@soci.example",
        records=Records(),
    )(consent_withdraw)
    command(
        subscribers,
        "forget",
        example="newsletter subscribers forget anna@soci.example",
        records=Records(unless="dry_run"),
    )(forget)
    command(
        subscribers,
        "import",
        example="newsletter subscribers import members_export.csv --list soci --dry-run",
        records=Records(unless="dry_run"),
    )(import_)
    command(
        subscribers,
        "export",
        example="newsletter subscribers export anna@soci.example -o anna.txt",
    )(export)
    command(
        subscribers,
        "add",
        example='newsletter subscribers add anna@soci.example --list soci --source "paper form"',
        records=Records(),
    )(add)


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


def consent_withdraw(
    desk: Desk,
    reader: Reader,
    source: Annotated[
        str, typer.Option("--source", help="How she said so, kept as proof: her letter of …")
    ] = "",
) -> None:
    """Count a reader's clicks by name no more, on her word; what was kept of them is deleted."""
    from newsletter.app.withdrawing import withdraw_tracking
    from newsletter.cli import show_readers as show

    done = withdraw_tracking(desk.app, reader, source)
    desk.show(done, show.withdrawn(done))


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


def export(
    desk: Desk,
    reader: Annotated[
        str | None, typer.Argument(help="The address of the reader who asks.", show_default=False)
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Everybody on the lists, as a table.")
    ] = False,
    lists: Annotated[
        list[str] | None, typer.Option("--list", help="With --all: only this list (repeatable).")
    ] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", help="With --all: only this segment or expression.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", help="With --all: not this list or segment.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A file: .csv or .json, .txt for one.")
    ] = None,
) -> None:
    """Everything known of one reader, for her to read; or everybody as a table (--all)."""
    from newsletter.app.exporting import Whom
    from newsletter.cli import exports

    whom = Whom(tuple(lists or ()), segment, tuple(exclude or ()))
    exports.check(reader, everybody=everybody, filtered=whom != Whom())
    if reader:
        exports.one(desk, reader, output)
    else:
        exports.all_of_them(desk, whom, output)


def import_(
    desk: Desk,
    files: Annotated[
        list[Path], typer.Argument(help="Exports: CSV, several at once if there are several.")
    ],
    name: Annotated[str, typer.Option("--list", help="The list that the readers join.")],
    tool: Annotated[
        Tool | None, typer.Option("--from", help="Whose export it is; told by its columns if not.")
    ] = None,
    implied: Annotated[
        bool, typer.Option("--implied", help="Consent is implied only: it lapses in two years.")
    ] = False,
    wording: Annotated[
        str, typer.Option("--wording", help="What the readers said yes to, word for word.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show adds, changes and conflicts; change nothing.")
    ] = False,
) -> None:
    """Bring readers from another tool into a list: suppressions first, nobody who said no."""
    from newsletter.app.importing import Terms, import_readers
    from newsletter.audience import export_words
    from newsletter.cli import show_readers as show

    terms = Terms(export_words.Tool(tool.value) if tool else None, _basis(implied=implied), wording)
    done = import_readers(desk.app, files, name, terms, dry_run=dry_run)
    desk.show(done, show.imported(done))


def add(
    desk: Desk,
    reader: Reader,
    name: Annotated[str, typer.Option("--list", help="The list that the reader joins.")],
    source: Annotated[str, typer.Option("--source", help="Where the consent came from.")],
    fields: Annotated[
        list[str] | None, typer.Option("--field", help="A cell, as in first_name=Anna.")
    ] = None,
    implied: Annotated[
        bool, typer.Option("--implied", help="Consent is implied only: it lapses in two years.")
    ] = False,
    wording: Annotated[
        str, typer.Option("--wording", help="What the reader said yes to, word for word.")
    ] = "",
) -> None:
    """Add one reader to a list, with where the consent came from."""
    from newsletter.app.importing import Terms, add_reader
    from newsletter.app.readers import parse_reader
    from newsletter.cli import show_readers as show

    cells = dict(map(_field, fields or ()))
    terms = Terms(basis=_basis(implied=implied), wording=wording)
    done = add_reader(desk.app, parse_reader(reader), name, cells, source, terms)
    desk.show(done, show.imported(done))


def _field(words: str) -> tuple[str, str]:
    name, sign, cell = words.partition("=")
    if not sign:
        raise UsageError(f"{words!r} is no field", cure="write it as in first_name=Anna")
    return name, cell


def _basis(*, implied: bool) -> Basis:
    return Basis.IMPLIED if implied else Basis.EXPRESS
