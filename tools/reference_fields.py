"""The reference pages whose rows are fields of models: settings, and what an issue holds."""

import datetime as dt
import json
import typing
from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from newsletter.issue.model import (
    SECTION_KINDS,
    Button,
    Card,
    Event,
    Figure,
    Image,
    IssueText,
    Link,
    Person,
    Translatable,
    Written,
)
from newsletter.issue.slots import BUILT_IN_SLOTS, URL_SLOTS
from newsletter.settings import PREFIX, Settings
from newsletter.values import Rate

MADE = "<!-- Written by `python -m tools.reference`; change the code, not this page. -->"
_PARTS = (Button, Link, Image, Figure, Event, Card, Person)
_NAMES: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    dt.date: "date",
    Path: "path",
    Rate: "rate",
    SecretStr: "secret",
}


# Settings


def settings() -> dict[str, FieldInfo]:
    """Every setting by its dotted key."""
    return {key: field for _, table in _tables() for key, field in table.items()}


def _tables() -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    top = {k: f for k, f in Settings.model_fields.items() if not _table_of(f)}
    yield "", top
    for name, field in Settings.model_fields.items():
        model = _table_of(field)
        if model:
            place = f"{name}.NAME" if get_origin(field.annotation) is dict else name
            yield place, {f"{place}.{key}": inner for key, inner in model.model_fields.items()}
            yield from _inner_tables(place, model)


def _inner_tables(place: str, model: type[BaseModel]) -> Iterator[tuple[str, dict[str, FieldInfo]]]:
    """Tables within a table that may be left out."""
    for name, field in model.model_fields.items():
        for kind in get_args(field.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                inner = f"{place}.{name}"
                yield inner, {f"{inner}.{key}": f for key, f in kind.model_fields.items()}


def _table_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    found = get_args(kind)[1] if get_origin(kind) is dict else kind
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def settings_page() -> str:
    """Settings by table, each with its variable, its default and its meaning."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "Read in this order, the last one winning: `newsletter.toml`, the profile's table in it",
        "(`[profiles.staging]`, `[profiles.production]`), `.env`, the environment. A variable has",
        "`__` between levels; a list or a table in a variable is written as JSON.",
        "",
        "`NEWSLETTER_PROFILE` chooses the profile where `--profile` does not; without either it is",
        "production where a relay is named, and staging where none is. `NEWSLETTER_DEBUG=1` shows",
        "where in the program an error came from.",
        "",
    ]
    for name, table in _tables():
        model = _table_of(Settings.model_fields[name.split(".")[0]]) if name else Settings
        lines += [f"## [{name}]" if name else "## At the top of newsletter.toml", ""]
        lines += [cleandoc(str(model.__doc__)), ""] if name and model else []
        lines += ["| key | what it says | by default | variable |", "|---|---|---|---|"]
        for key, field in table.items():
            variable = f"`{PREFIX}{key.replace('.', '__').upper()}`" if key != "profiles" else ""
            meaning = cell(f"{field.description} {_limits(field)}")
            default = _default(field, inherited="")
            lines.append(f"| `{key.rpartition('.')[2]}` | {meaning} | {default} | {variable} |")
        lines.append("")
    return "\n".join(lines)


# Sections


def sections_page() -> str:
    """What an issue file holds: the issue's own keys, the kinds, and the tables inside them."""
    lines = [
        "# What an issue holds",
        "",
        MADE,
        "",
        "`issues/NAME/issue.toml` has these keys at its top; each section is a table of its own,",
        "`[sections.an-id]`. A translation (`issue.en.toml`) repeats the keys marked *translated*",
        "under the same ids; whatever it leaves out is read in the original's language.",
        "",
        "Words may hold slots: `{{ first_name }}` or `{{ first_name | 'reader' }}`. A slot names a",
        f"column of the lists, or {_listed(BUILT_IN_SLOTS)}; as a link's whole address also",
        f"{_listed(URL_SLOTS)}.",
        "",
        "## The issue",
        "",
        *_fields(IssueText),
        "",
    ]
    for kind, model in SECTION_KINDS.items():
        lines += [f'## kind = "{kind}"', "", str(model.__doc__).strip(), ""]
        lines += [
            f"![{kind}: wide and light, narrow and dark](../pictures/sections/{kind}.png)",
            "",
        ]
        lines += [*_fields(model, leave_out=("kind",)), ""]
    for part in _PARTS:
        lines += [f"## {part.__name__}", "", str(part.__doc__).strip(), "", *_fields(part), ""]
    return "\n".join(lines)


def _fields(model: type[Written], leave_out: tuple[str, ...] = ()) -> Iterator[str]:
    yield from ("| key | what it is | | by default |", "|---|---|---|---|")
    for key, field in model.model_fields.items():
        if key not in leave_out:
            sort = _sort_of(field)
            meaning = cell(str(field.description))
            yield f"| `{key}` | {meaning} | {sort} | {_default(field, inherited='nothing')} |"


def _sort_of(field: FieldInfo) -> str:
    words = _name_of(field.annotation)
    marks = [m for m in _metadata(field) if isinstance(m, Translatable)]
    if marks:
        kind = "Markdown" if marks[0].markdown else "address" if marks[0].url else "text"
        return f"{kind}, translated"
    return words


def _metadata(field: FieldInfo) -> Iterator[Any]:
    """What is noted on a field, under ``| None`` too."""
    yield from field.metadata
    for inner in get_args(field.annotation):
        if get_origin(inner) is Annotated:
            yield from get_args(inner)[1:]


def _name_of(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        return _name_of(get_args(kind)[0])
    if get_origin(kind) in {UnionType, typing.Union}:
        return " or ".join(_name_of(each) for each in get_args(kind) if each is not NoneType)
    if get_origin(kind) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(kind))
    if get_origin(kind) is tuple:
        inner = get_args(kind)[0]
        return f"{_name_of(inner)}, any number"
    if get_origin(kind) is dict:
        return "tables"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return _NAMES[kind]


# Words for values


def _default(field: FieldInfo, *, inherited: str) -> str:
    if field.is_required():
        return "**required**"
    value = field.default
    if value is None or value in ((), {}):
        return inherited
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    return f"`{value}`" if isinstance(value, int | float) else f'`"{value}"`'


def _limits(field: FieldInfo) -> str:
    low = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    choices = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    if choices:
        return f"One of {_listed(choices)}."
    return f"From {low} to {high}." if low is not None and high is not None else ""


def _listed(words: Iterable[Any]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def cell(text: str) -> str:
    """Text inside a table: pipes would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")
