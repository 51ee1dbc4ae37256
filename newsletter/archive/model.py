"""The words of the archive: issues that were sent, and the pages that are shown of them."""

import datetime as dt
from dataclasses import dataclass

from newsletter.archive.page import PublicPage
from newsletter.values import Language


@dataclass(frozen=True, slots=True)
class Correction:
    """What was put right after an issue was sent; the page that was sent stays beside it."""

    at: dt.datetime
    note: str
    page: PublicPage


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue in one language: as it was sent, and as it was corrected, if it was."""

    slug: str
    language: Language
    sent_at: dt.datetime
    """In the newsletter's zone."""
    preheader: str
    sent: PublicPage
    correction: Correction | None = None

    @property
    def page(self) -> PublicPage:
        """The one that stands under the issue's address."""
        return self.correction.page if self.correction else self.sent

    @property
    def title(self) -> str:
        """What the list shows."""
        return self.page.subject or self.slug

    @property
    def path(self) -> str:
        """Where it stands below the archive."""
        return f"{self.language}/{self.slug}/"

    @property
    def updated(self) -> dt.datetime:
        """When it last changed."""
        return self.correction.at if self.correction else self.sent_at


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pages and feeds of an archive have in common."""

    name: str
    organisation: str
    brand: str
    address: str
    """Where the archive stands: absolute, with a slash at its end."""
    subscribe: str
    """The address of the form."""
