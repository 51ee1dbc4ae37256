"""Issue, variant and theme become a page: safe, complete, the same every time, from no network."""

import dataclasses
import re
import socket
from pathlib import Path

import css_inline
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.edition.inline import inline_css
from newsletter.edition.model import Edition, Slot, Variant
from newsletter.edition.prose import Typesetter
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme, load_theme
from newsletter.edition.variants import variant_for
from newsletter.errors import Problem, ThemeError
from newsletter.issue.loader import load_issue
from newsletter.issue.model import Issue
from newsletter.values import Language
from tests.edition.tiny import SECTION, publisher, write_theme
from tests.issue.folder import ISSUE, write_issue

PICTURE = """
[sections.streams]
kind = "article"
title = "L'offerta \\"<b>\\""
body = "Scriva a {{ name | 'Lei' }}, [qui]({{ preferences_url }})."
audience = "streams"
image = { file = "images/a.png", alt = "Tre correnti" }
"""


def edition_of(
    root: Path,
    toml: str = ISSUE,
    language: str = "it",
    segments: tuple[str, ...] = (),
    **theme: str,
) -> Edition:
    issue = load_issue(write_issue(root, toml))
    if language != "it":
        text = issue.original.model_copy(update={"language": language})
        issue = dataclasses.replace(issue, texts={Language(language): text})
        issue = dataclasses.replace(issue, language=Language(language))
    variant = variant_for(issue, language, frozenset(segments))
    return render_edition(issue, variant, load_theme(write_theme(root, **theme)), publisher())


def fault_of(root: Path, toml: str = ISSUE, **theme: str) -> Problem:
    with pytest.raises(ThemeError) as caught:
        edition_of(root, toml, segments=("streams",), **theme)
    return caught.value.problems[0]


def test_a_page_has_the_words_the_footer_and_the_plain_text(tmp_path: Path) -> None:
    edition = edition_of(tmp_path)
    assert "<em>tavolo</em>" in edition.html
    assert "26 novembre Biomedicina" in edition.html
    assert "15 novembre 2019" in edition.html
    assert "Via Roma 1, 00100 Roma" in edition.html
    assert edition.text.startswith("Notizie di novembre\n\n1. La Cina\n\nUn tavolo a Roma.\n")
    assert edition.html.startswith("<!DOCTYPE html>")
    assert "@src" not in edition.html


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert edition_of(tmp_path, ISSUE + PICTURE) == edition_of(tmp_path, ISSUE + PICTURE)


def test_what_the_officer_writes_is_text_and_never_markup(tmp_path: Path) -> None:
    toml = ISSUE.replace("a Roma", "`<script>alert(1)</script>` {% raw %} &amp; {{ name }}")
    toml = toml.replace("La Cina", "<mj-raw><script>{# #}</mj-raw>")
    edition = edition_of(tmp_path, toml)
    assert "<script" not in edition.html
    assert "&lt;mj-raw&gt;&lt;script&gt;{# #}" in edition.html
    assert "{% raw %}" in edition.html


def test_slots_become_tokens_in_every_part_of_the_edition(tmp_path: Path) -> None:
    toml = (ISSUE + PICTURE).replace("Notizie di", "{{ first_name | 'Amici' }}, notizie di")
    edition = edition_of(tmp_path, toml, segments=("streams",))
    by_slot = {slot: token for token, slot in edition.slots.items()}
    assert by_slot[Slot("first_name", "Amici")] in edition.subject
    assert by_slot[Slot("name", "Lei")] in edition.html
    assert by_slot[Slot("name", "Lei")] in edition.text
    assert f'href="{by_slot[Slot("preferences_url")]}"' in edition.html
    assert f'href="{by_slot[Slot("unsubscribe_url")]}"' in edition.html
    assert by_slot[Slot("unsubscribe_url")] in edition.text
    assert all(re.fullmatch("[A-Za-z0-9]+", token) for token in edition.slots)
    assert "{{" not in edition.html + edition.text + edition.subject


