"""How consent, and what was done with a reader's data, is shown."""

import sys
from collections.abc import Iterator, Sequence

from newsletter.app.consents import ConsentLine, Expiring, ListStanding, ReaderConsent
from newsletter.app.forgetting import Forgotten
from newsletter.app.importing import Imported
from newsletter.app.withdrawing import Withdrawn
from newsletter.cli.layout import counted, paint, shown_path, table


def raw(text: str) -> None:
    """What is meant for another program, as it is."""
    sys.stdout.write(text)


def consents(events: Sequence[ConsentLine]) -> Iterator[str]:
    """Events, a line each."""
    if not events:
        yield "no consent is recorded yet"
    yield from table(
        (each.at[:16].replace("T", " "), each.address, each.change, _about(each), each.source)
        for each in events
    )


def _about(each: ConsentLine) -> str:
    what = each.list_name or ("all lists" if each.purpose == "newsletter" else "")
    return " ".join(part for part in (each.basis, each.purpose, what) if part)


def consent(found: ReaderConsent) -> Iterator[str]:
    """One reader's."""
    yield found.address
    if found.preferences.suppressed:
        yield paint(f"  never mailed: {found.preferences.suppressed}", "yellow")
    for name, membership in found.preferences.lists.items():
        yield f"  {name}: {membership.value}"
    for each in found.standing:
        yield f"  {_stands(each)}"
    for event in found.events:
        yield f"  {event.at}  {event.change} {_about(event)}  by {event.source}"
        for name, words in (("words", event.wording), ("from", event.ip), ("", event.detail)):
            if words:
                yield f"      {name + ': ' if name else ''}{words}"


def _stands(each: ListStanding) -> str:
    about = f"{each.purpose} {each.list_name}".strip()
    stands = each.stands
    if not stands.holds:
        lapsed = f", lapsed on {stands.until:%Y-%m-%d}" if stands.until else ""
        return f"{about}: no consent{lapsed}"
    until = f" until {stands.until:%Y-%m-%d}" if stands.until else ""
    return f"{about}: {stands.basis} consent{until}"


def withdrawn(done: Withdrawn) -> Iterator[str]:
    """A consent to be counted by name that was taken back."""
    if not done.stood:
        yield f"{done.address} is not counted by name: nothing was changed"
        return
    yield f"{done.address} is counted by name no more"
    yield f"  {counted(done.clicks, 'link')} that she followed: forgotten"


def expiring(found: Expiring) -> Iterator[str]:
    """What lapses, and what has."""
    if not found.lapses:
        yield f"no implied consent lapses within {found.within_days} days"
    yield from table(
        (
            f"{each.until:%Y-%m-%d}",
            "lapsed" if each.over else "lapses",
            each.address,
            each.list_name,
        )
        for each in found.lapses
    )
    if found.over:
        yield f"{counted(found.over, 'consent')} lapsed: these readers are left out of every plan"


def forgotten(done: Forgotten) -> Iterator[str]:
    """What was done, and what is the officer's to do."""
    rows = ", ".join(f"{table} {count}" for table, count in done.rows.items() if count)
    if done.done:
        yield f"{done.address} is forgotten; what the ledger had: {rows or 'nothing'}"
        yield "  a mark stays, so that no file, form or import brings this reader back"
    else:
        yield f"{done.address} would be forgotten; in the ledger: {rows or 'nothing'}"
    for path in done.removed:
        yield f"  {'removed' if done.done else 'would be removed'}: {shown_path(path)}"
    for path in done.cleaned:
        yield f"  {'taken out of' if done.done else 'would be taken out of'}: {shown_path(path)}"
    yield from _left_to_the_officer(done)


def _left_to_the_officer(done: Forgotten) -> Iterator[str]:
    for place in done.places:
        yield f"! yours to change: {shown_path(place.path)}:{place.line}"
    for commit in done.commits:
        yield f"! in git's history: {commit}"
    for campaign in done.campaigns:
        yield f"! the page of campaign {campaign} names it, in the issue's own words"
    if done.on_server:
        yield "! the database server has a log and backups of its own: ask who runs it"
    yield "! not seen from here: backups, the relay's log, the mailbox that bounces go to"


_MOST = 20


def imported(done: Imported) -> Iterator[str]:
    """One sum over the rows, and every row that was not taken."""
    would = "" if done.done else "would be "
    parts = {
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "suppressed": done.suppressed,
        "kept out": len(done.kept_out),
        "repeated": done.repeated,
        "refused": done.refused,
    }
    said = " · ".join(f"{name} {count}" for name, count in parts.items() if count) or "nothing"
    tools = f" ({', '.join(done.tools)})" if done.tools else ""
    yield f"{counted(done.rows, 'row')}{tools} = {would}{said}"
    yield f"  into {shown_path(done.path)}{', a new list' if done.new_list else ''}"
    lines = [f"  kept out: {each.source} {each.address}: {each.why}" for each in done.kept_out]
    lines += [
        f"  conflict: {each.source} {each.address} {each.field}: {each.kept!r} stays,"
        f" {each.offered!r} was offered"
        for each in done.conflicts
    ]
    lines += [
        f"  refused: {shown_path(each.path)}:{each.line}:{each.column}: {each.message}"
        for each in done.problems
    ]
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"  and {counted(len(lines) - _MOST, 'line')} more: --format json shows all"
    if done.left_out:
        yield f"! not in the file's header, so left out: {', '.join(done.left_out)}"
