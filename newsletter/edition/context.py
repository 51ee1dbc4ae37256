"""What a theme's templates are given: the contract between a theme and this room.

In every template:

- ``issue``: the ``IssueText`` of the language, each slot already a token
- ``slug``: the issue's name; ``publisher``: a ``Publisher``; ``tagline``: its line in this language
- ``brand``: the masthead's word, ``brand`` of ``strings.toml``, else the newsletter's name
- ``lang``, ``dir`` (``ltr`` or ``rtl``), ``start`` and ``end`` (``left``/``right`` by ``dir``)
- ``t``: the theme's strings; a key that ``strings.toml`` lacks is an error
- ``url.unsubscribe``, ``url.preferences``, ``url.browser``: tokens, each a whole URL
- ``sections``: the variant's sections in order; each has ``id``, ``kind``, ``anchor``, ``data``
  (its model; ``data.listed`` says whether a table of contents has a line for it) and, in the
  edition's template only, ``mjml`` and ``text`` (already rendered)
- ``head_css``: the theme's ``head.css``, for ``mj-style``
- ``image(path)``: the hosted URL of an image in the issue's folder
- ``theme_image(path)``: the same for one in the theme's ``images/``
- ``masthead_image()``: the issue's ``images/masthead.png`` where there is one, else the theme's

In a section's template besides: ``section`` (one of ``sections``) and ``position`` (from 1).

Filters: ``prose`` (Markdown to HTML), ``plain`` (Markdown to text), ``typo`` (short words with
quotation marks and spaces of the language), ``date_long``, ``month_year``, ``month_name``,
``day_range`` (``event.date | day_range(event.end)``), ``initials`` (of a name), ``wrap``,
``columns`` (figures as text, their labels aligned). Macros are to be imported ``with context``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from os import sep
from os.path import isfile, realpath
from pathlib import Path
from typing import Any

from markupsafe import Markup

from newsletter.edition.model import Publisher, Variant
from newsletter.edition.slots import Tokens
from newsletter.edition.theme import Theme
from newsletter.edition.typeset import SharedTypesetter
from newsletter.issue.model import Issue, IssueText, SectionBase
from newsletter.values import SectionId, direction

_MASTHEAD = "images/masthead.png"


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section as templates see it."""

    id: SectionId
    kind: str
    data: SectionBase
    anchor: str
    mjml: Markup = field(default_factory=Markup)
    text: str = ""

    def rendered(self, mjml: str, text: str) -> "ShownSection":
        """The same section with its MJML and its text."""
        return replace(self, mjml=Markup(mjml), text=text)  # noqa: S704 - its template escaped it


class Images:
    """The images that templates asked for: where each is hosted, and its file."""

    def __init__(self, issue: Issue, theme: Theme, publisher: Publisher) -> None:
        self._issue = issue
        self._theme = theme
        self._publisher = publisher
        self._used: dict[str, str] = {}
        self._homes: dict[Path, str] = {}

    def of_issue(self, path: str) -> str:
        """The URL of an image in the issue's folder."""
        found = self._inside(self._issue.folder, path)
        return self._use(found, self._issue.folder, self._issue.slug)

    def of_theme(self, path: str) -> str:
        """The URL of an image of the theme; ``images/`` before its name may be left out."""
        images = self._theme.folder / "images"
        name = self._inside(images, path.removeprefix("images/"))
        return self._use(f"images/{name}", self._theme.folder, "themes", self._theme.name)

    def masthead(self) -> str:
        """The issue's own masthead where it has one, else the theme's."""
        own = (self._issue.folder / _MASTHEAD).is_file()
        return self.of_issue(_MASTHEAD) if own else self.of_theme(_MASTHEAD)

    @property
    def used(self) -> tuple[tuple[str, str], ...]:
        """(URL, path relative to the newsletter's folder) of each, in order of first use."""
        return tuple(self._used.items())

    def _inside(self, folder: Path, path: str) -> str:
        """The path with forward slashes, relative to the folder; an error when it leads out."""
        home = self._homes.get(folder) or self._homes.setdefault(folder, realpath(folder))
        found = realpath(f"{home}{sep}{path}")
        if not found.startswith(home + sep) or not isfile(found):  # noqa: PTH113 - three times as quick, for each picture
            message = f"there is no image {path} in {folder.name}/"
            raise FileNotFoundError(message)
        return _with_slashes(path)

    def _use(self, path: str, folder: Path, *parts: str) -> str:
        url = self._publisher.image_url(*parts, path)
        self._used[url] = f"{folder.parent.name}/{folder.name}/{path}"
        return url


@lru_cache
def _with_slashes(path: str) -> str:
    return Path(path).as_posix()


def shown_sections(text: IssueText, variant: Variant) -> list[ShownSection]:
    """The variant's sections, in the issue's order."""
    return [
        ShownSection(section, text.sections[section].kind, text.sections[section], str(section))
        for section in variant.sections
    ]


def page_context(
    text: IssueText,
    variant: Variant,
    theme: Theme,
    publisher: Publisher,
    tokens: Tokens,
    images: Images,
) -> dict[str, Any]:
    """The names that every template is given (see the module's docstring)."""
    language = variant.language
    right_to_left = direction(language) == "rtl"
    strings = theme.strings_for(language)
    return {
        "issue": text,
        "publisher": publisher,
        "brand": strings.get("brand") or publisher.name,
        "tagline": publisher.tagline(language),
        "lang": language,
        "dir": direction(language),
        "start": "right" if right_to_left else "left",
        "end": "left" if right_to_left else "right",
        "t": _Strings(strings),
        "url": tokens.urls,
        "head_css": Markup(theme.head_css),  # noqa: S704 - a theme's own file, checked when read
        "image": images.of_issue,
        "theme_image": images.of_theme,
        "masthead_image": images.masthead,
        "typesetter": SharedTypesetter(language, tokens),
    }


class MissingString(Exception):
    """A template asked for a string that ``strings.toml`` does not have."""


class _Strings:
    """A theme's strings, as ``t.key``; a key that is not there fails and is named.

    Not a dictionary, whose methods would hide strings called ``items`` or ``copy``.
    """

    __slots__ = ("_strings",)

    def __init__(self, strings: Mapping[str, str]) -> None:
        self._strings = strings

    def __getitem__(self, key: str) -> str:
        if key not in self._strings:
            message = f"strings.toml has no {key}"
            raise MissingString(message)
        return self._strings[key]
