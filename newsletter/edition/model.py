"""The words of the edition room: who publishes, which readers see the same page, the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from newsletter.issue.slots import BUILT_IN_SLOTS, URL_SLOTS, Slot
from newsletter.values import Language, SectionId

__all__ = [
    "BUILT_IN_SLOTS",
    "URL_SLOTS",
    "Edition",
    "Publisher",
    "Slot",
    "Variant",
]


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who sends: what masthead and footer need to know. All of it stands in newsletter.toml."""

    name: str
    organisation: str
    postal_address: tuple[str, ...]
    site_url: str
    taglines: Mapping[Language, str] = field(default_factory=dict)

    def image_url(self, *parts: str) -> str:
        """Where an image is hosted: ``<site_url>/images/<parts…>``, as a page writes it.

        Blanks and accents of a file's name are escaped here, for whoever writes the page would do
        it otherwise, and the image would be known by two addresses.
        """
        return "/".join([self.site_url.rstrip("/"), "images", *map(quote, parts)])

    def tagline(self, language: Language) -> str:
        """The tagline in this language, else in the first there is, else nothing."""
        return self.taglines.get(language) or next(iter(self.taglines.values()), "")


@dataclass(frozen=True, slots=True)
class Variant:
    """The readers who see the same page: a language and the sections they see, in order."""

    language: Language
    sections: tuple[SectionId, ...]

    @property
    def key(self) -> str:
        """A name for files and tables: ``it`` or ``it--assembly-report--canada``."""
        return "--".join([self.language, *self.sections])


@dataclass(frozen=True, slots=True)
class Edition:
    """The rendered page of one variant, its slots still tokens of letters and digits.

    ``slots`` maps each token to its slot. A token occurs in ``subject``, ``preheader``, ``html``
    (text nodes and whole quoted attributes only) and ``text``, and nowhere else.
    """

    variant: Variant
    subject: str
    preheader: str
    html: str
    text: str
    slots: Mapping[str, Slot]
    images: tuple[tuple[str, str], ...] = ()
    """(URL in the page, path relative to the newsletter's folder) of every image used."""
    mjml: str = ""
    """What the page was made of, with ``<!-- @src sections.china -->`` before each section."""
