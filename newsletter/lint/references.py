"""Rules about names: themes, segments and fields that are not there."""

from collections.abc import Iterable, Iterator

from newsletter.issue.slots import placed_slots
from newsletter.lint.rule import Hit, Proof, rule
from newsletter.values import nearest


@rule(
    "E001",
    says="The theme is a folder under templates/.",
    source="without it there is no page",
    cure="name a folder of templates/",
)
def unknown_theme(proof: Proof) -> Iterator[Hit]:
    """The theme that the issue names."""
    name = proof.issue.original.theme
    if proof.theme is None and name not in proof.themes:
        cure = _did_you_mean(name, proof.themes)
        yield Hit(f"there is no theme {name}", "theme", cure=cure)


@rule(
    "E002",
    says="Each section's audience is a saved segment.",
    source="a section for a segment that is not there is seen by nobody",
    cure="save the segment in subscribers/segments.toml",
)
def unknown_segment(proof: Proof) -> Iterator[Hit]:
    """The audiences of the sections."""
    for section, audience in proof.issue.section_audiences.items():
        if audience not in proof.segments:
            where = f"sections.{section}.audience"
            cure = _did_you_mean(audience, proof.segments)
            yield Hit(f"there is no segment {audience}", where, cure=cure)


@rule(
    "E003",
    says="Each slot names a field that readers have.",
    source="a slot without a field is filled with nothing for everybody",
    cure="name a column of the lists, or a built-in field",
)
def unknown_field(proof: Proof) -> Iterator[Hit]:
    """The slots in the words."""
    for language, word in proof.words():
        for slot, offset, _ in placed_slots(word.text):
            if slot.name not in proof.slot_names:
                cure = _did_you_mean(slot.name, proof.slot_names)
                message = f"no reader has a field {slot.name}"
                yield Hit(message, word.where, language, cure=cure, offset=offset)


@rule(
    "E005",
    says="The theme has templates for every kind of section in the issue.",
    source="a section without a template cannot be shown",
    cure="choose another kind, or write the two templates",
)
def kind_without_template(proof: Proof) -> Iterator[Hit]:
    """The kinds of the sections against those of the theme."""
    if proof.theme is None:
        return
    for name, section in proof.issue.original.sections.items():
        if section.kind not in proof.theme.kinds:
            message = f"the theme {proof.theme.name} has no templates for {section.kind}"
            yield Hit(message, f"sections.{name}.kind")


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = nearest(name, names)
    if near:
        return f'did you mean "{near}"?'
    return f"known: {', '.join(names)}" if names else ""


@rule(
    "E006",
    says="Each reader has what each slot asks for, or the slot has a default.",
    source="else a hole stands in the sentence",
    cure="fill the column",
)
def unfilled_slot(proof: Proof) -> Iterator[Hit]:
    """The slots that some recipients' rows leave empty; known once an audience is."""
    for name, readers in proof.holes.items():
        slot = f'{{{{ {name} | "…" }}}}'
        cure = f"write {slot} with words for them, fill the column, or say --missing default"
        who = "1 recipient has" if readers == 1 else f"{readers} recipients have"
        rows = ", ".join(proof.hole_rows.get(name, ()))
        message = f"{who} no {name}, and the slot has no default{rows and f': {rows}'}"
        places = (
            (word.where, language, offset)
            for language, word in proof.words()
            for slot, offset, _ in placed_slots(word.text)
            if slot.name == name and slot.default is None
        )
        where, language, offset = next(places, ("", None, None))
        yield Hit(message, where, language, cure=cure, offset=offset)


RULES = (
    unknown_theme,
    unknown_segment,
    unknown_field,
    kind_without_template,
    unfilled_slot,
)
