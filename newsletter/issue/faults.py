"""pydantic's errors as problems: at the officer's line, in the officer's words, with a cure."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from newsletter.errors import Problem
from newsletter.issue.checks import FAULT
from newsletter.issue.model import SECTION_KINDS, IssueText, SectionBase
from newsletter.toml_file import TomlFile
from newsletter.values import nearest

_EXAMPLES = {
    "date": "2019-11-15",
    "end": "2019-11-29",
    "number": "12",
    "width": "520",
    "contents": "true",
    "language": '"it"',
}
_SPACE = re.compile(r"[^\S\x1c-\x1f]*")  # what pydantic strips
_TYPE_NAMES = {
    "string_type": "a string in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "date_type": "a date such as 2019-11-15",
    "tuple_type": "an array",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


def problems_of(error: ValidationError, source: TomlFile) -> Iterator[Problem]:
    """One problem for each of pydantic's errors."""
    for item in error.errors(include_url=False):
        path = _written_path(item["loc"])
        context = item.get("ctx", {})
        key = "kind" if item["type"] == "union_tag_invalid" else context.get("key")
        where = ".".join([*path, key] if key else path)
        message, cure = _words(str(item["type"]), dict(item), where)
        for said, mend, offset in [
            (message, cure, context.get("offset")),
            *context.get("more", ()),
        ]:
            yield source.problem(where, said, mend, _as_written(item["input"], offset))


def _as_written(value: object, offset: int | None) -> int | None:
    """A character's place in the value as the file has it, with the space at its beginning."""
    lead = _SPACE.match(value) if isinstance(value, str) else None
    return offset if offset is None or lead is None else offset + lead.end()


def _written_path(loc: tuple[int | str, ...]) -> list[str]:
    """The path as the file has it: without the tag that pydantic puts after a section's id."""
    parts = [str(part) for part in loc if part != "[key]"]
    tagged = len(parts) > 2 and parts[0] == "sections" and parts[2] in SECTION_KINDS  # noqa: PLR2004 - sections, id, tag
    return parts[:2] + parts[3:] if tagged else parts


def _words(kind: str, item: Mapping[str, Any], where: str) -> tuple[str, str]:
    key = where.rpartition(".")[2]
    context = item.get("ctx", {})
    if kind == FAULT:
        return context["said"], context["cure"]
    if kind == "missing":
        return f"{key} is missing", _how_to_write(item["loc"], key, where)
    if kind == "extra_forbidden":
        return f"unknown key {key}", nearest_key(key, known_keys(item["loc"][:-1]))
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return _unknown_kind(context.get("tag"))
    if kind in _TYPE_NAMES:
        message = f"{key} must be {_TYPE_NAMES[kind]}, not {_named(item['input'])}"
        table = kind.startswith("model") and not key.isdigit()
        return message, f"write a table [{where}]" if table else _how_to_write(
            item["loc"], key, where
        )
    return _limits(kind, key, context, str(item["msg"]))


def _how_to_write(loc: tuple[int | str, ...], key: str, where: str) -> str:
    example = _EXAMPLES.get(key)
    if example:
        return f"write {key} = {example}"
    if key == "sections":
        return f"write a table [{where}.name]"
    if key.isdigit():
        return f"write tables [[{where.rpartition('.')[0]}]]"
    parent = _model_at(loc[:-1])
    if parent is None or parent is dict or not table_model(parent, key):
        return f'write {key} = "…"'
    many = "tuple" in str(parent.model_fields[key].annotation)
    return f"write tables [[{where}]]" if many else f"write a table [{where}]"


def _limits(kind: str, key: str, context: Mapping[str, Any], said: str) -> tuple[str, str]:
    if kind == "string_too_short":
        return f"{key} is empty", "write it, or take the line out"
    if kind == "too_long":
        return f"{key} has more than {context['max_length']}", "take some out"
    if kind == "too_short":
        return f"there is nothing in {key}", "write a table such as [sections.news]"
    if kind == "greater_than":
        return f"{key} must be greater than {context['gt']}", "correct it, or take the line out"
    return said[:1].lower() + said[1:], ""


def nearest_key(key: str, known: list[str]) -> str:
    """The cure for a name that is not known: the nearest one, else all there are."""
    near = nearest(key, known)
    return f'did you mean "{near}"?' if near else f"known: {', '.join(known)}"


def _unknown_kind(tag: object) -> tuple[str, str]:
    kinds = ", ".join(SECTION_KINDS)
    if tag is None:
        return "kind is missing", f"write kind = one of {kinds}"
    near = nearest(str(tag), SECTION_KINDS)
    hint = f'did you mean "{near}"? ' if near else ""
    return f"there is no section kind {tag}", f"{hint}kinds: {kinds}"


def known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that the table at pydantic's path may have."""
    model = _model_at(loc)
    return list(model.model_fields) if model not in {None, dict} else []


def _model_at(loc: tuple[int | str, ...]) -> Any:
    """The model of the table at pydantic's path; ``dict`` for the table of all sections."""
    model: Any = IssueText
    for part in loc:
        if isinstance(part, str) and part in SECTION_KINDS and model is SectionBase:
            model = SECTION_KINDS[part]
        elif model is IssueText and part == "sections":
            model = dict
        elif model is dict:
            model = SectionBase
        elif isinstance(part, str):
            model = table_model(model, part)
        if model is None:
            return None
    return model


def table_model(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The model of the table (or of each table of the array) that a field holds."""
    found = model.model_fields.get(field)
    return next(_models(found.annotation), None) if found else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in getattr(annotation, "__args__", ()):
        yield from _models(inner)


def _named(value: object) -> str:
    names = {
        str: "a string", bool: "true or false", int: "a number", float: "a number",
        list: "an array", dict: "a table", dt.datetime: "a date with a time",
        dt.date: "a date", dt.time: "a time",
    }  # fmt: skip
    return names.get(type(value), type(value).__name__)
