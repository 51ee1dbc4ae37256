"""premailer, safely: a theme's style sheet written into ``style`` attributes.

What premailer 3.10 does by itself and what is done about it here:

- cssutils follows ``@import`` to the network and to files: its fetcher is replaced by one that
  refuses, for the duration of the parse and for this parser only; ``_load_external`` refuses too.
- it imports requests: it is imported without (``offline``).
- it drops a lower-case doctype (quirks mode): the doctype is upper-cased first.
- ``strip_important`` breaks MRML's column media queries, and basic attributes turn
  ``width="552"`` into ``width="100%"``: both are off.
- it rewrites the style elements it finds, and drops ``@font-face``, ``@supports`` and
  ``@keyframes`` from them: each is marked to be ignored while it works. (It takes the mark out
  itself, but not where the element has a ``media`` other than ``screen``.)
- it shares a cache of parsed sheets that its own leftover code changes: the cache is off, and a
  sheet's rules are kept here instead.
- it logs each property that it does not know: cssutils is silent here.
- it searches every page for every selector: what it said once of an element in its place is
  remembered (``places``), and the bytes stay the same.
"""

import logging
import re
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from typing import Any, Final

import cssutils
from lxml import etree

from newsletter.edition.offline import Premailer
from newsletter.edition.places import Places

_DOCTYPE = re.compile(r"<!doctype html>", re.IGNORECASE)
_CLASS = re.compile(r"\.([\w-]+)")
_BASIC_ATTRIBUTES: Final = ("width", "height", "align", "valign", "bgcolor")
Rule = tuple[tuple[int, ...], str, str]
"""As premailer has it: specificity, selector, declarations."""


class _Refusal(ValueError):
    """A style sheet asked for another file or address."""


def inline_css(html: str, css: str) -> str:
    """The page with ``css`` written into its ``style`` attributes; nothing is fetched.

    Rules with a pseudo-class or a media query are left out: they belong in ``head.css``.
    """
    text = _DOCTYPE.sub("<!DOCTYPE html>", html, count=1).strip()
    page: Any = etree.fromstring(text, etree.HTMLParser())
    if css:
        sheet = _sheet(css)
        sheet.places.fill(page, lambda: _Inliner(page, sheet.rules).run())
    tree = page.getroottree()
    whole = tree if text.startswith(tree.docinfo.doctype) else page
    written = etree.tostring(whole, method="html", encoding="utf-8", pretty_print=False)
    return written.decode()


class _Sheet:
    """A style sheet's rules, parsed once, and what is remembered of the pages that had it."""

    def __init__(self, css: str) -> None:
        self.rules = _Inliner(None, ()).rules_of(css)
        self.places = Places(selector for _, selector, _ in self.rules)


@lru_cache(maxsize=16)
def _sheet(css: str) -> _Sheet:
    return _Sheet(css)


class _Inliner(Premailer):  # type: ignore[misc]
    """premailer over a page that is parsed already, with a parser that fetches nothing."""

    def __init__(self, page: Any, rules: tuple[Rule, ...]) -> None:
        super().__init__(
            css_text="the rules are given",
            strip_important=False,
            keep_style_tags=False,
            disable_leftover_css=True,
            disable_basic_attributes=list(_BASIC_ATTRIBUTES),
            align_floating_images=False,
            disable_validation=True,
            cache_css_parsing=False,
            allow_network=False,
            allow_loading_external_files=False,
        )
        self._page, self._rules = page, rules

    def rules_of(self, css: str) -> tuple[Rule, ...]:
        """The rules that premailer can inline."""
        return tuple(super()._parse_style_rules(css, 0)[0])

    def run(self) -> None:
        """Write the rules into the page."""
        styles = list(self._page.iter("style"))
        for style in styles:
            style.set(self.attribute_name, "ignore")
        self.transform(self._page)
        for style in styles:
            style.attrib.pop(self.attribute_name, None)

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Rule], list[Any]]:
        """The given rules, without those that name a class which the page does not have."""
        del css_body, ruleset_index
        classes = {name for value in self._page.xpath("//@class") for name in value.split()}
        return [rule for rule in self._rules if _can_match(rule[1], classes)], []

    def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:
        return _parser().parseString(css_body, validate=validate)

    def _load_external(self, url: str) -> str:
        raise _refusal(url)


def _can_match(selector: str, classes: AbstractSet[str]) -> bool:
    """Whether a page with these classes can have the selector; a search would cost 0.1 ms."""
    return "[" in selector or all(name in classes for name in _CLASS.findall(selector))


@cache
def _parser() -> Any:
    cssutils.log.setLevel(logging.CRITICAL + 1)
    return cssutils.CSSParser(fetcher=_refuse, raiseExceptions=False, loglevel=logging.CRITICAL + 1)


def _refuse(url: str) -> Any:
    raise _refusal(url)


def _refusal(url: str) -> _Refusal:
    return _Refusal(f"a style sheet may not load {url}")
