"""Rules about slots: where they stand, what stands there without a value, and other tools' own."""

import re
from collections.abc import Iterator

from newsletter.edition.model import URL_SLOTS
from newsletter.issue.slots import placed_slots
from newsletter.lint.origin import theme_hit
from newsletter.lint.page import Page, pages_of
from newsletter.lint.place import TEXT, place_in_theme
from newsletter.lint.rule import Hit, Proof, rule

_ALWAYS_THERE = frozenset({"email", "lists", *URL_SLOTS})
_HOLE_BEFORE = re.compile(r"(?:^|[\s(«“\"'])$")
_HOLE_AFTER = re.compile(r"^(?:$|[\s,.;:!?)»”\"'，。：；！？、])")
_SLOT_LIKE = re.compile(r"\{\{[^{}\n]*\}\}")
_SIGNS = frozenset("*%[{<$#")
_FOREIGN = re.compile(
    r"\*\|[A-Z][A-Z0-9_:]*\|\*"  # Mailchimp
    r"|%%[A-Za-z][\w.]*%%|%[A-Z][A-Z_]{2,}%"  # Salesforce; Sendy, Brevo's elders
    r"|\[\[[A-Za-z][\w. ]{0,40}\]\]"  # phpList's kind, Mailjet
    r"|\{\{[^{}\n]{0,60}\}\}|\{%[^%\n]{0,60}%\}"  # Jinja, Liquid, Handlebars
    r"|<%=?[^%\n]{0,60}%>|\$\{[A-Za-z][\w.]*\}|\{\$[A-Za-z][\w.]*\}|\#\{[A-Za-z][\w.]*\}"
)
_LIKE_FOREIGN = re.compile(
    r"%%[A-Za-z_][\w ]{0,30}%%|[$#]\{[\w.]{1,40}\}|\[%[^\]\n]{1,60}%\]"
    r"|(?<!\{)\{[A-Za-z_][\w.]{1,30}\}(?!\})"
    r"|(?i:\[(?:first_?name|last_?name|fname|lname|e-?mail|unsubscribe(?:_link)?|unsub)\](?!\())"
    r"|(?i:%recipient\.\w{1,30}%)"
)


@rule(
    "N123",
    says="A slot has a default.",
    source="the next reader to join may have left the field empty",
    cure='write {{ first_name | "reader" }}',
)
def slot_without_default(proof: Proof) -> Iterator[Hit]:
    """The slots of fields that a row may leave empty; what every reader has needs none."""
    for language, word in proof.words():
        for slot, offset, _ in placed_slots(word.text):
            if slot.default is None and slot.name in proof.slot_names - _ALWAYS_THERE:
                message = f"{slot.name} has no default"
                yield Hit(message, word.where, language, offset=offset)


@rule(
    "E124",
    says="An address of the reader's own stands only where a link may.",
    source="in a subject or a title it is a long row of letters that opens somebody's settings",
    cure="make it a link in the text: [unsubscribe]({{ unsubscribe_url }})",
)
def address_in_title(proof: Proof) -> Iterator[Hit]:
    """unsubscribe_url, preferences_url and browser_url in words that are no prose."""
    for language, word in proof.words():
        for slot, offset, _ in placed_slots(word.text):
            if slot.name in URL_SLOTS and not (word.sort.markdown or word.sort.url):
                message = f"{slot.name} stands in {word.where.rpartition('.')[2]}"
                yield Hit(message, word.where, language, offset=offset)


@rule(
    "W125",
    says="A default that is empty leaves no hole.",
    source='"Gentile ," is what readers without a name would read',
    cure="write a word for them, or take the blank and the comma into the sentence",
)
def default_leaves_hole(proof: Proof) -> Iterator[Hit]:
    """Empty defaults between blanks and punctuation."""
    for language, word in proof.words():
        for slot, offset, end in placed_slots(word.text):
            if slot.default is None or slot.default.strip():
                continue
            before, after = word.text[:offset], word.text[end:]
            if _HOLE_BEFORE.search(before) and _HOLE_AFTER.match(after):
                message = f"without {slot.name} a hole stands here"
                yield Hit(message, word.where, language, offset=offset)


@rule(
    "W029",
    says="No field of another tool is left.",
    source="readers would see it as it stands: only {{ slots }} are filled here",
    cure='write the slot, {{ first_name | "reader" }}; or leave it, if it is meant as it stands',
)
def like_a_placeholder(proof: Proof) -> Iterator[Hit]:
    """What may be another tool's field, and may be words: ``{name}``, ``[fname]``; see E126."""
    for language, word in proof.words():
        bare = _FOREIGN.sub(_blanks, _SLOT_LIKE.sub(_blanks, word.text))
        for match in _LIKE_FOREIGN.finditer(bare):
            message = f"{match[0]} may be another tool's field"
            yield Hit(message, word.where, language, offset=match.start())


@rule(
    "E126",
    says="No placeholder of another program reaches readers.",
    source="it came with a paste from Mailchimp, Brevo or a template, and nothing fills it",
    cure="write a slot, {{ first_name }}, or plain words",
)
def foreign_placeholder(proof: Proof) -> Iterator[Hit]:
    """The officer's words, then those of each page and text: *|FNAME|*, %%name%%, ${name}."""
    known: set[str] = set()
    for language, word in proof.words():
        bare = _SLOT_LIKE.sub(_blanks, word.text)
        for match in _FOREIGN.finditer(bare):
            known.add(match[0])
            message = f"{match[0]} is filled by nothing"
            yield Hit(message, word.where, language, offset=match.start())
    for page in pages_of(proof):
        yield from _of_theme(proof, page, known)


def _of_theme(proof: Proof, page: Page, known: set[str]) -> Iterator[Hit]:
    """What no officer wrote; ``known`` grows with what was found."""
    for part in page.shown:
        if _SIGNS.isdisjoint(part.own_text):
            continue
        for name in _FOREIGN.findall(part.own_text):
            if name not in known:
                known.add(name)
                message = f"{name} is filled by nothing"
                yield theme_hit(proof, page, part, message, re.escape(name))
    for name in _FOREIGN.findall(page.edition.text):
        if name not in known:
            known.add(name)
            theme, message = proof.theme, f"{name} is filled by nothing"
            pattern = re.escape(name)
            place = place_in_theme(theme, pattern, "*.txt.j2", TEXT) if theme else None
            yield Hit(message, language=page.edition.variant.language, place=place)


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])


RULES = (
    slot_without_default,
    address_in_title,
    default_leaves_hole,
    like_a_placeholder,
    foreign_placeholder,
)
