"""Words meet people: what a campaign would do, computed before anything is recorded."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from newsletter.audience.model import Arithmetic, Sums
from newsletter.edition.model import Edition, Variant
from newsletter.message import CompiledMessage
from newsletter.recipients import Recipient, Recipients
from newsletter.schedule import Due
from newsletter.values import Digest, IssueSlug, Rate, SectionId

__all__ = [
    "Due",
    "Page",
    "Plan",
    "PlannedVariant",
    "Recipient",
    "Recipients",
    "Terms",
    "plan_campaign",
]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a campaign is to be sent; frozen with it."""

    rate: Rate
    connections: int
    profile: str
    envelope_sender: str
    unsubscribe_base: str
    unsubscribe_mailto: str
    on_doubt: str = "hold"
    retry_schedule: tuple[int, ...] = ()
    """Seconds to wait after each deferral in turn; empty in campaigns of an older program."""
    give_up_after: int = 0
    """Seconds from the first try after which a deferral expires; 0 in older campaigns."""
    canary: int = 0
    """So many are sent first; then the campaign waits. 0: all are sent."""
    canary_wait: int = 0
    """Seconds after which it goes on by itself; 0: not before it is resumed."""
    pause_refused: float = 0.0
    pause_deferred: float = 0.0
    """Shares of the last tries, in percent, that pause a run; 0 never pauses."""
    pause_after: int = 100
    """Tries before which nothing is judged."""
    window: str = ""
    """When messages may be sent, with its zone (see ``hours``); nothing: at any time."""
    holidays: str = ""
    """The country whose public holidays the window leaves out; nothing: none."""
    quiet: str = ""
    """When no message is sent, with its zone; nothing: there are no quiet hours."""
    bounce_address: str = ""
    """Where bounces go, each delivery with a token of its own; nothing: to the sender."""
    local_time: bool = False
    """Whether each reader is due at the campaign's wall time on her own clocks."""
    passed: str = ""
    """What becomes of readers whose local time is over (see ``local_time``); nothing: not said."""
    tracking: str = "none"
    """Whether clicks are counted: ``none``, ``aggregate``, ``individual`` (by name too)."""
    opens: bool = False
    """Whether opens are counted, of nobody in particular."""


@dataclass(frozen=True, slots=True)
class PlannedVariant:
    """One variant, compiled, and how many recipients get it."""

    variant: Variant
    subject: str
    preheader: str
    compiled: CompiledMessage
    readers: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign would do. The same inputs give the same plan and the same digests."""

    slug: IssueSlug
    content_digest: Digest
    audience_digest: Digest
    variants: tuple[PlannedVariant, ...]
    recipients: Collection[Recipient]
    arithmetic: Arithmetic
    per_list: Mapping[str, int]
    terms: Terms
    section_readers: Mapping[SectionId, int] = field(default_factory=dict)
    instants: Mapping[str, dt.datetime] = field(default_factory=dict)
    """When readers are due, by their zone as the lists have it; empty: all at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """One variant's edition and the message compiled from it."""

    edition: Edition
    compiled: CompiledMessage


def plan_campaign(
    slug: IssueSlug,
    content_digest: Digest,
    sums: Sums,
    recipients: Recipients,
    pages: Mapping[Variant, Page],
    terms: Terms,
) -> Plan:
    """The plan for an audience of these sums, of whom each was given a variant.

    ``pages`` holds a page for each variant that occurs. Pure: no clock, no chance.
    """
    return Plan(
        slug=slug,
        content_digest=content_digest,
        audience_digest=sums.digest,
        variants=tuple(_planned(pages[v], recipients.readers[v]) for v in recipients.variants),
        recipients=recipients,
        arithmetic=sums.arithmetic,
        per_list=sums.per_list,
        terms=terms,
        section_readers=_section_readers(recipients.readers),
    )


def _planned(page: Page, readers: int) -> PlannedVariant:
    edition = page.edition
    return PlannedVariant(
        edition.variant, edition.subject, edition.preheader, page.compiled, readers
    )


def _section_readers(readers: Mapping[Variant, int]) -> dict[SectionId, int]:
    counts: Counter[SectionId] = Counter()
    for variant, number in readers.items():
        counts.update(dict.fromkeys(variant.sections, number))
    return dict(counts)
