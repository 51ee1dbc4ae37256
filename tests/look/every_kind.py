"""An issue with every kind of section there is, made from the kinds' own models.

A kind that is new is in it by itself: whatever a field may hold is filled by the sort of the
field. ``full`` fills every field and ``bare`` only what must be there.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from newsletter.issue.checks import check_image
from newsletter.issue.model import SECTION_KINDS, Issue, IssueText, SectionBase
from newsletter.issue.words import sorts_of
from newsletter.values import IssueSlug, Language

LANGUAGES: Final = ("it", "fr-CA", "zh-Hans", "ar", "en")
WORDS: Final = {
    "it": ("Il gruppo si allarga", "Vogliamo che le imprese italiane siano più forti all’estero."),
    "fr-CA": ("Le groupe s’agrandit", "Nous voulons des entreprises plus fortes : «\xa0oui\xa0»."),
    "zh-Hans": ("工作组扩大", "我们希望意大利企业在海外更加强大，欢迎您参加。"),
    "ar": ("المجموعة تتوسع", "نريد أن تكون الشركات الإيطالية أقوى في الخارج."),
    "en": ("The group grows", "We want Italian companies to be stronger abroad."),
}
PROSE: Final = """\
{text} *{title}*, **{title}**, [{title}](https://www.alisei.example/a).

## {title}

1. {title}
2. {text}

- {title}
- {text}

> {text}

| {title} | {title} |
|---|---|
| 1 | `code` |

---

#### {title}

    {title}
"""


def issue_of_every_kind(folder: Path, language: str, theme: str, picture: str) -> Issue:
    """Each kind once in full and once bare; ``picture`` stands in the folder."""
    writer = _Writer(folder, language, picture)
    sections = {
        f"{kind}-{form}": writer.table(model, full=form == "full")
        for kind, model in SECTION_KINDS.items()
        for form in ("full", "bare")
    }
    top = writer.table(IssueText, full=True) | {
        "language": language,
        "theme": theme,
        "sections": sections,
    }
    text = IssueText.model_validate(top, context=folder)
    return Issue(IssueSlug("every-kind"), folder, Language(language), {Language(language): text})


class _Writer:
    """Fills models with the words of one language."""

    def __init__(self, folder: Path, language: str, picture: str) -> None:
        self.folder, self.picture = folder, picture
        self.title, self.text = WORDS[language]
        self.days = (dt.date(2026, 3, 1) + dt.timedelta(days=n) for n in count())

    def table(self, model: type[BaseModel], *, full: bool) -> dict[str, Any]:
        """A table as a file would hold it."""
        wanted = dict(self._wanted(model, full=full))
        return {name: self.value(model, name, field, full=full) for name, field in wanted.items()}

    def _wanted(self, model: type[BaseModel], *, full: bool) -> Iterator[tuple[str, FieldInfo]]:
        """A section that says nothing is refused, so a bare one has the first of its bodies."""
        needed = _one_body(model)
        for name, field in model.model_fields.items():
            asked = field.is_required() or name == needed
            if name not in _SET_ELSEWHERE and (full or asked):
                yield name, field

    def value(self, model: type[BaseModel], name: str, field: FieldInfo, *, full: bool) -> Any:
        """A value of the sort that the field holds."""
        sort = sorts_of(model)[name]
        if sort and _inner(field.annotation) is str:
            if sort.markdown:
                return PROSE.format(title=self.title, text=self.text) if full else self.text
            return "https://www.alisei.example/a" if sort.url else self.title
        return self.other(field.annotation, field.metadata, full=full)

    def other(self, annotation: Any, marks: list[Any], *, full: bool) -> Any:
        """A value that is no words: a date, a number, a picture, a table, several of them."""
        inner, marks = _inner(annotation), [*marks, *_marks(annotation)]
        if get_origin(inner) is Literal:
            return get_args(inner)[0]
        if get_origin(inner) is tuple:
            most = min((m.max_length for m in marks if hasattr(m, "max_length")), default=3)
            return [self.other(get_args(inner)[0], [], full=full) for _ in range(min(3, most))]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return self.table(inner, full=full)
        if any(isinstance(mark, AfterValidator) and mark.func is check_image for mark in marks):
            return self.picture
        return self.plain(inner)

    def plain(self, inner: Any) -> Any:
        """A day after the last one, a number, a yes, some words."""
        if inner is dt.date:
            return next(self.days)
        values: Mapping[Any, Any] = {int: 64, bool: True, str: self.title}
        return values[inner]


_SET_ELSEWHERE: Final = {"audience", "language", "theme", "sections", "uncounted"}


def _one_body(model: type[BaseModel]) -> str:
    if not issubclass(model, SectionBase):
        return ""
    required = [name for name in model.body_fields if model.model_fields[name].is_required()]
    return (required or list(model.body_fields))[0]


def _inner(annotation: Any) -> Any:
    """The type inside ``Annotated`` and beside ``None``."""
    if get_origin(annotation) is Annotated:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        (only,) = (each for each in get_args(annotation) if each is not NoneType)
        return _inner(only)
    return annotation


def _marks(annotation: Any) -> list[Any]:
    """What ``Annotated`` says beside the type, at any depth."""
    own = list(get_args(annotation)[1:]) if get_origin(annotation) is Annotated else []
    inner = get_args(annotation) if get_origin(annotation) in {Annotated, Union, UnionType} else ()
    return own + [mark for each in inner if get_origin(each) for mark in _marks(each)]
