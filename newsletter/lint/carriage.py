"""Rules about what travels: the text beside the page, line lengths, and what programs take out."""

import re
from collections.abc import Iterator

from newsletter.edition.wrap import width_of
from newsletter.issue.slots import replace_slots
from newsletter.lint.origin import quoted, text_template, theme_hit
from newsletter.lint.page import Page, Part, pages_of
from newsletter.lint.place import place_in_theme
from newsletter.lint.rule import Hit, Proof, rule

_WIDEST = 78  # RFC 5322, 2.1.1: should
_LONGEST_LINE = 998  # RFC 5322, 2.1.1: must
_LARGEST_SHEET = 8_192
_SHORTEST_PIECE = 3
_LETTERS = re.compile(r"[\W_]+")
_MARKS = re.compile(r"^\s*(?:>\s*)*(?:[-*+]\s+|\d+[.)]\s+)?")
"""What stands before the words of a quotation and of a list."""
_CONDITION = re.compile(
    r"<!(?P<hidden>--)?\[[iI][fF]\b[^\]]*\]>|<!\[[eE][nN][dD][iI][fF]\](?P<end>--)?>"
)
_ACTIVE = ("script", "iframe", "object", "embed", "applet", "frame", "frameset", "base")


@rule(
    "W110",
    says="Lines of the plain text have at most 78 columns.",
    source="RFC 5322, 2.1.1; terminals and some phones break longer ones raggedly",
    cure="put | wrap or | plain behind the words in the text template",
)
def wide_text(proof: Proof) -> Iterator[Hit]:
    """The lines of each page's text; one that is a single word, such as an address, may be long."""
    for page in pages_of(proof):
        where = ""
        for line in page.edition.text.splitlines():
            shown = quoted(page, line) if any(t in line for t in page.edition.slots) else line
            words = _MARKS.sub("", line).split()
            if width_of(line) <= _WIDEST or len(words) < 2 or shown != line:  # noqa: PLR2004 - words
                continue
            message = f'"{quoted(page, line)}" has {width_of(line)} columns'
            language = page.edition.variant.language
            yield Hit(message, where, language, place=text_template(proof, where))


@rule(
    "W111",
    says="The plain text has each link of the page.",
    source="who reads the text must be able to do what the page asks for",
    cure="write the address into the section's text template",
)
def link_not_in_text(proof: Proof) -> Iterator[Hit]:
    """The addresses of each page, in its text as they are or without mailto:."""
    for page in pages_of(proof):
        missing: set[str] = set()
        for part in page.named("a"):
            href = (part.get("href") or "").strip()
            if not href or href.startswith("#") or href in missing or _is_in(href, page):
                continue
            missing.add(href)
            message = f"the link to {quoted(page, href)} is not in the plain text"
            yield _text_hit(proof, page, part.where, message)


@rule(
    "W112",
    says="The plain text has each section of the page.",
    source="page and text are one message; a section in one alone is lost on some readers",
    cure="write the section's title in its text template, and its text in the edition's",
)
def section_not_in_text(proof: Proof) -> Iterator[Hit]:
    """The words of each section's title, whatever stands between them."""
    for page in pages_of(proof):
        edition = page.edition
        letters = _LETTERS.sub("", edition.text).casefold()
        for name in edition.variant.sections:
            title = proof.issue.texts[edition.variant.language].sections[name].title
            pieces = replace_slots(title or "", lambda _: "\n").split("\n")
            wanted = [_LETTERS.sub("", piece).casefold() for piece in pieces]
            if any(len(each) >= _SHORTEST_PIECE and each not in letters for each in wanted):
                message = f"the section {name} is not in the plain text"
                yield _text_hit(proof, page, f"sections.{name}", message)


