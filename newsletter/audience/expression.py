"""The language of segments: a small part of Python's expressions, checked before it runs.

- Names: the columns of the lists (text; ``""`` where a reader has none), ``email``, ``domain``,
  and three sets of words: ``lists``, ``interests``, ``tags``.
- ``"china" in interests``, ``country == "IT"``, ``country in ("IT", "CH")``, ``"uni" in domain``,
  ``number(age) >= 18``, ``date(joined) < date("2020-01-01")``, with ``and``, ``or``, ``not``.
- ``lower(x)``, ``starts(x, "…")``, ``ends(x, "…")``, ``contains(x, "…")`` (the case counts),
  ``number(x)``, ``date(x)``, ``segment("name")``. A text alone holds when it is not empty.
- A set of words is compared in small letters.
- ``number`` and ``date`` of a cell that is none give *unknown*: every comparison with it is
  false, save ``!=``. So evaluation never fails on a person.

Only nodes of a short list pass, and every name becomes a look-up of ours: no attribute, no other
call, no loop and no built-in can be reached.
"""

import ast
import datetime as dt
import math
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from newsletter.audience.kinds import Fault, FaultyExpression, Kinds
from newsletter.audience.model import MULTIPLE_FIELDS, Person

LONGEST_EXPRESSION = 1_000
_EXAMPLE = 'write for example "china" in interests and language == "it"'

