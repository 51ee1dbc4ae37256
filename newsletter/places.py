"""Where things stand in a TOML file: a dotted key to line and column."""

import re
import tomllib
from pathlib import Path

from newsletter.errors import Problem

_POSITION = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END = " (at end of document)"


def places_of(text: str) -> dict[str, tuple[int, int]]:
    """Line and column (from 1) of every key of a TOML text: ``sections.china.events.0.title``.

    Tolerates text that does not parse: what tree-sitter still recognises has a place.
    """
    from parse_errors.toml_source_map import calculate

    places = {}
    for pointer, entry in calculate(text).items():
        start = entry.key_start or entry.value_start
        places[_dotted(pointer)] = (start.line + 1, start.column + 1)
    return places


def locate(text: str, where: str) -> tuple[int, int]:
    """The place of a dotted key, else of its nearest parent, else of the first line."""
    places = places_of(text)
    while where:
        if where in places:
            return places[where]
        where = where.rpartition(".")[0]
    return 1, 1


def shown_line(text: str, line: int) -> str:
    """The line as it stands in the file, to print under a problem."""
    lines = text.splitlines()
    return lines[line - 1].rstrip() if 0 < line <= len(lines) else ""


def syntax_problem(path: Path, text: str, error: tomllib.TOMLDecodeError) -> Problem:
    """What tomllib could not read, as a problem with its place."""
    raw = str(error)
    match = _POSITION.search(raw)
    lines = text.splitlines() or [""]
    line, column = (int(match[1]), int(match[2])) if match else (len(lines), len(lines[-1]) + 1)
    message = _POSITION.sub("", raw).removesuffix(_AT_END)
    cure = "each key stands once in its table" if "overwrite" in message else _cure(message)
    return Problem(path, f"not TOML: {message}", cure, line, column, source=shown_line(text, line))


def _cure(message: str) -> str:
    if "string" in message.lower():
        return 'close the quotes: "…" on one line, """…""" over several'
    return "mend this line; strings want quotes, tables want [brackets]"


def _dotted(pointer: str) -> str:
    parts = pointer.strip("/").split("/") if pointer.strip("/") else []
    return ".".join(part.replace("~1", "/").replace("~0", "~") for part in parts)
