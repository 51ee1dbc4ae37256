"""What comes back: mailboxes read, a mail from a pipe, events looked at, counts reset."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from newsletter.app.imap_account import account_of
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.readers import parse_reader
from newsletter.app.taking_over import settle_in
from newsletter.app.tokens import token_keys
from newsletter.dispatch.outgoing import message_ids
from newsletter.errors import NewsletterError, TryLater, UsageError
from newsletter.feedback.identify import Arrival, events_of
from newsletter.feedback.imap import ImapFolder
from newsletter.feedback.mailbox import Letter, Mailbox
from newsletter.feedback.maildir import Maildir
from newsletter.feedback.mbox import Mbox
from newsletter.feedback.parse import parse
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.returned import Effect, Kind, Proof, Returned, Thresholds
from newsletter.values import Address

_AT_ONCE = 50
"""Letters in one transaction."""
_LONGEST_MAIL = 64 * 1024 * 1024
_FOR_A_PERSON = frozenset({Kind.WISH, Kind.OTHER})
_LISTED = 200
LISTS = {
    "bounces": (Kind.BOUNCE, Kind.DELAYED),
    "complaints": (Kind.COMPLAINT,),
    "unsubscribes": (Kind.UNSUBSCRIBE, Kind.WISH),
}


@dataclass(frozen=True, slots=True)
class Aside:
    """A letter that could not be read: it stays where it is, unread, and is named."""

    mailbox: str
    letter: str
    why: str


@dataclass(slots=True)
class Fetched:
    """What one reading of the mailboxes brought."""

    mailboxes: tuple[str, ...] = ()
    letters: Counter[Kind] = field(default_factory=Counter)
    """Letters by what they are."""
    known: int = 0
    """Events that were in the ledger already."""
    unproven: int = 0
    """Events that name no message of ours: shown, and without effect."""
    suppressed: list[Returned] = field(default_factory=list)
    """Events because of which an address is never mailed again."""
    wishes: list[Returned] = field(default_factory=list)
    """Words of persons that seem to ask to leave."""
    aside: list[Aside] = field(default_factory=list)
    next_command: str = ""

    def count(self, effects: Sequence[Effect]) -> None:
        """Add what some events did."""
        for effect in effects:
            self.known += not effect.new
            if effect.new and effect.event.kind is Kind.WISH:
                self.wishes.append(effect.event)
            elif effect.new and effect.event.proof is Proof.NONE:
                self.unproven += 1
            if effect.suppressed:
                self.suppressed.append(effect.event)


@dataclass(frozen=True, slots=True)
class Processed:
    """What one mail was, and did."""

    kind: Kind
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Events of some kinds, the latest first, and how many of each kind there are."""

    what: str
    events: tuple[Returned, ...]
    totals: Mapping[str, int]
    read_at: dt.datetime | None
    more: bool = False
    next_command: str = ""


@dataclass(frozen=True, slots=True)
class WasReset:
    """How many bounces of an address count no more; why it is still not mailed, if it is."""

    address: str
    events: int
    suppressed: str = ""
    next_command: str = ""


