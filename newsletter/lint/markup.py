"""Rules about the rendered page: size, images, links, the way out, the plain text."""

import re
from collections.abc import Iterator

from newsletter.edition.model import URL_SLOTS, Edition
from newsletter.lint.place import PAGE, TEXT, place_in_theme
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language

CLIPPED_HTML = 102_400
MIN_TEXT = 20
_UNSUBSCRIBE = URL_SLOTS[0]
_ANCHOR = re.compile(r"<a\b((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*>", re.IGNORECASE)
_ALT = re.compile(r"\salt\s*=", re.IGNORECASE)
_DEAD = (
    r"(?i)<a\b(?![^>]*\b(?:id|name)\s*=)(?:[^>]*?\bhref\s*=\s*([\"'])\s*#?\s*\1|(?![^>]*\bhref))"
)
_WITHOUT_ALT = r"(?i)<(?:img|mj-image)\b(?![^>]*\balt\s*=)"


@rule(
    "W031",
    says="An image weighs at most 200 KB.",
    source="phones on mobile networks wait for each",
    cure="export it smaller: 1040 pixels wide, JPEG at 80",
)
def heavy_image(proof: Proof) -> Iterator[Hit]:
    """Every image that an edition shows."""
    for path in dict.fromkeys(path for edition in proof.editions for _, path in edition.images):
        file = proof.root / path
        size = file.stat().st_size if file.is_file() else 0
        if size > proof.limits.image:
            yield Hit(f"{file.name} weighs {size // 1000} KB", path=file)


@rule(
    "W150",
    says="A whole message weighs at most 1 MB, the images that it takes along included.",
    source="each reader gets one, phones wait for it, and relays turn heavy mail away",
    cure='write images = "hosted", or take lighter images along',
)
def heavy_message(proof: Proof) -> Iterator[Hit]:
    """The heaviest message of each language."""
    heaviest: dict[Language, int] = {}
    for edition in proof.editions:
        language = edition.variant.language
        size = len(proof.messages.get(edition.variant.key, b""))
        heaviest[language] = max(size, heaviest.get(language, 0))
    for language, size in heaviest.items():
        if size > proof.limits.message:
            yield Hit(f"a message in {language} weighs {size // 1000} KB", "images", language)


@rule(
    "W041",
    says="The HTML weighs at most 80 KB.",
    source="Gmail cuts a page at 102 KB; a relay or a forward adds to it",
    cure="shorten the longest section, or put it on the web and link to it",
)
def heavy_html(proof: Proof) -> Iterator[Hit]:
    """The heaviest variant of each language, below the size that Gmail cuts."""
    for edition in _heaviest(proof):
        size = proof.html_size(edition)
        if proof.limits.html < size < CLIPPED_HTML:
            yield Hit(
                f"the HTML of {_name(edition)} weighs {size:,} bytes",
                language=edition.variant.language,
            )


@rule(
    "E042",
    says="The HTML weighs less than 102,400 bytes.",
    source="Gmail cuts the page there, and with it the unsubscribe link",
    cure="shorten the longest section, or put it on the web and link to it",
)
def clipped_html(proof: Proof) -> Iterator[Hit]:
    """The heaviest variant of each language."""
    for edition in _heaviest(proof):
        size = proof.html_size(edition)
        if size >= CLIPPED_HTML:
            yield Hit(
                f"the HTML of {_name(edition)} weighs {size:,} bytes",
                language=edition.variant.language,
            )


@rule(
    "E043",
    says="The page and the plain text each have the unsubscribe link.",
    source="GDPR art. 7(3); CAN-SPAM; the bulk-sender rules of Gmail and Yahoo",
    cure="let the theme's footer show url.unsubscribe",
)
def no_unsubscribe(proof: Proof) -> Iterator[Hit]:
    """A token of the unsubscribe slot as a link's target, and in the text."""
    for edition in proof.editions:
        tokens = [token for token, slot in edition.slots.items() if slot.name == _UNSUBSCRIBE]
        targets = set(_targets(edition.html))
        if not any(token in targets for token in tokens):
            message = f"the page of {_name(edition)} has no unsubscribe link"
            yield _of_theme(proof, message, "</mj-body>", PAGE)
        if not any(token in edition.text for token in tokens):
            message = f"the plain text of {_name(edition)} has no unsubscribe link"
            yield _of_theme(proof, message, r"\A", TEXT)


@rule(
    "E044",
    says="The plain text is not empty.",
    source="filters count a message without one against the sender; some readers choose it",
    cure="mend the theme's text templates",
)
def empty_text(proof: Proof) -> Iterator[Hit]:
    """The text without its tokens."""
    for edition in proof.editions:
        text = edition.text
        for token in edition.slots:
            text = text.replace(token, "")
        if len(text.split()) == 0 or len(text.strip()) < MIN_TEXT:
            yield _of_theme(proof, f"the plain text of {_name(edition)} is empty", r"\A", TEXT)


@rule(
    "E045",
    says="Every link leads somewhere.",
    source="a link to # or to nothing opens an empty page",
    cure="give it an address, or take it out of the theme",
)
def dead_link(proof: Proof) -> Iterator[Hit]:
    """Links to nothing and to ``#`` in the rendered page."""
    for edition in proof.editions:
        dead = sum(target.strip() in {"", "#"} for target in _targets(edition.html))
        if dead:
            message = f"{dead} link(s) in the page of {_name(edition)} lead nowhere"
            yield _of_theme(proof, message, _DEAD)


@rule(
    "E046",
    says="Every image has an alt text, be it empty for ornament.",
    source="WCAG 2.2, 1.1.1; most inboxes hide images at first",
    cure='write alt="…" in the theme',
)
def image_without_alt(proof: Proof) -> Iterator[Hit]:
    """Images of the rendered page."""
    for edition in proof.editions:
        count = sum(not _ALT.search(match[0]) for match in _IMAGE.finditer(edition.html))
        if count:
            message = f"{count} image(s) in the page of {_name(edition)} have no alt"
            yield _of_theme(proof, message, _WITHOUT_ALT)


def _targets(html: str) -> Iterator[str]:
    """The target of every anchor; an anchor without one counts as a link to nothing."""
    for anchor in _ANCHOR.finditer(html):
        href = _HREF.search(anchor[1])
        if href or not re.search(r"\b(?:id|name)\s*=", anchor[1]):
            yield href[1] if href else ""


def _heaviest(proof: Proof) -> list[Edition]:
    by_language: dict[str, Edition] = {}
    for edition in proof.editions:
        known = by_language.setdefault(edition.variant.language, edition)
        if proof.html_size(edition) > proof.html_size(known):
            by_language[edition.variant.language] = edition
    return list(by_language.values())


def _name(edition: Edition) -> str:
    count = len(edition.variant.sections)
    return f"{edition.variant.language} ({count} section{'' if count == 1 else 's'})"


def _of_theme(proof: Proof, message: str, pattern: str, files: str = "*.mjml.j2") -> Hit:
    otherwise = TEXT if files == TEXT else PAGE
    theme = proof.theme
    return Hit(message, place=place_in_theme(theme, pattern, files, otherwise) if theme else None)


RULES = (
    heavy_image,
    heavy_message,
    heavy_html,
    clipped_html,
    no_unsubscribe,
    empty_text,
    dead_link,
    image_without_alt,
)
