"""The frame of an issue, for the next one: what recurs, without the words that were its own.

Kept are the sections' order, ids, kinds and segments, the theme and the languages, the greeting,
a country's name, and every title or label that another issue has at the same place. Elsewhere
stands ``TODO``, which ``check`` finds, beside a comment that says what belongs there. Pictures
are not taken along: where one stood, a comment names it.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from pydantic import BaseModel

from newsletter.issue.faults import table_model
from newsletter.issue.model import SECTION_KINDS, Issue, IssueText, SectionBase
from newsletter.issue.words import sorts_of, words_of
from newsletter.values import Language

TODO: Final = "TODO"
TODO_URL: Final = "https://todo.example/"
_ALWAYS_KEPT = frozenset({("", "greeting"), ("country", "name")})
_PICTURES = frozenset({"image", "disc", "portrait"})
_EVENT_AHEAD = dt.timedelta(days=14)
_MONTH = range(26, 36)


def next_date(dates: Collection[dt.date], today: dt.date) -> dt.date:
    """The newest date moved on by the rhythm of the last two, until it is not past.

    Some thirty days apart are a month, and keep the day of the month; one date alone is monthly.
    """
    last, *before = sorted(set(dates), reverse=True)
    days = (last - before[0]).days if before else _MONTH.start
    count, found = 0, last
    while found <= last or found < today:
        count += 1
        found = _months_on(last, count) if days in _MONTH else last + dt.timedelta(days * count)
    return found


def _months_on(date: dt.date, count: int) -> dt.date:
    year, month = divmod(date.year * 12 + date.month - 1 + count, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)  # noqa: PLR2004 December
    return date.replace(year=year, month=month + 1, day=1) + dt.timedelta(
        days=min(date.day, (following - dt.timedelta(days=1)).day) - 1
    )


def recurring(issue: Issue, others: Sequence[Issue]) -> dict[Language, set[str]]:
    """Per language, where a title or label stands that another issue has at the same place."""
    found: dict[Language, set[str]] = {}
    for language, text in issue.texts.items():
        elsewhere = {
            (word.where, word.text)
            for other in others
            if language in other.texts
            for word in words_of(other.texts[language])
        }
        found[language] = {
            word.where
            for word in words_of(text)
            if not word.sort.markdown and (word.where, word.text) in elsewhere
        }
    return found


def frame_of(
    issue: Issue, others: Sequence[Issue], *, date: dt.date, heads: Sequence[str]
) -> dict[str, str]:
    """The new issue's files by name: ``issue.toml``, and one for each translation.

    ``heads`` are the first line of the one and of the others.
    """
    kept = recurring(issue, others)
    files = {}
    for language, text in issue.texts.items():
        translated = language != issue.language
        draft = _Draft(issue, text, kept[language], date, translated=translated)
        name = f"issue.{language}.toml" if translated else "issue.toml"
        files[name] = "\n".join([heads[translated], *draft.lines()]) + "\n"
    return files


def pictures_of(issue: Issue) -> tuple[str, ...]:
    """The pictures that the issue names, each once: paths inside its folder."""
    return tuple(dict.fromkeys(_files(issue.original.model_dump())))


def _files(value: Any) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if key in {"file", "disc", "portrait"} and isinstance(inner, str):
            yield inner
        elif isinstance(inner, dict | list | tuple):
            yield from _files(inner)


class _Draft:
    """One language's file, written line by line."""

    def __init__(
        self, issue: Issue, text: IssueText, kept: set[str], date: dt.date, *, translated: bool
    ) -> None:
        self.issue = issue
        self.text = text
        self.kept = kept
        self.date = date
        self.translated = translated

    def lines(self) -> Iterator[str]:
        yield f"# The frame of {self.issue.slug}: write your words wherever it says {TODO}."
        pictures = pictures_of(self.issue)
        if pictures and not self.translated:
            yield f"# Its pictures were not copied: {', '.join(pictures)}"
        yield ""
        yield from self.top()
        shown = [name for name in self.text.sections if self.possible(name)]
        for name in self.text.sections:
            lines = ["", f"[sections.{name}]", *self.section(name)]
            yield from lines if name in shown else ["", *(f"# {line}" for line in lines[1:])]
        if not shown:
            yield from ["", "[sections.news]", *_news(translated=self.translated)]

    def top(self) -> Iterator[str]:
        sorts = sorts_of(IssueText)
        for name, field in IssueText.model_fields.items():
            value = getattr(self.text, name)
            if sorts[name]:
                if value is not None:
                    hint = field.description or ""
                    yield self.word(name, name, value, hint, ("", name) in _ALWAYS_KEPT)
            elif name in {"sections", "uncounted"} or self.translated or value is None:
                continue
            elif name == "date":
                yield f"date = {self.date}"
            elif name == "number":
                yield f"number = {value + 1}"
            else:
                yield f"{name} = {_quoted(value)}"

    def possible(self, name: str) -> bool:
        """Whether the section can stand without a picture."""
        model = SECTION_KINDS[self.issue.original.sections[name].kind]
        return not any(
            model.model_fields[p].is_required() for p in _PICTURES & {*model.model_fields}
        )

    def section(self, name: str) -> Iterator[str]:
        section = self.text.sections[name]
        nested: list[str] = []
        for key, field in type(section).model_fields.items():
            where = f"sections.{name}.{key}"
            value = getattr(section, key)
            if sorts_of(type(section))[key]:
                if value is not None:
                    always = (section.kind, key) in _ALWAYS_KEPT
                    yield self.word(where, key, value, field.description or "", always)
            elif key in _PICTURES:
                yield from self.picture(value)
            elif isinstance(value, BaseModel | tuple):
                inner = table_model(type(section), key)
                if inner and value:
                    nested += self.table(section, key, inner, where)
            elif not self.translated and (key in section.model_fields_set and value is not None):
                yield f"{key} = {_quoted(value)}"
        yield from nested

    def picture(self, value: Any) -> Iterator[str]:
        if value is None or self.translated:
            return
        file = value if isinstance(value, str) else value.file
        yield f"# here stood the picture {file}"

    def table(
        self, section: SectionBase, key: str, model: type[BaseModel], where: str
    ) -> Iterator[str]:
        """A table that must be there, with one of what is many; another one as a comment."""
        value = getattr(section, key)
        many = isinstance(value, tuple)
        needed = type(section).model_fields[key].is_required() or _carries(section, key)
        mark = "" if needed else "# "
        yield f"{mark}[[{where}]]" if many else f"{mark}[{where}]"
        first = value[0] if many else value
        place = f"{where}.0" if many else where
        for name, field in model.model_fields.items():
            if not field.is_required() and (getattr(first, name) is None or name in _PICTURES):
                continue
            yield from (f"{mark}{line}" for line in self.row(place, name, model, first))

    def row(self, where: str, name: str, model: type[BaseModel], first: BaseModel) -> Iterator[str]:
        value, field = getattr(first, name), model.model_fields[name]
        if sorts_of(model)[name]:
            yield self.word(f"{where}.{name}", name, value, field.description or "")
        elif isinstance(value, dt.date) and not self.translated:
            if field.is_required():
                yield f"{name} = {self.date + _EVENT_AHEAD}   # {TODO}"
        elif isinstance(value, BaseModel) and not self.translated:
            yield f"# {name}: {field.description}"

    def word(self, where: str, key: str, value: str, hint: str, always: bool = False) -> str:
        """A line of words: kept where they recur, else to be written."""
        if always or where in self.kept:
            return f"{key} = {_quoted(value)}"
        stand_in = TODO_URL if key == "url" else TODO
        return f'{key} = "{stand_in}"   # {hint}'


def _carries(section: SectionBase, key: str) -> bool:
    """Whether nothing else of what must be there keeps the section from being empty."""
    said = [name for name in section.body_fields if getattr(section, name)]
    others = [name for name in said if name != key and name not in _PICTURES]
    fields = type(section).model_fields
    words = [name for name in others if sorts_of(type(section))[name] or fields[name].is_required()]
    return bool(said) and key in said and not words and key == said[0]


def _news(*, translated: bool) -> list[str]:
    """A section in which the news can begin, where no other could be kept."""
    kind = [] if translated else ['kind = "article"']
    return [*kind, f'title = "{TODO}"', f'body = "{TODO}"']


def _quoted(value: Any) -> str:
    """A value of a key as TOML; JSON's strings are TOML's."""
    return json.dumps(value, ensure_ascii=False)
