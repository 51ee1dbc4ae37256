"""Rules about what a page tells those who hear it: headings, language, tables, names."""

from collections.abc import Iterator

from newsletter.lint.css import Element
from newsletter.lint.origin import quoted, theme_hit, words_hit
from newsletter.lint.page import Page, Part, pages_of
from newsletter.lint.place import place_in_theme
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import direction

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LAYOUT = frozenset({"presentation", "none"})


@rule(
    "W099",
    says="No level of headings is skipped.",
    source="WCAG 2.2, 1.3.1: who hears the page goes from heading to heading",
    cure="write ## under the section's title, ### below that",
)
def skipped_heading(proof: Proof) -> Iterator[Hit]:
    """The headings of each page in reading order."""
    for page in pages_of(proof):
        last = 0
        for part in page.shown:
            if part.tag not in _HEADINGS:
                continue
            level = int(part.tag[1])
            if last and level > last + 1:
                message = f'"{quoted(page, part.words)}" is a heading {level} after a {last}'
                yield _heading_hit(proof, page, part, message)
            last = level


@rule(
    "W100",
    says="A page has one heading of the first level.",
    source="it is the page's name for who hears it; axe: page-has-heading-one",
    cure="keep h1 for the issue's title; in prose begin with ##",
)
def one_first_heading(proof: Proof) -> Iterator[Hit]:
    """The h1 of each page."""
    for page in pages_of(proof):
        firsts = [part for part in page.shown if part.tag == "h1"]
        if not firsts and proof.theme:
            yield Hit("the page has no h1", place=place_in_theme(proof.theme, "<mj-body"))
        for part in firsts[1:]:
            message = f'"{quoted(page, part.words)}" is a second h1'
            yield _heading_hit(proof, page, part, message)


@rule(
    "E101",
    says="The page says its language and its direction.",
    source="WCAG 2.2, 3.1.1: a voice reads by it, a dictionary hyphenates by it",
    cure='write <mjml lang="{{ lang }}" dir="{{ dir }}">',
)
def wrong_language(proof: Proof) -> Iterator[Hit]:
    """The html element of each page, against the language of its readers."""
    for page in pages_of(proof):
        language = page.edition.variant.language
        said = page.tree.get("lang") or "", page.tree.get("dir") or "auto"
        if said[0].lower() != language.lower() or said[1] not in {direction(language), "auto"}:
            message = f"the page in {language} says that it is {said[0] or 'nothing'}, {said[1]}"
            place = place_in_theme(proof.theme, "<mjml") if proof.theme else None
            yield Hit(message, place=place)


@rule(
    "W102",
    says="A table that only places things says so.",
    source='WCAG 2.2, 1.3.1: else a voice reads "table, row 1, column 1" before each line',
    cure='write role="presentation" on it',
)
def layout_table(proof: Proof) -> Iterator[Hit]:
    """Tables without a heading cell or a caption."""
    for page in pages_of(proof):
        for part in page.named("table"):
            if part.get("role") not in _LAYOUT and not _is_data(part.element):
                pattern = r"<table\b(?![^>]*\brole=)"
                yield theme_hit(proof, page, part, "a table has no role", pattern)


@rule(
    "E103",
    says="Each link has words, or a picture with an alt text.",
    source="WCAG 2.2, 2.4.4: a voice reads the address instead",
    cure="write words into it, or give its picture an alt text that says where it leads",
)
def nameless_link(proof: Proof) -> Iterator[Hit]:
    """Links without text, without an alt text inside, and without aria-label."""
    for page in pages_of(proof):
        for part in page.shown:
            if part.tag == "a" and part.get("href") and not _name_of(part):
                message = f"the link to {quoted(page, part.get('href') or '')} has no words"
                yield theme_hit(proof, page, part, message, r"<a\b[^>]*href=")


@rule(
    "W104",
    says="The page has a title.",
    source="WCAG 2.2, 2.4.2; browsers and some phones show it",
    cure="write mj-title in the head",
)
def no_title(proof: Proof) -> Iterator[Hit]:
    """The title element of each page."""
    for page in pages_of(proof):
        if not any(part.words for part in page.named("title")):
            place = place_in_theme(proof.theme, "<mj-head|<mj-title") if proof.theme else None
            yield Hit("the page has no title", place=place)


@rule(
    "W105",
    says="Nothing keeps readers from enlarging the page.",
    source="WCAG 2.2, 1.4.4",
    cure="take user-scalable and maximum-scale out of the viewport",
)
def fixed_zoom(proof: Proof) -> Iterator[Hit]:
    """The viewport that the head asks for."""
    for page in pages_of(proof):
        for part in page.named("meta"):
            content = (part.get("content") or "").replace(" ", "").lower()
            fixed = "user-scalable=no" in content or "maximum-scale=1" in content
            if (part.get("name") or "").lower() == "viewport" and fixed:
                message = "the viewport forbids to enlarge the page"
                yield theme_hit(proof, page, part, message, "user-scalable|maximum-scale")


def _heading_hit(proof: Proof, page: Page, part: Part, message: str) -> Hit:
    """At the prose that has the heading, else at the template."""
    prose = words_hit(proof, page, part, message, f"# {part.words}") if part.words else None
    return prose or theme_hit(proof, page, part, message, rf"<{part.tag}\b")


def _is_data(table: Element) -> bool:
    """Whether the table, not one inside it, has a heading cell or a caption."""
    cells = (each for each in table.iter("th", "caption"))
    return any(next(cell.iterancestors("table"), None) is table for cell in cells)


def _name_of(part: Part) -> str:
    said = [part.words, part.get("aria-label"), part.get("title")]
    said += [image.get("alt") for image in part.element.iter("img")]
    return "".join(each.strip() for each in said if each)


RULES = (
    skipped_heading,
    one_first_heading,
    wrong_language,
    layout_table,
    nameless_link,
    no_title,
    fixed_zoom,
)
