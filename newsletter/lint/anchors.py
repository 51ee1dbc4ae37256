"""Rules about places inside the page: where its own links lead, and the way out."""

import re
from collections import Counter
from collections.abc import Iterator

from newsletter.edition.model import URL_SLOTS
from newsletter.lint.place import PAGE, place_in_theme
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.lint.shown import ids_of, shown_links

_UNSUBSCRIBE = URL_SLOTS[0]


@rule(
    "E055",
    says="A link to a place in the page finds it there.",
    source="else the table of contents leads nowhere",
    cure="give the section that id, or mend the link's address",
)
def lost_anchor(proof: Proof) -> Iterator[Hit]:
    """Links to ``#name`` in the rendered page against its ids and names."""
    for edition in proof.editions:
        known = {name for _, name in ids_of(edition.html)}
        wanted = [link.href[1:] for link in shown_links(edition.html) if link.href[:1] == "#"]
        for name in dict.fromkeys(filter(None, wanted)):
            if name not in known:
                language = edition.variant.language
                message = f"a link in the page of {language} leads to #{name}, which is not there"
                yield _in_theme(proof, message, rf"href\s*=\s*[\"']#(?:{re.escape(name)}\b|\{{\{{)")


@rule(
    "W056",
    says="Each id stands once in a page.",
    source="HTML: a link finds only the first",
    cure="make the id from the section's, as in {{ section.anchor }}",
)
def double_id(proof: Proof) -> Iterator[Hit]:
    """The ids of the rendered page."""
    for edition in proof.editions:
        counts = Counter(name for key, name in ids_of(edition.html) if key == "id")
        for name, count in counts.items():
            if name and count > 1:
                message = f"the id {name} stands {count} times in the page of"
                pattern = rf"\bid\s*=\s*[\"']{re.escape(name)}[\"']"
                yield _in_theme(proof, f"{message} {edition.variant.language}", pattern)


@rule(
    "W074",
    says="The unsubscribe link has words.",
    source="GDPR art. 7(3): as easy to leave as to come; a hidden link counts as none",
    cure="let the theme's footer say what the link does",
)
def unseen_unsubscribe(proof: Proof) -> Iterator[Hit]:
    """The words, or the alt texts, of links to the unsubscribe page."""
    for edition in proof.editions:
        tokens = {token for token, slot in edition.slots.items() if slot.name == _UNSUBSCRIBE}
        links = [link for link in shown_links(edition.html) if link.href in tokens]
        if links and not any(link.words for link in links):
            message = f"the unsubscribe link of {edition.variant.language} has no words"
            yield _in_theme(proof, message, r"url\.unsubscribe|url\[")


def _in_theme(proof: Proof, message: str, pattern: str) -> Hit:
    place = place_in_theme(proof.theme, pattern, otherwise=PAGE) if proof.theme else None
    return Hit(message, place=place)


RULES = (lost_anchor, double_id, unseen_unsubscribe)
