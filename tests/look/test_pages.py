"""The theme's pages: what every reader must get, in every language and direction."""

import re
from pathlib import Path

import pytest

from newsletter.edition.model import Edition
from newsletter.edition.prose import Typesetter
from newsletter.edition.wrap import width_of
from newsletter.issue.loader import load_issue
from newsletter.issue.model import SECTION_KINDS
from newsletter.issue.words import words_of
from newsletter.values import Language
from tests.issue.folder import PNG
from tests.look.pages import (
    EVERY_LANGUAGE,
    LANGUAGES,
    THEMES,
    first,
    first_issue,
    render,
    specimen,
    specimen_issue,
    theme,
    tree,
)

BLOCKS = "//td[contains(@class,'pad') or contains(@class,'links') or contains(@class,'letter')]"
"""The cells that MJML makes of a theme's own words."""

FIRST_ISSUE_AT_MOST = 55_000
LARGEST_PAGE = 60_000
"""Gmail cuts a message off at about 102 KB; quoted-printable adds to what stands here."""


def every_page() -> list[Edition]:
    return [
        *(first(language) for language in LANGUAGES),
        *(specimen(language, look) for look in THEMES for language in EVERY_LANGUAGE),
    ]


def test_the_first_issue_is_complete_in_its_four_languages() -> None:
    assert set(first_issue().languages) == set(LANGUAGES)
    assert first_issue().fallbacks == ()


def test_the_specimen_has_every_kind_once_and_every_language_in_full() -> None:
    kinds = [section.kind for section in specimen_issue().original.sections.values()]
    assert sorted(kinds) == sorted(SECTION_KINDS)
    assert set(specimen_issue().languages) == set(EVERY_LANGUAGE)
    assert specimen_issue().fallbacks == ()


@pytest.mark.parametrize("look", THEMES)
def test_a_theme_has_templates_for_every_kind(look: str) -> None:
    assert set(theme(look).kinds) == set(SECTION_KINDS)


@pytest.mark.parametrize("look", THEMES)
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_every_kind_of_section_says_all_its_words_in_page_and_text(
    language: str, look: str
) -> None:
    edition, text = specimen(language, look), specimen_issue().texts[Language(language)]
    page = tree(edition)
    assert set(text.sections) <= set(page.xpath("//@id"))
    shown = " ".join(page.text_content().split())
    plain = re.sub(r"\s", "", edition.text)
    for word in words_of(text):
        if word.where.startswith("sections.") and not word.sort.markdown and not word.sort.url:
            if word.where.endswith(".alt"):
                continue
            said = Typesetter(Language(language), lambda _: False).typo(word.text)
            assert " ".join(said.split()) in shown, word.where
            assert re.sub(r"\s", "", said) in plain, word.where


@pytest.mark.parametrize("look", THEMES)
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_every_link_of_every_kind_leads_on_in_page_and_text(language: str, look: str) -> None:
    edition, text = specimen(language, look), specimen_issue().texts[Language(language)]
    led = set(tree(edition).xpath("//a/@href"))
    for word in words_of(text):
        if word.sort.url:
            assert word.text in led, word.where
            assert word.text.removeprefix("mailto:").partition("?")[0] in edition.text, word.where


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_title_of_the_issue_stands_in_page_and_text(language: str) -> None:
    edition = first(language)
    page = " ".join(tree(edition).text_content().split())
    text = " ".join(edition.text.split())
    for section in first_issue().texts[edition.variant.language].sections.values():
        title = " ".join(section.label.split())
        assert title in page
        assert title in text


def test_every_picture_has_a_width_and_an_alternative_text() -> None:
    for edition in every_page():
        for picture in tree(edition).xpath("//img"):
            assert int(picture.get("width")) <= 600
            assert picture.get("alt") is not None
            assert picture.get("src").startswith("https://")


@pytest.mark.parametrize("look", THEMES)
def test_a_letter_has_no_pictures_and_the_other_theme_all_of_them(look: str) -> None:
    shown = tree(specimen("it", look)).xpath("//img/@src")
    assert len(shown) == (0 if look == "plain" else 8)


