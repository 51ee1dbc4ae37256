"""The marks that say where in a page each section begins."""

import re
from pathlib import Path

import pytest
from lxml import etree, html

from newsletter.edition.marks import marked_page
from newsletter.edition.model import Edition
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.edition.variants import variant_for
from newsletter.issue.loader import load_issue
from tests.edition.tiny import EDITION, publisher, write_theme
from tests.issue.folder import ISSUE, write_issue
from tests.look.pages import EVERY_LANGUAGE, THEMES, first, specimen

MARK = re.compile(r"<!-- @src sections\.([\w-]+) -->")
MARKS = re.compile(r"<!-- @(?:src|end) sections\.[\w-]+ -->")


@pytest.mark.slow
@pytest.mark.parametrize("look", THEMES)
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_each_section_has_its_mark_and_nothing_else_is_changed(language: str, look: str) -> None:
    edition = specimen(language, look)
    marked = marked_page(edition.mjml, edition.html)
    assert MARK.findall(marked) == list(edition.variant.sections)
    assert MARKS.sub("", marked) == edition.html
    assert "@src" not in edition.html


@pytest.mark.slow
@pytest.mark.parametrize("look", THEMES)
def test_the_element_that_holds_a_mark_holds_its_whole_section_and_no_other(look: str) -> None:
    edition = specimen("it", look)
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


def tiny(root: Path, edition: str = EDITION) -> Edition:
    issue = load_issue(write_issue(root, ISSUE))
    theme = load_theme(write_theme(root, edition_mjml_j2=edition))
    return render_edition(issue, variant_for(issue, "it", {"china"}), theme, publisher())


def test_what_stands_after_a_section_is_none_of_it(tmp_path: Path) -> None:
    edition = tiny(tmp_path)
    page = marked_page(edition.mjml, edition.html)
    end = page.index("<!-- @end sections.china -->")
    assert page.index("<!-- @src sections.china -->") < page.index("La Cina") < end
    assert end < page.index("Annulla")


def test_sections_inside_a_wrapper_keep_their_marks(tmp_path: Path) -> None:
    start, rest = EDITION.split("{% for section", 1)
    inside, end = rest.split("{% endfor %}", 1)
    wrapped = (
        f"{start}<!-- a --><mj-wrapper>{{% for section{inside}{{% endfor %}}</mj-wrapper>{end}"
    )
    edition = tiny(tmp_path, wrapped)
    page = marked_page(edition.mjml, edition.html)
    assert "<!-- @src sections.china -->" in page
    assert MARKS.sub("", page) == edition.html
    comments = [str(each) for each in html.document_fromstring(page).iter(etree.Comment)]
    assert all(comment.count("@src") + comment.count("[if") <= 1 for comment in comments)