def test_slots_that_the_page_does_not_use_are_not_listed(tmp_path: Path) -> None:
    names = {slot.name for slot in edition_of(tmp_path).slots.values()}
    assert names == {"unsubscribe_url"}


def test_a_reader_outside_a_segment_does_not_get_its_section(tmp_path: Path) -> None:
    inside = edition_of(tmp_path, ISSUE + PICTURE, segments=("streams",))
    outside = edition_of(tmp_path, ISSUE + PICTURE)
    assert inside.variant.key == "it--china--streams"
    assert outside.variant.key == "it--china"
    assert "Tre correnti" in inside.html
    assert "Tre correnti" not in outside.html


def test_a_variant_without_sections_can_be_shown(tmp_path: Path) -> None:
    toml = ISSUE.replace('kind = "country"', 'kind = "country"\naudience = "china"')
    issue = load_issue(write_issue(tmp_path, toml))
    variant = variant_for(issue, "it", frozenset())
    assert variant == Variant(Language("it"), ())
    theme = load_theme(write_theme(tmp_path))
    assert "Annulla" in render_edition(issue, variant, theme, publisher()).html


def test_images_are_hosted_and_listed_with_their_files(tmp_path: Path) -> None:
    edition = edition_of(tmp_path, ISSUE + PICTURE, segments=("streams",))
    assert dict(edition.images) == {
        "https://alisei.example/images/2019-11/images/a.png": "issues/2019-11/images/a.png",
        "https://alisei.example/images/themes/tiny/images/masthead.png": (
            "templates/tiny/images/masthead.png"
        ),
    }
    assert all(f'src="{url}"' in edition.html for url, _ in edition.images)


def test_an_issues_own_masthead_comes_before_the_themes(tmp_path: Path) -> None:
    folder = write_issue(tmp_path)
    (folder / "images" / "masthead.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    urls = [url for url, _ in edition_of(tmp_path).images]
    assert urls == ["https://alisei.example/images/2019-11/images/masthead.png"]


def test_right_to_left_turns_the_page_and_its_sides(tmp_path: Path) -> None:
    edition = edition_of(tmp_path, language="ar")
    assert 'dir="rtl"' in edition.html
    assert "text-align:right" in edition.html


def test_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> socket.socket:
        message = "the network was asked"
        raise AssertionError(message)

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert edition_of(tmp_path, ISSUE + PICTURE).html
    sheet = "@import url(http://127.0.0.1:9/a.css); @import 'file:///etc/hostname'; p { margin: 0 }"
    assert 'style="margin:0"' in inline_css(
        "<!doctype html><html><body><p>x</p></body></html>", sheet
    )


BROKEN_TEMPLATES = {
    "an unknown name": ("{{ sectoin.id }}", "'sectoin' is undefined"),
    "an unknown string": ("{{ t.goodbye }}", "strings.toml has no goodbye"),
    "a syntax error": ("{% if %}", "Expected an expression"),
    "a template outside": ("{% include '../../../issue.toml' %}", "../../../issue.toml"),
    "an image that is not there": ("{{ image('images/no.png') }}", "no image images/no.png"),
    "an image outside": ("{{ theme_image('../theme.toml') }}", "no image"),
    "a walk to the interpreter": ("{{ ''.__class__.__mro__ }}", "unsafe"),
    "a sum that cannot be": ("{{ 1 // 0 }}", "ZeroDivisionError"),
}


@pytest.mark.parametrize("name", BROKEN_TEMPLATES)
def test_a_template_that_fails_names_its_line_and_the_section(tmp_path: Path, name: str) -> None:
    template, message = BROKEN_TEMPLATES[name]
    spoiled = f"<mj-section>\n\n{template}</mj-section>"
    problem = fault_of(tmp_path, ISSUE, sections_country_mjml_j2=spoiled)
    assert problem.path.name == "country.mjml.j2"
    assert (problem.line, problem.where) == (3, "sections.china")
    assert message in problem.message
    assert problem.source == f"{template}</mj-section>"


def test_a_template_that_writes_without_end_is_stopped(tmp_path: Path) -> None:
    endless = "{% for i in range(90000) %}{{ 'x' * 100 }}{% endfor %}"
    problem = fault_of(tmp_path, ISSUE, sections_country_mjml_j2=endless)
    assert problem.path.name == "country.mjml.j2"
    assert "more than 1,000,000 characters" in problem.message


def test_mjml_that_cannot_be_read_names_the_section(tmp_path: Path) -> None:
    spoiled = "<mj-section><mj-colum&n></mj-section>"
    problem = fault_of(tmp_path, ISSUE, sections_country_mjml_j2=spoiled)
    assert (problem.path.name, problem.where) == ("country.mjml.j2", "sections.china")
    assert "cannot be rendered" in problem.message


def test_mjml_that_only_the_edition_spoils_names_its_template(tmp_path: Path) -> None:
    problem = fault_of(
        tmp_path, ISSUE, edition_mjml_j2="<mjml><mj-body><mj-section></mj-body></mjml>"
    )
    assert (problem.path.name, problem.where) == ("edition.mjml.j2", "")


def test_a_selector_that_cannot_be_found_names_the_style_sheet(tmp_path: Path) -> None:
    problem = fault_of(tmp_path, ISSUE, inline_css="p:nth-child { margin: 0 }")
    assert problem.path.name == "inline.css"
    assert "nth-child" in problem.message


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("<mj-include path='x' />", "mj-include is not supported"),
        ("<mj-carousel></mj-carousel>", "mj-carousel is not supported"),
        ("<mj-text>" * 101 + "</mj-text>" * 101, "nested more than 100 deep"),
        ("<mj-text>\x07</mj-text>", "U+0007"),
    ],
)
def test_mjml_that_mrml_cannot_bear_never_reaches_it(
    tmp_path: Path, template: str, message: str
) -> None:
    problem = fault_of(tmp_path, ISSUE, sections_country_mjml_j2=template)
    assert message in problem.message


