"""The kinds of values in a segment's expression, and what may be done with each."""

import ast
import datetime as dt
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from newsletter.audience.model import MULTIPLE_FIELDS
from newsletter.values import nearest

_DEEPEST = 30
_ALLOWED = "use ==, !=, <, <=, >, >=, in, not in, and, or, not, and the functions"


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in an expression: where (a character, from 0), what, and the cure."""

    offset: int
    message: str
    cure: str = ""


class FaultyExpression(Exception):
    """An expression that cannot be used, with every mistake in it."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


class Kind(StrEnum):
    """What an expression's value is, as messages call it."""

    TEXT = "a text"
    WORDS = "a set of words"
    NUMBER = "a number"
    DATE = "a date"
    TRUTH = "a condition"
    TEXTS = "a row of texts"
    NUMBERS = "a row of numbers"
    UNKNOWN = "a mistake that was already reported"


FUNCTIONS: dict[str, tuple[tuple[Kind, ...], Kind]] = {
    "lower": ((Kind.TEXT,), Kind.TEXT),
    "starts": ((Kind.TEXT, Kind.TEXT), Kind.TRUTH),
    "ends": ((Kind.TEXT, Kind.TEXT), Kind.TRUTH),
    "contains": ((Kind.TEXT, Kind.TEXT), Kind.TRUTH),
    "number": ((Kind.TEXT,), Kind.NUMBER),
    "date": ((Kind.TEXT,), Kind.DATE),
    "segment": ((Kind.TEXT,), Kind.TRUTH),
}
_MEMBERS = {
    (Kind.TEXT, Kind.WORDS),
    (Kind.TEXT, Kind.TEXTS),
    (Kind.TEXT, Kind.TEXT),
    (Kind.NUMBER, Kind.NUMBERS),
}
_ORDERED = frozenset({Kind.NUMBER, Kind.DATE})
_EQUAL = _ORDERED | {Kind.TEXT}


