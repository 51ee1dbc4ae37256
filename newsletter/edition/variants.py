"""Which page a reader gets: the language, and the sections that the reader's segments open."""

from collections.abc import Set as AbstractSet

from newsletter.edition.model import Variant
from newsletter.issue.model import Issue
from newsletter.values import choose_language


def variant_for(issue: Issue, reader_language: str, segments_matched: AbstractSet[str]) -> Variant:
    """The variant of a reader who stands in these segments.

    A section without an audience is seen by all. A reader may see none: then the variant has no
    sections, and who plans must not send it.
    """
    audiences = issue.section_audiences
    return Variant(
        language=choose_language(reader_language, issue.languages, issue.language),
        sections=tuple(
            section
            for section in issue.section_ids
            if section not in audiences or audiences[section] in segments_matched
        ),
    )
