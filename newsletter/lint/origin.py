"""Where a piece of a page comes from: the officer's words, or a line of the theme."""

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from newsletter.edition.theme import Theme
from newsletter.issue.model import Place
from newsletter.issue.words import words_of
from newsletter.lint.css import Element
from newsletter.lint.page import Page, Part
from newsletter.lint.place import place_in_theme, places_in_theme
from newsletter.lint.rule import Hit, Proof

_ANYWHERE = "*.mjml.j2"
_LONGEST_QUOTE = 40


def theme_hit(proof: Proof, page: Page, part: Part, message: str, pattern: str = "") -> Hit:
    """A hit at the template's line that wrote the part.

    ``pattern`` finds it where it is given and fits; else the classes of the part and of what is
    around it do.
    """
    place = None
    if proof.theme:
        files = (*_files_of(proof, part.where), _ANYWHERE)
        place = _first(proof.theme, pattern, files) if pattern else None
        place = place or _by_classes(proof.theme, part.element, files)
    return Hit(message, part.where, page.edition.variant.language, place=place)


def words_hit(proof: Proof, page: Page, part: Part, message: str, words: str) -> Hit | None:
    """A hit at the officer's words that hold ``words``; None where the theme wrote them."""
    language = page.edition.variant.language
    for word in words_of(proof.issue.texts[language]):
        inside = word.where.startswith(f"{part.where}.") or not part.where
        if inside and words in word.text:
            offset = word.text.index(words)
            return Hit(message, word.where, language, offset=offset)
    return None


def image_hit(proof: Proof, page: Page, part: Part, message: str, key: str = "") -> Hit:
    """A hit at the issue's table that names a picture, or at the theme's line that shows it.

    ``key`` names the entry beside the file's (``alt``) where the table has it.
    """
    path = dict(page.edition.images).get(part.get("src") or "", "")
    own = f"{proof.issue.folder.parent.name}/{proof.issue.folder.name}/"
    if path.startswith(own):
        language = page.edition.variant.language
        text = proof.issue.texts[language]
        section = text.sections.get(part.where.removeprefix("sections."))
        wanted = path.removeprefix(own)
        where = next(_keys_of(section, wanted, part.where), "") if section else ""
        if where:
            beside = f"{where.rpartition('.')[0]}.{key}"
            known = key and (proof.issue.language, beside) in proof.issue.places
            return Hit(message, beside if known else where, language)
    return theme_hit(proof, page, part, message, r"<(?:img|mj-image)\b")


def quoted(page: Page, words: str) -> str:
    """Some words of a page, short enough to quote, with slots as the officer wrote them."""
    for token, slot in page.edition.slots.items():
        words = words.replace(token, slot.default or f"{{{{ {slot.name} }}}}")
    words = " ".join(words.split())
    return words if len(words) <= _LONGEST_QUOTE else words[: _LONGEST_QUOTE - 1].rstrip() + "…"


def text_template(proof: Proof, where: str) -> Place | None:
    """The top of the template that writes a section, or the page, as plain text."""
    if proof.theme is None:
        return None
    kind = _kind_of(proof, where)
    name = f"sections/{kind}.txt.j2" if kind else "edition.txt.j2"
    return place_in_theme(proof.theme, r"\A", name, name)


def _files_of(proof: Proof, where: str) -> tuple[str, ...]:
    kind = _kind_of(proof, where)
    return (f"sections/{kind}.mjml.j2",) if kind else ()


def _kind_of(proof: Proof, where: str) -> str:
    section = proof.issue.original.sections.get(where.removeprefix("sections.").split(".")[0])
    return section.kind if section and where else ""


def _first(theme: Theme, pattern: str, files: tuple[str, ...]) -> Place | None:
    compiled = re.compile(pattern)
    found = (place for each in files for place in places_in_theme(theme, compiled, each))
    return next(found, None)


def _by_classes(theme: Theme, element: Element, files: tuple[str, ...]) -> Place:
    """The line with a class of the element, or of the nearest around it that a template names."""
    for each in (element, *element.iterancestors()):
        names = [name for name in (each.get("class") or "").split() if not name.startswith("mj-")]
        for name in names:
            pattern = rf"<[\w-][^<]*?\bclass=\"[^\"]*(?<![\w-]){re.escape(name)}(?![\w-])"
            place = _first(theme, pattern, files)
            if place:
                return place
        alone = [] if names else _all(theme, rf"<{each.tag}\b", files[0])
        if len(alone) == 1:
            return alone[0]
    return place_in_theme(theme)


def _all(theme: Theme, pattern: str, file: str) -> list[Place]:
    return list(places_in_theme(theme, re.compile(pattern), file))


def _keys_of(value: Any, wanted: str, where: str) -> Iterator[str]:
    """The dotted keys of every entry that is ``wanted``."""
    if value == wanted:
        yield where
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _keys_of(getattr(value, name), wanted, f"{where}.{name}")
    elif isinstance(value, tuple):
        for at, inner in enumerate(value):
            yield from _keys_of(inner, wanted, f"{where}.{at}")
