"""What is remembered of premailer gives the bytes of premailer, on any page, after any other."""

import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from premailer import Premailer

from newsletter.edition.inline import inline_css
from newsletter.edition.mjml import to_html
from newsletter.edition.model import Variant
from newsletter.edition.places import Places
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.values import Language
from tests.look.every_kind import LANGUAGES, issue_of_every_kind
from tests.look.pages import FIRST, ROOT, publisher

THEMES = sorted(folder.parent.name for folder in (ROOT / "templates").glob("*/theme.toml"))
MARK = ' data-premailer="ignore"'


def by_premailer_alone(html: str, css: str) -> str:
    """The oracle: premailer's own way from text to text, with nothing remembered."""
    page = re.sub(r"<!doctype html>", "<!DOCTYPE html>", html, count=1, flags=re.IGNORECASE)
    page = re.sub(r"(?i)<style(?=[\s>])", lambda match: match[0] + MARK, page)
    inlined = Premailer(
        html=page,
        css_text=css,
        strip_important=False,
        disable_leftover_css=True,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        align_floating_images=False,
        disable_validation=True,
        cache_css_parsing=False,
        allow_network=False,
        cssutils_logging_level=60,
    ).transform(pretty_print=False)
    return str(inlined).replace(MARK, "")


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_in_every_language_has_the_bytes_of_premailer_alone(theme: str) -> None:
    read = load_theme(ROOT / "templates" / theme)
    for language in LANGUAGES:
        issue = issue_of_every_kind(FIRST, language, theme, "images/disc-china.png")
        variant = Variant(Language(language), issue.section_ids)
        editions = [render_edition(issue, variant, read, publisher()) for _ in range(2)]
        expected = by_premailer_alone(to_html(editions[0].mjml), read.inline_css)
        assert expected.count('style="') > 200
        assert [edition.html for edition in editions] == [expected] * 2


# Any page, any sheet

TAGS = st.sampled_from(["div", "p", "span", "b", "td"])
CLASSES = st.sampled_from(["", "a", "b", "a b", " a\n b", "b\u00a0a", "A", "a b c", "\x1ca"])
STYLES = st.sampled_from([None, "", "color: red", "margin:0;color:blue", "width: unset"])
ATTRIBUTES = st.sampled_from(["", "dir='rtl'", "dir=''", "id='x'", "lang='it' dir='ltr'"])
LEAVES = st.sampled_from(["words", "", "a &lt; b &amp; c", "<!-- <p class='a'> -->", "<br>"])


def element(inner: Sequence[str], tag: str, classes: str, style: str | None, extra: str) -> str:
    said = "" if style is None else f' style="{style}"'
    return f'<{tag} class="{classes}"{said} {extra}>{"".join(inner)}</{tag}>'


PAGES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        element, st.lists(inner, max_size=3), TAGS, CLASSES, STYLES, ATTRIBUTES
    ),
    max_leaves=12,
)
SIMPLE = [".a", ".b", "p", "div", "p.a", ".a.b", ".A", ".c", "span.b"]
COMBINED = [".a p", "div > p", ".a .b span", "div > .a b", "td.b > div"]
SEEING = ["[dir]", "p[dir=rtl]", "#x", "#x .a", ".a[lang|=it]"]
BEYOND = ["p + p", ".a ~ p", "p:first-child", "div:last-child .a", "*", "p:hover"]
DECLARATIONS = ["color: red", "margin: 0 !important; color: green", "width: unset", "padding: 1px"]
RULES = st.builds(
    "{} {{ {} }}".format,
    st.sampled_from(SIMPLE + COMBINED + SEEING + BEYOND),
    st.sampled_from(DECLARATIONS),
)
SHEETS = st.lists(RULES, min_size=1, max_size=6).map("\n".join)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(sheet=SHEETS, pages=st.lists(PAGES, min_size=1, max_size=4))
def test_any_page_after_any_other_has_the_bytes_of_premailer_alone(
    sheet: str, pages: list[str]
) -> None:
    whole = [f"<!doctype html><html><head></head><body>{page}</body></html>" for page in pages]
    expected = [by_premailer_alone(page, sheet) for page in whole]
    assert [inline_css(page, sheet) for page in whole] == expected
    assert [inline_css(page, sheet) for page in reversed(whole)] == expected[::-1]


PAGE = "<!doctype html><html><body><p class='a'>x</p><div class='a'><p>y</p></div></body></html>"


def test_two_sheets_and_two_pages_know_nothing_of_each_other() -> None:
    sheets = ["p { color: red }", "p { color: green }", ".a p { color: red }", ""]
    pages = [PAGE, PAGE.replace("class", "id"), PAGE.replace("<p>", "<p style='color:blue'>")]
    for _ in range(2):
        for sheet in sheets:
            for page in pages:
                assert inline_css(page, sheet) == by_premailer_alone(page, sheet)


def test_premailer_is_asked_where_an_element_is_new_in_its_place_and_only_there() -> None:
    places = Places(["p", ".a p"])
    asked = []
    for page in [
        "<body><p>x</p></body>",
        "<body><p>other words</p><p>and more</p></body>",
        "<body><div class='a'><p>x</p></div></body>",
        "<body><p style='color:red'>x</p></body>",
        "<body><p id='unseen'>x</p></body>",
    ]:
        asked.append(0)
        places.fill(
            etree.fromstring(page, etree.HTMLParser()), lambda: asked.append(asked.pop() + 1)
        )
    assert asked == [1, 0, 1, 1, 0]


def test_a_selector_that_looks_at_neighbours_is_never_remembered() -> None:
    places = Places(["p + p"])
    asked: list[int] = []
    for _ in range(2):
        places.fill(etree.fromstring("<body><p>x</p></body>"), lambda: asked.append(1))
    assert asked == [1, 1]


@pytest.mark.slow
def test_memory_is_bounded_and_forgetting_changes_no_bytes() -> None:
    sheet = "p { margin: 0 }"
    for number in range(30):
        deep = "".join(f"<b class='c{number}-{i}'>x</b>" for i in range(1_000))
        page = PAGE.replace(">y<", f">{deep}<")
        assert inline_css(page, sheet).count('style="margin:0"') == 2


def test_threads_that_share_a_sheet_get_the_bytes_of_one() -> None:
    sheet = ".a p { color: red } p { margin: 0 }"
    pages = [PAGE.replace("<p>", f"<p class='c{number % 7}'>") for number in range(40)]
    expected = [by_premailer_alone(page, sheet) for page in pages]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda page: inline_css(page, sheet), pages)) == expected


def test_a_page_may_say_what_this_room_says_to_premailer() -> None:
    page = PAGE.replace(">y<", f">&lt;style{MARK}&gt;<")
    assert MARK in inline_css(page, "p { margin: 0 }")


@pytest.mark.slow
def test_premailer_has_no_way_to_the_network_and_every_start_is_spared_it() -> None:
    asked = "import sys, newsletter.edition.inline, premailer.premailer as it; "
    asked += (
        "print('requests' in sys.modules, 'urllib3' in sys.modules, hasattr(it.requests, 'get'))"
    )
    command = [sys.executable, "-c", asked]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert told.stdout.split() == ["False"] * 3
