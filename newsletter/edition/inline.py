"""premailer, safely: a theme's style sheet written into ``style`` attributes.

What premailer 3.10 does by itself and what is done about it here:

- cssutils follows ``@import`` to the network and to files: its fetcher is replaced by one that
  refuses, for the duration of the parse and for this parser only; ``_load_external`` refuses too.
- it drops a lower-case doctype (quirks mode): the doctype is upper-cased first.
- ``strip_important`` breaks MRML's column media queries, and basic attributes turn
  ``width="552"`` into ``width="100%"``: both are off.
- it rewrites the style elements it finds, and drops ``@font-face``, ``@supports`` and
  ``@keyframes`` from them: each is marked to be ignored, and the mark is taken out again, also
  inside conditional comments, which premailer does not see into.
- it shares a cache of parsed sheets that its own leftover code changes: the cache is off.
- it logs each property that it does not know: cssutils is silent here.
"""

import logging
import os
import re
from collections.abc import Set as AbstractSet
from functools import cache, cached_property
from typing import Any, Final

# One cache of 128 entries serves all of premailer by default; a page alone needs about 300.
# The size is read from the environment, and only at the import.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "4096")

import cssutils
from premailer import Premailer

_DOCTYPE = re.compile(r"<!doctype html>", re.IGNORECASE)
_STYLE = re.compile(r"<style(?=[\s>])", re.IGNORECASE)
_CLASS = re.compile(r"\.([\w-]+)")
_CLASS_VALUE = re.compile(r"\bclass\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_MARK: Final = ' data-premailer="ignore"'
_MAX_SHEETS: Final = 16
_RULES: dict[tuple[str, int], tuple[Any, ...]] = {}
_BASIC_ATTRIBUTES: Final = ("width", "height", "align", "valign", "bgcolor")


class _Refusal(ValueError):
    """A style sheet asked for another file or address."""


def inline_css(html: str, css: str) -> str:
    """The page with ``css`` written into its ``style`` attributes; nothing is fetched.

    Rules with a pseudo-class or a media query are left out: they belong in ``head.css``.
    """
    page = _DOCTYPE.sub("<!DOCTYPE html>", html, count=1)
    page = _STYLE.sub(lambda match: match[0] + _MARK, page)
    inlined = _Inliner(
        html=page,
        css_text=css or None,
        strip_important=False,
        keep_style_tags=False,
        disable_leftover_css=True,
        disable_basic_attributes=list(_BASIC_ATTRIBUTES),
        align_floating_images=False,
        disable_validation=True,
        cache_css_parsing=False,
        allow_network=False,
        allow_loading_external_files=False,
    ).transform(pretty_print=False)
    return str(inlined).replace(_MARK, "")


class _Inliner(Premailer):  # type: ignore[misc]
    """premailer with a parser that fetches nothing."""

    def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
        """The sheet's rules, parsed once per sheet; those left over are never written here."""
        key = (css_body, ruleset_index)
        if key not in _RULES:
            if len(_RULES) >= _MAX_SHEETS:
                _RULES.clear()
            _RULES[key] = tuple(super()._parse_style_rules(css_body, ruleset_index)[0])
        return [rule for rule in _RULES[key] if self._can_match(rule[1])], []

    def _can_match(self, selector: str) -> bool:
        """Whether the page has every class that the selector names; each search costs 0.1 ms."""
        if "[" in selector:
            return True
        return all(name in self._classes for name in _CLASS.findall(selector))

    @cached_property
    def _classes(self) -> AbstractSet[str]:
        values = _CLASS_VALUE.findall(self.html)
        return {name for value in values for name in value.split()}

    def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:
        return _parser().parseString(css_body, validate=validate)

    def _load_external(self, url: str) -> str:
        raise _refusal(url)


@cache
def _parser() -> Any:
    cssutils.log.setLevel(logging.CRITICAL + 1)
    return cssutils.CSSParser(fetcher=_refuse, raiseExceptions=False, loglevel=logging.CRITICAL + 1)


def _refuse(url: str) -> Any:
    raise _refusal(url)


def _refusal(url: str) -> _Refusal:
    return _Refusal(f"a style sheet may not load {url}")
