"""Rules about a theme's MJML: MRML passes on without a word what it does not know."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from newsletter.lint.rule import Hit, Proof, once, rule
from newsletter.lint.template import Tag, tags_of
from newsletter.values import nearest

_TABLE: Final = Path(__file__).parent / "data" / "mjml.json"
_DIFFERENT: Final = {
    "mj-hero": "it is drawn otherwise than MJML draws it",
    "mj-carousel": "it is drawn otherwise than MJML draws it",
    "mj-carousel-image": "it is drawn otherwise than MJML draws it",
    "mj-html-attributes": "it is not carried out",
    "mj-selector": "it is not carried out",
    "mj-html-attribute": "it is not carried out",
    "mj-include": "nothing is loaded; Jinja's include does that",
}
_SHARED: Final = frozenset(
    {"facebook", "google", "linkedin", "pinterest", "tumblr", "twitter", "x", "xing"}
)
_HEAD_ONLY: Final = frozenset({"mj-attributes", "mj-class", "mj-all"})


@rule(
    "E080",
    says="Each tag of a template is one of MJML's.",
    source="what the renderer does not know reaches readers as it stands, and nobody sees it",
    cure="name one of MJML's components, or write plain HTML inside mj-text",
)
def unknown_tag(proof: Proof) -> Iterator[Hit]:
    """The mj- tags of every template of the theme."""
    known = _table()["tags"]
    for tag in _tags(proof):
        if tag.name not in known:
            yield Hit(f"{tag.name} is no tag of MJML", place=tag.place, cure=_near(tag.name, known))


@rule(
    "W081",
    says="Each attribute is one that its tag has.",
    source="the renderer leaves it out without a word",
    cure="take it out, or write it as CSS in inline.css",
)
def unknown_attribute(proof: Proof) -> Iterator[Hit]:
    """The attributes of each tag; mj-all and mj-class may have any that some tag has."""
    for tag in _tags(proof):
        known = _attributes_of(tag.name)
        for attribute in tag.attributes if known else ():
            if attribute.name not in known:
                message = f"{tag.name} has no attribute {attribute.name}"
                cure = _near(attribute.name, known)
                yield Hit(message, place=attribute.place, cure=cure)


@rule(
    "E082",
    says="A theme uses only what is drawn as MJML draws it.",
    source="measured: these parts come out otherwise here than from MJML's own program, or not",
    cure="use sections, columns and text, and style sheets for the rest",
)
def drawn_otherwise(proof: Proof) -> Iterator[Hit]:
    """mj-hero, mj-carousel, mj-html-attributes, mj-include, and some attributes of others."""
    for tag in _tags(proof):
        if tag.name in _DIFFERENT:
            yield Hit(f"{tag.name}: {_DIFFERENT[tag.name]}", place=tag.place)
        if tag.parent == "mj-class":
            yield Hit(f"{tag.name} inside mj-class fails the renderer", place=tag.place)
        yield from _attributes_drawn_otherwise(tag)


def _attributes_drawn_otherwise(tag: Tag) -> Iterator[Hit]:
    gap, position, inline = tag.get("gap"), tag.get("position"), tag.get("inline")
    if tag.name == "mj-wrapper" and gap:
        cure = "give the sections a padding"
        yield Hit("the gap of mj-wrapper is not carried out", place=gap.place, cure=cure)
    if tag.name == "mj-raw" and position and position.value == "file-start":
        cure = "write it into the body"
        yield Hit("mj-raw at file-start is not carried out", place=position.place, cure=cure)
    if tag.name == "mj-style" and inline and inline.value == "inline":
        cure = "write it into inline.css"
        yield Hit("an mj-style is not inlined here", place=inline.place, cure=cure)


@rule(
    "W083",
    says="An attribute's value is one that MJML understands.",
    source="MJML's own types: a wrong unit or word is dropped, or breaks the page in one client",
    cure="write a value of that kind",
)
def wrong_value(proof: Proof) -> Iterator[Hit]:
    """The values that stand in the templates, not those that Jinja fills in."""
    for tag in _tags(proof):
        kinds = _attributes_of(tag.name)
        for attribute in tag.attributes:
            kind = kinds.get(attribute.name, "string")
            if attribute.is_static and not _fits(kind, attribute.value):
                message = f'{attribute.name}="{attribute.value}" of {tag.name} is not {_said(kind)}'
                yield Hit(message, place=attribute.place)


@rule(
    "W084",
    says="A component stands where MJML lets it stand.",
    source="elsewhere it is dropped, or breaks the columns around it",
    cure="put sections into the body or a wrapper, columns into sections, the rest into columns",
)
def wrong_parent(proof: Proof) -> Iterator[Hit]:
    """Each tag whose parent stands in the same template."""
    table = _table()
    for tag in _tags(proof):
        inside = table["inside"].get(tag.parent)
        if inside is None or tag.parent in _HEAD_ONLY or tag.name not in table["tags"]:
            continue
        if tag.name not in inside:
            yield Hit(f"{tag.name} may not stand in {tag.parent}", place=tag.place)


@rule(
    "W085",
    says="A link to a social network leads to the page that it names.",
    source="MJML rewrites such a link into one that shares it",
    cure='add -noshare: name="linkedin-noshare"',
)
def shares_instead(proof: Proof) -> Iterator[Hit]:
    """mj-social-element with an address and the name of a network."""
    for tag in _tags(proof):
        name = tag.get("name")
        shares = name and name.value in _SHARED and tag.get("href")
        if tag.name == "mj-social-element" and name and shares:
            yield Hit(f"{name.value} makes a share link of this address", place=name.place)


@once
def _tags(proof: Proof) -> Iterator[Tag]:
    return tags_of(proof.theme) if proof.theme else iter(())


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return table


@cache
def _attributes_of(tag: str) -> Mapping[str, str]:
    """The attributes of a tag and their kinds; empty for a tag that MJML does not have."""
    table = _table()
    if tag not in table["tags"]:
        return {}
    if tag in {"mj-all", "mj-class"}:
        # Their values may be meant for several tags of different kinds.
        names = [name for each in table["tags"].values() for name in each]
        return dict.fromkeys([*table["everywhere"], *names], "string")
    return {**table["everywhere"], **table["tags"][tag]}


def _fits(kind: str, value: str) -> bool:
    base, _, rest = kind.partition("(")
    if base in {"unit", "unitWithNegative"}:
        return bool(_unit(kind).fullmatch(value.strip()))
    if base == "enum":
        return value in rest.partition(")")[0].split(",")
    if base == "color":
        return _is_color(value)
    if base == "boolean":
        return value in {"true", "false"}
    return base != "integer" or value.strip().isdigit()


@cache
def _unit(kind: str) -> re.Pattern[str]:
    units = kind.partition("(")[2].partition(")")[0].split(",")
    sign = "-?" if kind.startswith("unitWithNegative") else ""
    words = "|".join(re.escape(unit) for unit in units if unit != "auto")
    one = rf"(?:{sign}\d*\.?\d+(?:{words})|0{'|auto' if 'auto' in units else ''})"
    return re.compile(rf"{one}(?:\s+{one}){{0,3}}" if "{1,4}" in kind else one)


def _is_color(value: str) -> bool:
    word = value.strip().lower()
    if re.fullmatch(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})|rgba?\([\d.,%\s/]+\)", word):
        return True
    # A name; six letters that are all hexadecimal digits are a colour without its #.
    return word.isalpha() and not re.fullmatch(r"[0-9a-f]{3}|[0-9a-f]{6}", word)


def _said(kind: str) -> str:
    base, _, rest = kind.partition("(")
    options = [each for each in rest.partition(")")[0].split(",") if each]
    if base == "enum":
        return "one of " + ", ".join(options)
    if base in {"unit", "unitWithNegative"}:
        return "a number with " + " or ".join(options)
    return {"color": "a colour", "boolean": "true or false"}.get(base, "a whole number")


def _near(name: str, known: Mapping[str, Any]) -> str:
    found = nearest(name, known)
    return f"did you mean {found}?" if found else ""


RULES = (
    unknown_tag,
    unknown_attribute,
    drawn_otherwise,
    wrong_value,
    wrong_parent,
    shares_instead,
)
