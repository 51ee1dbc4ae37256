"""A theme: a folder of templates, read once as a strict Jinja environment.

What a theme's folder holds: ``theme.toml`` (name, description, kinds), ``strings.toml`` (one
table per language), ``edition.mjml.j2``, ``edition.txt.j2``, ``sections/<kind>.mjml.j2`` and
``sections/<kind>.txt.j2``, ``inline.css`` (inlined into the page), ``head.css`` (stays in the
head) and ``images/``.

What its templates are given is described in ``newsletter.edition.context``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from os import scandir
from pathlib import Path
from typing import Any

from jinja2 import Environment

from newsletter.edition.environment import standing_environment
from newsletter.errors import Problem, ThemeError
from newsletter.toml_file import UnreadableToml, shared_toml
from newsletter.values import Language

_MAX_FILE = 1_000_000
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FORBIDDEN_CSS = {
    # A rule that begins with @ would be dropped without a word; and an inlined !important does
    # not win over the style that MJML wrote, though CSS says so.
    "inline.css": {
        "@": "only head.css stays a style sheet: put it there",
        "!important": "name the class in head.css, or leave the style to this sheet alone",
        "</": "take it out",
    },
    "head.css": {"@import": "nothing is loaded from elsewhere: write it out", "</": "take it out"},
}


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme's folder, read: templates compiled on first use, strings, style sheets."""

    name: str
    folder: Path
    description: str
    kinds: tuple[str, ...]
    strings: Mapping[str, Mapping[str, str]]
    inline_css: str
    head_css: str
    environment: Environment

    def strings_for(self, language: Language) -> Mapping[str, str]:
        """The theme's words: the language's own, else of its base, else English, else the first.

        A string that a language lacks comes from the next one in that order.
        """
        merged: dict[str, str] = {}
        for tag in [*islice(self.strings, 1), "en", language.split("-")[0], language]:
            merged |= self.strings.get(tag, {})
        return merged

    def path_of(self, template: str) -> Path:
        """The file of a template, for error messages."""
        return self.folder / template


def load_theme(folder: Path) -> Theme:
    """Read a theme; ``ThemeError`` carries every problem at once."""
    reader = _Reader(folder)
    if not folder.is_dir():
        raise ThemeError([Problem(folder, "there is no such theme", "name a folder of templates/")])
    about = reader.toml("theme.toml")
    kinds = _kinds(reader, about)
    for template in ("edition.mjml.j2", "edition.txt.j2"):
        reader.must_exist(template)
    for kind in kinds:
        reader.must_exist(f"sections/{kind}.mjml.j2")
        reader.must_exist(f"sections/{kind}.txt.j2")
    theme = Theme(
        name=folder.name,
        folder=folder,
        description=str(about.get("description", "")),
        kinds=kinds,
        strings=_strings(reader),
        inline_css=reader.css("inline.css"),
        head_css=reader.css("head.css"),
        environment=standing_environment(folder),
    )
    if reader.problems:
        raise ThemeError(reader.problems)
    return theme


class _Reader:
    """Reads a theme's files and gathers what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self._templates = {f"sections/{name}" for name in _files_in(folder / "sections")}

    def fault(self, name: str, message: str, cure: str = "") -> None:
        self.problems.append(Problem(self.folder / name, message, cure))

    def must_exist(self, name: str) -> None:
        if name not in self._templates and not (self.folder / name).is_file():
            self.fault(name, "the theme lacks this template", "write it")

    def text(self, name: str) -> str:
        try:
            content = (self.folder / name).read_bytes()[:_MAX_FILE]
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except FileNotFoundError:
            self.fault(name, "the theme lacks this file", "write it")
        except UnicodeDecodeError as error:
            self.fault(name, f"the file is not UTF-8: {error.reason}", "save it as UTF-8")
        except OSError as error:
            self.fault(name, f"the file cannot be read: {error.strerror}", "mend its permissions")
        return ""

    def toml(self, name: str) -> dict[str, Any]:
        if not (self.folder / name).exists():
            self.fault(name, "the theme lacks this file", "write it")
            return {}
        try:
            return dict(shared_toml(self.folder / name).data)
        except UnreadableToml as error:
            self.problems.append(error.problem)
            return {}

    def css(self, name: str) -> str:
        content = self.text(name) if (self.folder / name).exists() else ""
        for word, cure in _FORBIDDEN_CSS[name].items():
            # A style element ends at the first </, comment or not.
            searched = content if word == "</" else _COMMENT.sub("", content).lower()
            if word in searched:
                self.fault(name, f"this style sheet may not hold {word}", cure)
        return content


def _files_in(folder: Path) -> Iterator[str]:
    try:
        with scandir(folder) as entries:
            yield from (entry.name for entry in entries if entry.is_file())
    except OSError:  # what is missing is told by name
        return


def _kinds(reader: _Reader, about: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = about.get("kinds", [])
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        reader.fault("theme.toml", "kinds must be a list of section kinds", 'kinds = ["report"]')
        return ()
    return tuple(kinds)


def _strings(reader: _Reader) -> dict[str, dict[str, str]]:
    tables = reader.toml("strings.toml")
    strings: dict[str, dict[str, str]] = {}
    for language, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
            reader.fault("strings.toml", f"[{language}] must be a table of strings", "mend it")
            continue
        strings[language] = dict(table)
    return strings
