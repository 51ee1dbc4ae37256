"""What a section made of a page: its part of the MJML or the HTML, and the elements in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser

from newsletter.edition.marks import marked_page
from newsletter.edition.model import Edition

_PART = re.compile(r"<!-- @src sections\.([\w-]+) -->(.*?)<!-- @end sections\.\1 -->", re.DOTALL)
_VOID = frozenset({"img", "br", "hr", "meta", "input"})
_TAG = re.compile(r"<([a-z][a-z0-9]*)\b((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>")
_STYLE = re.compile(r"\bstyle=(?:\"([^\"]*)\"|'([^']*)')")
_SIDES = re.compile(r"\b(?:padding|margin):\s*[^\s;]+\s+([^\s;]+)\s+[^\s;]+\s+([^\s;]+)")
_ONE_SIDE = re.compile(r"\b(?:border|padding|margin)-(?:left|right):\s*([^;]+)")
_LEFT = re.compile(r"\b(?:align=[\"']left[\"']|text-align:\s*left|float:\s*left)")


@dataclass(frozen=True, slots=True)
class Block:
    """An element of a section: its tag, its attributes, whether it stands first in mj-text."""

    tag: str
    attributes: frozenset[str]
    outermost: bool

    def has(self, attribute: str) -> bool:
        """Whether the element says it."""
        return attribute in self.attributes


@lru_cache(maxsize=64)
def _parts(page: str) -> dict[str, str]:
    return {match[1]: match[2] for match in _PART.finditer(page)}


def section_parts(edition: Edition, *, written: bool = False) -> dict[str, str]:
    """Each section's part of the page by the section's id; ``written`` is that of the MJML."""
    return _parts(edition.mjml if written else marked_page(edition.mjml, edition.html))


def blocks_of(mjml: str) -> list[Block]:
    """The elements inside the mj-texts of a piece of MJML."""
    walker = _Walker()
    walker.feed(mjml)
    return walker.found


def one_sided(ahead: str, turned: str) -> Iterator[str]:
    """What is the same in two directions and should be the other way round, in CSS's words.

    The two pieces are the same section in a language that reads from left to right and in one
    that reads from right to left. Nothing is said where their elements are not the same.
    """
    there, back = (list(_TAG.finditer(part)) for part in (ahead, turned))
    if [tag[1] for tag in there] == [tag[1] for tag in back]:
        for one, other in zip(there, back, strict=True):
            if 'dir="ltr"' not in other[2]:
                same = _leanings(one[2]) & _leanings(other[2])
                yield from (f"<{one[1]}> with {said}" for said in sorted(same))


def _leanings(attributes: str) -> set[str]:
    """The declarations that treat left and right differently."""
    leaning = set(_LEFT.findall(attributes))
    style = _STYLE.search(attributes)
    words = (style[1] or style[2] or "") if style else ""
    leaning |= {match[0] for match in _SIDES.finditer(words) if match[1] != match[2]}
    lone = {match[0] for match in _ONE_SIDE.finditer(words) if match[1].strip() not in {"0", "0px"}}
    mirrored = {"left", "right"} <= {one.partition(":")[0].rpartition("-")[2] for one in lone}
    return leaning | (set() if mirrored else lone)


class _Walker(HTMLParser):
    """Gathers the elements inside mj-text, and how deep each stands."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Block] = []
        self._depth = -1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "mj-text":
            self._depth = 0
        elif self._depth >= 0:
            names = frozenset(name for name, _ in attrs)
            self.found.append(Block(tag, names, self._depth == 0 and tag not in _VOID))
            self._depth += tag not in _VOID

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth >= 0:
            names = frozenset(name for name, _ in attrs)
            self.found.append(Block(tag, names, self._depth == 0 and tag not in _VOID))

    def handle_endtag(self, tag: str) -> None:
        if tag == "mj-text":
            self._depth = -1
        elif self._depth > 0 and tag not in _VOID:
            self._depth -= 1
