"""The words of the ledger room: what is asked of it and what it answers. No database here."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NewType

from newsletter.campaign import Due, Terms
from newsletter.delivery import Accepted, Delivery, DeliveryState, Outcome, Reply
from newsletter.ledger.instants import from_microseconds
from newsletter.ledger.notes import Cap, Leased, Place, Wish
from newsletter.message import CompiledMessage
from newsletter.values import Digest, IssueSlug

CampaignId = NewType("CampaignId", int)
"""The number of a campaign, from 1."""


class CampaignState(StrEnum):
    """Where a campaign stands."""

    SCHEDULED = "scheduled"
    """Recorded, to start at its time."""
    READY = "ready"
    """Recorded or resumed, to be run now."""
    RUNNING = "running"
    """A process sends, or one was killed while it did (see ``Progress.interrupted_at``)."""
    WAITING = "waiting"
    """For retries, a relay, a quota, or a time; a worker or ``resume`` carries on."""
    PAUSED = "paused"
    """An officer, or three refusals alike, said stop; ``resume`` carries on."""
    STOPPED = "stopped"
    """The relay refuses us; the reason says what to mend before ``resume``."""
    FINISHED = "finished"
    """Nothing is left to try."""
    CANCELLED = "cancelled"
    """Never to be sent again."""
    MISSED = "missed"
    """Its time went by while nobody could send; it asks for a new one."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One dispatch of one issue to one audience, as recorded."""

    id: CampaignId
    slug: IssueSlug
    state: CampaignState
    reason: str
    """Why it stands where it stands, in a sentence; empty where the state says it all."""
    content_digest: Digest
    audience_digest: Digest
    recipients: int
    recorded_at: dt.datetime
    due: Due | None
    terms: Terms
    per_list: Mapping[str, int]
    nonce: str
    """Random, made at record: the secret part of Message-IDs."""
    resume_at: dt.datetime | None = None
    """When it goes on by itself, if it waits for a time."""
    canary_at: dt.datetime | None = None
    """When the first few were sent and it began to wait for a word or a time."""


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """One variant of a campaign as it was frozen."""

    index: int
    key: str
    language: str
    sections: tuple[str, ...]
    subject: str
    preheader: str
    readers: int
    compiled: CompiledMessage


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One process's turn at a campaign. ``ended_at`` is None while it sends, or was killed."""

    id: int
    campaign: CampaignId
    epoch: int
    pid: int
    host: str
    boot: str
    started_at: dt.datetime
    seen_at: dt.datetime
    ended_at: dt.datetime | None
    why: str
    partition: int | None = None
    """The partition that it was for; None for the whole campaign."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is; the counts add up to its recipients."""

    campaign: Campaign
    counts: Mapping[DeliveryState, int]
    next_retry_at: dt.datetime | None
    last_reply: Reply | None
    last_attempt_at: dt.datetime | None
    last_run: RunRecord | None
    interrupted_at: dt.datetime | None
    """When the process that sent was last seen, if it is gone without a word."""
    twice: int = 0
    """Recipients who were in doubt and were sent the message once more, by the officer's choice."""
    pruned: "Pruned | None" = None
    """What was let go of it; the counts include it."""

    def count(self, *states: DeliveryState) -> int:
        """Recipients in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def accepted(self) -> int:
        """Recipients for whom the relay said 250."""
        return self.count(DeliveryState.ACCEPTED)

    @property
    def open(self) -> int:
        """Recipients still to be tried."""
        return self.count(DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DEFERRED)

    @property
    def incomplete(self) -> bool:
        """Whether anybody failed, waits or is in doubt (exit code 6)."""
        failed = self.count(DeliveryState.REFUSED, DeliveryState.EXPIRED, DeliveryState.IN_DOUBT)
        return bool(self.open or failed)


@dataclass(frozen=True, slots=True)
class Pruned:
    """Accepted recipients of a campaign of whom only the number is known any more."""

    recipients: int
    at: dt.datetime
    """When the last of them were let go."""
    last_tried: dt.datetime | None = None
    """When the last of them was accepted."""


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One recipient of a campaign and how the delivery stands, for people to read."""

    campaign: CampaignId
    seq: int
    address: str
    variant: str
    lists: tuple[str, ...]
    delivery: Delivery
    last_attempt_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one delivery; ``run`` is None where an officer's word settled it."""

    seq: int
    number: int
    run: int | None
    at: dt.datetime
    outcome: str
    phase: str
    reply: Reply | None
    detail: str


