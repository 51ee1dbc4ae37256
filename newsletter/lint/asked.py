"""Rules about what others said: servers of the links (``--online``), SpamAssassin (``--spam``)."""

from collections.abc import Iterator

from newsletter.lint.rule import Hit, Proof, rule
from newsletter.lint.written import written_links


@rule(
    "E062",
    says="Every link leads to a page that is there.",
    source="asked with --online: 404, 410, or a host that does not exist",
    cure="mend the address, or link to another page",
)
def dead_page(proof: Proof) -> Iterator[Hit]:
    """The links as they are written, with what their servers answered."""
    for link in written_links(proof):
        answer = proof.answers.get(link.url)
        if answer and answer.dead:
            yield link.hit(f"{link.url}: {answer.said}")


@rule(
    "W072",
    says="Every link answers.",
    source="asked with --online: a server that fails now may fail readers",
    cure="open it; if it works, ask again in an hour",
)
def silent_page(proof: Proof) -> Iterator[Hit]:
    """The links as they are written, whose servers failed, were late, or are not trusted."""
    for link in written_links(proof):
        answer = proof.answers.get(link.url)
        if answer and answer.said and not answer.dead:
            yield link.hit(f"{link.url}: {answer.said}")


@rule(
    "W075",
    says="SpamAssassin does not take the message for spam.",
    source="asked with --spam; many relays ask it too",
    cure="look up the tests that gave points, the largest first",
)
def taken_for_spam(proof: Proof) -> Iterator[Hit]:
    """The points of each language's full page, filled with sample values."""
    for edition in proof.editions:
        score = proof.spam.get(edition.variant.key)
        if score and score.points >= score.limit:
            tests = ", ".join(score.tests)
            message = f"{score.points:g} points of {score.limit:g}: {tests}"
            yield Hit(message, "subject", edition.variant.language)


def unasked(proof: Proof) -> frozenset[str]:
    """Those of these rules that had nobody to ask: they did not pass."""
    links = () if proof.answers else (dead_page.id, silent_page.id)
    return frozenset(links if proof.spam else (*links, taken_for_spam.id))


RULES = (dead_page, silent_page, taken_for_spam)
