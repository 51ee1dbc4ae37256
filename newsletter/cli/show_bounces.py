"""What came back, as lines. Every word of a stranger's is shown without what a terminal obeys."""

from collections.abc import Iterator
from typing import Any

from newsletter.app.bounces import Fetched, Listing, Processed, WasReset
from newsletter.cli.layout import counted, local, one_line, paint, table
from newsletter.returned import Afterwards, Kind, Proof, Returned

_NOUNS = {
    Kind.BOUNCE: "bounce",
    Kind.DELAYED: "delay",
    Kind.COMPLAINT: "complaint",
    Kind.UNSUBSCRIBE: "unsubscribe",
    Kind.WISH: "personal request",
    Kind.AUTOMATIC: "automatic answer",
    Kind.OTHER: "other mail",
}
_PROOFS = {
    Proof.SIGNED: "signed: it came back by our own path or token",
    Proof.KNOWN: "known: it names a message of ours and its reader",
    Proof.NONE: "unproven: it names no message of ours, and does nothing",
}
_PRUNED = "unproven: its message was pruned, whose it was is not known; it does nothing"


def as_value(fetched: Fetched) -> dict[str, Any]:
    """The same for a program."""
    return {
        "mailboxes": fetched.mailboxes,
        "letters": {kind.value: count for kind, count in fetched.letters.items()},
        "known": fetched.known,
        "unproven": fetched.unproven,
        "suppressed": fetched.suppressed,
        "wishes": fetched.wishes,
        "aside": fetched.aside,
    }


def fetched(done: Fetched) -> Iterator[str]:
    """What a reading brought."""
    for name in done.mailboxes:
        yield f"read {name}"
    if not done.letters:
        yield "nothing new came back"
    for kind, noun in _NOUNS.items():
        if done.letters[kind]:
            yield f"  {counted(done.letters[kind], noun)}"
    if done.known:
        yield f"  {counted(done.known, 'event')} known already"
    if done.unproven:
        yield f"  {counted(done.unproven, 'event')} unproven: shown, and without effect"
    for event in done.suppressed:
        yield f"  {one_line(event.address)} is never mailed again: {_why(event)}"
    for event in done.wishes:
        yield paint(f"  {one_line(event.address)} asks: {one_line(event.words)}", "yellow")
    for letter in done.aside:
        line = f"  {one_line(letter.letter)} could not be read ({letter.why}): it stays unread"
        yield paint(line, "red")


def processed(done: Processed) -> Iterator[str]:
    """What one mail was, in a line for the mail server's log."""
    yield _NOUNS[done.kind]
    for effect in done.effects:
        if effect.suppressed:
            yield f"  {one_line(effect.event.address)} is never mailed again: {effect.suppressed}"


def listed(listing: Listing) -> Iterator[str]:
    """The latest events in a line each."""
    if not listing.events:
        yield f"no {listing.what} yet"
    yield from table(
        (
            str(event.id),
            local(event.at),
            one_line(event.address) or "nobody named",
            _what(event),
            _about(event),
            one_line(event.words)[:60],
        )
        for event in listing.events
    )
    if listing.more:
        yield "and older ones: --campaign shows those of one campaign"
    if listing.read_at:
        yield f"the mailbox was read at {local(listing.read_at)}"


def event(one: Returned) -> Iterator[str]:
    """Everything that is kept of it."""
    yield f"{one.id}  {_what(one)}  {one_line(one.address) or 'nobody named'}"
    yield f"  at        {local(one.at)}, from {one_line(one.source)}"
    yield f"  message   {_about(one)}"
    pruned = one.proof is Proof.NONE and one.campaign
    yield f"  proof     {_PRUNED if pruned else _PROOFS[one.proof]}"
    if one.status or one.code:
        yield f"  answer    {' '.join(filter(None, (str(one.code or ''), one.status)))}"
    if one.words:
        yield f"  words     {one_line(one.words)}"
    if one.void:
        yield "  reset: it counts no more"


def was_reset(done: WasReset) -> Iterator[str]:
    """What counts no more, and what still holds."""
    yield f"{counted(done.events, 'bounce')} of {done.address} count no more"
    if done.suppressed:
        yield f"{done.address} is still never mailed: {done.suppressed}"


def afterwards(came: Afterwards) -> Iterator[str]:
    """What came back about a campaign, in the report's columns."""
    counts = (
        (came.hard, "hard bounce"),
        (came.soft, "soft bounce"),
        (came.delayed, "delay"),
        (came.complaints, "complaint"),
        (came.unsubscribed, "unsubscribe"),
    )
    words = [counted(count, noun) for count, noun in counts if count]
    by = f", by the mailbox read at {local(came.read_at)}" if came.read_at else ""
    yield f" came back  {' · '.join(words) or 'nothing'}{by}"
    if came.reasons:
        yield "   " + " · ".join(f"{reason} {count}" for reason, count in came.reasons.items())


def in_report(came: Afterwards) -> Iterator[str]:
    """What came back, and what is not known of it."""
    if came.any or came.read_at:
        yield from afterwards(came)
    if not came.read_at:
        yield " not known  what bounced: the mailbox was never read (newsletter bounces fetch)"


def history(events: tuple[Returned, ...]) -> Iterator[str]:
    """What came back about one reader."""
    for one in events:
        void = " (reset)" if one.void else ""
        yield f"  {local(one.at)}  {_what(one)}{void}, {_about(one)}  {one_line(one.words)[:80]}"


def _what(event: Returned) -> str:
    said = f"{event.gravity} bounce" if event.kind is Kind.BOUNCE else event.kind.value
    reason = f": {event.reason}" if event.reason else ""
    return f"{said}{reason}" + (" (unproven)" if event.proof is Proof.NONE else "")


def _about(event: Returned) -> str:
    return (
        f"campaign {event.campaign}, message {event.seq}"
        if event.campaign
        else "no message of ours"
    )


def _why(event: Returned) -> str:
    return event.reason or {Kind.COMPLAINT: "complained"}.get(event.kind, "unsubscribed")
