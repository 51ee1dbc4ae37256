"""Readers and helpers that the tests of sending share."""

import datetime as dt
import html
import sqlite3
from contextlib import closing
from pathlib import Path

from newsletter.ledger.instants import to_microseconds
from tests.cli.newsroom import ISSUE, Newsroom

ANNA = "anna.rossi@soci.example"
BRUNO = "bruno.weiss@soci.example"
DARIO = "dario.neri@soci.example"
SEND = ("send", ISSUE, "--yes")


def html_of(room: Newsroom, reader: str) -> str:
    """A reader's page as her mail program decodes it."""
    body = room.relay.message_of(reader).get_body(("html",))
    assert body
    return html.unescape(str(body.get_content()))


def many(room: Newsroom, count: int, rate: str) -> set[str]:
    """One list with many readers, and a rate."""
    readers = [f"r{number:04d}@soci.example" for number in range(count)]
    rows = "".join(f"{reader},Reader,{reader[1:5]},it,,IT\n" for reader in readers)
    room.write(
        "subscribers/members.csv", f"email,first_name,last_name,language,interests,country\n{rows}"
    )
    (room.root / "subscribers/partners.csv").unlink()
    room.edit("newsletter.toml", 'rate = "500/s"', f'rate = "{rate}"')
    return set(readers)


def filed(room: Newsroom) -> list[Path]:
    """The files of the staging inbox."""
    folder = room.root / ".newsletter" / "inbox"
    return sorted([*folder.glob("new/*"), *folder.glob("cur/*")])


def due_now(
    room: Newsroom,
    late: dt.timedelta = dt.timedelta(seconds=1),
    column: str = "campaign.due_at",
) -> None:
    """Let an instant of the ledger be just past, as time itself would."""
    table, _, name = column.partition(".")
    past = to_microseconds(dt.datetime.now(dt.UTC) - late)
    with closing(sqlite3.connect(room.ledger)) as direct, direct:
        direct.execute(f"UPDATE {table} SET {name} = {past} WHERE {name} IS NOT NULL")  # noqa: S608 our own words
