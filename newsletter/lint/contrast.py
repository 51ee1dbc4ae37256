"""Rules about what the eye needs: contrast in light and in dark, and the size of type."""

from collections.abc import Callable, Iterator

from newsletter.lint.color import contrast, hex_of
from newsletter.lint.css import declarations
from newsletter.lint.look import Look, length
from newsletter.lint.origin import quoted, theme_hit
from newsletter.lint.page import Page, Part, pages_of, words_in
from newsletter.lint.rule import Hit, Proof, once, rule

_SMALL_TEXT, _LARGE_TEXT = 4.5, 3.0
_LARGE, _LARGE_BOLD = 24.0, 18.66  # 18 and 14 points
_SMALLEST = 12.0
_FINGER = 44.0
_SET_SMALL = frozenset({"sup", "sub"})


@rule(
    "W095",
    says="Text stands out from its ground: 4.5 to 1, large text 3 to 1.",
    source="WCAG 2.2, 1.4.3; a phone in the sun shows less still",
    cure="darken the text or lighten its ground in inline.css",
)
def faint_in_light(proof: Proof) -> Iterator[Hit]:
    """The words of each page on what lies under them, style sheets applied."""
    yield from _faint(proof, lambda part: part.light, "")


@rule(
    "W096",
    says="In dark too, text stands out from its ground.",
    source="WCAG 2.2, 1.4.3, under the rules for prefers-color-scheme: dark",
    cure="give text and ground a pair of dark colours, class for class, in head.css",
)
def faint_in_dark(proof: Proof) -> Iterator[Hit]:
    """The same where the page says how it looks in dark: what the head overrides, and what not."""
    yield from _faint(proof, lambda part: part.dark, " in dark")


@rule(
    "W097",
    says="No text is smaller than 12 pixels.",
    source="phones enlarge smaller text by themselves and break the layout around it",
    cure="set it in 14 pixels or more",
)
def small_type(proof: Proof) -> Iterator[Hit]:
    """The words of each page, without superscripts."""
    seen: set[tuple[str | None, float]] = set()
    for page, part in _texts(proof):
        key = part.get("class"), part.light.size
        if part.light.size < _SMALLEST and part.tag not in _SET_SMALL and key not in seen:
            seen.add(key)
            message = f'"{quoted(page, part.own_text)}" is set in {part.light.size:g} pixels'
            yield theme_hit(proof, page, part, message)


@rule(
    "W098",
    says="A button is at least 44 pixels high, and all of it can be pressed.",
    source="the size of a fingertip (WCAG 2.2, 2.5.5)",
    cure="give the link itself display: inline-block and a padding of 12px or more",
)
def small_button(proof: Proof) -> Iterator[Hit]:
    """Links on a ground of their own: the height of the link, padding and line."""
    seen: set[tuple[str | None, float]] = set()
    for page in pages_of(proof):
        grounds = {id(part.element): part.light for part in page.parts}
        for part in page.shown:
            if not _is_button(part, grounds):
                continue
            height = _height(part)
            key = part.get("class"), height
            if height < _FINGER and key not in seen:
                seen.add(key)
                message = f'"{quoted(page, part.words)}" is {height:g} pixels high'
                yield theme_hit(proof, page, part, message)


def _faint(proof: Proof, look_at: Callable[[Part], Look], scheme: str) -> Iterator[Hit]:
    seen: set[tuple[object, ...]] = set()
    for page, part in _texts(proof):
        look = look_at(part)
        if look.ground is None or look.unknown or not look.shows or (scheme and not page.has_dark):
            continue
        large = look.size >= _LARGE or (look.bold and look.size >= _LARGE_BOLD)
        needed = _LARGE_TEXT if large else _SMALL_TEXT
        ratio = contrast(look.color, look.ground)
        key = look.color, look.ground, large
        if ratio < needed and key not in seen:
            seen.add(key)
            colors = f"{hex_of(look.color)} on {hex_of(look.ground)}"
            message = f'"{quoted(page, part.own_text)}" has a contrast of {_floor(ratio)}{scheme}'
            yield theme_hit(proof, page, part, f"{message} ({colors}; {needed} is needed)")


def _floor(ratio: float) -> str:
    """The ratio, never rounded up to one that would do."""
    return f"{int(ratio * 10) / 10:.1f}"


@once
def _texts(proof: Proof) -> Iterator[tuple[Page, Part]]:
    for page in pages_of(proof):
        for part in page.shown:
            if part.light.shows and any(sign.isalnum() for sign in part.own_text):
                yield page, part


def _is_button(part: Part, looks: dict[int, Look]) -> bool:
    """Whether a link looks like a button: it, or the cell that holds it alone, is painted."""
    parent = part.element.getparent()
    if part.tag != "a" or not part.get("href") or parent is None or not part.words:
        return False
    around = parent.getparent()
    if part.light.ground != looks[id(parent)].ground:
        return _has_padding(part)
    alone = words_in(parent) == part.words
    painted = around is not None and looks[id(parent)].ground != looks[id(around)].ground
    return parent.tag == "td" and alone and painted


def _has_padding(part: Part) -> bool:
    return _vertical(part) > 0


def _height(part: Part) -> float:
    """What can be pressed: an inline link is as high as its line, whatever its padding."""
    display = declarations(part.get("style") or "").get("display", ("inline", False))[0]
    padding = _vertical(part) if display != "inline" else 0.0
    return round(part.light.line_height + padding, 1)


def _vertical(part: Part) -> float:
    """Padding above and below, in pixels."""
    declared = declarations(part.get("style") or "")
    total = [0.0, 0.0]
    for name, (value, _) in declared.items():
        sizes = [length(each, part.light.size) or 0.0 for each in value.split()]
        if name == "padding" and sizes:
            total = [sizes[0], sizes[2] if len(sizes) > 2 else sizes[0]]  # noqa: PLR2004 - top, sides, bottom
        elif name == "padding-top" and sizes:
            total[0] = sizes[0]
        elif name == "padding-bottom" and sizes:
            total[1] = sizes[0]
    return sum(total)


RULES = (faint_in_light, faint_in_dark, small_type, small_button)