@pytest.mark.parametrize("look", THEMES)
@pytest.mark.parametrize("language", EVERY_LANGUAGE)
def test_language_and_direction_stand_on_the_page_and_on_each_block(
    language: str, look: str
) -> None:
    page = tree(specimen(language, look))
    direction = "rtl" if language == "ar" else "ltr"
    assert (page.get("lang"), page.get("dir")) == (language, direction)
    blocks = page.xpath(f"{BLOCKS}/div/*")
    assert blocks
    for block in blocks:
        if block.tag != "img":
            assert (block.get("lang"), block.get("dir")) == (language, direction), block.attrib
    assert all(table.get("dir") for table in page.xpath(f"{BLOCKS}//table"))


def test_a_right_to_left_page_is_mirrored_but_its_days_and_winds_are_not() -> None:
    page = tree(specimen("ar"))
    assert {cell.get("align") for cell in page.xpath("//td[contains(@class,'event ')]")} == {
        "right"
    }
    days = page.xpath("//div[contains(@class,'day') and not(contains(@class,'dates'))]")
    assert {cell.get("dir") for cell in days} == {"ltr"}
    assert "direction:ltr" not in specimen("ar").html.replace(" ", "")
    (heading,) = page.xpath("//td[contains(@class,'country ')]")
    assert re.search(r"padding: ?0 16px 0 0", heading.get("style"))
    for look in THEMES:
        (quote,) = tree(specimen("ar", look)).xpath("//*[contains(@class,'quote ')]")
        assert "border-right" in quote.get("style")
        assert "border-left" not in quote.get("style")


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
        untitled = len(page.xpath("//*[@id='quote']"))
        assert len(page.xpath("//h2")) == len(edition.variant.sections) - untitled


def test_the_first_issue_is_a_light_page_in_each_language() -> None:
    sizes = [len(first(language).html.encode()) for language in LANGUAGES]
    assert max(sizes) <= FIRST_ISSUE_AT_MOST


def test_a_page_is_well_below_what_gmail_cuts_off() -> None:
    assert max(len(first(language).html.encode()) for language in LANGUAGES) < LARGEST_PAGE


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


def page_of(written: str, folder: Path, look: str = "alisei") -> Edition:
    issue = folder / "small"
    issue.mkdir()
    (issue / "still.png").write_bytes(PNG)
    (issue / "issue.toml").write_text(written, "utf-8")
    return render(load_issue(issue), "en", look)


@pytest.mark.slow
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


BARE = """

[sections.f]
kind = "cards"
cards = [{ title = "One" }, { title = "Two" }, { title = "Three" }]

[sections.g]
kind = "quote"
text = "Short."
name = "Ann Reid"

[sections.h]
kind = "people"
people = [{ name = "Ann Reid" }]

[sections.i]
kind = "numbers"
figures = [{ value = "1", label = "thing" }]

[sections.j]
kind = "video"
title = "Moving"
image = { file = "still.png", alt = "A still" }
button = { label = "Watch", url = "https://alisei.example/v" }

[sections.k]
kind = "sponsor"
name = "A foundation"

[sections.l]
kind = "download"
title = "Paper"
button = { label = "Fetch", url = "https://alisei.example/p" }
"""


@pytest.mark.parametrize("look", THEMES)
def test_every_kind_stands_with_no_more_than_it_needs(look: str, tmp_path: Path) -> None:
    edition = page_of(MINIMAL + BARE, tmp_path, look)
    page = tree(edition)
    assert "None" not in edition.html + edition.text
    assert set("abcdefghijkl") <= set(page.xpath("//@id"))
    for empty in page.xpath("//p | //li | //h2 | //h3 | //div[@class]"):
        assert empty.xpath(".//img") or (empty.text_content() or "").strip(), empty.attrib
    assert "With the support of\n\nA foundation" in edition.text
    assert len(page.xpath("//h1")) == 1
    assert not page.xpath("//h3")


def test_a_section_without_a_title_is_not_in_the_contents(tmp_path: Path) -> None:
    rows = tree(page_of(MINIMAL + BARE, tmp_path)).xpath("//td[contains(@class,'row')]")
    titles = [row.text_content() for row in rows]
    assert titles == ["A report", "An article", "Dates", "From France", "Moving", "Paper"]


def test_words_that_look_like_markup_stay_words(tmp_path: Path) -> None:
    hostile = MINIMAL.replace('"An article"', "'<script>x</script> 5\" & </td>'")
    edition = page_of(hostile, tmp_path)
    assert not tree(edition).xpath("//script")
    assert tree(edition).xpath("//h2")[1].text_content() == '<script>x</script> 5" & </td>'
