"""The options of lists: what readers see of them."""

from pydantic import Field

from newsletter.settings.kinds import LanguageTag, Line, Options


class ListOptions(Options):
    """One list as readers see it: [lists.NAME], NAME being that of its file without .csv.

    A list needs no file: then it has those who joined it by the form.
    """

    title: dict[LanguageTag, Line] = Field(
        default={}, description="Its name for readers, per language; by default the file's name."
    )
    about: dict[LanguageTag, Line] = Field(
        default={}, description="What comes by it and how often, per language."
    )
    open: bool = Field(
        default=False, description="Whether readers may join it by the form and by preferences."
    )
