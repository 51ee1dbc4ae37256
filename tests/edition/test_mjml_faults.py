"""Whatever a template writes, its author reads one line: what is wrong, and where."""

from pathlib import Path

import pytest

from newsletter.edition import mjml
from newsletter.edition.mjml import MjmlError, to_html
from newsletter.edition.model import Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.errors import Problem, ThemeError
from newsletter.issue.loader import load_issue
from newsletter.values import Language
from tests.edition.test_mjml import PanicException
from tests.edition.tiny import publisher, write_theme
from tests.issue.folder import write_issue

DEEP = "nested more than 100 deep"
NO_TAG = "this is no tag"
STRAY = "still open"
UNKNOWN = "is no tag of MJML"
COLUMN = "<mj-section><mj-column>{}</mj-column></mj-section>"
TEXT = COLUMN.format("<mj-text>{}</mj-text>")

FAULTS = {
    "sections in sections": ("<mj-section>" * 10_000, DEEP),
    "divisions in a text": (TEXT.format("<div>" * 10_000 + "</div>" * 10_000), DEEP),
    "bold in bold": (TEXT.format("<b>" * 5_000 + "x" + "</b>" * 5_000), DEEP),
    "one too many": (TEXT.format("<i>" * 98 + "</i>" * 98), DEEP),
    "tags without an end": ("<a " * 50_000, NO_TAG),
    "quotation marks without an end": ("<a '" * 50_000, NO_TAG),
    "comments without an end": ("<!--" * 50_000, "a comment"),
    "a comment in mj-raw": ("<mj-raw><!--</mj-raw>", "a comment"),
    "a comment with two hyphens": ("<!-- a -- b -->", "a comment"),
    "a comment that ends at once": ("<!--->", "a comment"),
    "NUL": (TEXT.format("\0"), "U+0000"),
    "a bell": (TEXT.format("\a"), "U+0007"),
    "an escape": (TEXT.format("\x1b[31m"), "U+001B"),
    "a C1 control": (TEXT.format("\x9f"), "U+009F"),
    "a line separator": (TEXT.format("\u2028"), "U+2028"),
    "no character": (TEXT.format("\uffff"), "U+FFFF"),
    "a control in an attribute": ('<mj-section css-class="\x01" />', "U+0001"),
    "half a character": (TEXT.format("{{ '\\ud800' }}"), "U+D800"),
    "an include": ("<mj-include path='x' />", "mj-include is not supported"),
    "an include of a file": (
        "<mj-include path='file:///etc/hostname' type='html' />",
        "mj-include",
    ),
    "an include of a sheet": ("<mj-include path='/etc/hostname' type='css' />", "mj-include"),
    "an include of nothing": ("<mj-include />", "mj-include"),
    "an include inside mj-raw": ("<mj-raw><mj-include path='x' /></mj-raw>", "mj-include"),
    "an include in capitals": ("<MJ-INCLUDE path='x' />", "MJ-INCLUDE is not supported"),
    "a hero": ("<mj-hero></mj-hero>", "mj-hero is not supported"),
    "a carousel": (COLUMN.format("<mj-carousel></mj-carousel>"), "mj-carousel is not supported"),
    "attributes for HTML": ("<mj-html-attributes></mj-html-attributes>", "not supported"),
    "an unknown tag": ("<mj-nope>x</mj-nope>", f"mj-nope {UNKNOWN}"),
    "a misspelt tag": ("<mj-sectoin></mj-sectoin>", f"mj-sectoin {UNKNOWN}"),
    "a tag in capitals": ("<MJ-SECTION></MJ-SECTION>", f"MJ-SECTION {UNKNOWN}"),
    "a tag with a dot": ("<mj-.x />", UNKNOWN),
    "a tag with an accent": ("<mj-sectiön />", f"mj-sectiön {UNKNOWN}"),
    "a head in the body": ("<mj-head></mj-head>", f"mj-head {UNKNOWN}"),
    "a body in the body": ("<mj-body></mj-body>", f"mj-body {UNKNOWN}"),
    "a page in the page": ("<mjml></mjml>", f"mjml {UNKNOWN}"),
    "a style in the body": ("<mj-style>x { }</mj-style>", f"mj-style {UNKNOWN}"),
    "a text in an accordion": (
        COLUMN.format("<mj-accordion><mj-text /></mj-accordion>"),
        "mj-text may not stand here",
    ),
    "a paragraph in a navbar": (
        COLUMN.format("<mj-navbar><p></p></mj-navbar>"),
        "p may not stand here",
    ),
    "a component in a table": (COLUMN.format("<mj-table><mj-nope /></mj-table>"), UNKNOWN),
    "a section that is not closed": ("<mj-section>", f"mj-section is {STRAY}"),
    "an end too many": ("</mj-section>", "closes nothing"),
    "crossed tags": ("<mj-section><mj-column></mj-section></mj-column>", f"mj-column is {STRAY}"),
    "crossed tags of HTML": (TEXT.format("<p><b>x</p></b>"), f"b is {STRAY}"),
    "a cell that is not closed": ("<mj-raw><td>x</mj-raw>", f"td is {STRAY}"),
    "a sign in a name": ("<mj-colum&n />", f"{NO_TAG}: <mj-colum&n"),
    "a lone sign": (TEXT.format("3 < 4"), NO_TAG),
    "a space before the name": ("< mj-section />", NO_TAG),
    "a tag that does not end": ("<mj-section", NO_TAG),
    "a value without quotation marks": ("<mj-section padding=1px />", "padding=1px"),
    "a value that does not end": ('<mj-section padding="1px />', NO_TAG),
    "values without a space": ('<mj-section padding="1px"direction="ltr" />', NO_TAG),
    "a value without a name": ('<mj-section ="" />', NO_TAG),
    "CDATA": (TEXT.format("<![CDATA[ x ]]>"), "has no place in MJML"),
    "an instruction": ("<?php echo 1 ?>", "has no place in MJML"),
    "a document type": ("<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/hostname'>]>", "no place"),
}
"""What the third line of a section's template says, and what its author reads."""


