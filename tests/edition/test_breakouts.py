"""No word of an officer leaves its place in the page: in text, attributes and addresses."""

import dataclasses
from collections.abc import Mapping

import html5lib
import pytest

from newsletter.edition.model import Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme, load_theme
from newsletter.issue.loader import load_issue
from newsletter.issue.model import Issue, IssueText
from newsletter.values import Language
from tests.edition.tiny import publisher, write_theme
from tests.issue.folder import ISSUE, write_issue
from tests.message.hostile import HOSTILE

SECTION = """
[sections.streams]
kind = "article"
title = "Titolo"
body = "Testo."
image = { file = "images/a.png", alt = "Tre correnti" }
button = { label = "Partecipa", url = "https://a.example/" }
"""
PLACES = ("title", "alt", "label", "url", "subject")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issue, Theme]:
    root = tmp_path_factory.mktemp("ground")
    return load_issue(write_issue(root, ISSUE + SECTION)), load_theme(write_theme(root))


def with_value(issue: Issue, place: str, value: str) -> Issue | None:
    """The issue with a value in one place; None where the issue's model refuses it."""
    data = issue.original.model_dump(exclude_none=True)
    section = data["sections"]["streams"]
    tables: Mapping[str, dict[str, object]] = {
        "title": section,
        "alt": section["image"],
        "label": section["button"],
        "url": section["button"],
        "subject": data,
    }
    tables[place][place] = f"https://a.example/?q={value}" if place == "url" else f"x{value}x"
    try:
        text = IssueText.model_validate(data)
    except ValueError:
        return None
    return dataclasses.replace(issue, texts={issue.language: text})


def structure(issue: Issue, theme: Theme) -> list[tuple[str, tuple[str, ...]]]:
    """Every element of the page as a browser reads it, with the names of its attributes."""
    variant = Variant(Language("it"), issue.section_ids)
    page = render_edition(issue, variant, theme, publisher()).html
    tree = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    return [(str(each.tag), tuple(sorted(each.attrib))) for each in tree.iter()]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_an_officers_words_stay_in_their_place(ground: tuple[Issue, Theme], place: str) -> None:
    issue, theme = ground
    expected, shown = structure(issue, theme), 0
    for value in HOSTILE:
        changed = with_value(issue, place, value)
        if changed:
            shown += 1
            assert structure(changed, theme) == expected, value
    assert shown > (20 if place == "url" else 100)
