"""What a run notes beside its outcomes: how fast each place goes, what was tried, who waits."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Place(NamedTuple):
    """Whose pace it is: a domain behind a relay, a relay (no domain), or all of it (neither)."""

    relay: str = ""
    domain: str = ""


ALL = Place()
"""Every relay together."""


@dataclass(frozen=True, slots=True)
class StoredPace:
    """How fast a place went, so that the next run goes on with it.

    No turn before ``next_turn`` is free any more. It is not further away than ``lease`` from when
    it was written: a clock that was set back must not make it so.
    """

    place: Place
    next_turn: dt.datetime
    lease: dt.timedelta
    refused: float | None = None
    """Messages a second that were too many, if the place complained and is spared for it."""
    refused_at: dt.datetime | None = None
    words: str = ""
    """What it said then."""
    waiting: int = 0
    """Recipients who wait for a turn of this place."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Turns that a worker asks for: so many, spread over so many seconds."""

    place: Place
    per_second: float
    """The limit of the place."""
    count: int
    within: float
    for_rows: bool = False
    """Whether each row that is granted with it, at the domain if it is one, wants one more."""
    lost: int = 0
    """Turns that were given and came to nothing."""
    unused: tuple[int, ...] = ()
    """Cells that are given back, and how many turns of them are."""
    unused_turns: int = 0


@dataclass(frozen=True, slots=True)
class Leased:
    """Turns that are this worker's alone, ``each`` at every one of these instants.

    In microseconds by the server's clock, which said ``asked_at`` then.
    """

    place: Place
    at: tuple[int, ...]
    each: int
    asked_at: int


@dataclass(frozen=True, slots=True)
class Cap:
    """No more than so many messages through a place since that minute, whoever sends them."""

    place: Place
    since: int
    limit: int


@dataclass(frozen=True, slots=True)
class Notes:
    """What is written with a group of outcomes, in the same transaction."""

    paces: Sequence[StoredPace] = ()
    tried: Mapping[Place, int] = field(default_factory=dict)
    """Messages that were tried since the last group, for the quotas; no domains here."""
    postponed: Sequence[tuple[int, dt.datetime]] = ()
    """Claimed rows that go back untried, and from when on they may be claimed again."""


NOTHING = Notes()


@dataclass(frozen=True, slots=True)
class Until:
    """For what a campaign waits when its run ends: a time, or a word after its canary."""

    resume_at: dt.datetime | None = None
    after_canary: bool = False


NO_TIME = Until()
