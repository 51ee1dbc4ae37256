"""Rules about the images of a page: words for them, size, sharpness, format, and where they are."""

import re
from collections.abc import Iterator
from pathlib import Path

from newsletter.lint.css import declarations
from newsletter.lint.look import pixels
from newsletter.lint.origin import image_hit, quoted, theme_hit
from newsletter.lint.page import Page, Part, pages_of
from newsletter.lint.picture import SHOWN, Picture, picture_of
from newsletter.lint.rule import Hit, Proof, once, rule

_LONGEST_ALT = 150
_HEAVIEST_PAGE = 1_000_000
_SHARP = 2.0
_WASTED = 3.0
_SMALL_PICTURE = 20_000
_FILE_NAME = re.compile(r"[\w%-]+\.(?:png|jpe?g|gif|webp|avif|svg|bmp|tiff?)", re.IGNORECASE)
_CAMERA = re.compile(r"(?:img|dsc[nf]?|pxl|dji|screenshot|schermata)[ _-]?\d[\w-]*", re.IGNORECASE)
_EMPTY_WORDS = re.compile(
    "image|img|picture|photo|photograph|foto|fotografia|immagine|figura|logo|icon|icona"
    "|grafik|bild|abbildung|imagen|figure|illustration|图片|照片|图像"
)
_INLINE = re.compile(r"data:", re.IGNORECASE)
_OWN = re.compile(r"cid:", re.IGNORECASE)


@rule(
    "W086",
    says="An alt text says what the picture shows.",
    source='WCAG 2.2, 1.1.1: "foto.jpg" read aloud tells nothing',
    cure="say in some words who does what, where; leave it empty in the theme for ornament",
)
def meaningless_alt(proof: Proof) -> Iterator[Hit]:
    """Alt texts that are a file's name, a camera's number or one word such as "photo"."""
    for page, part in _images(proof):
        alt = (part.get("alt") or "").strip()
        bare = alt.strip(" .:!").casefold()
        if _EMPTY_WORDS.fullmatch(bare) or _FILE_NAME.fullmatch(alt) or _CAMERA.fullmatch(alt):
            message = f'"{alt}" does not say what the picture shows'
            yield image_hit(proof, page, part, message, "alt")


@rule(
    "W087",
    says=f"An alt text has at most {_LONGEST_ALT} characters.",
    source="voices read it without a stop; where images are off it breaks the layout",
    cure="say the essential, and put the rest into the text",
)
def long_alt(proof: Proof) -> Iterator[Hit]:
    """The alt texts of each page."""
    for page, part in _images(proof):
        alt = part.get("alt") or ""
        if len(alt) > _LONGEST_ALT:
            message = f'"{quoted(page, alt)}" has {len(alt)} characters'
            yield image_hit(proof, page, part, message, "alt")


@rule(
    "W088",
    says="Each image has a width attribute.",
    source="Outlook for Windows shows a picture without one in its full size",
    cure='write width="520" (pixels, no unit) in the theme',
)
def no_width(proof: Proof) -> Iterator[Hit]:
    """The images of each page; a width in CSS alone does not count."""
    for page, part in _images(proof):
        if not (part.get("width") or "").strip().rstrip("%").isdigit():
            message = f"{_name(part)} has no width"
            yield theme_hit(proof, page, part, message, r"<img\b(?![^>]*\bwidth=\"?[\d{])")


@rule(
    "W089",
    says="An image has twice the pixels that are shown.",
    source="on the screens of phones and of most laptops it is blurred with fewer",
    cure="export it at twice the width; the width attribute keeps its size",
)
def blurred(proof: Proof) -> Iterator[Hit]:
    """The width of each file against the width at which it is shown."""
    for page, part, picture in _files(proof):
        shown = _shown_width(part)
        if shown and 0 < picture.width < shown * _SHARP:
            message = f"{_name(part)} has {picture.width} pixels for {shown:g}"
            yield image_hit(proof, page, part, message)


@rule(
    "E090",
    says="Images are PNG, JPEG or GIF.",
    source="caniemail: Outlook for Windows shows no WebP and no AVIF, Gmail no SVG",
    cure="save it as JPEG (photographs) or PNG (drawings)",
)
def unknown_format(proof: Proof) -> Iterator[Hit]:
    """The first octets of each file, whatever its name; pictures inside the page."""
    for page, part, picture in _files(proof):
        if picture.kind not in SHOWN:
            message = f"{_name(part)} is {picture.kind}"
            yield image_hit(proof, page, part, message)
    for page, part in _images(proof):
        if _INLINE.match(part.get("src") or ""):
            message = "a picture stands inside the page as data, which Gmail does not show"
            yield theme_hit(proof, page, part, message, "data:")


