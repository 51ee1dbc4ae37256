"""Writing one table into an issue's file: every other letter of it, comments included, stays."""

import json
import tomllib
from collections.abc import Mapping

from newsletter.toml_file import TomlFile

Value = str | int


class NoPlace(Exception):
    """The file is written in a way that leaves no safe place for the table."""


def table_lines(where: str, values: Mapping[str, Value]) -> tuple[str, ...]:
    """A table as TOML: its header, and a line for each value."""
    return f"[{where}]", *(f"{key} = {_literal(value)}" for key, value in values.items())


def with_table(source: TomlFile, table: str, name: str, values: Mapping[str, Value]) -> str:
    """The file's text with ``[table.name]`` after the table's own keys.

    ``table`` is a dotted key; a number in it is an element of an array, from 0. The result is
    read again: ``NoPlace`` when it would say anything but what the file said, and the new table.
    """
    header = ".".join(part for part in table.split(".") if not part.isdigit())
    lines = source.text.split("\n")
    last = source.last_line(table)
    if not last:
        raise NoPlace
    below = lines[last:]
    gap = [""] if below and below[0].strip() else []
    text = "\n".join([*lines[:last], "", *table_lines(f"{header}.{name}", values), *gap, *below])
    if not text.endswith("\n"):
        text += "\n"
    if not _says_the_same(text, source, table, name, values):
        raise NoPlace
    return text


def _says_the_same(
    text: str, source: TomlFile, table: str, name: str, values: Mapping[str, Value]
) -> bool:
    try:
        wanted, found = tomllib.loads(source.text), tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    place = wanted
    for part in table.split("."):
        place = place[int(part)] if isinstance(place, list) else place[part]
    if not isinstance(place, dict) or name in place:
        return False
    place[name] = dict(values)
    return found == wanted


def _literal(value: Value) -> str:
    """A number, or a basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