_SLIPS = {
    "<>": "write !=",
    "AND": "write and, in small letters",
    "OR": "write or, in small letters",
    "NOT": "write not, in small letters",
    "=": "write == where two texts are the same",
    "&": "write and",
    "|": "write or",
    "!": "write not",
    "“": 'write straight quotes: "it"',
    "”": 'write straight quotes: "it"',
    "„": 'write straight quotes: "it"',
    "‘": 'write straight quotes: "it"',
    "’": 'write straight quotes: "it"',
    "«": 'write straight quotes: "it"',
}
"""What may stand where an expression ends to make sense, and what was meant."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

Test = Callable[[Person], bool]


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of an expression, and whether it holds for one person; ``depth`` indents it."""

    text: str
    holds: bool
    depth: int


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text, its test, and its parts, the whole first."""

    text: str
    test: Test
    clauses: tuple[tuple[str, int, Test], ...]
    references: tuple[str, ...]
    """The segments that it names."""
    names: frozenset[str]
    """What its verdict may hang on, besides those segments: fields, ``email``, ``domain``."""

    def explain(self, person: Person) -> tuple[Clause, ...]:
        """Which parts hold for a person, from the whole down to single comparisons."""
        return tuple(Clause(text, test(person), depth) for text, depth, test in self.clauses)


def parse_tree(text: str) -> ast.expr:
    """The syntax tree of an expression; raises ``FaultyExpression``."""
    if not text.strip():
        raise FaultyExpression(Fault(0, "the expression is empty", _EXAMPLE))
    if len(text) > LONGEST_EXPRESSION:
        message = f"the expression has {len(text):,} characters, the most is {LONGEST_EXPRESSION:,}"
        raise FaultyExpression(Fault(0, message, 'split it with segment("…")'))
    indent = len(text) - len(text.lstrip())
    flat = text.strip().translate({ord("\n"): " ", ord("\t"): " ", ord("\r"): " "})
    comment = _QUOTED.sub(lambda match: " " * len(match[0]), flat).find("#")
    if comment >= 0:
        raise FaultyExpression(Fault(indent + comment, "a comment inside", "remove it"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        offset = indent + (error.offset - 1 if error.offset else len(flat))
        cure = next((c for sign, c in _SLIPS.items() if flat.startswith(sign, offset - indent)), "")
        fault = Fault(offset, f"does not parse: {error.msg}", cure or _EXAMPLE)
        raise FaultyExpression(fault) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise FaultyExpression(Fault(0, f"does not parse: {error}", _EXAMPLE)) from error
    return _with_offsets(tree, flat, indent)


def references_of(tree: ast.expr) -> tuple[str, ...]:
    """The segments that an expression names, in order."""
    return tuple(
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "segment"
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    )


def compile_tree(
    text: str, tree: ast.expr, fields: AbstractSet[str], segments: Mapping[str, Test]
) -> Expression:
    """Check a tree and make it runnable; raises ``FaultyExpression``."""
    kinds = Kinds(fields, segments.keys())
    kinds.condition(tree)
    if kinds.faults:
        raise FaultyExpression(*kinds.faults)
    clauses = tuple(
        (text[part.col_offset : part.end_col_offset], depth, _compile(part, segments))
        for part, depth in _parts(tree, 0)
    )
    names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return Expression(text, clauses[0][2], clauses, references_of(tree), names)


def _with_offsets(tree: ast.expr, flat: str, indent: int) -> ast.expr:
    """Python counts columns in UTF-8 octets; from here on they are characters of the text."""
    octets = flat.encode()
    for node in ast.walk(tree):
        if isinstance(node, ast.expr):
            node.col_offset = indent + len(octets[: node.col_offset].decode())
            node.end_col_offset = indent + len(octets[: node.end_col_offset].decode())
    return tree


def _parts(node: ast.expr, depth: int) -> Iterator[tuple[ast.expr, int]]:
    yield node, depth
    inner: Sequence[ast.expr] = ()
    if isinstance(node, ast.BoolOp):
        inner = node.values
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = (node.operand,)
    for each in inner:
        yield from _parts(each, depth + 1)


def _compile(tree: ast.expr, segments: Mapping[str, Test]) -> Test:
    """A checked tree as a function of a person, with nothing in reach but our own functions."""
    parameters = ast.arguments([], [ast.arg("_person"), ast.arg("_get")], None, [], [], None, [])
    rewritten = _LookUps().visit(ast.Expression(ast.Lambda(parameters, _copy(tree))))
    code = compile(ast.fix_missing_locations(rewritten), "<segment>", "eval")
    scope: dict[str, Any] = {"__builtins__": {}, "_segments": segments, **_FUNCTIONS}
    function = eval(code, scope)  # noqa: S307  # the tree was checked node by node, see Kinds

    def test(person: Person) -> bool:
        return bool(function(person, person.fields.get))

    return test


def _copy(tree: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(tree), mode="eval").body


class _LookUps(ast.NodeTransformer):
    """Puts a look-up in the place of every name."""

    def visit_Name(self, node: ast.Name) -> ast.expr:  # ast's own naming
        match node.id:
            case "email":
                source = "_person.address.key"
            case "domain":
                source = "_person.address.domain"
            case "lists":
                source = "_lists(_person.lists)"
            case name if name in MULTIPLE_FIELDS:
                source = f"_words(_get({name!r}, ''))"
            case name:
                source = f"_get({name!r}, '')"
        return ast.parse(source, mode="eval").body

    def visit_Call(self, node: ast.Call) -> ast.expr:  # ast's own naming
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        arguments = [self.visit(argument) for argument in node.args]
        if name == "segment":
            called = ast.Subscript(ast.Name("_segments", ast.Load()), arguments[0], ast.Load())
            return ast.Call(called, [ast.Name("_person", ast.Load())], [])
        return ast.Call(ast.Name(f"_{name}", ast.Load()), arguments, [])


@lru_cache(maxsize=10_000)
def split_words(cell: str) -> frozenset[str]:
    """The words of a cell such as ``china|research`` or ``China; research``, in small letters."""
    parts = cell.casefold().replace("|", ";").split(";")
    return frozenset(part.strip() for part in parts if part.strip())


@lru_cache(maxsize=1_000)
def _lower_all(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)


def _number(cell: str) -> float:
    """The number of a cell, a comma for the point allowed; not-a-number where it is none."""
    try:
        return float(cell.replace(" ", "").replace(",", "."))
    except ValueError:
        return math.nan


def _date(cell: str) -> float:
    """The day of an ISO date as a number; not-a-number where it is none."""
    try:
        return float(dt.date.fromisoformat(cell[:10]).toordinal())
    except ValueError:
        return math.nan


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "_words": split_words,
    "_lists": _lower_all,
    "_lower": str.casefold,
    "_starts": str.startswith,
    "_ends": str.endswith,
    "_contains": str.__contains__,
    "_number": _number,
    "_date": _date,
}
