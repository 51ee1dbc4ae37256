"""Where keys and the characters of strings stand in a TOML file."""

import re
from collections.abc import Iterator

_ESCAPE = re.compile(r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[ \t]*\n\s*|.)", re.DOTALL)
_ESCAPED_BREAK = re.compile(r"\\[ \t]*\n")


class TomlPlaces:
    """The places of one file that tomllib has read without an error."""

    def __init__(self, text: str) -> None:
        from parse_errors.source_map import build_source_map

        self._text = text
        self._lines = text.splitlines()
        self._map = build_source_map(text, "toml")

    def key_line(self, key: str) -> int:
        """The line, from 1, on which a key's value begins."""
        entry = self._map.get(f"/{key}")
        return entry.value_start.line + 1 if entry else 0

    def place(self, keys: tuple[str, ...], offset: int | None = None) -> tuple[int, int, str]:
        """Line and column, from 1, and the line, of a key's value.

        With ``offset``: of that character of the string that the value is. For a key that the
        file does not have: of the nearest table above it.
        """
        entry = None
        while keys and entry is None:
            entry = self._map.get("/" + "/".join(keys))
            keys = keys[:-1]
        if entry is None:
            return 1, 1, self._lines[0] if self._lines else ""
        start, end = entry.value_start.position, entry.value_end.position
        if offset is not None:
            raw = self._text[start:end]
            starts = list(_character_starts(raw))
            start += starts[min(offset, len(starts) - 1)]
        before = self._text[:start]
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        source = self._lines[line - 1] if line <= len(self._lines) else ""
        return line, column, source


def _character_starts(raw: str) -> Iterator[int]:
    """Where each character of a TOML string's value stands in its source, and where it ends."""
    quotes = 3 if raw[:3] in {'"""', "'''"} else 1
    at = quotes
    if quotes > 1 and raw.startswith("\n", at):
        at += 1
    while at < len(raw) - quotes:
        escape = _ESCAPE.match(raw, at) if raw[0] == '"' else None
        if not (escape and _ESCAPED_BREAK.match(raw, at)):
            yield at
        at = escape.end() if escape else at + 1
    yield len(raw) - quotes
