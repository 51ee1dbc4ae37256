"""The issue as written: one class per section kind, and the whole issue in every language.

pydantic stands at this border: an issue file is refused with every problem at once, and
what passes is frozen. Fields marked ``Text`` hold words, so a translation may overlay them and
their absence from a translation is reported as a fallback; fields marked ``Markdown`` hold prose.
Validation is strict, but TOML knows only arrays: each tuple field says ``strict=False`` so that
an array passes, while everything inside it stays strict.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from newsletter.issue.checks import (
    check_folder_name,
    check_image,
    check_language,
    check_line,
    check_prose,
    check_section_id,
    check_url,
    check_words,
    fault,
)
from newsletter.values import IssueSlug, Language, SectionId


@dataclass(frozen=True, slots=True)
class Translatable:
    """Marks a field that holds words: a translation overlays it."""

    markdown: bool = False
    url: bool = False


_Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(check_words)
]
Text = Annotated[_Words, Translatable()]
Headline = Annotated[_Words, AfterValidator(check_line), Translatable()]
Markdown = Annotated[_Words, AfterValidator(check_prose), Translatable(markdown=True)]
Url = Annotated[_Words, AfterValidator(check_url), Translatable(url=True)]
ImageFile = Annotated[str, AfterValidator(check_image)]


class Written(BaseModel):
    """What every table of an issue file has in common: frozen, and no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Button(Written):
    """A label and where it leads."""

    label: Text = Field(description="What the button says: a short imperative.")
    url: Url = Field(description="Where it leads: an https address, or mailto.")


class Link(Written):
    """A line of text that leads somewhere."""

    label: Text = Field(description="What the link says.")
    url: Url = Field(description="Where it leads: an https address, or mailto.")


class Image(Written):
    """A picture in the issue's folder."""

    file: ImageFile = Field(
        description="Path inside the issue's folder, for example images/streams.png."
    )
    alt: Text = Field(description="What the picture shows, for readers who do not see it.")
    width: int | None = Field(
        default=None, gt=0, description="Shown width in pixels; by default the column's."
    )


class Figure(Written):
    """One number and what it counts."""

    value: Text = Field(description="The number, as it is to be read: 3, 12 %, 8.125 km.")
    label: Text = Field(description="What it counts, in six words or fewer.")


class Event(Written):
    """One date, or a range of days, and what happens."""

    date: dt.date = Field(description="The day, or the first of several.")
    end: dt.date | None = Field(default=None, description="The last day, when there are several.")
    title: Text = Field(description="What happens.")
    place: Text | None = Field(default=None, description="Where it happens.")
    url: Url | None = Field(default=None, description="Where to read more.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.end and self.end < self.date:
            message = f"the event ends on {self.end}, before it begins on {self.date}"
            raise fault(message, "mend one of the two dates", "end")
        return self


class SectionBase(Written):
    """What every section has: a title, and readers who see it."""

    kind: str
    title: Text = Field(description="The section's title, also in the table of contents.")
    audience: str | None = Field(
        default=None, description="A segment: readers outside it do not see the section."
    )
    contents: bool = Field(
        default=True, description="Whether the table of contents lists the section."
    )
    body_fields: ClassVar[tuple[str, ...]] = ("body",)
    """A section in which all of these are empty is refused."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in self.body_fields):
            names = " or ".join(self.body_fields)
            raise fault("the section is empty", f"write {names}, or take the section out")
        return self


class Report(SectionBase):
    """What was decided or done: a lead, up to three figures, a body."""

    kind: Literal["report"]
    lead: Text | None = Field(default=None, description="The first paragraph, set larger.")
    figures: tuple[Figure, ...] = Field(
        default=(), max_length=3, strict=False, description="Up to three."
    )
    body: Markdown | None = Field(default=None, description="Prose, in Markdown.")
    button: Button | None = Field(default=None, description="Where to read more.")
    body_fields: ClassVar[tuple[str, ...]] = ("lead", "body", "figures")


class Article(SectionBase):
    """A picture, a text, a button."""

    kind: Literal["article"]
    image: Image | None = Field(default=None, description="A picture above the title.")
    body: Markdown | None = Field(default=None, description="Prose, in Markdown.")
    button: Button | None = Field(default=None, description="Where to read more.")


class Events(SectionBase):
    """A list of dates."""

    kind: Literal["events"]
    body: Markdown | None = Field(default=None, description="A few words before the list.")
    events: tuple[Event, ...] = Field(default=(), strict=False, description="The dates, in order.")
    body_fields: ClassVar[tuple[str, ...]] = ("body", "events")


class Country(SectionBase):
    """News from one country: its name, a disc with the bearing, text, links, dates."""

    kind: Literal["country"]
    name: Text = Field(description="The country's name.")
    disc: ImageFile | None = Field(
        default=None, description="Path of the disc's picture inside the issue's folder."
    )
    bearing: Text | None = Field(
        default=None, description="The line under the name: wind, place and distance."
    )
    body: Markdown | None = Field(default=None, description="Prose, in Markdown.")
    links: tuple[Link, ...] = Field(
        default=(), strict=False, description="Where to go on, a line each."
    )
    events_title: Text | None = Field(default=None, description="The heading above the dates.")
    events: tuple[Event, ...] = Field(
        default=(), strict=False, description="Dates in or about the country."
    )
    body_fields: ClassVar[tuple[str, ...]] = ("body", "links", "events")


class Call(SectionBase):
    """A call to action: one panel, one button. One per issue reads best."""

    kind: Literal["call"]
    body: Markdown | None = Field(default=None, description="At most 25 words.")
    button: Button = Field(description="The one thing to do.")
    contents: bool = Field(default=False, description="Whether the contents list the section.")
    body_fields: ClassVar[tuple[str, ...]] = ("body", "button")


Section = Annotated[Report | Article | Events | Country | Call, Field(discriminator="kind")]
SECTION_KINDS: Mapping[str, type[SectionBase]] = {
    "report": Report,
    "article": Article,
    "events": Events,
    "country": Country,
    "call": Call,
}


class IssueText(Written):
    """The whole issue in one language, translations laid over the original."""

    subject: Headline = Field(description="The subject; may hold slots such as {{ first_name }}.")
    preheader: Headline | None = Field(
        default=None, description="The text that an inbox shows after the subject."
    )
    date: dt.date = Field(description="The date printed on the issue.")
    number: int | None = Field(default=None, gt=0, description="The issue's number.")
    language: Annotated[str, AfterValidator(check_language)] = Field(
        description="The language the issue is written in, a BCP 47 tag."
    )
    theme: Annotated[str, AfterValidator(check_folder_name)] = Field(
        description="A folder under templates/."
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
