"""Everything that is known of one reader, to be read by that reader."""

from collections.abc import Iterator, Mapping

from newsletter.app.disclosing import Known
from newsletter.app.exporting import Exported
from newsletter.cli import show_people, show_readers
from newsletter.cli.layout import counted, local, one_line, shown_path

_TABLES = {
    "recipient": "messages that were planned for the address",
    "delivery": "what became of them",
    "attempt": "each time a message was offered to the mail server",
    "consent": "what was agreed to, and taken back",
    "subscription": "what the form or the preferences say of each list",
    "reader": "language, and whether to be counted by name",
    "suppression": "that no mail is sent any more",
    "feedback": "what came back: bounces, complaints, unsubscribes",
    "event": "what the newsletter's office did, where the address is named",
}


def known(found: Known) -> Iterator[str]:
    """The whole of it: in a few lines, then row by row."""
    yield f"What {found.newsletter} knows of {found.address}"
    yield f"written on {local(found.written_at)}; answerable is {found.controller}"
    yield ""
    if found.forgotten:
        yield "The address was forgotten: a mark that cannot be turned back keeps it from mail."
    yield from map(_plain, show_people.reader(found.reader))
    if found.consent:
        yield from ["", "Consent"]
        yield from map(_plain, show_readers.consent(found.consent))
    if found.files:
        yield from ["", "The address stands in these files"]
        yield from (f"  {one_line(name)}" for name in found.files)
    for table, rows in found.records.items():
        about = f": {_TABLES[table]}" if table in _TABLES else ""
        yield from ["", f"Recorded under {table}{about}"]
        yield from (f"  {_row(row)}" for row in rows)


def _plain(line: str) -> str:
    """A line with its indent, without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in line)


def _row(row: Mapping[str, object]) -> str:
    parts = (f"{name} {value}" for name, value in row.items() if value is not None and value != "")
    return one_line(" · ".join(parts))


def exported(done: Exported) -> Iterator[str]:
    """What a table holds, and who is not in it."""
    states = dict(done.states)
    subscribed = states.pop("subscribed", 0)
    parts = [f"{subscribed} subscribed", *(f"{n} {why}" for why, n in states.items())]
    yield f"written: {shown_path(done.path) if done.path else 'here'}"
    yield f"  {counted(done.readers, 'reader')} = {' · '.join(parts)}"
    for why, count in done.gone.items():
        yield f"  left out: {count} ({why})"
    if states:
        yield "  who is not subscribed is in it so that another tool does not mail them either"