class Book:
    """What was sent to whom, as the ledger has it: messages of ours are known by it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ids = lru_cache(maxsize=64)(self._message_ids)

    def address(self, campaign: int, seq: int) -> str | None:
        """Whom a delivery is to."""
        row = self._ledger.addressee(campaign, seq)
        try:
            return Address.parse(row.address).text if row else None
        except ValueError:  # forgotten since
            return None

    def message_id(self, campaign: int, seq: int) -> str | None:
        """The Message-ID that it had."""
        ids = self._ids(campaign)
        return ids(seq) if ids else None

    def was_pruned(self, campaign: int, seq: int) -> bool:
        """Whether it had such a delivery, which was pruned."""
        number = CampaignId(campaign)
        if self._ledger.retention.of(number) is None:
            return False
        there = self._ledger.addressee(campaign, seq) is not None
        return not there and 1 <= seq <= self._ledger.campaign(number).recipients

    def _message_ids(self, campaign: int) -> Callable[[int], str] | None:
        try:
            return message_ids(self._ledger.campaign(CampaignId(campaign)))
        except UsageError:
            return None


def thresholds(app: App) -> Thresholds:
    """When bounces that pass silence an address, as the settings say."""
    options = app.settings.feedback
    return Thresholds(options.soft_limit, dt.timedelta(days=options.window_days))


# Reading


def fetch_bounces(app: App) -> Fetched:
    """Read every mailbox of the settings to its end; nothing is marked before it is recorded.

    Raises ``UsageError`` where no mailbox is set, ``MailboxError`` for one that cannot be read.
    """
    fetched = Fetched()
    with open_ledger(app) as ledger, _mailboxes(app, ledger) as mailboxes:
        fetched.mailboxes = tuple(mailbox.name for mailbox in mailboxes)
        for mailbox in mailboxes:
            _read(app, ledger, mailbox, fetched)
        ledger.returns.note_reading(app.clock())
    fetched.next_command = _next(fetched)
    return fetched


def _read(app: App, ledger: Ledger, mailbox: Mailbox, fetched: Fetched) -> None:
    reader = _Reader(app, ledger, "mailbox")
    letters = iter(mailbox.letters())
    while some := list(islice(letters, _AT_ONCE)):
        understood: list[Letter] = []
        events: list[Returned] = []
        for letter in some:
            try:
                kind, found = reader.read(letter.raw)
            except Exception as error:  # noqa: BLE001 one bad mail never stops the rest
                fetched.aside.append(Aside(mailbox.name, letter.name, type(error).__name__))
                continue
            fetched.letters[kind] += 1
            events += found
            if kind not in _FOR_A_PERSON:
                understood.append(letter)
        fetched.count(ledger.returns.record(events, reader.thresholds))
        mailbox.done(some, understood)


class _Reader:
    """From a mail to its events, with all that it takes."""

    def __init__(self, app: App, ledger: Ledger, source: str) -> None:
        self._keys = token_keys(app)
        self._book = Book(ledger)
        self._app = app
        self._source = source
        self.thresholds = thresholds(app)

    def read(self, raw: bytes) -> tuple[Kind, tuple[Returned, ...]]:
        """What a mail is, and its events."""
        heard = parse(raw)
        arrival = Arrival(self._source, self._app.clock())
        return heard.kind, events_of(heard, raw, self._keys, self._book, arrival)


@contextlib.contextmanager
def _mailboxes(app: App, ledger: Ledger) -> Iterator[list[Mailbox]]:
    options = app.settings.feedback
    with contextlib.ExitStack() as stack:
        found: list[Mailbox] = []
        if options.maildir:
            found.append(Maildir(_path(app, options.maildir)))
        if options.mbox:
            found.append(Mbox(_path(app, options.mbox), ledger.returns))
        if options.imap:
            folder = ImapFolder(account_of(app, options.imap), ledger.returns)
            stack.callback(folder.close)
            found.append(folder)
        if not found:
            raise UsageError(
                "no mailbox is set",
                cure='under [feedback] in newsletter.toml: maildir = "…", mbox = "…", or a table'
                " [feedback.imap]; or let the mail server pipe to `newsletter bounces process -`",
            )
        yield found


def _path(app: App, path: Path) -> Path:
    return app.root / path


def _next(fetched: Fetched) -> str:
    if fetched.wishes:
        return "newsletter bounces list --unsubscribes"
    return "newsletter bounces list" if fetched.letters.total() else ""


def process_mail(opened: Callable[[], App], mail: Callable[[], BinaryIO]) -> Processed:
    """One mail from a pipe. Anything that hinders is ``TryLater``: the mail server keeps it.

    ``opened`` opens the newsletter and ``mail`` the mail, so that a fault in either loses nothing.
    """
    try:
        app, raw = opened(), _whole(mail())
        settle_in(app, take_over=False)
        with open_ledger(app) as ledger:
            reader = _Reader(app, ledger, "pipe")
            kind, events = reader.read(raw)
            return Processed(kind, ledger.returns.record(events, reader.thresholds))
    except NewsletterError as error:
        raise TryLater(error.message, cure=error.cure) from error
    except Exception as error:
        message = f"a fault of this program: {type(error).__name__}"
        raise TryLater(message, cure="the mail server keeps the mail and tries again") from error


def _whole(stream: BinaryIO) -> bytes:
    with stream:
        return stream.read(_LONGEST_MAIL)


# Looking


def list_events(app: App, what: str, campaign: int | None = None) -> Listing:
    """Bounces, complaints or unsubscribes, the latest first.

    Raises ``UsageError`` for a campaign that was not recorded.
    """
    if not has_ledger(app) and campaign is None:
        return Listing(what, (), {}, None)
    with open_ledger(app, create=campaign is None) as ledger:
        if campaign is not None:
            ledger.campaign(CampaignId(campaign))
        found = ledger.returns.latest(LISTS[what], campaign, _LISTED + 1)
        totals, read_at = ledger.returns.totals(), ledger.returns.read_at()
    shown, more = found[:_LISTED], len(found) > _LISTED
    following = f"newsletter bounces show {shown[0].id}" if shown else ""
    return Listing(what, shown, totals, read_at, more, following)


def show_event(app: App, number: int) -> Returned:
    """One event whole; ``UsageError`` when there is none of that number."""
    with open_ledger(app, create=False) as ledger:
        found = ledger.returns.one(number)
    if found is None:
        raise UsageError(
            f"there is no event {number}",
            cure="the list shows each with its number",
            next_command="newsletter bounces list",
        )
    return found


def reset_bounces(app: App, reader: str) -> WasReset:
    """Let the bounces of an address count no more; a suppression stays until it is removed."""
    address = parse_reader(reader)
    with open_ledger(app, create=False) as ledger:
        events = ledger.returns.reset(address)
        gone = ledger.suppression_of(address)
    reason = gone.reason if gone else ""
    following = f"newsletter suppressions remove {address} --yes" if reason == "bounced" else ""
    return WasReset(address.text, events, reason, following)
