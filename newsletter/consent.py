"""What readers agreed to: the words of consent, and what follows from its events. Pure.

Events are only ever added. What stands is worked out of them: an express consent holds until it is
withdrawn; an implied one lapses (CASL, 10(10): two years after the last dealing with the reader).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.values import Address

IMPLIED_YEARS = 2  # CASL, 10(10)


class ConsentTo(StrEnum):
    """What a consent is about."""

    NEWSLETTER = "newsletter"
    """To be mailed: by one list, or by all of them where none is named."""
    TRACKING = "tracking"
    """To have clicks counted under the reader's name."""


class Change(StrEnum):
    """What an event does to a consent."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    IMPORTED = "imported"
    """Given to another tool, or on paper, and brought here in a file."""
    EXPIRED = "expired"
    """An implied one lapsed and the reader was told so, or let go."""


class Basis(StrEnum):
    """How a consent was given."""

    EXPRESS = "express"
    IMPLIED = "implied"


class Membership(StrEnum):
    """What a reader said of one list."""

    PENDING = "pending"
    """Asked to join by a form; the mail that asks whether it is true was not answered yet."""
    JOINED = "joined"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Told:
    """How something was said: when, where, after which words, from which network address."""

    at: dt.datetime
    source: str
    """``form``, ``preferences``, ``one-click``, ``officer``, ``soci.csv:12`` …"""
    wording: str = ""
    """What the reader was shown and said yes to, word for word."""
    language: str = ""
    ip: str = ""


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One thing that was said about one address; never altered."""

    address: str
    purpose: ConsentTo
    list_name: str
    """Empty where it is about all lists."""
    change: Change
    basis: Basis
    told: Told
    lapses_at: dt.datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a reader filled into the form."""

    address: Address
    lists: tuple[str, ...]
    told: Told
    fields: Mapping[str, str] = field(default_factory=dict)
    """``first_name`` and the like, as they may stand in a list's columns."""


class Reply(StrEnum):
    """What became of a request; the page says the same for all: it tells nobody who is a reader."""

    MAIL = "mail"
    """A mail with the token is to be sent."""
    ALREADY = "already"
    """The reader joined these lists before."""
    TOO_SOON = "too soon"
    """A mail was sent a moment ago; a form must not fill anybody's mailbox."""
    BARRED = "barred"
    """Bounced, complained, forgotten: only the officer may change that."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request; the token is there if a mail is to be sent."""

    reply: Reply
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a mailed token would confirm: whose it is, and the lists that were asked for."""

    address: str
    lists: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Whose token it was, and the lists that were joined; not new the second time."""

    address: str
    lists: tuple[str, ...]
    language: str
    new: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """A reader who joined a list by a confirmed form, with what was filled in."""

    address: Address
    list_name: str
    fields: Mapping[str, str]
    language: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader said so far; None where nothing was said."""

    address: str
    language: str | None
    tracking: bool | None
    lists: Mapping[str, Membership]
    suppressed: str | None
    """Why the reader is never mailed, if that is so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a consent holds, on which basis, and until when (None: until it is withdrawn)."""

    holds: bool
    basis: Basis | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Lapse:
    """An implied consent to one list that lapses, or has lapsed."""

    address: str
    key: str
    list_name: str
    until: dt.datetime
    over: bool


def implied_until(since: dt.datetime) -> dt.datetime:
    """When an implied consent lapses; that of a 29 February a day earlier."""
    try:
        return since.replace(year=since.year + IMPLIED_YEARS)
    except ValueError:
        return since.replace(year=since.year + IMPLIED_YEARS, day=28)


def standing(events: Iterable[ConsentEvent], now: dt.datetime) -> Standing:
    """What stands after these events, which are of one address, purpose and list, in order.

    An implied consent never takes the place of an express one, nor shortens another.
    """
    express = False
    until: dt.datetime | None = None
    for event in events:
        if event.change in {Change.WITHDRAWN, Change.EXPIRED}:
            express, until = False, None
        elif event.basis is Basis.EXPRESS:
            express = True
        else:
            lapse = event.lapses_at or implied_until(event.told.at)
            until = max(until, lapse) if until else lapse
    if express:
        return Standing(holds=True, basis=Basis.EXPRESS)
    if until is None:
        return Standing(holds=False)
    return Standing(holds=now < until, basis=Basis.IMPLIED, until=until)
