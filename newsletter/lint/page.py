"""A rendered page as its rules see it: parsed once, every element with its look and its source."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from newsletter.edition.marks import marked_page
from newsletter.edition.model import Edition
from newsletter.lint.color import WHITE, color_of
from newsletter.lint.css import StyleRule, declarations, style_rules
from newsletter.lint.look import LOOKED_AT, Look, look_of
from newsletter.lint.rule import Proof

_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark")
_MARK = re.compile(r"\s*@(src|end) (\S+)\s*")
_OPTS_IN = re.compile(r"(?<!prefers-)color-scheme\s*:[^;}]*\bdark\b")
_NO_TEXT: Final = frozenset({"style", "script", "title"})
_NOT_SHOWN: Final = frozenset({"html", "head", "meta", "link", *_NO_TEXT})
_DARK_CANVAS: Final = Look(color=WHITE, ground=(18, 18, 18))
_CONDITIONS: Final = ("width", "height", "orientation", "resolution", "print", "hover")


@dataclass(frozen=True, slots=True)
class Part:
    """One element: its place in the issue, and how it looks in each scheme."""

    element: HtmlElement
    where: str
    """The section's dotted key; empty in what no section wrote."""
    light: Look
    dark: Look
    own_text: str
    """The words that stand in the element itself, not in one inside it."""

    @property
    def tag(self) -> str:
        """The element's name, in lower case."""
        return str(self.element.tag)

    @property
    def words(self) -> str:
        """All the words inside, spaces made single."""
        return " ".join(str(self.element.text_content()).split())

    def get(self, name: str) -> str | None:
        """An attribute's value."""
        value: str | None = self.element.get(name)
        return value


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page, with its parts in the order in which they are read."""

    edition: Edition
    tree: HtmlElement
    parts: tuple[Part, ...]
    sheets: tuple[str, ...]
    """The text of each style element."""
    has_dark: bool
    """Whether the page says how it looks in dark."""

    @property
    def shown(self) -> Iterator[Part]:
        """The parts that a reader sees."""
        return (part for part in self.parts if not part.light.hidden and part.tag not in _NOT_SHOWN)

    def named(self, *tags: str) -> Iterator[Part]:
        """The parts of these names, seen or not."""
        return (part for part in self.parts if part.tag in tags)


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
    parser = HTMLParser(encoding="utf-8")
    tree = document_fromstring((html or "<p></p>").encode(), parser=parser)
    sheets = tuple(each.text or "" for each in tree.iter("style"))
    rules = [rule for sheet in sheets for rule in style_rules(sheet)]
    scheme = _Scheme(tree, rules, sheets)
    return Page(edition, tree, _Walk(scheme).through(tree), sheets, scheme.has_dark)


class _Scheme:
    """Which rules of the head are for which element, in light and in dark."""

    def __init__(self, tree: HtmlElement, rules: list[StyleRule], sheets: tuple[str, ...]) -> None:
        # A rule of widths and paddings alone changes no look, and matching is what costs.
        counting = [rule for rule in rules if not LOOKED_AT.isdisjoint(rule.declared)]
        dark = [rule for rule in counting if _is_dark(rule.media)]
        light = [rule for rule in counting if not rule.media]
        said = " ".join(str(meta.get("content")) for meta in tree.iterfind(".//meta[@name]"))
        self.opts_in = "light dark" in said or any(map(_OPTS_IN.search, sheets))
        self.has_dark = self.opts_in or bool(dark)
        self._light: dict[HtmlElement, list[StyleRule]] = {}
        self._dark: dict[HtmlElement, list[StyleRule]] = {}
        index = _Index(tree)
        for rule in sorted([*light, *dark], key=lambda rule: rule.specificity):
            for element in index.candidates(rule):
                if rule.fits(element):
                    self._dark.setdefault(element, []).append(rule)
                    if not rule.media:
                        self._light.setdefault(element, []).append(rule)

    def looks(self, element: HtmlElement, light: Look, dark: Look) -> tuple[Look, Look]:
        """The looks of an element, by those of its parent."""
        written = (
            str(element.tag),
            element.get("style") or "",
            element.get("bgcolor") or "",
            (element.get("color") or "") if element.tag == "font" else "",
        )
        in_light = tuple(self._light.get(element, ()))
        in_dark = tuple(self._dark.get(element, ()))
        # Only in a page that opts in have links a lighter blue of their own.
        scheme = "dark" if self.opts_in else "light"
        return _look("light", light, in_light, *written), _look(scheme, dark, in_dark, *written)


def _is_dark(media: str) -> bool:
    """Whether the rules count on any wide screen in dark."""
    return bool(_DARK.search(media)) and not any(word in media for word in _CONDITIONS)


class _Index:
    """Elements by class, attribute and tag, so that a rule is tried on few."""

    def __init__(self, tree: HtmlElement) -> None:
        self._by_class: dict[str, list[HtmlElement]] = {}
        self._by_tag: dict[str, list[HtmlElement]] = {}
        self._names: set[str] = set()
        self._all: list[HtmlElement] = list(tree.iter(etree.Element))
        for element in self._all:
            self._by_tag.setdefault(str(element.tag), []).append(element)
            self._names.update(element.keys())
            for name in (element.get("class") or "").split():
                self._by_class.setdefault(name, []).append(element)

    def candidates(self, rule: StyleRule) -> list[HtmlElement]:
        """The elements that the rule's last part may be; none when an outer part is nowhere."""
        for one in rule.selector:
            if any(name not in self._by_class for name in one.classes):
                return []
            if any(name not in self._names for name, _, _ in one.attributes):
                return []
        last = rule.selector[-1]
        if last.classes:
            return min((self._by_class[name] for name in last.classes), key=len)
        if last.tag not in {"", "*"}:
            return self._by_tag.get(last.tag, [])
        return self._all


