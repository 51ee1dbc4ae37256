"""Signing keys: keys new|rotate|dns|list|remove."""

from typing import Annotated

import typer

from newsletter.cli.command import command, group
from newsletter.cli.desk import Desk


def register(top: typer.Typer) -> None:
    """Add this group's commands."""
    keys = group("The keys that sign the mail (DKIM), and the records to publish.")
    top.add_typer(keys, name="keys")
    command(keys, "new", example="newsletter keys new")(keys_new)
    command(keys, "rotate", example="newsletter keys rotate")(keys_rotate)
    command(keys, "dns", example="newsletter keys dns --look")(keys_dns)
    command(keys, "list", example="newsletter keys list")(keys_list)
    command(keys, "remove", example="newsletter keys remove news-202511")(keys_remove)


def keys_new(
    desk: Desk,
    algorithm: Annotated[
        str,
        typer.Option("--algorithm", help="rsa, which all receivers know, or ed25519 beside it."),
    ] = "rsa",
    selector: Annotated[
        str | None,
        typer.Option("--selector", help="Its name in the DNS; by default with the month."),
    ] = None,
) -> None:
    """Make the first signing key of a kind and print the record to publish; it signs from now."""
    from newsletter.app.keys import new_keys
    from newsletter.cli import show_keys as show

    record = new_keys(desk.app, algorithm, selector)
    desk.show(record, show.made(record), f"newsletter keys dns {record.key.selector} --look")


def keys_rotate(
    desk: Desk,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not look whether the record is published.")
    ] = False,
) -> None:
    """Make each key's successor; once its record is published, the same again has it sign."""
    from newsletter.app.keys import rotate
    from newsletter.cli import show_keys as show

    rotation = rotate(desk.app, offline=offline)
    desk.show(rotation, show.rotated(rotation), "newsletter keys list")


def keys_dns(
    desk: Desk,
    selector: Annotated[
        str | None, typer.Argument(help="Only this key's record.", show_default=False)
    ] = None,
    look: Annotated[
        bool, typer.Option("--look", help="Ask the DNS what is published of it.")
    ] = False,
) -> None:
    """The TXT records to publish, split at 255 octets."""
    from newsletter.app.keys import dns_records
    from newsletter.cli import show_keys as show

    records = dns_records(desk.app, selector, look=look)
    desk.show({"records": records}, show.records(records))


def keys_list(desk: Desk) -> None:
    """Every key: which one signs, which waits for its record, which was retired and when."""
    from newsletter.app.keys import list_keys
    from newsletter.cli import show_keys as show

    kept = list_keys(desk.app)
    desk.show({"keys": kept}, show.keys(kept), "" if kept else "newsletter keys new")


def keys_remove(
    desk: Desk,
    selector: Annotated[str, typer.Argument(help="The key's name, as `keys list` has it.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Although it signs: mail leaves unsigned then.")
    ] = False,
) -> None:
    """Forget a key; then its record may be taken from the DNS."""
    from newsletter.app.keys import remove_key
    from newsletter.cli import show_keys as show

    removed = remove_key(desk.app, selector, agreed=yes)
    desk.show(removed, show.removed(removed), "newsletter keys list")
