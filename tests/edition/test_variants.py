"""A reader's variant: the nearest language there is, and the sections of the reader's segments."""

from pathlib import Path

import pytest

from newsletter.edition.model import Variant
from newsletter.edition.variants import variant_for
from newsletter.issue.loader import load_issue
from newsletter.issue.model import Issue
from newsletter.values import Language, SectionId
from tests.issue.folder import ISSUE, write_issue

CALL = '\n[sections.{}]\nkind = "article"\ntitle = "x"\nbody = "x"\naudience = "{}"\n'


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """Three sections, two of them for a segment, in Italian and English."""
    toml = ISSUE + CALL.format("partners", "partners") + CALL.format("press", "press")
    return load_issue(write_issue(tmp_path, toml, en='subject = "News"\n'))


@pytest.mark.parametrize(
    ("wanted", "given"), [("en", "en"), ("en-GB", "en"), ("de", "it"), ("", "it"), ("??", "it")]
)
def test_the_language_is_the_readers_or_the_nearest_or_the_originals(
    issue: Issue, wanted: str, given: str
) -> None:
    assert variant_for(issue, wanted, frozenset()).language == given


@pytest.mark.parametrize(
    ("segments", "sections"),
    [
        (set(), ("china",)),
        ({"press"}, ("china", "press")),
        ({"press", "partners", "others"}, ("china", "partners", "press")),
    ],
)
def test_sections_come_in_the_issues_order_whatever_the_segments(
    issue: Issue, segments: set[str], sections: tuple[str, ...]
) -> None:
    expected = Variant(Language("it"), tuple(SectionId(name) for name in sections))
    assert variant_for(issue, "it", segments) == expected
