"""Saved segments: ``segments.toml``, checked as a whole before anybody is selected.

``china = '"china" in interests'``, or a table with ``expression`` and ``description``. The
language is described in ``expression``. Segments may use each other, but not in a circle.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.audience.expression import (
    Clause,
    Expression,
    Test,
    compile_tree,
    parse_tree,
    references_of,
)
from newsletter.audience.header import KNOWN_COLUMNS
from newsletter.audience.kinds import FaultyExpression
from newsletter.audience.model import Person
from newsletter.errors import Problem, SegmentError
from newsletter.toml_file import TomlFile, UnreadableToml, read_toml
from newsletter.values import nearest

SEGMENT_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_KEYS = frozenset({"expression", "description"})
_LONGEST_CHAIN = 20
_COMMAND_LINE = Path("<expression>")


@dataclass(frozen=True, slots=True)
class Segment:
    """A named, checked expression over a person's attributes."""

    name: str
    expression: Expression
    reads: frozenset[str]
    """Fields, ``email`` and ``domain``: who are alike in these are all in it, or none of them."""
    description: str = ""
    line: int = 0
    """Where ``segments.toml`` has it; 0 for one from the command line."""

    @property
    def text(self) -> str:
        """The expression as it was written."""
        return self.expression.text

    def matches(self, person: Person) -> bool:
        """Whether the person is in the segment; never raises."""
        return self.expression.test(person)

    def explain(self, person: Person) -> tuple[Clause, ...]:
        """Which parts of the expression hold for the person, the whole first."""
        return self.expression.explain(person)


def parse_expression(
    text: str, fields: Iterable[str] = (), segments: Mapping[str, Segment] | None = None
) -> Segment:
    """A segment that is written where it is needed, as on the command line.

    ``fields`` are the columns of the lists. Raises ``SegmentError`` with every mistake.
    """
    saved = segments or {}
    tests = {name: segment.matches for name, segment in saved.items()}
    try:
        expression = compile_tree(text, parse_tree(text), _known(fields), tests)
        return Segment(text, expression, _reads(expression, saved))
    except FaultyExpression as error:
        raise SegmentError(
            Problem(
                _COMMAND_LINE, fault.message, fault.cure, 1, fault.offset + 1, "expression", text
            )
            for fault in error.faults
        ) from error


def load_segments(path: Path, fields: Iterable[str]) -> Mapping[str, Segment]:
    """Every segment of ``segments.toml``, in the file's order; none when there is no file.

    ``fields`` are the columns of all the lists. Raises ``SegmentError`` with every problem.
    """
    if not path.exists():
        return {}
    try:
        file = read_toml(path)
    except UnreadableToml as error:
        raise SegmentError([error.problem]) from error
    loading = _Loading(file, _known(fields))
    loaded = loading.load()
    if loading.problems:
        raise SegmentError(sorted(loading.problems, key=lambda each: (each.line, each.column)))
    return {name: loaded[name] for name in file.data}


def _reads(expression: Expression, saved: Mapping[str, Segment]) -> frozenset[str]:
    named = [saved[name].reads for name in expression.references if name in saved]
    return expression.names.union(*named)


def _known(fields: Iterable[str]) -> frozenset[str]:
    return frozenset({*fields, *KNOWN_COLUMNS, "domain"})


class _Loading:
    """One file's segments, compiled in the order in which they need each other."""

    def __init__(self, file: TomlFile, fields: frozenset[str]) -> None:
        self.file = file
        self.fields = fields
        self.data = file.data
        self.problems: list[Problem] = []
        self._tests: dict[str, Test] = {}
        self._loaded: dict[str, Segment] = {}
        self._open: list[str] = []
        self._chains: dict[str, int] = {}

    def load(self) -> dict[str, Segment]:
        """All that can be loaded; ``problems`` says what could not."""
        for name in self.data:
            self._load(name)
        return self._loaded

    def _load(self, name: str) -> None:
        if name in self._tests or name in self._open:
            return
        keys, text = self._expression_of(name)
        self._tests[name] = lambda _: False  # known by name, even if its expression is faulty
        if text is None:
            return
        try:
            tree = parse_tree(text)
            self._open.append(name)
            self._load_references(name, keys, references_of(tree))
            expression = compile_tree(text, tree, self.fields, self._known_tests())
        except FaultyExpression as error:
            for fault in error.faults:
                self._report(keys, fault.message, fault.cure, fault.offset)
        else:
            self._tests[name] = expression.test
            description = str(self.data[name].get("description", "")) if len(keys) > 1 else ""
            line, _ = self.file.place(name)
            reads = _reads(expression, self._loaded)
            self._loaded[name] = Segment(name, expression, reads, description, line)
        finally:
            if self._open and self._open[-1] == name:
                self._open.pop()

    def _known_tests(self) -> dict[str, Test]:
        return {name: self._tests.get(name, lambda _: False) for name in self.data}

    def _load_references(self, name: str, keys: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        for each in wanted:
            if each in self._open:
                circle = " → ".join([*self._open[self._open.index(each) :], each])
                self._report(keys, f"segments in a circle: {circle}", f"take one out of {name}")
            elif each in self.data and len(self._open) < _LONGEST_CHAIN:
                self._load(each)
        chain = 1 + max((self._chains.get(each, len(self._open)) for each in wanted), default=0)
        self._chains[name] = chain
        if chain > _LONGEST_CHAIN:
            message = f"more than {_LONGEST_CHAIN} segments stand on one another"
            self._report(keys, message, "write some of them out")
            self._chains[name] = 1  # told once, not for each that stands on it

    def _expression_of(self, name: str) -> tuple[tuple[str, ...], str | None]:
        """Where a segment's expression stands, and its text if it is one."""
        value = self.data[name]
        keys: tuple[str, ...] = (name,)
        if not SEGMENT_NAME.fullmatch(name):
            cure = "use a-z, 0-9 and single hyphens"
            self._report(keys, f"`{name}` is not a segment's name", cure)
        if isinstance(value, dict):
            for key in value.keys() - _KEYS:
                meant = nearest(key, _KEYS)
                hint = f", did you mean `{meant}`?" if meant else ""
                self._report((name, key), f"unknown key `{key}`{hint}", "remove or rename it")
            if not isinstance(value.get("description", ""), str):
                self._report((name, "description"), "a description is a string in quotes", "")
            keys = (name, "expression")
            value = value.get("expression")
        if isinstance(value, str):
            return keys, value
        self._report(keys, "a segment is an expression in quotes", "as in '\"china\" in interests'")
        return keys, None

    def _report(
        self, keys: tuple[str, ...], message: str, cure: str, offset: int | None = None
    ) -> None:
        self.problems.append(self.file.problem(".".join(keys), message, cure, offset))
