"""Rules about what an inbox's list shows: subject and preheader."""

from collections.abc import Iterator

from newsletter.issue.model import IssueText
from newsletter.issue.slots import Slot, replace_slots
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language


@rule(
    "W011",
    says="The subject has at most 70 characters.",
    source="desktop inboxes show about 70 characters, phones about 40",
    cure="say the most important thing first, and cut the rest",
)
def long_subject(proof: Proof) -> Iterator[Hit]:
    """The subject's length, each slot counted as its default or ten letters."""
    for language, text in _texts(proof):
        length = len(replace_slots(text.subject, _typical))
        if length > proof.limits.subject:
            yield Hit(f"the subject has {length} characters", "subject", language)


@rule(
    "W012",
    says="There is a preheader.",
    source="without one, inboxes show the page's first words, often a link",
    cure='write preheader = "…": what the subject does not say',
)
def no_preheader(proof: Proof) -> Iterator[Hit]:
    """The original's preheader; a translation without one falls back to it."""
    if not proof.issue.original.preheader:
        yield Hit("there is no preheader", "preheader")


@rule(
    "W013",
    says="The preheader does not repeat the subject.",
    source="the two stand beside each other in the inbox",
    cure="say in it what the subject does not say",
)
def repeated_preheader(proof: Proof) -> Iterator[Hit]:
    """Subject and preheader, whatever their case."""
    for language, text in _texts(proof):
        if text.preheader and text.preheader.casefold() == text.subject.casefold():
            yield Hit("the preheader repeats the subject", "preheader", language)


def _texts(proof: Proof) -> Iterator[tuple[Language, IssueText]]:
    """The languages that have their own subject; the others would repeat the original's."""
    for language, text in proof.issue.texts.items():
        if language == proof.issue.language or text.subject != proof.issue.original.subject:
            yield language, text


def _typical(slot: Slot) -> str:
    return slot.default if slot.default is not None else "x" * 10


RULES = (long_subject, no_preheader, repeated_preheader)