class Kinds:
    """Finds the kind of every part of a tree, and every mistake in it (``faults``)."""

    def __init__(self, fields: AbstractSet[str], segments: AbstractSet[str]) -> None:
        self.fields = fields
        self.segments = segments
        self.faults: list[Fault] = []
        self._depth = 0

    def condition(self, node: ast.expr) -> None:
        """Check a part that must be true or false; a text or a set counts as "is not empty"."""
        kind = self._kind(node)
        if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
            self._fault(node, f"{node.value!r} alone is always true", "compare it with something")
        elif kind in {Kind.NUMBER, Kind.DATE, Kind.TEXTS, Kind.NUMBERS}:
            self._fault(node, f"{kind} is no condition", "compare it with something")

    def _fault(self, node: ast.expr, message: str, cure: str = "") -> Kind:
        self.faults.append(Fault(node.col_offset, message, cure))
        return Kind.UNKNOWN

    def _kind(self, node: ast.expr) -> Kind:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                return self._fault(node, "nested too deep", 'split it with segment("…")')
            return self._kind_of(node)
        finally:
            self._depth -= 1

    def _kind_of(self, node: ast.expr) -> Kind:
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self.condition(value)
                return Kind.TRUTH
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.condition(operand)
                return Kind.TRUTH
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
                return Kind.NUMBER
            case ast.Compare():
                return self._comparison(node)
            case _:
                return self._value(node)

    def _value(self, node: ast.expr) -> Kind:
        match node:
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(node, name)
            case ast.Constant(value=bool()):
                return Kind.TRUTH
            case ast.Constant(value=str()):
                return Kind.TEXT
            case ast.Constant(value=int() | float()):
                return Kind.NUMBER
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                return self._row(node, items)
            case _:
                return self._fault(node, "this is not part of the language of segments", _ALLOWED)

    def _name(self, node: ast.expr, name: str) -> Kind:
        if name == "lists" or name in MULTIPLE_FIELDS:
            return Kind.WORDS
        if name in self.fields:
            return Kind.TEXT
        if name in FUNCTIONS:
            return self._fault(node, f"`{name}` is a function", f"write {name}(…)")
        if name in self.segments:
            return self._fault(node, f"`{name}` is a segment", f'write segment("{name}")')
        meant = nearest(name, self.fields | {"lists"} | MULTIPLE_FIELDS)
        hint = f", did you mean `{meant}`?" if meant else ""
        known = ", ".join(sorted(self.fields | {"lists"}))
        return self._fault(
            node, f"there is no field `{name}`{hint}", f"texts stand in quotes; fields are {known}"
        )

    def _call(self, node: ast.Call, name: str) -> Kind:
        if name not in FUNCTIONS:
            meant = nearest(name, FUNCTIONS)
            hint = f", did you mean `{meant}`?" if meant else ""
            cure = f"functions are {', '.join(FUNCTIONS)}"
            return self._fault(node, f"there is no function `{name}`{hint}", cure)
        wanted, result = FUNCTIONS[name]
        if len(node.args) != len(wanted) or node.keywords:
            count = f"{len(wanted)} value" + ("s" if len(wanted) > 1 else "")
            given = len(node.args) + len(node.keywords)
            return self._fault(node, f"{name}() takes {count}, not {given}")
        for argument, kind in zip(node.args, wanted, strict=True):
            found = self._kind(argument)
            if found not in {kind, Kind.UNKNOWN}:
                self._fault(argument, f"{name}() takes {kind}, this is {found}")
        self._check_literal(node, name)
        return result

    def _check_literal(self, node: ast.Call, name: str) -> None:
        """What a date or a segment's name must be, where it is written out."""
        literal = node.args[0]
        value = literal.value if isinstance(literal, ast.Constant) else None
        if not isinstance(value, str):
            if name == "segment":
                self._fault(literal, "segment() takes a name in quotes")
        elif name == "segment" and value not in self.segments:
            meant = nearest(value, self.segments)
            hint = f", did you mean `{meant}`?" if meant else ""
            self._fault(literal, f"there is no segment `{value}`{hint}")
        elif name == "date" and not _is_date(value):
            self._fault(literal, f"{value!r} is not a date", "write it as 2026-12-31")

    def _row(self, node: ast.expr, items: list[ast.expr]) -> Kind:
        kinds = {self._kind(item) for item in items}
        constants = all(isinstance(item, ast.Constant) for item in items)
        if constants and kinds == {Kind.TEXT}:
            return Kind.TEXTS
        if constants and kinds == {Kind.NUMBER}:
            return Kind.NUMBERS
        if Kind.UNKNOWN in kinds:
            return Kind.UNKNOWN
        cure = 'write for example ("IT", "CH") or (1, 2)'
        return self._fault(node, "a row holds texts in quotes, or numbers, of one kind", cure)

    def _comparison(self, node: ast.Compare) -> Kind:
        sides = [node.left, *node.comparators]
        if len(node.ops) > 1 and not all(isinstance(op, ast.Lt | ast.LtE) for op in node.ops):
            cure = "write each comparison alone, joined by and"
            return self._fault(sides[1], "comparisons in a chain", cure)
        kinds = [self._kind(side) for side in sides]
        for index, operator in enumerate(node.ops):
            left, right = kinds[index], kinds[index + 1]
            if Kind.UNKNOWN not in {left, right}:
                self._check_pair(node, operator, (left, right), (sides[index], sides[index + 1]))
        return Kind.TRUTH

    def _check_pair(
        self,
        node: ast.Compare,
        operator: ast.cmpop,
        kinds: tuple[Kind, Kind],
        sides: tuple[ast.expr, ast.expr],
    ) -> None:
        left, right = kinds
        match operator:
            case ast.In() | ast.NotIn():
                if kinds not in _MEMBERS:
                    self._fault(node, f"{left} cannot be in {right}", 'as in "china" in interests')
                elif right is Kind.WORDS:
                    self._check_small(sides[0])
                elif right is Kind.TEXT:
                    self._check_row(*sides)
            case ast.Eq() | ast.NotEq():
                if left is not right or left not in _EQUAL:
                    self._fault(node, f"{left} is never the same as {right}", _cure_for(kinds))
            case ast.Is() | ast.IsNot():
                self._fault(node, "`is` is not part of the language of segments", "write == or !=")
            case _:
                if left is not right or left not in _ORDERED:
                    message = f"{left} is neither smaller nor larger than {right}"
                    self._fault(node, message, _cure_for(kinds))

    def _check_row(self, side: ast.expr, row: ast.expr) -> None:
        """``country in ("IT")`` has no comma: as a text, it would hold an empty cell, too."""
        text = row.value if isinstance(row, ast.Constant) else None
        if isinstance(text, str) and not isinstance(side, ast.Constant):
            cure = f'write == "{text}", or a row with commas, as in ("IT", "CH")'
            self._fault(row, f"{text!r} is one text, not a row of texts", cure)

    def _check_small(self, side: ast.expr) -> None:
        word = side.value if isinstance(side, ast.Constant) else None
        if isinstance(word, str) and word != word.casefold():
            cure = f'write "{word.casefold()}"'
            self._fault(side, f"{word!r} is in no set: words are kept in small letters", cure)


def _cure_for(kinds: tuple[Kind, Kind]) -> str:
    if Kind.WORDS in kinds:
        return 'write "word" in interests'
    if Kind.DATE in kinds:
        return 'write date(…) on both sides, as in date(joined) < date("2026-12-31")'
    return "write number(…) or date(…) around a field" if Kind.TEXT in kinds else ""


def _is_date(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
