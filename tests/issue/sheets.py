"""Issue files written in every way that TOML has, each key's place noted as it is written."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from newsletter.issue.faults import table_model
from newsletter.issue.model import SECTION_KINDS, IssueText

WORDS = "È così 🎉 你好"
"""Signs of one to four bytes: columns count characters."""

ADDRESS = "https://a.example/è"

LAYOUTS = ("tables", "inline", "dotted")
_CANDIDATES: tuple[Any, ...] = (
    *(WORDS, ADDRESS, "images/a.png", dt.date(2019, 11, 15), 3, True),
    *("it", "tiny", *SECTION_KINDS, 0.5, "start", "left", "hosted"),
)
_ARRAYS = ([WORDS] * 2, [ADDRESS] * 2)
_MANY = 3


def sample_issue(kind: str, folder: Path) -> dict[str, Any]:
    """An issue with one section, in which every field that there is has a value."""
    top = {
        name: _sample(IssueText, name, folder)
        for name in IssueText.model_fields
        if name != "sections"
    }
    return {**top, "sections": {"news": _table(SECTION_KINDS[kind], folder)}}


def _table(model: type[BaseModel], folder: Path) -> dict[str, Any]:
    return {name: _sample(model, name, folder) for name in model.model_fields}


def _sample(model: type[BaseModel], name: str, folder: Path) -> Any:
    if name == "audience":
        return "members"
    field = model.model_fields[name]
    inner = table_model(model, name)
    item = _table(inner, folder) if inner else None
    kind: Any = Annotated[(field.annotation, "a field", *field.metadata)]
    config = None if inner else ConfigDict(strict=True)
    adapter: TypeAdapter[Any] = TypeAdapter(kind, config=config)
    made = [item, [item] * _MANY, [item] * 2] if item else [*_CANDIDATES, *_ARRAYS]
    for value in made:
        try:
            adapter.validate_python(value, context=folder)
        except ValidationError:
            continue
        return value
    message = f"{model.__name__}.{name} takes none of the candidates: add one"
    raise AssertionError(message)


def paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything inside a value, tables and arrays before what they hold."""
    items: Any = ()
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        where = f"{path}.{key}" if path else str(key)
        yield where, inner
        yield from paths(inner, where)


class Sheet:
    """A file as it is written: its text, and the line and column of every key in it."""

    def __init__(self, data: Mapping[str, Any], layout: str, *, margin: str = "") -> None:
        self.text = "# È l’inizio\n"
        self.places: dict[str, tuple[int, int]] = {}
        self.values: dict[str, tuple[int, int]] = {}
        self._margin = margin
        write = {"tables": self._tables, "inline": self._pairs, "dotted": self._dotted}[layout]
        write(data, "")

    def place(self, where: str) -> tuple[int, int]:
        """Where a key stands; the file itself begins at 1:1."""
        return self.places[where] if where else (1, 1)

    def _here(self) -> tuple[int, int]:
        return self.text.count("\n") + 1, len(self.text) - self.text.rfind("\n")

    def _note(self, where: str) -> None:
        self.places.setdefault(where, self._here())

    def _pairs(self, table: Mapping[str, Any], path: str) -> None:
        """``key = value`` lines, all tables and arrays of theirs inline."""
        for key, value in table.items():
            self._pair(key, value, path)

    def _pair(self, key: str, value: Any, path: str) -> None:
        where = _join(path, key)
        self.text += self._margin
        self._note(where)
        self.text += f"{key} = "
        self._value(value, where)
        self.text += "\n"

    def _tables(self, table: Mapping[str, Any], path: str) -> None:
        """Headers for tables, double ones for arrays of tables."""
        nested = {key: value for key, value in table.items() if _holds_tables(value)}
        self._pairs({key: value for key, value in table.items() if key not in nested}, path)
        for key, value in nested.items():
            where = _join(path, key)
            if isinstance(value, list):
                for at, each in enumerate(value):
                    self._header(f"[[{_unnumbered(where)}]]", where, f"{where}.{at}")
                    self._tables(each, f"{where}.{at}")
            elif key == "sections":
                self.places[where] = self._at_next_header()
                self._tables(value, where)
            else:
                self._header(f"[{_unnumbered(where)}]", where)
                self._tables(value, where)

    def _at_next_header(self) -> tuple[int, int]:
        line, _ = self._here()
        return line, len(self._margin) + 1

    def _header(self, header: str, *where: str) -> None:
        self.text += self._margin
        for each in where:
            self._note(each)
        self.text += f"{header} # {WORDS}\n"

    def _dotted(self, table: Mapping[str, Any], path: str, before: tuple[str, ...] = ()) -> None:
        """Keys of several parts for tables, arrays inline over several lines."""
        for key, value in table.items():
            if isinstance(value, Mapping) and value:
                self._dotted(value, _join(path, key), (*before, key))
                continue
            self.text += self._margin
            for at, part in enumerate((*before, key), 1):
                self._note(".".join([*before, key][:at]))
                self.text += part + (" . " if at <= len(before) else " = ")
            self._value(value, _join(path, key), wide=True)
            self.text += "\n"

    def _value(self, value: Any, where: str, *, wide: bool = False) -> None:
        self.values[where] = self._here()
        if isinstance(value, Mapping):
            self.text += "{ "
            for at, (key, inner) in enumerate(value.items()):
                self.text += ", " if at else ""
                self._note(f"{where}.{key}")
                self.text += f"{key} = "
                self._value(inner, f"{where}.{key}")
            self.text += " }"
        elif isinstance(value, list):
            self.text += "["
            for at, inner in enumerate(value):
                self.text += "," if at else ""
                self.text += "\n    " if wide else " "
                self._note(f"{where}.{at}")
                self._value(inner, f"{where}.{at}")
            self.text += "\n]" if wide else " ]"
        else:
            self.text += _scalar(value)


def _holds_tables(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, Mapping)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\0", "\\u0000") + '"'
    return str(value)


def _unnumbered(where: str) -> str:
    return ".".join(part for part in where.split(".") if not part.isdigit())


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def replaced(data: Any, where: str, value: Any) -> Any:
    """A copy in which another value stands at a path."""
    key, _, rest = where.partition(".")
    if isinstance(data, list):
        at = int(key)
        inner = replaced(data[at], rest, value) if rest else value
        return [*data[:at], inner, *data[at + 1 :]]
    return {**data, key: replaced(data[key], rest, value) if rest else value}


def without(data: Any, where: str) -> Any:
    """A copy in which a path is gone."""
    key, _, rest = where.partition(".")
    if isinstance(data, list):
        at = int(key)
        return [*data[:at], *([without(data[at], rest)] if rest else []), *data[at + 1 :]]
    inner = {key: without(data[key], rest)} if rest else {}
    return {name: inner.get(name, each) for name, each in data.items() if rest or name != key}


def is_table(value: Any) -> bool:
    """Whether a value is a table, and not an array or a word."""
    return isinstance(value, Mapping)


def required(kind: str, where: str) -> bool:
    """Whether a field must be there."""
    model: Any = IssueText
    *above, last = [part for part in where.split(".") if not part.isdigit()]
    for part in above:
        if part == "sections":
            model = None
        elif model is None:
            model = SECTION_KINDS[kind]
        else:
            model = table_model(model, part)
    fields = model.model_fields if model else {}
    return last in fields and fields[last].is_required()


def text_fields(data: Mapping[str, Any]) -> list[str]:
    """The paths of the words, as the sample has them."""
    return [where for where, value in paths(data) if value == WORDS]
