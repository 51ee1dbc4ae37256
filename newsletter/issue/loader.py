"""A folder under ``issues/`` to an ``Issue``, in every language it has."""

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from newsletter.errors import IssueError, Problem
from newsletter.issue.faults import problems_of
from newsletter.issue.model import Fallback, Issue, IssueText, Place
from newsletter.issue.translation import fallbacks_of, overlay
from newsletter.toml_file import TomlFile, UnreadableToml, shared_toml
from newsletter.values import Language, parse_language, parse_slug

ORIGINAL: Final = "issue.toml"
_TRANSLATIONS: Final = "issue.*.toml"
_LIKE_A_TRANSLATION = re.compile(r"issue[._-].*\.toml", re.IGNORECASE)


def list_issues(root: Path) -> list[Path]:
    """The folders of a newsletter's ``issues/`` that hold an issue, sorted by name."""
    return sorted(path.parent for path in (root / "issues").glob(f"*/{ORIGINAL}"))


def load_issue(folder: Path) -> Issue:
    """Read and check an issue and its translations; ``IssueError`` carries every problem."""
    desk = _Desk(folder, folder.resolve())
    slug = desk.slug()
    original = desk.original()
    names = _names_in(folder)
    for name in fnmatch.filter(names, _TRANSLATIONS):
        desk.translation(folder / name)
    desk.look_for_misnamed(names)
    if desk.problems or original is None or slug is None:
        raise IssueError(sorted(desk.problems, key=_reading_order))
    language = Language(original.language)
    places = _Places(desk.sources)
    return Issue(slug, folder, language, desk.texts, tuple(desk.fallbacks), places)


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:  # that it is not there is told when its original is read
        return []


def _reading_order(problem: Problem) -> tuple[bool, str, int, int]:
    """The folder and the original first, then each translation from top to bottom."""
    translated = problem.path.name.startswith("issue.") and problem.path.name != ORIGINAL
    return translated, str(problem.path), problem.line, problem.column


@dataclass
class _Desk:
    """Where an issue's files are read one after the other, and their problems gathered."""

    folder: Path
    home: Path
    source: TomlFile | None = None
    texts: dict[Language, IssueText] = field(default_factory=dict)
    fallbacks: list[Fallback] = field(default_factory=list)
    sources: dict[Language, TomlFile] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    faulty: frozenset[str] = frozenset()
    """Where the original has faults, which its translations inherit and do not tell again."""

    def slug(self) -> Any:
        try:
            return parse_slug(self.folder.name)
        except ValueError as error:
            self.problems.append(Problem(self.folder, str(error), "rename the folder"))
            return None

    def original(self) -> IssueText | None:
        self.source = self.read(self.folder / ORIGINAL)
        if self.source is None:
            return None
        text = self.check(self.source.data, self.source, whole=True)
        if text:
            self.keep(Language(text.language), text, self.source)
        return text

    def translation(self, path: Path) -> None:
        language, source = self.language(path), self.read(path)
        if language is None or source is None or self.source is None:
            return
        merged, problems = overlay(self.source.data, source, language)
        self.problems += problems
        text = self.check(merged, source, whole=False)
        original = next(iter(self.texts.values()), None)
        if text and original and language not in self.texts:
            self.keep(language, text, source)
            self.fallbacks += fallbacks_of(original, source, language)

    def look_for_misnamed(self, names: Iterable[str]) -> None:
        """A file that is meant as a translation, and whose name keeps it from being read."""
        for name in names:
            read = name == ORIGINAL or fnmatch.fnmatchcase(name, _TRANSLATIONS)
            if not read and _LIKE_A_TRANSLATION.fullmatch(name):
                message, cure = "the file is not read", "rename the file: issue.fr-CA.toml"
                self.problems.append(Problem(self.folder / name, message, cure))

    def language(self, path: Path) -> Language | None:
        """The language that a translation's name says, when it is one and not yet there."""
        tag = path.name.removeprefix("issue.").removesuffix(".toml")
        try:
            language = parse_language(tag)
        except ValueError as error:
            self.problems.append(Problem(path, str(error), "rename the file: issue.fr-CA.toml"))
            return None
        if language in self.texts:
            message = f"the issue has {language} twice"
            self.problems.append(Problem(path, message, "keep one of the two files"))
            return None
        return language

    def read(self, path: Path) -> TomlFile | None:
        try:
            return shared_toml(path)
        except UnreadableToml as error:
            self.problems.append(error.problem)
            return None

    def check(self, data: Mapping[str, Any], source: TomlFile, *, whole: bool) -> IssueText | None:
        """The validated text; of a translation only its own faults count, not the original's.

        Its own are those of the values that it gives, and those that the original has not.
        """
        try:
            return IssueText.model_validate(dict(data), context=self.home)
        except ValidationError as error:
            found = list(problems_of(error, source))
            if whole:
                self.faulty = frozenset(fault.where for fault in found)
            said = [f for f in found if f.where not in self.faulty or _says(source, f.where)]
            self.problems += found if whole else said
            return None

    def keep(self, language: Language, text: IssueText, source: TomlFile) -> None:
        self.texts[language] = text
        self.sources[language] = source


class _Places(Mapping[tuple[Language, str], Place]):
    """The place of every key, searched for at the first question.

    A file's places cost three times its values, and a page without a finding asks for none.
    """

    def __init__(self, sources: Mapping[Language, TomlFile]) -> None:
        self._sources = sources

    @cached_property
    def _found(self) -> Mapping[tuple[Language, str], Place]:
        return {
            (language, where): Place(source.path, *place)
            for language, source in self._sources.items()
            for where, place in source.places.items()
        }

    def __getitem__(self, key: tuple[Language, str]) -> Place:
        return self._found[key]

    def __iter__(self) -> Iterator[tuple[Language, str]]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _says(source: TomlFile, where: str) -> bool:
    """Whether the file itself gives a value, not a table, at this key."""
    value = source.value(where)
    return value is not None and not isinstance(value, dict | list)
