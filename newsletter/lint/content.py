"""Rules about the sections: one call, nothing twice, short where it must be short."""

from collections.abc import Iterator

from newsletter.issue.words import Word
from newsletter.lint.calendar import dated_events
from newsletter.lint.leftovers import still_to_write
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import Language

_LABEL_WORDS = 6
_MOST_WORDS = {("call", "body"): 25, ("report", "lead"): 45}
"""By kind and key, as the look has them."""


@rule(
    "W025",
    says="An issue has one call to action.",
    source="of two calls readers follow neither",
    cure="keep the one that matters most; make the others articles with a button",
)
def several_calls(proof: Proof) -> Iterator[Hit]:
    """Every call after the first."""
    calls = [
        name for name, section in proof.issue.original.sections.items() if section.kind == "call"
    ]
    for name in calls[1:]:
        yield Hit(f"{name} is a call besides {calls[0]}", f"sections.{name}.kind")


@rule(
    "W035",
    says="No section and no event stands there twice.",
    source="what was copied to be changed, and was not",
    cure="change one of the two, or take it out",
)
def twice_the_same(proof: Proof) -> Iterator[Hit]:
    """Sections with the same title, and events with the same date and words."""
    titles: dict[str, str] = {}
    for name, section in proof.issue.original.sections.items():
        first = titles.setdefault((section.title or name).casefold(), name)
        if first != name and not still_to_write(section.title or ""):
            yield Hit(f"{first} has the same title", f"sections.{name}.title")
    seen: dict[tuple[object, ...], str] = {}
    for where, event in dated_events(proof):
        known = (event.date, event.end, event.title.casefold(), event.place)
        if seen.setdefault(known, where) != where and not still_to_write(event.title):
            yield Hit(f"{event.title} stands there twice", where)


@rule(
    "N037",
    says="A call has at most 25 words, a lead at most 45.",
    source="both are read at a glance, or not at all",
    cure="cut it, or move what is left into an article",
)
def long_winded(proof: Proof) -> Iterator[Hit]:
    """The bodies of calls and the leads of reports, in languages that part words."""
    for language, word in _in_parted_words(proof):
        most = _MOST_WORDS.get((_kind_of(proof, word), word.where.rpartition(".")[2]))
        count = len(word.text.split())
        if most and count > most:
            yield Hit(f"it has {count} words", word.where, language)


@rule(
    "N038",
    says="A figure's label has at most six words.",
    source="figures stand side by side, on phones too",
    cure="name only what is counted",
)
def long_label(proof: Proof) -> Iterator[Hit]:
    """The labels of a report's figures, in languages that part words."""
    for language, word in _in_parted_words(proof):
        label = ".figures." in word.where and word.where.endswith(".label")
        count = len(word.text.split())
        if label and _kind_of(proof, word) == "report" and count > _LABEL_WORDS:
            yield Hit(f"it has {count} words", word.where, language)


def _kind_of(proof: Proof, word: Word) -> str:
    return proof.issue.original.sections[word.where.split(".")[1]].kind


def _in_parted_words(proof: Proof) -> Iterator[tuple[Language, Word]]:
    """The words of sections in languages that write blanks between words."""
    for language, word in proof.words():
        if language.split("-")[0] not in {"zh", "ja", "th"} and word.where.startswith("sections."):
            yield language, word


RULES = (several_calls, twice_the_same, long_winded, long_label)