def fault_of(root: Path, spoiled: str) -> Problem:
    """The one problem of a theme whose country section is spoiled in its third line."""
    lines = ["<mj-section>", "</mj-section>", spoiled, "<mj-section>", "</mj-section>"]
    issue = load_issue(write_issue(root))
    variant = Variant(Language("it"), issue.section_ids)
    theme = load_theme(write_theme(root, sections_country_mjml_j2="\n".join(lines)))
    with pytest.raises(ThemeError) as caught:
        render_edition(issue, variant, theme, publisher())
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_mjml_is_one_line_with_its_section_and_its_line(
    tmp_path: Path, name: str
) -> None:
    spoiled, said = FAULTS[name]
    problem = fault_of(tmp_path, spoiled)
    assert said in problem.message
    assert problem.message.isprintable()
    assert len(problem.message) < 250
    assert (problem.path.name, problem.line) == ("country.mjml.j2", 3)
    assert problem.where == "sections.china"
    assert problem.cure


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(FAULTS) >= 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ("{{ 'é' * 9999 }}" * 60, "larger than 1,000,000 bytes"),
        (TEXT.format("x") * 9_000, "larger"),
    ],
)
def test_a_page_that_is_too_large_is_refused_with_its_section(
    tmp_path: Path, spoiled: str, said: str
) -> None:
    problem = fault_of(tmp_path, spoiled)
    assert said in problem.message
    assert (problem.path.name, problem.where) == ("country.mjml.j2", "sections.china")


def test_a_fault_in_a_shared_template_is_shown_there(tmp_path: Path) -> None:
    folder = write_theme(
        tmp_path,
        sections_report_mjml_j2="{% macro box() %}\n\n<mj-nope />\n{% endmacro %}",
        sections_country_mjml_j2="{% from 'sections/report.mjml.j2' import box %}\n{{ box() }}",
    )
    issue = load_issue(write_issue(tmp_path))
    variant = Variant(Language("it"), issue.section_ids)
    with pytest.raises(ThemeError) as caught:
        render_edition(issue, variant, load_theme(folder), publisher())
    (problem,) = caught.value.problems
    assert (problem.path.name, problem.line) == ("report.mjml.j2", 3)
    assert problem.where == "sections.china"


def test_a_panic_of_the_renderer_is_one_line_with_its_template(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def panic(*_: object, **__: object) -> str:
        message = "called `Option::unwrap()` on a `None` value"
        raise PanicException(message)

    monkeypatch.setattr(mjml.to_html, "__defaults__", (panic,))
    problem = fault_of(tmp_path, "")
    assert problem.message == "the theme's MJML cannot be rendered: the MJML renderer failed"
    assert (problem.path.name, problem.where) == ("country.mjml.j2", "sections.china")


def test_deep_but_allowed_nesting_loses_no_words() -> None:
    page = (
        f"<mjml><mj-body>{TEXT.format('<div>' * 95 + 'the words' + '</div>' * 95)}</mj-body></mjml>"
    )
    assert "the words" in to_html(page)
    with pytest.raises(MjmlError, match=DEEP):
        to_html(
            page.replace("<div>the", "<div><div>the").replace("words</div>", "words</div></div>")
        )
