"""Where a finding stands: at a key, inside a key's words, or in a template of the theme."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from newsletter.edition.theme import Theme
from newsletter.issue.model import Issue, Place
from newsletter.toml_file import TomlFile, UnreadableToml, shared_toml
from newsletter.values import Language

PAGE, TEXT = "edition.mjml.j2", "edition.txt.j2"
"""The two templates that every theme has."""


def place_in_issue(
    issue: Issue, language: Language, where: str, offset: int | None = None
) -> Place:
    """The place of a key, or with ``offset`` of one character (from 0) of its words."""
    if not where:
        return Place(_file_of(issue, language), 1, 1)
    place = issue.place(language, where)
    return place if offset is None else _inside(place, where, offset)


def place_in_toml(path: Path, where: str) -> Place:
    """The place of a key in any other TOML file, or of the nearest table that would hold it."""
    file = _read(path)
    return Place(path, *file.place(where)) if file else Place(path, 0, 0)


def places_in_theme(
    theme: Theme, pattern: re.Pattern[str], files: str = "*.mjml.j2"
) -> Iterator[Place]:
    """Every match in the theme's files whose path fits ``files``: the edition's own come first."""
    paths = (path for path in theme.folder.rglob("*") if path.is_file())
    for path in sorted(paths, key=lambda path: (len(path.parts), path)):
        name = path.relative_to(theme.folder).as_posix()
        if fnmatch(name, files):
            text = path.read_text(encoding="utf-8-sig", errors="replace")
            yield from (
                place_in_text(path, text, match.start()) for match in pattern.finditer(text)
            )


def place_in_theme(
    theme: Theme, pattern: str = r"\A", files: str = "*.mjml.j2", otherwise: str = PAGE
) -> Place:
    """The first match in the theme's files, else the top of one of its templates."""
    top = Place(theme.folder / otherwise, 1, 1)
    return next(places_in_theme(theme, re.compile(pattern), files), top)


def place_in_text(path: Path, text: str, offset: int) -> Place:
    """Line and column of a character of a file's text."""
    start = text.rfind("\n", 0, offset) + 1
    return Place(path, text.count("\n", 0, offset) + 1, offset - start + 1)


def _file_of(issue: Issue, language: Language) -> Path:
    """The file of a language; the original's for one that the issue does not have."""
    own = (place.path for (tag, _), place in issue.places.items() if tag == language)
    return next(own, issue.folder / "issue.toml")


def _inside(place: Place, where: str, offset: int) -> Place:
    """The words as they are read have no white space around them; as they stand, they may."""
    file = _read(place.path)
    written = file.value(where) if file else None
    if file is None or not isinstance(written, str):
        return place
    before = len(written) - len(written.lstrip())
    return Place(place.path, *file.place_in_value(where, before + offset))


def _read(path: Path) -> TomlFile | None:
    """A file is parsed once, until it changes: many findings may stand in it."""
    try:
        return shared_toml(path)
    except UnreadableToml:
        return None
