"""What was counted, as values."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CountedLink:
    """One link of a campaign: how often it was followed, by whomever."""

    url: str
    clicks: int
    named: int
    """Readers who agreed to be counted by name and are known to have followed it."""


@dataclass(frozen=True, slots=True)
class Clicked:
    """What was counted of one campaign."""

    links: tuple[CountedLink, ...] = ()
    opens: int | None = None
    """How often the image was asked for that counts opens; None where there is none."""
    named: int = 0
    """Readers who agreed to be counted by name and are known to have followed any link."""

    @property
    def clicks(self) -> int:
        """All clicks together."""
        return sum(link.clicks for link in self.links)


NOTHING_CLICKED = Clicked()


@dataclass(frozen=True, slots=True)
class ReaderClick:
    """One link that a reader followed, who agreed that it is kept."""

    campaign: int
    issue: str
    url: str
    clicks: int
    first_at: dt.datetime
    last_at: dt.datetime
