"""Lists, segments and readers, to look at; and the readers who are never mailed again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.people import (
    columns_of,
    nearest_address,
    person_of,
    read_lists,
    read_segments,
)
from newsletter.app.said import hear
from newsletter.audience.model import Person
from newsletter.audience.select import Audience, select_audience
from newsletter.consent import Membership
from newsletter.delivery import DeliveryState
from newsletter.errors import ApprovalMissing, UsageError
from newsletter.ledger.clicked import ReaderClick
from newsletter.ledger.model import Suppression
from newsletter.returned import Returned
from newsletter.values import Address

REASONS = ("unsubscribed", "bounced", "complained", "manual")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a reader: which campaign, and what became of it."""

    campaign: int
    issue: str
    state: DeliveryState
    reply: str


@dataclass(frozen=True, slots=True)
class ReaderView:
    """Everything known of one reader."""

    address: str
    lists: tuple[str, ...]
    fields: Mapping[str, str]
    segments: tuple[str, ...]
    suppression: Suppression | None
    messages: tuple[Message, ...]
    returned: tuple[Returned, ...] = ()
    """What came back about her, the latest first."""
    said: Mapping[str, Membership] = field(default_factory=dict)
    """What she said herself of lists: joined, left, or asked to join and did not answer yet."""
    clicks: tuple[ReaderClick, ...] = ()
    """Which links she followed, if she agreed that it is kept."""


@dataclass(frozen=True, slots=True)
class SuppressedNow:
    """A suppression that was made (or was there before)."""

    address: str
    reason: str
    new: bool


def parse_reader(words: str) -> Address:
    """An address that was typed; ``UsageError`` says what is wrong with it."""
    try:
        return Address.parse(words.strip())
    except ValueError as error:
        raise UsageError(
            f"{words!r} is not an address: {error}",
            cure="write it as in anna@members.example",
            next_command="newsletter lists",
        ) from error


def find_person(people: Audience, reader: str) -> Person:
    """A reader among these; ``UsageError`` names the nearest address."""
    key = parse_reader(reader).key
    person = person_of(people, key)
    if person is None:
        near = nearest_address(people, key)
        cure = f"did you mean {near}?" if near else "look into subscribers/*.csv"
        raise UsageError(f"{reader} is on no list", cure=cure)
    return person


def show_reader(app: App, reader: str) -> ReaderView:
    """One reader: lists, fields, segments, suppression, and every message of hers."""
    view = view_reader(app, parse_reader(reader))
    known = view.lists or view.said or view.suppression or view.messages or view.returned
    if not known:
        near = nearest_address(select_audience(read_lists(app)), Address(view.address).key)
        raise UsageError(
            f"{view.address} is on no list and was never mailed",
            cure=f"did you mean {near}?" if near else "look into subscribers/*.csv",
            next_command=f"newsletter subscribers show {near}" if near else "newsletter lists",
        )
    return view


def view_reader(app: App, address: Address) -> ReaderView:
    """The same, whether there is anything to see or not."""
    said = hear(app).said
    lists = [*said.joined, *read_lists(app)]
    person = person_of(select_audience(lists, said=said), address.key)
    segments = read_segments(app, columns_of(lists))
    suppression, messages, returned, memberships = _history(app, address)
    return ReaderView(
        (person.address if person else address).text,
        person.lists if person else (),
        person.fields if person else {},
        tuple(n for n, s in segments.items() if person and s.matches(person)),
        suppression,
        messages,
        returned,
        memberships,
        _clicks(app, address),
    )


def _history(
    app: App, address: Address
) -> tuple[Suppression | None, tuple[Message, ...], tuple[Returned, ...], Mapping[str, Membership]]:
    if not has_ledger(app):
        return None, (), (), {}
    with open_ledger(app) as ledger:
        found = [s for s in ledger.suppressions() if s.address.casefold() == address.key]
        messages = tuple(
            Message(
                campaign.id,
                campaign.slug,
                row.delivery.state,
                str(row.delivery.reply) if row.delivery.reply else "",
            )
            for campaign in ledger.campaigns()
            for row in ledger.deliveries(campaign.id, address=address)
        )
        returned = ledger.returns.of_address(address)
        memberships = ledger.register(app.marks).preferences_of(address).lists
    return (found[0] if found else None), messages, returned, memberships


def _clicks(app: App, address: Address) -> tuple[ReaderClick, ...]:
    if not has_ledger(app):
        return ()
    with open_ledger(app) as ledger:
        return ledger.clicks.of_reader(address)


def suppress(app: App, reader: str, reason: str, note: str) -> SuppressedNow:
    """Never mail this address again, from the next claim on, even in a run that goes on."""
    if reason not in REASONS:
        raise UsageError(f"{reason!r} is no reason", cure="use one of " + ", ".join(REASONS))
    address = parse_reader(reader)
    with open_ledger(app) as ledger:
        said = " ".join(note.split())
        new = ledger.suppress(address, reason, "officer", said, app.clock())
    return SuppressedNow(address.text, reason, new)


def unsuppress(app: App, reader: str, *, agreed: bool) -> SuppressedNow:
    """Let an address be mailed again; the officer says that the reader asked for it."""
    address = parse_reader(reader)
    if not agreed:
        raise ApprovalMissing(
            f"{address} would be mailed again",
            cure="only if the reader asked for it; then add --yes",
            next_command=f"newsletter suppressions remove {address} --yes",
        )
    if not has_ledger(app):
        raise UsageError(
            f"{address} is not suppressed", next_command="newsletter suppressions list"
        )
    with open_ledger(app) as ledger:
        known = ledger.unsuppress(address, app.clock())
        if not known and not ledger.register(app.marks).remember(address):
            raise UsageError(
                f"{address} is not suppressed", next_command="newsletter suppressions list"
            )
    return SuppressedNow(address.text, "", new=True)


def list_suppressions(app: App) -> tuple[Suppression, ...]:
    """All suppressions, the oldest first."""
    if not has_ledger(app):
        return ()
    with open_ledger(app) as ledger:
        return ledger.suppressions()
