"""The theme's pages: what every reader must get, in every language and direction."""

import re
from pathlib import Path

import pytest

from newsletter.edition.model import Edition
from newsletter.edition.wrap import width_of
from newsletter.issue.loader import load_issue
from newsletter.issue.model import SECTION_KINDS
from tests.look.pages import (
    LANGUAGES,
    alisei,
    arabic,
    first,
    first_issue,
    render,
    sample_in,
    tree,
)

LARGEST_PAGE = 60_000
"""Gmail cuts a message off at about 102 KB; quoted-printable adds to what stands here."""


def every_page() -> list[Edition]:
    return [*(first(language) for language in LANGUAGES), arabic()]


def test_the_first_issue_is_complete_in_its_four_languages() -> None:
    assert set(first_issue().languages) == set(LANGUAGES)
    assert first_issue().fallbacks == ()


def test_the_theme_has_a_template_for_every_kind() -> None:
    assert set(alisei().kinds) == set(SECTION_KINDS)


@pytest.mark.parametrize("language", [*LANGUAGES, "ar"])
def test_every_kind_of_section_renders_in_every_language(language: str, tmp_path: Path) -> None:
    edition = sample_in(language, tmp_path)
    anchors = set(tree(edition).xpath("//@id"))
    assert {"assembly", "invest", "china", "dates", "join"} <= anchors
    for words in ("الجمعية العامة تراجع العمل الدولي", "مواعيد أخرى", "انضم إلى المجموعة"):
        assert words in edition.html
        assert words in edition.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_of_the_issue_stands_in_page_and_text(language: str) -> None:
    edition = first(language)
    page = " ".join(tree(edition).text_content().split())
    text = " ".join(edition.text.split())
    for section in first_issue().texts[edition.variant.language].sections.values():
        title = " ".join(section.title.split())
        assert title in page
        assert title in text


def test_every_picture_has_a_width_and_an_alternative_text() -> None:
    for edition in every_page():
        pictures = tree(edition).xpath("//img")
        assert pictures
        for picture in pictures:
            assert int(picture.get("width")) <= 600
            assert picture.get("alt") is not None
            assert picture.get("src").startswith("https://")


@pytest.mark.parametrize("language", [*LANGUAGES, "ar"])
def test_language_and_direction_stand_on_the_page_and_on_each_block(language: str) -> None:
    page = tree(arabic() if language == "ar" else first(language))
    direction = "rtl" if language == "ar" else "ltr"
    assert (page.get("lang"), page.get("dir")) == (language, direction)
    blocks = page.xpath("//td[contains(@class,'pad') or contains(@class,'links')]/div/*")
    assert blocks
    for block in blocks:
        if block.tag != "img":
            assert block.get("dir") == direction, block.attrib
    own_tables = page.xpath("//td[contains(@class,'pad') or contains(@class,'links')]//table")
    assert all(table.get("dir") for table in own_tables)


def test_a_right_to_left_page_is_mirrored_but_its_days_and_winds_are_not() -> None:
    page = tree(arabic())
    assert {cell.get("align") for cell in page.xpath("//td[contains(@class,'event ')]")} == {
        "right"
    }
    assert {cell.get("dir") for cell in page.xpath("//div[contains(@class,'day')]")} == {"ltr"}
    assert "direction:ltr" not in arabic().html.replace(" ", "")
    (heading,) = page.xpath("//td[contains(@class,'country ')]")
    assert re.search(r"padding: ?0 16px 0 0", heading.get("style"))


def test_the_footer_says_who_and_why_and_leads_out() -> None:
    for edition in every_page():
        fields = {slot.name: token for token, slot in edition.slots.items()}
        for name in ("unsubscribe_url", "preferences_url", "browser_url"):
            assert tree(edition).xpath(f"//a[@href='{fields[name]}']")
            assert fields[name] in edition.text
        for line in ("Cluster ALISEI", "Via dell’Esempio 1", "00100 Roma, Italia"):
            assert line in edition.html
            assert line in edition.text


def test_layout_tables_are_silent_for_screen_readers_and_headings_are_headings() -> None:
    for edition in every_page():
        page = tree(edition)
        assert {table.get("role") for table in page.xpath("//table")} == {"presentation"}
        assert len(page.xpath("//h1")) == 1
        assert len(page.xpath("//h2")) == len(edition.variant.sections)


def test_a_page_is_well_below_what_gmail_cuts_off() -> None:
    assert max(len(edition.html.encode()) for edition in every_page()) < LARGEST_PAGE


def test_plain_text_is_wrapped_and_free_of_markup() -> None:
    for edition in every_page():
        for line in edition.text.splitlines():
            address = "://" in line or any(token in line for token in edition.slots)
            assert address or width_of(line) <= 72, line
        assert not re.search(r"</?\w+>|&\w+;|\*\*|\{\{", edition.text)


def test_the_contents_list_the_sections_that_this_reader_sees() -> None:
    rows = tree(first("it")).xpath("//td[contains(@class,'row')]")
    titles = [section.title for section in first_issue().original.sections.values()]
    assert [row.text_content() for row in rows] == [titles[0], titles[1], titles[3], titles[4]]


def test_the_preheader_stands_hidden_at_the_top() -> None:
    edition = first("it")
    assert edition.html.index(edition.preheader) < edition.html.index("ALISEI</td>")


MINIMAL = """
subject = "Hello"
date = 2019-11-15
language = "en"
theme = "alisei"

[sections.a]
kind = "report"
title = "A report"
body = "Words."

[sections.b]
kind = "article"
title = "An article"
body = "Words."

[sections.c]
kind = "events"
title = "Dates"
events = [{ date = 2019-11-28, end = 2019-12-02, title = "Fair" }]

[sections.d]
kind = "country"
name = "France"
title = "From France"
body = "Words."

[sections.e]
kind = "call"
title = "Join"
button = { label = "Write", url = "mailto:a@alisei.example" }
"""


def page_of(written: str, folder: Path) -> Edition:
    issue = folder / "small"
    issue.mkdir()
    (issue / "issue.toml").write_text(written, "utf-8")
    return render(load_issue(issue), "en")


def test_what_may_be_left_out_may_be_left_out(tmp_path: Path) -> None:
    edition = page_of(MINIMAL, tmp_path)
    assert "None" not in edition.html + edition.text
    assert tree(edition).xpath("//h1")[0].text_content() == "Hello"
    assert [picture.get("alt") for picture in tree(edition).xpath("//img")] == [""]
    assert "- 28 November – 2 December, Fair\n" in edition.text


def test_prose_of_every_sort_has_a_style(tmp_path: Path) -> None:
    table = "| a | b |\\n|---|---|\\n| c | d |"
    prose = f"## Two\\n\\n#### Four\\n\\n* one\\n\\n---\\n\\n{table}\\n\\n`code`"
    edition = page_of(MINIMAL.replace('"Words."', f'"{prose}"', 1), tmp_path)
    for tag in ("h2", "h4", "ul", "li", "hr", "th", "td", "code"):
        found = tree(edition).xpath(f"//div[@class='prose']//{tag}")
        assert found, tag
        assert all(element.get("style") for element in found), tag


def test_words_that_look_like_markup_stay_words(tmp_path: Path) -> None:
    hostile = MINIMAL.replace('"An article"', "'<script>x</script> 5\" & </td>'")
    edition = page_of(hostile, tmp_path)
    assert not tree(edition).xpath("//script")
    assert tree(edition).xpath("//h2")[1].text_content() == '<script>x</script> 5" & </td>'
