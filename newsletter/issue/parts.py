"""The tables inside a section, and the sorts of words that stand in an issue.

Fields marked ``Text`` hold words, so a translation may overlay them and their absence from a
translation is reported as a fallback; fields marked ``Markdown`` hold prose.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from newsletter.issue.checks import (
    check_image,
    check_line,
    check_name,
    check_prose,
    check_url,
    check_words,
    fault,
)


@dataclass(frozen=True, slots=True)
class Translatable:
    """Marks a field that holds words: a translation overlays it."""

    markdown: bool = False
    url: bool = False


_Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(check_words)
]
Text = Annotated[_Words, Translatable()]
Name = Annotated[_Words, AfterValidator(check_name), Translatable()]
Headline = Annotated[_Words, AfterValidator(check_line), Translatable()]
Markdown = Annotated[_Words, AfterValidator(check_prose), Translatable(markdown=True)]
WebAddress = Annotated[_Words, AfterValidator(check_url)]
Url = Annotated[_Words, AfterValidator(check_url), Translatable(url=True)]
SegmentName = Annotated[str, StringConstraints(min_length=1)]
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
    label: Text = Field(description="What it counts: in a report six words or fewer.")


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


class Card(Written):
    """One of several things of equal weight: a picture, a heading, a few words, a link."""

    image: Image | None = Field(default=None, description="A picture above the heading.")
    title: Text = Field(description="The heading.")
    body: Markdown | None = Field(default=None, description="At most 20 words.")
    link: Link | None = Field(default=None, description="Where to go on.")


class Person(Written):
    """Someone by name and role."""

    name: Name = Field(description="The name; its initials stand where there is no portrait.")
    role: Text | None = Field(default=None, description="What the person does, and where.")
    portrait: ImageFile | None = Field(
        default=None, description="Path of a square picture inside the issue's folder."
    )
    url: Url | None = Field(default=None, description="Where to write or to read more.")
