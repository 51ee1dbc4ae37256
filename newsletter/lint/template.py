"""The MJML tags of a theme's templates, each with its place; Jinja is not run but stepped over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from newsletter.edition.theme import Theme
from newsletter.issue.model import Place
from newsletter.lint.place import place_in_text

FILLED: Final = "\x1a"
"""Stands for each character of ``{{ … }}``: what is there is known only when it is rendered."""

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|(?P<shown>\{\{.*?\}\})", re.DOTALL)
_NO_MJML = re.compile(r"<!--.*?-->|(?<=>)[^<]+(?=</mj-(?:style|raw|title|preview)>)", re.DOTALL)
_TAG = re.compile(r"<(/?)(mj-[\w-]+|mjml)((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>")
_ATTRIBUTE = re.compile(r"([^\s\"'=/<>]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as it is written; ``value`` holds ``FILLED`` where Jinja fills it."""

    name: str
    value: str
    place: Place

    @property
    def is_static(self) -> bool:
        """Whether the value is the same in every edition."""
        return FILLED not in self.value


@dataclass(frozen=True, slots=True)
class Tag:
    """A start tag of MJML; ``parent`` is empty where the template does not show it."""

    name: str
    attributes: tuple[Attribute, ...]
    parent: str
    place: Place

    def get(self, name: str) -> Attribute | None:
        """The attribute of a name."""
        return next((each for each in self.attributes if each.name == name), None)


def tags_of(theme: Theme) -> Iterator[Tag]:
    """Every tag of MJML in the theme's templates, file by file."""
    for path in sorted(theme.folder.rglob("*.mjml.j2")):
        yield from _tags(path, path.read_text(encoding="utf-8-sig", errors="replace"))


def without_jinja(text: str) -> str:
    """The template with Jinja's own tags and remarks as blanks, character for character."""
    return _JINJA.sub(lambda match: (FILLED if match["shown"] else " ") * len(match[0]), text)


@lru_cache(maxsize=64)
def _tags(path: Path, text: str) -> tuple[Tag, ...]:
    bare = _NO_MJML.sub(lambda match: " " * len(match[0]), without_jinja(text))
    tags, open_tags, balanced = list[Tag](), list[str](), True
    for match in _TAG.finditer(bare):
        name = match[2]
        if match[1]:
            balanced = balanced and open_tags[-1:] == [name]
            del open_tags[-1:]
            continue
        parent = open_tags[-1] if open_tags else ""
        attributes = _attributes(path, text, match[3], match.start(3))
        tags.append(Tag(name, attributes, parent, place_in_text(path, text, match.start())))
        if not match[3].rstrip().endswith("/"):
            open_tags.append(name)
    # A branch of {% if %} may open what another closes: then no parent can be told.
    return tuple(tags) if balanced else tuple(_orphan(tag) for tag in tags)


def _attributes(path: Path, text: str, inside: str, start: int) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(
            match[1],
            match[2] if match[2] is not None else match[3],
            place_in_text(path, text, start + match.start()),
        )
        for match in _ATTRIBUTE.finditer(inside)
        if FILLED not in match[1]
    )


def _orphan(tag: Tag) -> Tag:
    return Tag(tag.name, tag.attributes, "", tag.place)
