"""Which look each element of a page has: the rules of its head for its place, remembered.

What an element looks like depends on itself (its name, and the attributes that selectors and
looks name) and on the place of its parent; the rest of the page cannot change it. So a place is
judged once for all pages with the same sheets: the next language, the page after an edit.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Final

from newsletter.lint.color import WHITE, color_of
from newsletter.lint.css import Element, StyleRule, declarations, style_rules
from newsletter.lint.look import LOOKED_AT, Look, look_of

_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark")
_OPTS_IN = re.compile(r"(?<!prefers-)color-scheme\s*:[^;}]*\bdark\b")
_DARK_CANVAS: Final = Look(color=WHITE, ground=(18, 18, 18))
_CONDITIONS: Final = ("width", "height", "orientation", "resolution", "print", "hover")
_IN_A_LOOK: Final = ("class", "id", "style", "bgcolor", "color")
_MOST_PLACES: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A place among others, with the look of what stands there in each scheme."""

    light: Look
    dark: Look


class Scheme:
    """The style sheets of a head: the looks that they give, in light and in dark."""

    def __init__(self, sheets: tuple[str, ...], *, opts_in: bool) -> None:
        rules = [rule for sheet in sheets for rule in style_rules(sheet)]
        # A rule of widths and paddings alone changes no look, and matching is what costs.
        counting = [rule for rule in rules if not LOOKED_AT.isdisjoint(rule.declared)]
        dark = [rule for rule in counting if _is_dark(rule.media)]
        light = [rule for rule in counting if not rule.media]
        self.opts_in = opts_in or any(map(_OPTS_IN.search, sheets))
        self.has_dark = self.opts_in or bool(dark)
        self.canvas = Place(Look(), _DARK_CANVAS if self.opts_in else Look())
        """What the page lies on."""
        self._rules = _by_last(sorted([*light, *dark], key=lambda rule: rule.specificity))
        self._names = tuple(dict.fromkeys([*_IN_A_LOOK, *_attributes_in(counting)]))
        self._places: dict[tuple[object, ...], Place] = {}

    def place_in(self, above: Place, element: Element, said: Mapping[str, str]) -> Place:
        """The place of an element with these attributes, inside one that stands ``above``."""
        key = (above, element.tag, *map(said.get, self._names))
        found = self._places.get(key)
        if found is None:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            found = self._places[key] = self._judged(above, element)
        return found

    def _judged(self, above: Place, element: Element) -> Place:
        written = (
            str(element.tag),
            element.get("style") or "",
            element.get("bgcolor") or "",
            (element.get("color") or "") if element.tag == "font" else "",
        )
        in_dark = tuple(self._fitting(element))
        in_light = tuple(rule for rule in in_dark if not rule.media)
        # Only in a page that opts in have links a lighter blue of their own.
        scheme = "dark" if self.opts_in else "light"
        light = _look("light", above.light, in_light, *written)
        return Place(light, _look(scheme, above.dark, in_dark, *written))

    def _fitting(self, element: Element) -> Iterable[StyleRule]:
        """The rules for an element, the weightiest last."""
        classes = (f".{name}" for name in dict.fromkeys((element.get("class") or "").split()))
        found = chain.from_iterable(
            self._rules.get(key, ()) for key in (*classes, str(element.tag), "*")
        )
        return (rule for _, rule in sorted(found, key=_number) if rule.fits(element))


@lru_cache(maxsize=32)
def scheme_of(sheets: tuple[str, ...], *, opts_in: bool) -> Scheme:
    """The scheme of a head's sheets; ``opts_in`` where its meta elements ask for dark."""
    return Scheme(sheets, opts_in=opts_in)


def _is_dark(media: str) -> bool:
    """Whether the rules count on any wide screen in dark."""
    return bool(_DARK.search(media)) and not any(word in media for word in _CONDITIONS)


_Numbered = tuple[int, StyleRule]


def _number(each: _Numbered) -> int:
    return each[0]


def _by_last(rules: list[StyleRule]) -> Mapping[str, list[_Numbered]]:
    """The rules by what their last part asks for first, so that an element is tried with few."""
    found: dict[str, list[_Numbered]] = {}
    for number, rule in enumerate(rules):
        last = rule.selector[-1]
        key = f".{last.classes[0]}" if last.classes else last.tag or "*"
        found.setdefault(key, []).append((number, rule))
    return found


def _attributes_in(rules: Iterable[StyleRule]) -> Iterable[str]:
    return (name for rule in rules for one in rule.selector for name, _, _ in one.attributes)


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
