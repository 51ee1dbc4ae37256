"""Lists, segments and readers as lines for a person to read."""

from collections.abc import Iterator, Sequence

from newsletter.app.listing import Explained, ListCheck, ListView, SegmentCount, SegmentView
from newsletter.app.readers import ReaderView, SuppressedNow
from newsletter.audience.model import Gravity
from newsletter.cli import show_bounces, show_clicks
from newsletter.cli.layout import counted, local, number, paint, shown_path, table
from newsletter.ledger.model import Suppression

_SEPARATOR = {",": "comma", ";": "semicolon", "\t": "tab"}
_COLOR = {Gravity.REFUSED: "red", Gravity.MENDED: "yellow", Gravity.NOTED: "dim"}


def lists(rows: Sequence[ListView]) -> Iterator[str]:
    """Each list in a line."""
    if not rows:
        yield "no list yet: put a CSV with an `email` column into subscribers/"
    yield from table(
        (
            (
                row.name,
                counted(row.readers, "reader") if row.path else "",
                _said(row),
                " · ".join(f"{tag} {count}" for tag, count in row.languages.items()),
                _written(row) if row.path else "no file",
                paint(_not_read(row), "red") if row.refused or row.unread else "",
            )
            for row in rows
        ),
        right=(1,),
    )


def _not_read(row: ListView) -> str:
    return "cannot be read" if row.unread else f"{row.refused} refused"


def _written(row: ListView) -> str:
    return f"{row.encoding}, {_SEPARATOR.get(row.separator, row.separator)}"


def _said(row: ListView) -> str:
    """What the ledger makes of the file's readers; nothing where it changes nothing."""
    new = row.sum.on_lists - row.sum.overlap - row.rows
    less = {"left": 0, **row.sum.gone, **row.sum.suppressed}
    parts = [f"+{number(new)} by the form"] if new else []
    parts += [f"{why} −{number(count)}" for why, count in less.items() if count]
    return f"{', '.join(parts)} = {counted(row.recipients, 'recipient')}" if parts else ""


def list_check(report: ListCheck) -> Iterator[str]:
    """Each list's arithmetic, and what was noted."""
    for row in report.lists:
        parts = [counted(row.rows, "row"), counted(row.readers, "reader")]
        parts += [counted(row.duplicates, "duplicate")] if row.duplicates else []
        parts += [f"{row.refused} refused"] if row.refused else []
        parts += [_said(row)] if _said(row) else []
        name = shown_path(row.path) if row.path else row.name
        yield f"{name}: {' · '.join(parts)} ({_written(row)})"
    for remark in report.remarks:
        if remark.gravity is Gravity.NOTED:
            problem = remark.problem
            place = shown_path(problem.path) + (f":{problem.line}" if problem.line else "")
            cure = f" — {problem.cure}" if problem.cure else ""
            yield f"{paint('Note', _COLOR[remark.gravity])}  {place}  {problem.message}{cure}"


def segments(rows: Sequence[SegmentView]) -> Iterator[str]:
    """Each saved segment in a line."""
    if not rows:
        yield "no segment yet: subscribers/segments.toml"
    yield from table(
        ((row.name, number(row.readers), row.expression, row.description) for row in rows),
        right=(1,),
    )


def segment_count(counted: SegmentCount) -> Iterator[str]:
    """How many, by list and language."""
    yield f"{counted.segment}: {number(counted.readers)} of {number(counted.of)} readers"
    if counted.segment != counted.expression:
        yield f"  {counted.expression}"
    if counted.readers:
        yield "  lists      " + " · ".join(f"{k} {v}" for k, v in counted.lists.items())
        yield "  languages  " + " · ".join(f"{k} {v}" for k, v in counted.languages.items())


def explained(value: Explained) -> Iterator[str]:
    """The expression, and for a reader which parts hold."""
    yield f"{value.segment}: {value.expression}"
    if value.matches is None:
        yield f"  columns to use: {', '.join(value.columns)}"
        return
    yield f"  {value.reader} is {'in it' if value.matches else 'not in it'}:"
    for text, holds in value.parts:
        yield f"    {'true ' if holds else 'false'}  {text}"


def reader(view: ReaderView) -> Iterator[str]:
    """One reader."""
    yield f"{view.address}   on {', '.join(view.lists) if view.lists else 'no list'}"
    for name, word in view.said.items():
        yield f"  said of {name}: {word.value}"
    yield from table((f"  {name}", value) for name, value in view.fields.items() if value)
    if view.segments:
        yield f"  in segments {', '.join(view.segments)}"
    if view.suppression:
        gone = view.suppression
        note = f": {gone.note}" if gone.note else ""
        yield paint(f"  never mailed: {gone.reason} since {local(gone.at)}{note}", "yellow")
    for message in view.messages:
        state = message.state.value.replace("_", " ")
        yield f"  campaign {message.campaign} ({message.issue}): {state}  {message.reply}"
    yield from show_bounces.history(view.returned)
    yield from show_clicks.history(view.clicks)


def suppressed(done: SuppressedNow) -> list[str]:
    """A suppression that was made."""
    if not done.new:
        return [f"{done.address} was suppressed already"]
    return [f"{done.address} is never mailed again ({done.reason})"]


def unsuppressed(done: SuppressedNow) -> list[str]:
    """A suppression that was taken back."""
    return [f"{done.address} may be mailed again"]


def suppressions(rows: Sequence[Suppression]) -> Iterator[str]:
    """Every suppressed address."""
    if not rows:
        yield "nobody is suppressed"
    yield from table((row.address, row.reason, row.source, local(row.at), row.note) for row in rows)
