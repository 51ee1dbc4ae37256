"""What a worker tells of its work: an event with its facts, and the same in words for a person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.dispatch.model import Snapshot
from newsletter.ledger.model import Campaign, Progress
from newsletter.ledger.series import Became, Judged


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened. ``facts`` hold no reader's address and no secret."""

    event: str
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_trouble: bool = False
    """Whether somebody is to look at it."""


Tell = Callable[[Told], None]


@dataclass(frozen=True, slots=True)
class Witness:
    """Whoever is told: of events, of a run as it goes, and that a look at what is due was made."""

    tell: Tell
    on_progress: Callable[[Snapshot], None]
    looked: Callable[[int], None] = lambda _: None
    """Given how many campaigns were due."""


def nothing(_: object) -> None:
    """For a pass that nobody watches."""


NOBODY = Witness(nothing, nothing, nothing)


def begun(campaign: Campaign) -> Told:
    """A campaign is taken."""
    return Told(
        "campaign begun",
        f"campaign {campaign.id}: {campaign.slug} to {campaign.recipients} recipients",
        {"campaign": campaign.id, "issue": campaign.slug, "recipients": campaign.recipients},
    )


def ended(progress: Progress) -> Told:
    """A run of a campaign came to its end, for now or for good."""
    campaign = progress.campaign
    return Told(
        "campaign ended",
        f"campaign {campaign.id}: {campaign.state}, {progress.accepted} accepted",
        {
            "campaign": campaign.id,
            "issue": campaign.slug,
            "state": campaign.state.value,
            "reason": campaign.reason,
            **{state.value: count for state, count in progress.counts.items()},
        },
    )


def note(words: str) -> Told:
    """What a worker says of itself."""
    return Told("note", words, {"words": words})


def missed(campaign: Campaign) -> Told:
    """Its time went by."""
    words = f"campaign {campaign.id} missed its time ({campaign.due}) and was not sent"
    facts = {"campaign": campaign.id, "issue": campaign.slug, "due": str(campaign.due)}
    return Told("campaign missed", words, facts, is_trouble=True)


def occurred(judged: Judged) -> Told:
    """An occurrence of a series became a campaign, or came to nothing."""
    facts = {
        "series": f"s{judged.series}",
        "date": judged.date.isoformat(),
        "became": judged.became.value,
        "campaign": judged.campaign,
    }
    is_missed = judged.became is Became.MISSED
    return Told("series occurred", str(judged), facts, is_trouble=is_missed)


def cancelled(campaign: Campaign, judgement: str) -> Told:
    """It was cancelled while its run was killed; whom that had in hand is judged."""
    words = f"campaign {campaign.id} is cancelled; {judgement}"
    return Told("campaign cancelled", words, {"campaign": campaign.id, "judgement": judgement})


def failed(campaign: Campaign, message: str) -> Told:
    """It could not be run."""
    words = f"campaign {campaign.id}: {message}"
    facts = {"campaign": campaign.id, "reason": message}
    return Told("campaign failed", words, facts, is_trouble=True)


def later(message: str) -> Told:
    """Nothing could be done now; it is tried again."""
    return Told("later", f"later: {message}", {"reason": message}, is_trouble=True)
