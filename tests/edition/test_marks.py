"""The marks that say where in a page each section begins."""

import re

import pytest
from lxml import etree, html

from newsletter.edition.marks import marked_page
from newsletter.edition.model import Edition
from tests.look.pages import LANGUAGES, arabic, first

MARK = re.compile(r"<!-- @src sections\.([\w-]+) -->")


@pytest.mark.parametrize("language", [*LANGUAGES, "ar"])
def test_each_section_has_its_mark_and_nothing_else_is_changed(language: str) -> None:
    edition = arabic() if language == "ar" else first(language)
    marked = marked_page(edition.mjml, edition.html)
    assert MARK.findall(marked) == list(edition.variant.sections)
    assert MARK.sub("", marked) == edition.html
    assert "@src" not in edition.html


def test_the_element_that_holds_a_mark_holds_its_whole_section_and_no_other() -> None:
    edition = first("it")
    page = html.document_fromstring(marked_page(edition.mjml, edition.html))
    marks = [mark for mark in page.iter(etree.Comment) if "@src" in (mark.text or "")]
    assert marks
    for mark in marks:
        holder = mark.getparent()
        assert holder is not None
        inside = {element.get("id") for element in holder.iter()} & set(edition.variant.sections)
        assert inside == {(mark.text or "").strip().removeprefix("@src sections.")}


def test_a_page_of_other_elements_than_its_mjml_stays_without_marks() -> None:
    edition: Edition = first("en")
    other = edition.html.replace("</body>", "<p>More</p></body>")
    assert marked_page(edition.mjml, other) == other
