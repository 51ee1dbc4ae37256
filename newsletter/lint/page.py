"""A rendered page as its rules see it: parsed once, every element with its look and its source."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from lxml import etree

from newsletter.edition.marks import marked_page
from newsletter.edition.model import Edition
from newsletter.lint.cascade import Place, Scheme, scheme_of
from newsletter.lint.css import Element
from newsletter.lint.look import Look
from newsletter.lint.rule import Proof, once

_ALL_TEXT = etree.XPath("string()")
_MARK = re.compile(r"\s*@(src|end) (\S+)\s*")
_NO_TEXT: Final = frozenset({"style", "script", "title"})
_NOT_SHOWN: Final = frozenset({"html", "head", "meta", "link", *_NO_TEXT})


@dataclass(eq=False)
class Part:
    """One element: its place in the issue, and how it looks in each scheme.

    (Nobody changes one. A page has hundreds, and to freeze each costs as much as to find it.)
    """

    element: Element
    tag: str
    """The element's name, in lower case."""
    attributes: Mapping[str, str]
    """What the element says, by name."""
    where: str
    """The section's dotted key; empty in what no section wrote."""
    light: Look
    dark: Look
    own_text: str
    """The words that stand in the element itself, not in one inside it."""

    @cached_property
    def words(self) -> str:
        """All the words inside, spaces made single."""
        return words_in(self.element)

    def get(self, name: str) -> str | None:
        """An attribute's value."""
        return self.attributes.get(name)


def words_in(element: Element) -> str:
    """All the words inside an element, spaces made single."""
    return " ".join(str(_ALL_TEXT(element)).split())


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page, with its parts in the order in which they are read."""

    edition: Edition
    tree: Element
    parts: tuple[Part, ...]
    shown: tuple[Part, ...]
    """The parts that a reader sees."""
    _by_name: Mapping[str, Sequence[Part]]
    sheets: tuple[str, ...]
    """The text of each style element."""
    has_dark: bool
    """Whether the page says how it looks in dark."""

    def named(self, tag: str) -> Sequence[Part]:
        """The parts of this name, seen or not."""
        return self._by_name.get(tag, ())


@once
def pages_of(proof: Proof) -> Iterator[Page]:
    """For each language as few pages as show every section that some reader sees."""
    covered: set[tuple[str, str]] = set()
    for edition in sorted(proof.editions, key=lambda each: -len(each.variant.sections)):
        language = edition.variant.language
        shows = {(language, str(section)) for section in edition.variant.sections}
        shows.add((language, ""))
        if not shows <= covered:
            covered |= shows
            yield page_of(edition)


_KEPT: dict[tuple[str, str], Page] = {}
_MOST_KEPT: Final = 32


def page_of(edition: Edition) -> Page:
    """The page of an edition; the last ones that were asked for are not parsed again."""
    key = edition.html, edition.mjml
    page = _KEPT.get(key)
    if page is None:
        if len(_KEPT) >= _MOST_KEPT:
            del _KEPT[next(iter(_KEPT))]
        page = _KEPT[key] = _parse(edition)
    return page if page.edition is edition else replace(page, edition=edition)


def _parse(edition: Edition) -> Page:
    html = marked_page(edition.mjml, edition.html) if edition.mjml else edition.html
    tree = etree.fromstring((html or "<p></p>").encode(), etree.HTMLParser(encoding="utf-8"))
    sheets = tuple(each.text or "" for each in tree.iter("style"))
    named = (meta for meta in tree.iter("meta") if meta.get("name") is not None)
    said = " ".join(str(meta.get("content")) for meta in named)
    scheme = scheme_of(sheets, opts_in="light dark" in said)
    parts = _Walk(scheme).through(tree)
    shown = tuple(part for part in parts if not part.light.hidden and part.tag not in _NOT_SHOWN)
    return Page(edition, tree, parts, shown, _by_name(parts), sheets, scheme.has_dark)


def _by_name(parts: Iterable[Part]) -> Mapping[str, list[Part]]:
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(part.tag, []).append(part)
    return found


class _Walk:
    """Goes through a page in reading order, from parents to children."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._where = ""
        self.parts: list[Part] = []

    def through(self, root: Element) -> tuple[Part, ...]:
        """Every element below the root, and the root itself first."""
        self._go(root, self._scheme.canvas)
        return tuple(self.parts)

    def _go(self, element: Element, above: Place) -> None:
        said, children = dict(element.items()), list(element)
        place, text = self._scheme.place_in(above, element, said), _own_text(element, children)
        tag = str(element.tag)
        self.parts.append(Part(element, tag, said, self._where, place.light, place.dark, text))
        if tag in _NO_TEXT:
            return
        for child in children:
            if isinstance(child.tag, str):
                self._go(child, place)
            elif child.tag is etree.Comment:
                self._mark(child.text or "")

    def _mark(self, comment: str) -> None:
        mark = _MARK.fullmatch(comment)
        if mark:
            self._where = mark[2] if mark[1] == "src" else ""


def _own_text(element: Element, children: list[Element]) -> str:
    text = element.text or ""
    for child in children:
        tail = child.tail
        if tail:
            text = f"{text} {tail}"
    return text.strip()
