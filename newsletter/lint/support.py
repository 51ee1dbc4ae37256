"""Rules about what mail programs do not show, by the data of caniemail.com.

The data (``data/caniemail.json``) is a trimmed, dated copy, made by ``tools/caniemail.py``.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from newsletter.lint.css import declarations, style_rules
from newsletter.lint.origin import theme_hit
from newsletter.lint.page import Page, pages_of
from newsletter.lint.place import places_in_theme
from newsletter.lint.rule import Hit, Proof, rule

_DATA: Final = Path(__file__).parent / "data" / "caniemail.json"
COPIED: Final = "2026-05-13"
"""The day of the data: a test holds it to the file."""
CLIENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "gmail": ("gmail.desktop-webmail", "gmail.ios", "gmail.android", "gmail.mobile-webmail"),
    "apple-mail": ("apple-mail.macos",),
    "outlook-windows": ("outlook.windows",),
    "outlook-web": ("outlook.outlook-com",),
    "yahoo": ("yahoo.desktop-webmail", "yahoo.ios", "yahoo.android"),
    "ios": ("apple-mail.ios", "outlook.ios"),
    "android": ("outlook.android", "samsung-email.android"),
}
"""The names that newsletter.toml may list, and the programs of caniemail behind each."""

# Without these a page looks plainer, and loses no word, link or picture: why each may be used.
_GRACEFUL: Final = {
    "css-border-radius": "corners are square",
    "css-max-width": "the width attribute holds it",
    "css-min-width": "the width attribute holds it",
    "css-max-height": "the picture keeps its own height",
    "css-text-wrap": "lines break elsewhere",
    "css-hyphens": "lines break elsewhere",
    "css-overflow-wrap": "a long word stands out",
    "css-word-wrap": "a long word stands out",
    "css-word-break": "a long word stands out",
    "css-white-space": "lines break elsewhere",
    "css-white-space-collapse": "lines break elsewhere",
    "css-widows": "only on paper",
    "css-orphans": "only on paper",
    "css-font-kerning": "letters stand a little apart",
    "css-font-stretch": "letters are as wide as they are",
    "css-letter-spacing": "letters stand closer",
    "css-word-spacing": "words stand closer",
    "css-text-decoration-color": "the line has the text's colour",
    "css-text-decoration-line": "the link keeps its own line",
    "css-text-decoration-skip-ink": "the line crosses letters",
    "css-text-decoration-style": "the line is plain",
    "css-text-decoration-thickness": "the line is thinner",
    "css-text-underline-offset": "the line stands closer",
    "css-text-underline-position": "the line stands closer",
    "css-transition": "it changes at once",
    "css-animation": "it stands still",
    "css-cursor": "the pointer is an arrow",
    "css-outline": "no frame is drawn",
    "css-outline-offset": "no frame is drawn",
    "css-box-shadow": "no shadow is drawn",
    "css-text-shadow": "no shadow is drawn",
    "css-box-sizing": "the width attribute holds it",
    "css-border-spacing": "cellspacing holds it",
    "css-empty-cells": "an empty cell has its frame",
    "css-color-scheme": "the client chooses",
    "css-accent-color": "the client chooses",
    "css-user-select": "all can be selected",
    "css-overflow": "what hangs over is seen",
    "css-unit-initial": "the value before it counts",
    "css-direction": "the dir attribute says it",
    "css-table-layout": "columns follow their words",
    "css-object-fit": "the picture keeps its shape by its width",
    "css-object-position": "the picture keeps its shape by its width",
    "css-tab-size": "tabs are wider",
    "css-height": "the row is as high as its words",
    "css-display": "MJML writes widths besides",
    "css-display-none": "what is hidden twice is hidden",
    "css-visibility": "what is hidden twice is hidden",
    "css-opacity": "it is drawn in full",
    "css-float": "MJML places by tables",
    "css-list-style": "the list has its usual marks",
    "css-list-style-position": "the list has its usual marks",
    "css-inert-attribute": "no attribute of mails",
    "html-align": "CSS says it besides",
    "html-aria-describedby": "only voices read it",
    "html-aria-hidden": "only voices read it",
    "html-aria-label": "only voices read it",
    "html-aria-labelledby": "only voices read it",
    "html-aria-live": "only voices read it",
    "html-role": "only voices read it",
    "html-lang": "only voices read it",
    "html-dir": "the align attribute says it besides",
    "html-abbr": "the words stay",
    "html-acronym": "the words stay",
    "html-bdi": "the words stay",
    "html-blockquote": "the words stay",
    "html-body": "a table inside it holds the ground",
    "html-code": "the words stay",
    "html-dfn": "the words stay",
    "html-height": "the row is as high as its words",
    "html-width": "CSS says it besides",
    "html-lists": "the words stay",
    "html-loading-attribute": "it is loaded at once",
    "html-semantics": "the words stay",
    "html-small": "the words stay",
    "html-strike": "the words stay",
    "html-style": "what matters is inlined",
    "html-target": "links open where the client opens them",
    "html-wbr": "lines break elsewhere",
    "html-ruby": "the words stay",
    "html-rp": "the words stay",
    "html-rt": "the words stay",
    "html-srcset": "the src stays",
    "html-link": "rule W136 speaks of it",
}


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of CSS or HTML: what it is called, when it was tested, and who lacks it."""

    slug: str
    title: str
    tested: str
    lacking: frozenset[str]


