"""What a rendered page shows: its words, its anchors, its ids."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

_UNSEEN = re.compile(r"<!--.*?-->|<(style|script|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(?:[^'\">]++|\"[^\"]*+\"|'[^']*+')*+>")
_ANCHOR = re.compile(
    r"<a\b((?:[^'\">]++|\"[^\"]*+\"|'[^']*+')*+)>(.*?)</a\s*>", re.DOTALL | re.IGNORECASE
)
_ID = re.compile(r"\s(id)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_NAME = re.compile(r"<a\b[^>]*?\s(name)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_ALT = re.compile(r"<img\b[^>]*\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownLink:
    """One anchor of a page: its address, and the words (or alt texts) that show it."""

    href: str
    words: str


@lru_cache(maxsize=16)
def shown_words(html: str) -> str:
    """The page's words in one line, as a reader sees them."""
    return " ".join(unescape(_TAG.sub(" ", _seen(html))).split())


@lru_cache(maxsize=16)
def _seen(html: str) -> str:
    """The page without comments and style sheets."""
    return _UNSEEN.sub(" ", html)


@lru_cache(maxsize=16)
def shown_links(html: str) -> tuple[ShownLink, ...]:
    """Every anchor that has an address."""
    return tuple(_links_of(html))


def _links_of(html: str) -> Iterator[ShownLink]:
    for anchor in _ANCHOR.finditer(html):
        href = _HREF.search(anchor[1])
        if href:
            alts = " ".join(found[1] or found[2] or "" for found in _ALT.finditer(anchor[2]))
            words = f"{shown_words(anchor[2])} {unescape(alts)}".strip()
            yield ShownLink(unescape(href[1] or href[2] or ""), words)


@lru_cache(maxsize=16)
def ids_of(html: str) -> tuple[tuple[str, str], ...]:
    """Each ``id`` of the page, and each ``name`` of an anchor: which of the two, what it says.

    In the words of a page quotation marks are written as references, so no word looks like one.
    """
    seen = _seen(html)
    found = [*_ID.finditer(seen), *_NAME.finditer(seen)]
    return tuple((each[1].lower(), unescape(each[2] or each[3] or "")) for each in found)
