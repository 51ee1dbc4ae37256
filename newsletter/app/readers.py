"""Lists, segments and readers, to look at; and the readers who are never mailed again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.people import (
    columns_of,
    find_segment,
    nearest_address,
    person_of,
    read_lists,
    read_segments,
)
from newsletter.audience.model import Gravity, Person, Remark
from newsletter.audience.select import merge_lists
from newsletter.audience.subscribers import SubscriberList
from newsletter.delivery import DeliveryState
from newsletter.errors import ApprovalMissing, ListError, Problem, UsageError
from newsletter.ledger.clicked import ReaderClick
from newsletter.ledger.model import Suppression
from newsletter.returned import Returned
from newsletter.values import Address

REASONS = ("unsubscribed", "bounced", "complained", "manual")


@dataclass(frozen=True, slots=True)
class ListView:
    """One list: rows, readers, and how the file was read."""

    name: str
    path: Path
    readers: int
    rows: int
    duplicates: int
    refused: int
    mended: int
    noted: int
    encoding: str
    separator: str
    languages: Mapping[str, int]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListCheck:
    """What reading the lists brought up."""

    lists: tuple[ListView, ...]
    remarks: tuple[Remark, ...]

    def refuse_if_mended(self) -> None:
        """Raise ``ListError`` when rows were refused or had to be mended."""
        if self.faulty:
            raise ListError(self.faulty)

    @property
    def faulty(self) -> tuple[Problem, ...]:
        """What is wrong with rows that were refused or had to be mended."""
        return tuple(r.problem for r in self.remarks if r.gravity is not Gravity.NOTED)


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One saved segment and how many readers it has."""

    name: str
    expression: str
    description: str
    readers: int


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """How many readers an expression matches."""

    segment: str
    expression: str
    readers: int
    of: int
    lists: Mapping[str, int]
    languages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Explained:
    """What a segment says, and for one reader which of its parts hold."""

    segment: str
    expression: str
    columns: tuple[str, ...]
    reader: str = ""
    matches: bool | None = None
    parts: tuple[tuple[str, bool], ...] = ()


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
    clicks: tuple[ReaderClick, ...] = ()
    """Which links she followed, if she agreed that it is kept."""


@dataclass(frozen=True, slots=True)
class SuppressedNow:
    """A suppression that was made (or was there before)."""

    address: str
    reason: str
    new: bool


def list_lists(app: App) -> tuple[ListView, ...]:
    """Every list, read."""
    return tuple(_list_view(app, each) for each in read_lists(app))


def check_lists(app: App, only: Sequence[str]) -> ListCheck:
    """Every remark on the lists, refused rows included."""
    lists = read_lists(app, only)
    remarks = tuple(remark for each in lists for remark in each.remarks)
    return ListCheck(tuple(_list_view(app, each) for each in lists), remarks)


def _list_view(app: App, each: SubscriberList) -> ListView:
    languages = Counter(s.fields.get("language") or app.settings.language for s in each.subscribers)
    return ListView(
        name=each.name,
        path=each.path,
        readers=len(each.subscribers),
        rows=each.rows,
        duplicates=each.duplicates,
        refused=each.refused,
        mended=len(each.problems(Gravity.MENDED)),
        noted=len(each.problems(Gravity.NOTED)),
        encoding=each.encoding,
        separator=each.separator,
        languages=dict(languages.most_common()),
        columns=each.columns,
    )


def list_segments(app: App) -> tuple[SegmentView, ...]:
    """The saved segments, counted over all lists."""
    lists = read_lists(app)
    segments = read_segments(app, columns_of(lists))
    inside: Counter[str] = Counter()
    for person in merge_lists(lists):
        inside.update(name for name, segment in segments.items() if segment.matches(person))
    return tuple(
        SegmentView(name, segment.text, segment.description, inside[name])
        for name, segment in segments.items()
    )


def count_segment(app: App, words: str, only: Sequence[str]) -> SegmentCount:
    """Count a saved segment, or an expression."""
    lists = read_lists(app, only)
    columns = columns_of(read_lists(app))
    segment = find_segment(words, read_segments(app, columns), columns)
    names: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    everybody = matching = 0
    for person in merge_lists(lists):
        everybody += 1
        if segment.matches(person):
            matching += 1
            names.update(person.lists)
            languages[person.fields.get("language") or app.settings.language] += 1
    return SegmentCount(
        words, segment.text, matching, everybody, dict(names), dict(languages.most_common())
    )


def explain_segment(app: App, words: str, reader: str | None) -> Explained:
    """A segment's expression, and which of its parts hold for a reader."""
    lists = read_lists(app)
    columns = columns_of(lists)
    segment = find_segment(words, read_segments(app, columns), columns)
    if reader is None:
        return Explained(words, segment.text, tuple(sorted(columns)))
    person = find_person(lists, reader)
    parts = tuple((part.text, part.holds) for part in segment.explain(person))
    return Explained(
        words,
        segment.text,
        tuple(sorted(columns)),
        person.address.text,
        segment.matches(person),
        parts,
    )


# Readers


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


def find_person(lists: Sequence[SubscriberList], reader: str) -> Person:
    """A reader of these lists; ``UsageError`` names the nearest address."""
    key = parse_reader(reader).key
    person = person_of(merge_lists(lists), key)
    if person is None:
        near = nearest_address(merge_lists(lists), key)
        cure = f"did you mean {near}?" if near else "look into subscribers/*.csv"
        raise UsageError(f"{reader} is on no list", cure=cure)
    return person


def show_reader(app: App, reader: str) -> ReaderView:
    """One reader: lists, fields, segments, suppression, and every message of hers."""
    address = parse_reader(reader)
    lists = read_lists(app)
    person = person_of(merge_lists(lists), address.key)
    segments = read_segments(app, columns_of(lists))
    suppression, messages, returned, clicks = _history(app, address)
    if person is None and suppression is None and not messages and not returned:
        raise UsageError(f"{address} is on no list and was never mailed")
    matched = tuple(n for n, s in segments.items() if person and s.matches(person))
    return ReaderView(
        (person.address if person else address).text,
        person.lists if person else (),
        person.fields if person else {},
        matched,
        suppression,
        messages,
        returned,
        clicks,
    )


def _history(
    app: App, address: Address
) -> tuple[Suppression | None, tuple[Message, ...], tuple[Returned, ...], tuple[ReaderClick, ...]]:
    if not has_ledger(app):
        return None, (), (), ()
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
        clicks = ledger.clicks.of_reader(address)
    return (found[0] if found else None), messages, returned, clicks


def suppress(app: App, reader: str, reason: str, note: str) -> SuppressedNow:
    """Never mail this address again, from the next claim on, even in a run that goes on."""
    if reason not in REASONS:
        raise UsageError(f"{reason!r} is no reason", cure="use one of " + ", ".join(REASONS))
    address = parse_reader(reader)
    with open_ledger(app) as ledger:
        new = ledger.suppress(address, reason, "officer", note, app.clock())
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
