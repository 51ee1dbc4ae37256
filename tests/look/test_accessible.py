"""What readers get keeps WCAG 2.2, level AA, as axe-core judges it in Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from newsletter.edition.model import Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.issue.model import SECTION_KINDS
from newsletter.values import Language
from tests.look.axe import violations
from tests.look.every_kind import LANGUAGES, issue_of_every_kind
from tests.look.pages import FIRST, ROOT, publisher
from tools.screenshots import SCHEMES, Camera, Page, Scheme, chromium, filled, pages

pytestmark = [pytest.mark.debian, pytest.mark.slow]

THEMES = sorted(folder.parent.name for folder in (ROOT / "templates").glob("*/theme.toml"))
PICTURE = "images/disc-china.png"
INACCESSIBLE = """<!doctype html><html><head><title>x</title></head><body style="background:#fff">
<img src="a.png"><p style="color:#aaa">too faint</p><a href="https://a.example"></a></body></html>
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_axe_sees_what_is_wrong(browser: Browser) -> None:
    tab = browser.new_page()
    tab.set_content(INACCESSIBLE)
    rules = {line.partition(":")[0] for line in violations(tab)}
    assert rules == {"color-contrast", "html-has-lang", "image-alt", "link-name"}
    tab.close()


def page_of_every_kind(theme: str, language: str) -> Page:
    issue = issue_of_every_kind(FIRST, language, theme, PICTURE)
    variant = Variant(Language(language), issue.section_ids)
    edition = render_edition(issue, variant, load_theme(ROOT / "templates" / theme), publisher())
    for kind in SECTION_KINDS:
        assert edition.html.count(f'id="{kind}-') >= 2, f"{kind} is not on the page"
    return filled(edition)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_of_section_is_accessible_in_every_theme_language_and_scheme(
    browser: Browser, theme: str, language: str, scheme: Scheme
) -> None:
    tab = Camera(browser, ROOT, FIRST).open(page_of_every_kind(theme, language), 375, scheme)
    assert violations(tab) == []
    tab.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_first_issue_is_accessible_in_each_of_its_languages(
    browser: Browser, scheme: Scheme
) -> None:
    for page in pages(ROOT, FIRST):
        tab = Camera(browser, ROOT, FIRST).open(page, 700, scheme)
        assert violations(tab) == [], page.language
        tab.close()
