"""The issue as written: its own keys, and the whole of it in every language.

pydantic stands at this border: an issue file is refused with every problem at once, and what
passes is frozen. The kinds of section stand in ``sections``, the tables inside them in ``parts``.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from newsletter.issue.checks import (
    check_day,
    check_folder_name,
    check_language,
    check_section_id,
)
from newsletter.issue.parts import (
    Button,
    Card,
    Event,
    Figure,
    Headline,
    Image,
    Link,
    Markdown,
    Person,
    Text,
    Translatable,
    WebAddress,
    Written,
)
from newsletter.issue.sections import (
    SECTION_KINDS,
    Country,
    Events,
    Section,
    SectionBase,
)
from newsletter.values import IssueSlug, Language, SectionId

__all__ = [
    "SECTION_KINDS",
    "Button",
    "Card",
    "Country",
    "Event",
    "Events",
    "Fallback",
    "Figure",
    "Image",
    "Issue",
    "IssueText",
    "Link",
    "Person",
    "Place",
    "Section",
    "SectionBase",
    "Translatable",
    "Written",
]


class IssueText(Written):
    """The whole issue in one language, translations laid over the original."""

    subject: Headline = Field(description="The subject; may hold slots such as {{ first_name }}.")
    preheader: Headline | None = Field(
        default=None, description="The text that an inbox shows after the subject."
    )
    date: Annotated[dt.date, AfterValidator(check_day)] = Field(
        description="The date printed on the issue."
    )
    number: int | None = Field(default=None, gt=0, description="The issue's number.")
    language: Annotated[str, AfterValidator(check_language)] = Field(
        description="The language the issue is written in, a BCP 47 tag."
    )
    theme: Annotated[str, AfterValidator(check_folder_name)] = Field(
        description="A folder under templates/."
    )
    images: Literal["hosted", "embedded"] | None = Field(
        default=None, description="Where images are; by default as newsletter.toml says."
    )
    uncounted: tuple[WebAddress, ...] = Field(
        default=(),
        strict=False,
        description="Addresses of links that are not counted, where newsletter.toml counts them.",
    )
    title: Text | None = Field(
        default=None, description="The headline of the page; by default the subject."
    )
    greeting: Text | None = Field(
        default=None, description="For example \"Gentile {{ first_name | 'lettrice, lettore' }},\"."
    )
    intro: Markdown | None = Field(default=None, description="A few words before the contents.")
    sections: dict[Annotated[str, AfterValidator(check_section_id)], Section] = Field(
        min_length=1, description="The sections, in order: [sections.id]."
    )


@dataclass(frozen=True, slots=True)
class Fallback:
    """Words that a translation does not have, so that its readers get the original's."""

    language: Language
    path: Path
    where: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in the issue's files."""

    path: Path
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Issue:
    """One number of the newsletter: a folder, read and checked, in every language it has."""

    slug: IssueSlug
    folder: Path
    language: Language
    texts: Mapping[Language, IssueText]
    """The issue in each language; the original's language comes first."""
    fallbacks: tuple[Fallback, ...] = ()
    places: Mapping[tuple[Language, str], Place] = field(default_factory=dict)
    """Where each dotted key (``sections.china.title``) of each language's file stands."""

    @property
    def original(self) -> IssueText:
        """The issue in the language it was written in."""
        return self.texts[self.language]

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages the issue has, the original first."""
        return tuple(self.texts)

    @property
    def section_ids(self) -> tuple[SectionId, ...]:
        """The sections in the order in which the original has them."""
        return tuple(SectionId(name) for name in self.original.sections)

    @property
    def section_audiences(self) -> Mapping[SectionId, str]:
        """The segment of each section that not everyone sees."""
        return {
            SectionId(name): section.audience
            for name, section in self.original.sections.items()
            if section.audience
        }

    def place(self, language: Language, where: str) -> Place:
        """The place of a key, of its nearest parent, or the top of the file."""
        while where:
            for tag in (language, self.language):
                if (tag, where) in self.places:
                    return self.places[tag, where]
            where = where.rpartition(".")[0]
        return Place(self.folder / "issue.toml", 1, 1)