class _Walk:
    """Goes through a page in reading order, from parents to children."""

    def __init__(self, scheme: _Scheme) -> None:
        self._scheme = scheme
        self._where = ""
        self.parts: list[Part] = []

    def through(self, root: HtmlElement) -> tuple[Part, ...]:
        """Every element below the root, and the root itself first."""
        self._go(root, Look(), _DARK_CANVAS if self._scheme.opts_in else Look())
        return tuple(self.parts)

    def _go(self, element: HtmlElement, light: Look, dark: Look) -> None:
        light, dark = self._scheme.looks(element, light, dark)
        self.parts.append(Part(element, self._where, light, dark, _own_text(element)))
        if element.tag in _NO_TEXT:
            return
        for child in element:
            if isinstance(child.tag, str):
                self._go(child, light, dark)
            elif child.tag is etree.Comment:
                self._mark(child.text or "")

    def _mark(self, comment: str) -> None:
        mark = _MARK.fullmatch(comment)
        if mark:
            self._where = mark[2] if mark[1] == "src" else ""


def _own_text(element: HtmlElement) -> str:
    text = element.text or ""
    for child in element:
        if child.tail:
            text = f"{text} {child.tail}"
    return text.strip()


@lru_cache(maxsize=8192)
def _look(
    scheme: str,
    parent: Look,
    rules: tuple[StyleRule, ...],
    tag: str,
    inline: str,
    bgcolor: str,
    color: str,
) -> Look:
    declared = _cascade(rules, inline, bgcolor, color)
    return look_of(parent, tag, declared, dark=scheme == "dark")


def _cascade(
    rules: tuple[StyleRule, ...], inline: str, bgcolor: str, color: str
) -> Mapping[str, str]:
    """What each property comes to (CSS Cascade 4): attributes, rules, style, then !important."""
    found = {"background-color": bgcolor} if bgcolor else {}
    found |= {"color": color} if color else {}
    sources = [*(rule.declared for rule in rules), declarations(inline)]
    for important in (False, True):
        for declared in sources:
            for name, (value, strong) in declared.items():
                if strong == important:
                    found |= _longhand(name, value)
    return found


def _longhand(name: str, value: str) -> Mapping[str, str]:
    """The shorthands that matter here, taken apart."""
    if name == "background":
        words = re.findall(r"[a-z-]+\([^)]*\)|[^\s()]+", value)
        colors = [word for word in words if color_of(word)]
        color = colors[-1] if colors else "transparent"
        return {"background-color": color, "background-image": value if "url(" in value else ""}
    if name == "font":
        size = re.search(r"(\d*\.?\d+(?:px|pt|em|rem|%))(?:\s*/\s*(\S+))?", value)
        heavy = re.search(r"\b(bold|bolder|[6-9]00)\b", value)
        return {
            **({"font-size": size[1], "line-height": size[2] or "normal"} if size else {}),
            "font-weight": "bold" if heavy else "normal",
        }
    return {name: value}
