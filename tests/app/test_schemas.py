"""The schemas that editors read say what the program says, and every key has a description."""

import datetime as dt
import functools
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from newsletter.app.open import open_app
from newsletter.app.schemas import SCHEMAS, directive
from newsletter.app.start import init_newsletter, issue_from, new_issue
from newsletter.issue.model import SECTION_KINDS
from tests.issue.folder import write_issue
from tests.issue.sheets import Sheet, sample_issue

REPOSITORY = Path(__file__).parents[2]
TODAY = dt.date(2026, 11, 23)


@functools.cache
def made(name: str) -> Any:
    """A schema, made once; not while tests are collected."""
    return SCHEMAS[name]()


def plain(value: Any) -> Any:
    """TOML's values as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def faults(name: str, text: str) -> list[str]:
    validator = jsonschema.Draft7Validator(made(name))
    return [error.message for error in validator.iter_errors(plain(tomllib.loads(text)))]


def written(root: Path) -> Iterator[Path]:
    """The files of a newsletter that have a schema."""
    yield from (root / "newsletter.toml", root / "subscribers" / "segments.toml")
    yield from (root / "issues").glob("*/issue*.toml")


def check_files(root: Path) -> None:
    """Each file names its schema on its first line, and is what that schema says."""
    for path in written(root):
        head, _, _ = path.read_text(encoding="utf-8").partition("\n")
        schema = path.parent / head.removeprefix("#:schema ")
        assert head.startswith("#:schema ."), path
        assert schema.is_file(), path
        assert faults(schema.name, path.read_text(encoding="utf-8")) == [], path


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_stands_in_the_repository_as_the_models_are(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(made(name))
    shipped = json.loads((REPOSITORY / "schemas" / name).read_text(encoding="utf-8"))
    assert shipped == made(name), "run python -m tools.reference"


def keys_of(schema: Any, whole: Mapping[str, Any], where: str) -> Iterator[tuple[str, bool]]:
    """Every key that a schema knows, and whether it or the table in it is described."""
    if isinstance(schema, list):
        for at, each in enumerate(schema):
            yield from keys_of(each, whole, f"{where}/{at}")
    if not isinstance(schema, dict):
        return
    for key, each in schema.get("properties", {}).items():
        refers = [each, *each.get("allOf", [])]
        targets = [
            whole["definitions"][one["$ref"].rpartition("/")[2]] for one in refers if "$ref" in one
        ]
        yield f"{where}/{key}", any(one.get("description") for one in (*refers, *targets))
    for key, each in schema.items():
        yield from keys_of(each, whole, f"{where}/{key}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_is_described(name: str) -> None:
    found = list(keys_of(made(name), made(name), name))
    assert len(found) > 1
    assert [where for where, described in found if not described] == []


def test_the_working_example_is_what_its_schemas_say() -> None:
    check_files(REPOSITORY)


@pytest.mark.slow
def test_what_init_and_issue_new_write_is_what_its_schemas_say(tmp_path: Path) -> None:
    root = tmp_path / "new"
    started = init_newsletter(root, TODAY)
    app = open_app(root, profile="staging", environ={})
    new_issue(app, "2026-12-a", TODAY)
    issue_from(app, "2026-12-b", started.issue, TODAY)
    assert len(list(written(root))) == 5
    check_files(root)


@pytest.mark.parametrize("kind", SECTION_KINDS)
def test_an_issue_of_every_kind_passes_and_its_mistakes_do_not(tmp_path: Path, kind: str) -> None:
    data = sample_issue(kind, write_issue(tmp_path))
    name = "issue.schema.json"
    assert faults(name, Sheet(data, "tables").text) == []
    section = data["sections"]["news"]
    for wrong in ({"zzz": 1}, {"kind": "contry"}, {"audience": 3}, {"contents": "x"}):
        spoiled = {**data, "sections": {"news": section | wrong}}
        assert faults(name, Sheet(spoiled, "tables").text), wrong
    assert faults(name, Sheet({**data, "subjet": "x"}, "tables").text)
    assert faults(name, Sheet({**data, "date": "x", "number": 0}, "tables").text)


def test_a_password_in_the_settings_is_unknown_to_their_schema() -> None:
    text = (REPOSITORY / "newsletter.toml").read_text(encoding="utf-8")
    assert faults("newsletter.schema.json", text + '\n[relay]\npassword = "x"\n')
    assert faults("newsletter.schema.json", text.replace("rate =", "rat ="))


def test_segments_are_expressions_or_tables() -> None:
    name = "segments.schema.json"
    assert faults(name, "china = 'x'\n[a-b]\nexpression = 'x'\ndescription = 'x'\n") == []
    for wrong in ("china = 3", '"A b" = "x"', "[a]\ndescription = 'x'", "[a]\nexpresion = 'x'"):
        assert faults(name, wrong), wrong


def test_a_directive_leads_from_the_file_to_its_schema() -> None:
    root = Path("/somewhere")
    assert directive("a.json", root, root) == "#:schema ./schemas/a.json"
    assert directive("a.json", root / "issues" / "x", root) == "#:schema ../../schemas/a.json"
