"""As much of CSS as a page's colours and sizes need: sheets, selectors, declarations."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

Declared = Mapping[str, tuple[str, bool]]
"""A property's value, and whether it is ``!important``."""

Element = Any
"""An element of lxml's own; those of ``lxml.html`` are chosen by Python code, each anew."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"([-\w]+)\s*:\s*((?:\([^)]*\)|\"[^\"]*\"|'[^']*'|[^;\"'()])+)")
_IMPORTANT = re.compile(r"\s*!\s*important\s*$", re.IGNORECASE)
_SIMPLE = re.compile(
    r"(?P<tag>\*|[a-zA-Z][\w-]*)|\.(?P<class>-?[_a-zA-Z][\w-]*)|\#(?P<id>[\w-]+)"
    r"|\[\s*(?P<name>[\w-]+)\s*(?:(?P<how>[~|^$*]?=)\s*(?P<quote>[\"']?)(?P<value>[^\"'\]]*)"
    r"(?P=quote)\s*)?\]|(?P<root>:root)"
)
_COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")


@dataclass(frozen=True, slots=True)
class Compound:
    """``td.ink#a[dir=rtl]``: all that one element must be."""

    tag: str = ""
    ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str, str], ...] = ()
    above: str = ""
    """How the compound before it stands to this one: a blank for an ancestor, or ``>``."""

    def fits(self, element: Element) -> bool:
        """Whether the element is all of it."""
        if self.tag not in {"", "*", element.tag}:
            return False
        if self.classes:
            have = element.get("class")
            if not have or not _class_set(have).issuperset(self.classes):
                return False
        if self.ids and element.get("id") not in self.ids:
            return False
        return not self.attributes or all(_has(element, *each) for each in self.attributes)


@dataclass(frozen=True, slots=True, eq=False)
class StyleRule:
    """One selector with its declarations, and the media queries around it."""

    selector: tuple[Compound, ...]
    declared: Declared
    media: str

    @property
    def specificity(self) -> tuple[int, int, int]:
        """Ids, classes and attributes, tags."""
        each = self.selector
        return (
            sum(len(one.ids) for one in each),
            sum(len(one.classes) + len(one.attributes) for one in each),
            sum(one.tag not in {"", "*"} for one in each),
        )

    def fits(self, element: Element) -> bool:
        """Whether the rule is for this element."""
        return _fits(self.selector, len(self.selector) - 1, element)


@lru_cache(maxsize=4096)
def _class_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(maxsize=4096)
def declarations(text: str) -> Declared:
    """The declarations of a style attribute or a rule's body; the last of a name counts."""
    found: dict[str, tuple[str, bool]] = {}
    for match in _DECLARATION.finditer(_COMMENT.sub("", text) if "/*" in text else text):
        value = match[2].strip()
        plain = _IMPORTANT.sub("", value) if "!" in value else value
        found[match[1].lower()] = (plain, plain != value)
    return found


@lru_cache(maxsize=64)
def style_rules(sheet: str) -> tuple[StyleRule, ...]:
    """The rules of a style sheet, each selector on its own.

    Left out is what no still page shows: ``:hover``, ``::marker``, and selectors of siblings.
    """
    return tuple(_rules(_COMMENT.sub("", sheet), ""))


def blocks_of(sheet: str) -> Iterator[tuple[str, str]]:
    """Each top block of a sheet: what stands before its braces, and between them."""
    at, depth, start, head = 0, 0, 0, ""
    for brace in re.finditer(r"[{}]", sheet):
        if brace[0] == "{":
            if depth == 0:
                head, start = sheet[at : brace.start()], brace.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                yield head.rpartition(";")[2].strip(), sheet[start : brace.start()]
                at = brace.end()


def _rules(sheet: str, media: str) -> Iterator[StyleRule]:
    for head, body in blocks_of(sheet):
        name, _, query = head.partition(" ")
        if name.lower() == "@media":
            yield from _rules(body, f"{media} and {query}".removeprefix(" and ").lower())
        elif name.lower() == "@supports":
            yield from _rules(body, media)
        elif not head.startswith("@"):
            declared = declarations(body)
            for one in _selectors(head):
                selector = _selector(one)
                if selector:
                    yield StyleRule(selector, declared, media)


def _selectors(head: str) -> Sequence[str]:
    return [each.strip() for each in re.split(r",(?![^\[(]*[\])])", head) if each.strip()]


@lru_cache(maxsize=1024)
def _selector(text: str) -> tuple[Compound, ...]:
    """The compounds from the outermost to the element itself; empty when one is not known."""
    found, above, at = list[Compound](), "", 0
    while at < len(text):
        parts: Mapping[str, list[re.Match[str]]] = {"tag": [], "id": [], "class": [], "name": []}
        while simple := _SIMPLE.match(text, at):
            kind = next(key for key in ("tag", "class", "id", "name", "root") if simple[key])
            parts["tag" if kind == "root" else kind].append(simple)
            at = simple.end()
        if not any(parts.values()):
            return ()
        found.append(_compound(parts, above))
        combinator = _COMBINATOR.match(text, at)
        if at < len(text) and (not combinator or combinator[1] in {"+", "~"}):
            return ()
        above = (combinator[1] or " ") if combinator else ""
        at = combinator.end() if combinator else at
    return tuple(found)


def _compound(parts: Mapping[str, list[re.Match[str]]], above: str) -> Compound:
    tags = ["html" if each["root"] else each["tag"].lower() for each in parts["tag"]]
    return Compound(
        tags[0] if tags else "",
        tuple(each["id"] for each in parts["id"]),
        tuple(each["class"] for each in parts["class"]),
        tuple((each["name"], each["how"] or "", each["value"] or "") for each in parts["name"]),
        above,
    )


def _fits(selector: Sequence[Compound], last: int, element: Element) -> bool:
    one = selector[last]
    if not one.fits(element):
        return False
    if last == 0:
        return True
    parent = element.getparent()
    while parent is not None:
        if _fits(selector, last - 1, parent):
            return True
        if one.above == ">":
            return False
        parent = parent.getparent()
    return False


_HOW: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "": lambda have, want: True,  # noqa: ARG005 - that the attribute is there is enough
    "=": lambda have, want: have == want,
    "~=": lambda have, want: want in have.split(),
    "|=": lambda have, want: have == want or have.startswith(want + "-"),
    "^=": lambda have, want: bool(want) and have.startswith(want),
    "$=": lambda have, want: bool(want) and have.endswith(want),
    "*=": lambda have, want: bool(want) and want in have,
}


def _has(element: Element, name: str, how: str, want: str) -> bool:
    have = element.get(name)
    return have is not None and _HOW[how](have, want)