@pytest.mark.parametrize(
    "spoiled",
    [
        '<a href="https://a.example/?x={{ section.data.body }}">x</a>',
        '<a href="{{ section.data.body }}">x</a>',
        '<p style="color:{{ section.data.body }}">x</p>',
        '<p onclick="{{ section.data.body }}">x</p>',
    ],
)
def test_a_readers_field_in_an_address_or_a_style_is_refused(tmp_path: Path, spoiled: str) -> None:
    toml = ISSUE.replace('"Un *tavolo* a Roma."', '"{{ city }}"')
    template = f"<mj-section><mj-column><mj-text>{spoiled}</mj-text></mj-column></mj-section>"
    problem = fault_of(tmp_path, toml, sections_country_mjml_j2=template)
    assert "the slot city" in problem.message


def test_a_readers_field_in_the_head_style_is_refused(tmp_path: Path) -> None:
    edition = SECTION.replace("{{ section.data.title | typo }}", "x")
    toml = ISSUE.replace("Notizie", "{{ city }}")
    head = "<mjml><mj-head><mj-style>.x { color: {{ issue.subject }} }</mj-style></mj-head>"
    page = head + "<mj-body></mj-body></mjml>"
    problem = fault_of(tmp_path, toml, edition_mjml_j2=page, sections_country_mjml_j2=edition)
    assert "the slot city stands in a style sheet" in problem.message


def test_filters_in_a_macro_without_context_say_how_to_import_it(tmp_path: Path) -> None:
    macro = "{% from 'sections/report.mjml.j2' import title %}{{ title('x') }}"
    problem = fault_of(
        tmp_path,
        ISSUE,
        sections_report_mjml_j2="{% macro title(words) %}{{ words | typo }}{% endmacro %}",
        sections_country_mjml_j2=macro,
    )
    assert "with context" in problem.message


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Issue, Theme]:
    """An issue and a theme that the examples of one test share."""
    root = tmp_path_factory.mktemp("table")
    return load_issue(write_issue(root)), load_theme(write_theme(root))


