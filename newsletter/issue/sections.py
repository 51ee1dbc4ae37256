"""The kinds of section: one class each. A class that stands in ``Section`` is a kind.

Validation is strict, but TOML knows only arrays: each tuple field says ``strict=False`` so that
an array passes, while everything inside it stays strict.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from newsletter.issue.checks import fault
from newsletter.issue.parts import (
    Button,
    Card,
    Event,
    Figure,
    Image,
    ImageFile,
    Link,
    Markdown,
    Person,
    SegmentName,
    Text,
    Written,
)

_NOT_LISTED: Final = "Whether the table of contents lists the section, by its title."


class SectionBase(Written):
    """What every section has: readers who see it, and perhaps a title."""

    kind: str
    title: Text | None = Field(
        default=None, description="The section's title, also in the table of contents."
    )
    audience: SegmentName | None = Field(
        default=None, description="A segment: readers outside it do not see the section."
    )
    contents: bool = Field(
        default=True, description="Whether the table of contents lists the section, by its title."
    )
    body_fields: ClassVar[tuple[str, ...]] = ("body",)
    """A section in which all of these are empty is refused."""

    @property
    def listed(self) -> bool:
        """Whether the table of contents has a line for the section."""
        return self.contents and self.title is not None

    @property
    def label(self) -> str:
        """What to call the section where no reader sees it: its title, else whom it names."""
        return self.title or str(getattr(self, "name", ""))

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in self.body_fields):
            names = " or ".join(self.body_fields)
            raise fault("the section is empty", f"write {names}, or take the section out")
        return self

    @model_validator(mode="after")
    def _has_a_title_to_list(self) -> Self:
        if "contents" in self.model_fields_set and self.contents and self.title is None:
            message = "the contents cannot list a section without a title"
            raise fault(message, "write a title, or take the line out", "contents")
        return self


class Titled(SectionBase):
    """A section that is nothing without its title."""

    title: Text = Field(description="The section's title, also in the table of contents.")


class Report(Titled):
    """What was decided or done: a lead, up to three figures, a body."""

    kind: Literal["report"]
    lead: Text | None = Field(default=None, description="The first paragraph, set larger.")
    figures: tuple[Figure, ...] = Field(
        default=(), max_length=3, strict=False, description="Up to three."
    )
    body: Markdown | None = Field(default=None, description="Prose, in Markdown.")
    button: Button | None = Field(default=None, description="Where to read more.")
    body_fields: ClassVar[tuple[str, ...]] = ("lead", "body", "figures")


class Article(Titled):
    """A picture, a text, a button."""

    kind: Literal["article"]
    image: Image | None = Field(default=None, description="A picture above the title.")
    body: Markdown | None = Field(default=None, description="Prose, in Markdown.")
    button: Button | None = Field(default=None, description="Where to read more.")


class Events(Titled):
    """A list of dates."""

    kind: Literal["events"]
    body: Markdown | None = Field(default=None, description="A few words before the list.")
    events: tuple[Event, ...] = Field(default=(), strict=False, description="The dates, in order.")
    body_fields: ClassVar[tuple[str, ...]] = ("body", "events")


class Country(Titled):
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


class Call(Titled):
    """A call to action: one panel, one button. One per issue reads best."""

    kind: Literal["call"]
    body: Markdown | None = Field(default=None, description="At most 25 words.")
    button: Button = Field(description="The one thing to do.")
    contents: bool = Field(default=False, description=_NOT_LISTED)
    body_fields: ClassVar[tuple[str, ...]] = ("body", "button")


class Cards(SectionBase):
    """Things of equal weight, two beside each other; one below the other on a phone."""

    kind: Literal["cards"]
    body: Markdown | None = Field(default=None, description="A few words before the cards.")
    cards: tuple[Card, ...] = Field(default=(), strict=False, description="The cards, in order.")
    body_fields: ClassVar[tuple[str, ...]] = ("cards",)


class Quote(SectionBase):
    """One sentence, and who said it."""

    kind: Literal["quote"]
    text: Text = Field(description="What was said, without quotation marks: three lines at most.")
    name: Text = Field(description="Who said it.")
    role: Text | None = Field(default=None, description="What the person does, and where.")
    contents: bool = Field(default=False, description=_NOT_LISTED)
    body_fields: ClassVar[tuple[str, ...]] = ("text",)


class People(SectionBase):
    """People by portrait or initials, name and role."""

    kind: Literal["people"]
    body: Markdown | None = Field(default=None, description="A few words before the people.")
    people: tuple[Person, ...] = Field(
        default=(), strict=False, description="The people, in order."
    )
    body_fields: ClassVar[tuple[str, ...]] = ("people",)


class Numbers(SectionBase):
    """Three to five facts in rows, each with its number."""

    kind: Literal["numbers"]
    body: Markdown | None = Field(default=None, description="A few words before the numbers.")
    figures: tuple[Figure, ...] = Field(
        default=(), max_length=5, strict=False, description="Up to five."
    )
    body_fields: ClassVar[tuple[str, ...]] = ("figures",)


class Video(Titled):
    """A still that leads to a video: mail programs play none."""

    kind: Literal["video"]
    image: Image = Field(description="A still of the video; it leads where the button does.")
    button: Button = Field(description="Where the video is.")
    length: Text | None = Field(default=None, description="How long it is: 3:20.")
    body: Markdown | None = Field(default=None, description="Prose, in Markdown.")
    body_fields: ClassVar[tuple[str, ...]] = ("button",)


class Sponsor(SectionBase):
    """Who supports the issue: named as such, with a logo, a few words, a link."""

    kind: Literal["sponsor"]
    title: Text | None = Field(
        default=None, description="The line above; by default the theme's word for a sponsor."
    )
    name: Text = Field(description="The sponsor's name.")
    image: Image | None = Field(default=None, description="The sponsor's logo.")
    body: Markdown | None = Field(default=None, description="At most 25 words.")
    link: Link | None = Field(default=None, description="Where to go on.")
    contents: bool = Field(default=False, description=_NOT_LISTED)
    body_fields: ClassVar[tuple[str, ...]] = ("name",)


class Download(Titled):
    """A document to fetch: what it is, in which format, how large."""

    kind: Literal["download"]
    format: Text | None = Field(default=None, description="The format: PDF.")
    size: Text | None = Field(default=None, description="How large it is: 1,2 MB.")
    body: Markdown | None = Field(default=None, description="What the document holds.")
    button: Button = Field(description="Where the document is.")
    body_fields: ClassVar[tuple[str, ...]] = ("button",)


Section = Annotated[
    Report
    | Article
    | Events
    | Country
    | Call
    | Cards
    | Quote
    | People
    | Numbers
    | Video
    | Sponsor
    | Download,
    Field(discriminator="kind"),
]
"""Every kind; pydantic chooses by the word after ``kind``."""

SECTION_KINDS: Mapping[str, type[SectionBase]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model
    for model in get_args(get_args(Section)[0])
}
"""The kinds by their words, in the order of ``Section``."""
