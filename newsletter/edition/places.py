"""What premailer said of an element in its place, remembered for the next page.

Which rules of a style sheet an element gets depends on what their selectors can see of it. Where
they name only tags, classes, ids and attributes, of the element and of those around it, the
element's *place* says all of that: its own tag and attributes, and the place of its parent. Two
elements in the same place with the same ``style`` get the same style, on whatever page they are.

So premailer need not search each page for each selector (0.1 ms a search, a hundred of them):
a page whose places are all known is written from memory. A sheet that looks at neighbours or
positions (``+``, ``~``, ``:first-child``) has no memory.
"""

import re
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

_LIMIT: Final = 20_000
_BEYOND_PLACES = re.compile(r"[+~:*|\\]")
_ATTRIBUTE = re.compile(r"\[\s*([\w-]+)")
Element = Any
Style = str | None
_Known = tuple[int, Style]


class Places:
    """The places that pages had so far under one style sheet, and the styles in them."""

    def __init__(self, selectors: Iterable[str]) -> None:
        text = " ".join(selectors)
        self._sees_more = bool(_BEYOND_PLACES.search(text))
        self._names = ("class", *dict.fromkeys(_seen_attributes(text)))
        self._numbers: dict[tuple[object, ...], int] = {}
        self._next = count(1)
        self._styles: dict[tuple[int, Style], Style] = {}

    def fill(self, page: Element, ask: Callable[[], None]) -> None:
        """Give each element of the page its style; ``ask`` has premailer do it.

        It is asked when an element stands in a new place, or with a style that is new there.
        """
        if self._sees_more:
            ask()
            return
        elements, known = self._known(page)
        if not self._recalled(elements, known):
            ask()
            self._remember(elements, known)

    def _known(self, page: Element) -> tuple[list[Element], list[_Known]]:
        """The elements, and each one's place and style; parents come before what is in them."""
        numbers, names = self._numbers, self._names
        found = {None: 0}
        elements, known = [*page.iter("*")], []
        for element in elements:
            key = (found[element.getparent()], element.tag, *map(element.get, names))
            # setdefault is one step: threads that meet here agree on the number.
            number = numbers.get(key) or numbers.setdefault(key, next(self._next))
            found[element] = number
            known.append((number, element.get("style")))
        return elements, known

    def _recalled(self, elements: list[Element], known: list[_Known]) -> bool:
        """Whether memory had a style for all; only then is any of them written."""
        try:
            styles = [*map(self._styles.__getitem__, known)]
        except KeyError:
            return False
        for element, (_, before), style in zip(elements, known, styles, strict=True):
            if style is not None and style != before:
                element.set("style", style)
        return True

    def _remember(self, elements: list[Element], known: list[_Known]) -> None:
        if len(self._numbers) > _LIMIT or len(self._styles) > _LIMIT:
            self._numbers, self._styles = {}, {}
            return
        styles = (element.get("style") for element in elements)
        self._styles |= dict(zip(known, styles, strict=True))


def _seen_attributes(text: str) -> list[str]:
    return [*_ATTRIBUTE.findall(text), *(["id"] if "#" in text else [])]