PASTED = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"]), min_size=1)


def with_words(issue: Issue, title: str, body: str) -> Issue:
    section = issue.original.sections["china"].model_copy(update={"title": title, "body": body})
    text = issue.original.model_copy(update={"sections": {"china": section}})
    return dataclasses.replace(issue, texts={issue.language: text})


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(title=PASTED, body=PASTED)
def test_no_words_add_an_element_of_their_own(
    table: tuple[Issue, Theme], title: str, body: str
) -> None:
    issue, theme = table
    variant = variant_for(issue, "it", frozenset())
    page = render_edition(with_words(issue, title, body), variant, theme, publisher()).html
    plain = render_edition(with_words(issue, "x", "x"), variant, theme, publisher()).html
    markdown = {"p", "em", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "hr"}
    markdown |= {"blockquote", "code", "pre", "br", "s", "table", "tr", "td", "th", "a"}
    added = set(tags_of(page)) - set(tags_of(plain))
    assert added <= markdown
    heading = next(one for one in lxml_html.fromstring(page).iter("h2") if one.get("id") == "china")
    shown = "".join(str(part) for part in heading.itertext()).split()
    assert shown == Typesetter(issue.language, bool).typo(title).split()


def tags_of(page: str) -> list[str]:
    return [str(element.tag) for element in lxml_html.fromstring(page).iter()]


PAGE = """<!doctype html><html><head><title>x</title><style>.k { color: red !important }</style>
</head><body><div class="a b"><p class="k" style="margin:3px">x</p><a href="#">y</a></div>
<table width="552"><tr><td class="c" align="left">z</td></tr></table></body></html>"""
SHEET = """
.a p { color: blue; padding: 1px 2px } .b { margin: 0 } td.c { width: 100%; text-align: right }
a { font-weight: bold } .a a { font-weight: normal } a:hover { color: green }
"""


def styles(page: str) -> list[tuple[str, dict[str, str]]]:
    found = []
    for element in lxml_html.fromstring(page).iter("div", "p", "a", "td", "table"):
        pairs = [one.partition(":") for one in element.get("style", "").split(";") if one.strip()]
        found.append((element.tag, {name.strip(): value.strip() for name, _, value in pairs}))
    return found


def test_inlining_agrees_with_css_inline_and_keeps_attributes(tmp_path: Path) -> None:
    ours = inline_css(PAGE, SHEET)
    oracle = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, extra_css=SHEET)
    assert styles(ours) == styles(oracle.inline(PAGE))
    assert '<table width="552">' in ours
    assert 'align="left"' in ours
    assert "<style>.k { color: red !important }</style>" in ours
    assert "data-premailer" not in ours
    assert tmp_path.exists()


def test_styles_in_conditional_comments_stay_as_they_are() -> None:
    comment = "<!--[if mso]><style>.x { width:100% !important }</style><![endif]-->"
    page = f"<!doctype html><html><head>{comment}</head><body></body></html>"
    assert comment in inline_css(page, "p { margin: 0 }")


def test_a_template_that_is_not_in_the_theme_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThemeError) as caught:
        edition_of(tmp_path, edition_mjml_j2="{% include '../../newsletter.toml' %}")
    (problem,) = caught.value.problems
    assert "there is no template '../../newsletter.toml' in the theme's folder" in problem.message


@pytest.mark.parametrize("words", ["x =\\\\? y", "x = ? y", "x ={{ a | '' }}? y"])
def test_typesetting_makes_no_encoded_word_of_a_subject(tmp_path: Path, words: str) -> None:
    """A mark between the two that typesetting takes away would leave ``=?``."""
    subject = next(line for line in ISSUE.splitlines() if line.startswith("subject"))
    edition = edition_of(tmp_path, ISSUE.replace(subject, f'subject = "{words}"'))
    assert "=?" not in edition.subject