@rule(
    "W119",
    says="Each mail program in newsletter.toml is one that the data knows.",
    source=f"caniemail.com, as it was on {COPIED}",
    cure=f"name some of {', '.join(CLIENTS)}, or one as caniemail does: thunderbird.windows",
)
def unknown_client(proof: Proof) -> Iterator[Hit]:
    """The list of clients under [check]."""
    for name in proof.clients:
        if not _programs(name):
            path = proof.settings_file
            yield Hit(f"there are no data on {name}", "check.clients", path=path)


@rule(
    "W120",
    says="The page does without CSS that a mail program of its readers lacks.",
    source=f"caniemail.com, as it was on {COPIED}",
    cure="place it by tables and attributes, or ignore this rule with the reason",
)
def unsupported_css(proof: Proof) -> Iterator[Hit]:
    """Style attributes, and rules of the head that no media query guards; polish may be lacking."""
    programs = _wanted(proof.clients)
    for name, value in _declared(proof):
        for feature in _css_features(name, value):
            lacking = _lacking(feature, programs)
            place = _place_in_css(proof, name, value) if lacking else None
            if lacking and place:
                message = f"{_said(lacking)} does not know {feature.title}"
                yield Hit(f"{message} (tested {feature.tested})", place=place.place)


@rule(
    "W121",
    says="The page does without HTML that a mail program of its readers lacks.",
    source=f"caniemail.com, as it was on {COPIED}",
    cure="say it in words, a picture or a link, or ignore this rule with the reason",
)
def unsupported_html(proof: Proof) -> Iterator[Hit]:
    """The elements and attributes of each page; what keeps its words may be lacking."""
    programs = _wanted(proof.clients)
    seen: set[str] = set()
    for page in pages_of(proof):
        for part in page.parts:
            for feature in _html_features(part.tag, tuple(sorted(part.attributes))):
                lacking = _lacking(feature, programs)
                if not lacking or feature.slug in seen:
                    continue
                seen.add(feature.slug)
                message = f"{_said(lacking)} does not show {feature.title}"
                pattern = rf"<{part.tag}\b"
                yield theme_hit(proof, page, part, f"{message} (tested {feature.tested})", pattern)


@cache
def _read() -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    return data


@cache
def _programs(name: str) -> tuple[str, ...]:
    """The programs of caniemail that a name stands for: a group, a family, or one."""
    key = name.strip().lower()
    if key in CLIENTS:
        return CLIENTS[key]
    return tuple(each for each in _read()["clients"] if key in {each, each.partition(".")[0]})


def _wanted(clients: Sequence[str]) -> tuple[str, ...]:
    return tuple(program for name in clients or CLIENTS for program in _programs(name))


@cache
def _index() -> Mapping[tuple[str, str], tuple[Feature, ...]]:
    """Features by what shows their use: (``properties``, ``float``), (``function``, ``calc``)."""
    found: dict[tuple[str, str], list[Feature]] = {}
    for slug, entry in _read()["features"].items():
        if slug in _GRACEFUL:
            continue
        feature = Feature(slug, entry["title"], entry["tested"], frozenset(entry["no"]))
        for kind in ("properties", "elements", "attributes"):
            for name in entry.get(kind, ()):
                found.setdefault((kind, name), []).append(feature)
        for kind in ("function", "unit"):
            if kind in entry:
                found.setdefault((kind, entry[kind]), []).append(feature)
        if "pair" in entry:
            found.setdefault(("pair", ":".join(entry["pair"])), []).append(feature)
    return {key: tuple(each) for key, each in found.items()}


@cache
def _css_features(name: str, value: str) -> tuple[Feature, ...]:
    signs = [("properties", name), ("pair", f"{name}:{value.strip().lower()}")]
    signs += [("function", each) for each in re.findall(r"([a-z-]+)\(", value.lower())]
    signs += [("unit", each) for each in re.findall(r"\d([a-z]+)\b", value.lower())]
    return tuple(feature for sign in signs for feature in _index().get(sign, ()))


@cache
def _html_features(tag: str, attributes: tuple[str, ...]) -> tuple[Feature, ...]:
    signs = [("elements", tag), *(("attributes", name) for name in attributes)]
    return tuple(feature for sign in signs for feature in _index().get(sign, ()))


def _lacking(feature: Feature, programs: Sequence[str]) -> list[str]:
    return [program for program in programs if program in feature.lacking]


def _said(programs: Sequence[str]) -> str:
    """The programs by the names that newsletter.toml has for them."""
    groups = {name for name, each in CLIENTS.items() if set(each) & set(programs)}
    named = [name for name in CLIENTS if name in groups] or sorted(programs)
    return ", ".join(named)


def _declared(proof: Proof) -> list[tuple[str, str]]:
    """Every declaration of the pages, each once, in the order in which they are met."""
    found: dict[tuple[str, str], None] = {}
    for page in pages_of(proof):
        for style in _styles(page):
            for name, (value, _) in declarations(style).items():
                found.setdefault((name, value))
        for sheet in page.sheets:
            for each in style_rules(sheet):
                if not each.media:
                    for name, (value, _) in each.declared.items():
                        found.setdefault((name, value))
    return list(found)


def _styles(page: Page) -> dict[str, None]:
    return dict.fromkeys(style for part in page.parts if (style := part.get("style")))


def _place_in_css(proof: Proof, name: str, value: str) -> Hit | None:
    """Where the theme says it; None for what MJML itself writes, which nobody here can change."""
    if proof.theme is None:
        return None
    pattern = re.compile(rf"(?<![\w-]){re.escape(name)}\s*:\s*{re.escape(value)}")
    for files in ("*.css", "*.mjml.j2"):
        for place in places_in_theme(proof.theme, pattern, files):
            return Hit("", place=place)
    return None


RULES = (unknown_client, unsupported_css, unsupported_html)