@rule(
    "E113",
    says="Each condition for Outlook that is opened is closed.",
    source="an open one hides the rest of the page from every other program",
    cure="write <!--[if mso]> … <![endif]--> in pairs, one not inside another",
)
def unbalanced_condition(proof: Proof) -> Iterator[Hit]:
    """The conditional comments of each page, hidden and revealed."""
    for page in pages_of(proof):
        fault = _condition_fault(page.edition.html)
        if fault:
            place = place_in_theme(proof.theme, r"<!--\[if|<!\[endif") if proof.theme else None
            yield Hit(fault, language=page.edition.variant.language, place=place)


@rule(
    "E114",
    says="No line of a message is longer than 998 octets.",
    source="RFC 5321, 4.5.3.1.6: a relay may cut or refuse it, and signatures break",
    cure="report it: messages are encoded so that this cannot be",
)
def long_line(proof: Proof) -> Iterator[Hit]:
    """Each whole message as it would leave."""
    for key, message in proof.messages.items():
        longest = max(map(len, message.splitlines()), default=0)
        if longest > _LONGEST_LINE:
            yield Hit(f"a line of {key} has {longest:,} octets")


@rule(
    "W115",
    says="A style sheet of the head has at most 8,192 characters.",
    source="Gmail drops a longer one, and all that follow it",
    cure="part it into several mj-style, the most important first",
)
def large_sheet(proof: Proof) -> Iterator[Hit]:
    """Each style element of each page."""
    for page in pages_of(proof):
        for sheet in page.sheets:
            if len(sheet) > _LARGEST_SHEET:
                message = f"a style sheet of the head has {len(sheet):,} characters"
                place = (
                    place_in_theme(proof.theme, r"\A", "head.css", "head.css")
                    if proof.theme
                    else None
                )
                yield Hit(message, language=page.edition.variant.language, place=place)


@rule(
    "E116",
    says="A page holds nothing that runs.",
    source="mail programs take it out, and filters take the whole message for an attack",
    cure="take it out, and link to a page on the web that does it",
)
def active_content(proof: Proof) -> Iterator[Hit]:
    """Scripts, frames and embedded objects; onclick and its like; javascript: links."""
    for page in pages_of(proof):
        for part in filter(_may_run, page.parts):
            what = _active(part)
            if what:
                message = f"the page holds {what}"
                yield theme_hit(proof, page, part, message, rf"<{part.tag}\b")


def _may_run(part: Part) -> bool:
    """Whether it is worth a look: nearly no part is."""
    said = part.attributes
    return "href" in said or "src" in said or part.tag in _ACTIVE or " on" in f" {' '.join(said)}"


def _active(part: Part) -> str:
    if part.tag in _ACTIVE:
        return f"<{part.tag}>"
    events = [name for name in part.attributes if name.startswith("on")]
    if events:
        return f"{events[0]} in <{part.tag}>"
    target = (part.get("href") or part.get("src") or "").strip().lower()
    return "a javascript: link" if target.startswith(("javascript:", "vbscript:")) else ""


def _is_in(href: str, page: Page) -> bool:
    text = page.edition.text
    plain = href.removeprefix("mailto:")
    return href in text or plain in text or (plain != href and plain.partition("?")[0] in text)


def _text_hit(proof: Proof, page: Page, where: str, message: str) -> Hit:
    language = page.edition.variant.language
    return Hit(message, where, language, place=text_template(proof, where))


def _condition_fault(html: str) -> str:
    """What is wrong with the conditions of a page; empty when each has its end."""
    hidden = revealed = 0
    for match in _CONDITION.finditer(html):
        step = -1 if match[0].lower().startswith("<![endif") else 1
        if match["hidden"] or match["end"]:
            hidden += step
        else:
            revealed += step
        if hidden not in {0, 1} or revealed not in {0, 1}:
            inside = hidden > 1 or revealed > 1
            return "a condition stands in another" if inside else "<![endif] without its [if]"
    return "a condition is never closed" if hidden or revealed else ""


RULES = (
    wide_text,
    link_not_in_text,
    section_not_in_text,
    unbalanced_condition,
    long_line,
    large_sheet,
    active_content,
)
