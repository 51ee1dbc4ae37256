"""An issue with no more in it than each section needs: what every theme must be able to show."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from newsletter.issue.model import Issue, IssueText
from newsletter.issue.sections import SectionBase

_Model = TypeVar("_Model", bound=BaseModel)


def bare_issues(issue: Issue) -> Iterator[Issue]:
    """The issue in its own language, each section with what it needs and one thing to say.

    Where a section may say one of several things (a report: a lead, a body or figures), each of
    the issues that come has another of them.
    """
    text = issue.original
    ways = [len(_sayings(section)) for section in text.sections.values()]
    for turn in range(max(ways, default=0)):
        sections = {name: _bare(section, turn) for name, section in text.sections.items()}
        lone: IssueText = _least(text).model_copy(update={"sections": sections})
        yield replace(issue, texts={issue.language: lone}, fallbacks=())


def _bare(section: SectionBase, turn: int) -> SectionBase:
    sayings = _sayings(section)
    return _least(section, sayings[turn % len(sayings)])


def _sayings(section: SectionBase) -> list[str]:
    return [name for name in section.body_fields if getattr(section, name)]


def _least(model: _Model, kept: str = "") -> _Model:
    """The model without what may be left out, but for one field; the tables in it as well."""
    fields = type(model).model_fields
    return model.model_copy(
        update={
            name: _less(getattr(model, name))
            if field.is_required() or name == kept
            else field.default
            for name, field in fields.items()
        }
    )


def _less(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _least(value)
    return tuple(map(_less, value)) if isinstance(value, tuple) else value