@dataclass(frozen=True, slots=True)
class DomainCount:
    """One recipient domain: how many were accepted, of how many."""

    name: str
    accepted: int
    total: int


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How many deliveries of a state had this last answer; without a code there was none."""

    state: DeliveryState
    code: int | None
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to a campaign, in order, never altered."""

    at: dt.datetime
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address that is never mailed again, with reason and date."""

    address: str
    reason: str
    source: str
    note: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something in the ledger that must not be: a rule, and where it is broken."""

    rule: str
    detail: str
    campaign: CampaignId | None = None
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What one worker has of a campaign: the recipients of a range of numbers."""

    number: int
    """Of the partition, from 1."""
    first: int
    last: int
    generation: int
    """The campaign's epoch: whoever takes it as a whole fences off every part."""
    silence: float = 10.0
    """Seconds without a word after which the others think its worker gone."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A process's right to send a campaign: every write of a run names it (the fence)."""

    run: int
    campaign: CampaignId
    epoch: int
    """The partition's where it is for a part, else the campaign's."""
    part: Part | None = None


class ClaimedRow(NamedTuple):
    """A delivery that this run may now try, with all it takes to fill its message."""

    seq: int
    address: str
    variant: int
    fields: Mapping[str, str]
    lists: tuple[str, ...]
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one attempt came to, and the delivery after it."""

    seq: int
    at: dt.datetime
    outcome: Outcome
    after: Delivery
    dead_address: bool = False
    """Whether to suppress the address with it, in the same transaction."""

    @property
    def number(self) -> int:
        """Which attempt at the delivery it was, from 1."""
        return self.after.attempts


class Acceptance(NamedTuple):
    """The commonest settlement in four words: never tried before, and accepted.

    ``at`` is in microseconds since 1970, UTC, as the ledger stores it.
    """

    seq: int
    at: int
    code: int
    text: str

    @property
    def number(self) -> int:
        """Which attempt at the delivery it was: the first."""
        return 1

    def spelled_out(self) -> Settlement:
        """The same in full."""
        at, reply = from_microseconds(self.at), Reply(self.code, self.text)
        after = Delivery(DeliveryState.ACCEPTED, attempts=1, first_tried=at, reply=reply)
        return Settlement(self.seq, at, Accepted(reply), after)


Result = Settlement | Acceptance
"""What a run hands in."""


@dataclass(frozen=True, slots=True)
class Want:
    """How many rows a run asks for, and from where on it looks."""

    count: int
    after_seq: int = 0
    claimed: int = 0
    """Rows that a worker has claimed and has not settled with this; nobody else reads it."""
    said: str = ""
    """What a worker tells the others of its part, in JSON."""
    turns: tuple[Wish, ...] = ()
    """Turns that a worker asks for."""
    caps: tuple[Cap, ...] = ()
    """Quotas that hold over all workers."""
    capped: frozenset[Place] = frozenset()
    """The places whose quota binds every row of this worker."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to one exchange: rows to send, and whether to go on."""

    state: CampaignState
    rows: tuple[ClaimedRow, ...] = ()
    last_seq: int = 0
    """The highest row looked at: where the next search for queued rows begins."""
    suppressed: int = 0
    next_retry_at: dt.datetime | None = None
    """When the next deferral comes due, if nothing could be granted."""
    empty: bool = False
    """No row is queued and no retry is due."""
    others: tuple[str, ...] = ()
    """What the workers at the campaign's other parts said last, the latest word first."""
    workers: int = 1
    """How many workers have a part of any campaign, this one among them."""
    leased: tuple[Leased, ...] = ()
    """Turns for this worker alone."""
    room: Mapping[Place, int] = field(default_factory=dict)
    """What each quota leaves to this worker, its own claimed rows counted."""
    spent: Mapping[Place, Mapping[int, int]] | None = None
    """What all workers tried by minute, where a quota leaves nothing."""