@rule(
    "W091",
    says="Each image is a file of the issue or of the theme.",
    source="an image of another server vanishes with it, changes, and counts who looks",
    cure="put the file into images/ and show it by image(…) or theme_image(…)",
)
def image_elsewhere(proof: Proof) -> Iterator[Hit]:
    """Addresses that neither image() nor theme_image() made."""
    for page, part in _images(proof):
        src = (part.get("src") or "").strip()
        known = src in dict(page.edition.images) or src in page.edition.slots
        if known or _INLINE.match(src) or _OWN.match(src):
            continue
        message = f"{src[:60] or 'an image without an address'} is no image of the newsletter"
        yield theme_hit(proof, page, part, message, re.escape(src) or r"<img\b")


@rule(
    "W092",
    says="All images of a page weigh at most 1 MB together.",
    source="a phone on a slow network shows none of them for a minute",
    cure="export the heaviest smaller: JPEG at 80, twice the shown width",
)
def heavy_images(proof: Proof) -> Iterator[Hit]:
    """The files of each page, each counted once."""
    for page in pages_of(proof):
        files = {path for _, path in page.edition.images}
        weights = {path: _weight(proof.root / path) for path in files}
        total = sum(weights.values())
        if total > _HEAVIEST_PAGE:
            heaviest = max(weights, key=lambda path: weights[path])
            message = f"the images of {page.edition.variant.language} weigh {total // 1000} KB"
            yield Hit(f"{message}, {Path(heaviest).name} the most", path=proof.root / heaviest)


@rule(
    "E093",
    says="A JPEG has the colours of screens, not of print.",
    source="CMYK: Outlook for Windows shows a red cross, others false colours",
    cure="convert it to RGB (sRGB) when you export it",
)
def print_colors(proof: Proof) -> Iterator[Hit]:
    """The colour components of each JPEG."""
    for page, part, picture in _files(proof):
        if picture.cmyk:
            yield image_hit(proof, page, part, f"{_name(part)} has the colours of print (CMYK)")


@rule(
    "N094",
    says="An image has no more than three times the pixels that are shown.",
    source="what no screen can show is loaded all the same",
    cure="export it at twice the shown width",
)
def wasted(proof: Proof) -> Iterator[Hit]:
    """The width of each file of some weight against the width at which it is shown."""
    for page, part, picture in _files(proof):
        shown = _shown_width(part)
        if shown and picture.width > shown * _WASTED and picture.octets > _SMALL_PICTURE:
            message = f"{_name(part)} has {picture.width} pixels for {shown:g}"
            yield image_hit(proof, page, part, message)


@once
def _images(proof: Proof) -> Iterator[tuple[Page, Part]]:
    """Each image once for each language: its address, its alt text and its section."""
    for page in pages_of(proof):
        seen: set[tuple[str | None, str | None, str]] = set()
        for part in page.named("img"):
            key = part.get("src"), part.get("alt"), part.where
            if key not in seen:
                seen.add(key)
                yield page, part


@once
def _files(proof: Proof) -> Iterator[tuple[Page, Part, Picture]]:
    """Each file once, with the first part that shows it."""
    seen: set[str] = set()
    for page, part in _images(proof):
        path = dict(page.edition.images).get(part.get("src") or "")
        picture = picture_of(proof.root / path) if path else None
        if path and picture and path not in seen:
            seen.add(path)
            yield page, part, picture


def _shown_width(part: Part) -> float | None:
    """Pixels from side to side, by the attribute, or by CSS where that is less."""
    written = (part.get("width") or "").strip()
    widths = [float(written)] if written.isdigit() else []
    declared = declarations(part.get("style") or "")
    found = (pixels(declared[name][0]) for name in ("width", "max-width") if name in declared)
    return min([*widths, *(each for each in found if each)], default=None)


def _name(part: Part) -> str:
    return (part.get("src") or "").rpartition("/")[2][:60] or "an image"


def _weight(path: Path) -> int:
    picture = picture_of(path)
    return picture.octets if picture else 0


RULES = (
    meaningless_alt,
    long_alt,
    no_width,
    blurred,
    unknown_format,
    image_elsewhere,
    heavy_images,
    print_colors,
    wasted,
)
