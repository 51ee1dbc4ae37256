"""JSON Schemas of the files that officers write, for their editors: made from the models.

An editor with Taplo (the TOML extension of VS Code, among others) reads the ``#:schema`` line at
the head of a file, completes keys, shows what each is for and underlines mistakes.
"""

import copy
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from newsletter.audience.segments import SEGMENT_NAME
from newsletter.issue.model import SECTION_KINDS, IssueText
from newsletter.settings import Settings

FOLDER: Final = "schemas"
ISSUE_SCHEMA: Final = "issue.schema.json"
TRANSLATION_SCHEMA: Final = "translation.schema.json"
SETTINGS_SCHEMA: Final = "newsletter.schema.json"
SEGMENTS_SCHEMA: Final = "segments.schema.json"
_DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_SECRETS: Final = frozenset({"password", "secret"})
"""Refused in a file that git keeps."""

Schema = dict[str, Any]


def directive(schema: str, folder: Path, root: Path) -> str:
    """The first line of a file in this folder: where its schema stands."""
    path = Path(os.path.relpath(root / FOLDER / schema, folder)).as_posix()
    return f"#:schema {path if path.startswith('.') else f'./{path}'}"


def write_schemas(root: Path) -> tuple[str, ...]:
    """Write every schema into the newsletter's ``schemas/``; which files there are."""
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in SCHEMAS.items():
        text = json.dumps(make(), ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_bytes(text.encode())
    return tuple(f"{FOLDER}/{name}" for name in SCHEMAS)


def issue_schema() -> Schema:
    """Of ``issue.toml``."""
    schema = IssueText.model_json_schema()
    for kind, model in SECTION_KINDS.items():
        properties = schema["$defs"][model.__name__]["properties"]
        properties["kind"]["description"] = f"{kind}: {_first_line(model.__doc__)}"
    return _whole(schema, "An issue: issues/NAME/issue.toml.")


def translation_schema() -> Schema:
    """Of ``issue.fr-CA.toml``: the same keys, none of which must be there."""
    schema = copy.deepcopy(issue_schema())
    _walk(schema, _any_of_it)
    return schema | {"description": "A translation: issues/NAME/issue.LANGUAGE.toml."}


def settings_schema() -> Schema:
    """Of ``newsletter.toml``; passwords and secrets do not belong there."""
    schema = Settings.model_json_schema()
    _walk(schema, _without_secrets)
    return _whole(schema, "The settings of a newsletter: newsletter.toml.")


def segments_schema() -> Schema:
    """Of ``segments.toml``."""
    expression = {
        "type": "string",
        "minLength": 1,
        "description": 'Who is in the segment: \'"china" in interests and country != "IT"\'.',
    }
    table = {
        "type": "object",
        "additionalProperties": False,
        "required": ["expression"],
        "properties": {
            "expression": expression,
            "description": {"type": "string", "description": "Who that is, for people."},
        },
    }
    schema = {
        "title": "Segments",
        "type": "object",
        "propertyNames": {"pattern": f"^{SEGMENT_NAME.pattern}$"},
        "additionalProperties": {"anyOf": [expression, table]},
    }
    return _whole(schema, "Saved segments: subscribers/segments.toml.")


SCHEMAS: Final[Mapping[str, Callable[[], Schema]]] = {
    ISSUE_SCHEMA: issue_schema,
    TRANSLATION_SCHEMA: translation_schema,
    SETTINGS_SCHEMA: settings_schema,
    SEGMENTS_SCHEMA: segments_schema,
}
"""Each file under ``schemas/``, and how it is made."""


def _whole(schema: Schema, description: str) -> Schema:
    return {"$schema": _DRAFT, **_moved(schema), "description": description}


def _moved(schema: Any) -> Any:
    """In the words of draft 7, which Taplo reads: definitions, and references that stand alone."""
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {
        ("definitions" if key == "$defs" else key): _moved(each) for key, each in schema.items()
    }
    moved.pop("discriminator", None)
    some = [each for each in moved.get("anyOf", ()) if each != {"type": "null"}]
    if len(some) == 1 < len(moved["anyOf"]):  # TOML has no null
        del moved["anyOf"]
        moved = some[0] | {key: each for key, each in moved.items() if each is not None}
    reference = moved.get("$ref")
    if isinstance(reference, str):
        moved["$ref"] = reference.replace("#/$defs/", "#/definitions/")
        if len(moved) > 1:  # beside a reference draft 7 reads nothing else
            moved["allOf"] = [{"$ref": moved.pop("$ref")}]
    return moved


def _walk(schema: Any, change: Callable[[Schema], None]) -> None:
    """Change every part of a schema in its place."""
    if isinstance(schema, dict):
        change(schema)
    for each in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(each, dict | list):
            _walk(each, change)


def _any_of_it(part: Schema) -> None:
    if isinstance(part.get("required"), list):
        del part["required"]
    if "oneOf" in part:
        part["anyOf"] = part.pop("oneOf")
    part.pop("minProperties", None)


def _without_secrets(part: Schema) -> None:
    properties = part.get("properties")
    if isinstance(properties, dict):
        for secret in _SECRETS & {*properties}:
            del properties[secret]


def _first_line(words: str | None) -> str:
    return (words or "").strip().splitlines()[0]
