"""Markdown and short words, as each language sets them, in HTML and in plain text."""

import datetime as dt
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.edition.dates import date_long, day_range, month_name, month_year
from newsletter.edition.prose import Typesetter
from newsletter.edition.wrap import fill, width_of
from newsletter.values import Language


def setter(language: str) -> Typesetter:
    return Typesetter(Language(language), lambda url: url == "zslot1z")


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("it", "L’ora «x»: sì! (a–b)"),
        ("en", "L’ora “x”: sì! (a–b)"),
        ("de", "L’ora „x“: sì! (a–b)"),
        ("fr-CA", "L’ora «\u00a0x\u00a0»\u00a0: sì! (a–b)"),
        ("fr", "L’ora «\u00a0x\u00a0»\u00a0: sì\u202f! (a–b)"),
    ],
)
def test_typography_follows_the_language(language: str, shown: str) -> None:
    assert setter(language).typo('L\'ora "x": sì! (a--b)') == shown


def test_french_addresses_and_times_keep_their_colons() -> None:
    assert setter("fr-CA").typo("https://a.example 10:30") == "https://a.example 10:30"


def test_prose_is_markup_of_its_own_and_never_the_writers() -> None:
    html = setter("en").prose(
        "A <b>bold</b> *word* <!-- x --> & <script>x</script>\n\n<div>y</div>"
    )
    assert "<em>word</em>" in html
    assert "<b>" not in html
    assert "<script" not in html
    assert "<div" not in html
    assert "<!--" not in html


@pytest.mark.parametrize(
    "url", ["javascript:x", "data:text/html,x", "file:///x", "//a.example", "x", "zslot2z"]
)
def test_a_link_that_may_not_be_is_shown_as_words(url: str) -> None:
    assert setter("en").prose(f"[word]({url})") == "<p>word</p>"


def test_a_slot_may_be_a_links_address() -> None:
    assert setter("en").prose("[word](zslot1z)") == '<p><a href="zslot1z">word</a></p>'


def test_plain_text_keeps_lists_quotations_tables_and_addresses() -> None:
    markdown = (
        "# Title\n\nSee [the page](https://a.example/x) or <https://b.example>.\n\n"
        "- one\n- two\n  - three\n\n3. c\n4. d\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
        "line\\\nbreak `code`\n\n---\n\n[mail](mailto:a@b.example)"
    )
    assert setter("en").plain(markdown) == (
        "Title\n\nSee the page (https://a.example/x) or https://b.example.\n\n"
        "- one\n- two\n  - three\n\n3. c\n4. d\n\n> quoted\n\na  b\n-  -\n1  2\n\n"
        "line\nbreak code\n\n* * *\n\nmail (mailto:a@b.example)"
    )


def test_what_is_struck_out_is_not_said_in_plain_text() -> None:
    assert setter("en").plain("now ~~100~~ 80 euro") == "now ~~100~~ 80 euro"


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="ab ,。：中文字é\u0301（）", max_size=200), st.integers(10, 72))
def test_wrapped_lines_fit_and_lose_no_character(text: str, width: int) -> None:
    lines = fill(text, width).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert width_of(line) <= width or " " not in line


def test_an_address_is_never_broken_and_the_rest_is_indented() -> None:
    url = "https://alisei.example/" + "x" * 80
    assert fill(f"see {url} now", 20, first="- ") == f"- see\n  {url}\n  now"


DAY = dt.date(2019, 11, 25)


@pytest.mark.parametrize(
    ("language", "long", "month", "name"),
    [
        ("it", "25 novembre 2019", "novembre 2019", "novembre"),
        ("en", "November 25, 2019", "November 2019", "November"),
        ("fr-CA", "25 novembre 2019", "novembre 2019", "novembre"),
        ("zh-Hans", "2019年11月25日", "2019年11月", "11月"),
        ("xx", "November 25, 2019", "November 2019", "November"),
    ],
)
def test_dates_are_written_as_the_language_writes_them(
    language: str, long: str, month: str, name: str
) -> None:
    tag = Language(language)
    assert (date_long(DAY, tag), month_year(DAY, tag), month_name(DAY, tag)) == (long, month, name)


@pytest.mark.slow
@pytest.mark.parametrize("first", ["he", "yue", "aa", "fr"])
def test_no_language_changes_the_names_of_another(first: str) -> None:
    script = (
        "import datetime as dt, sys\n"
        "from newsletter.edition.dates import month_name\n"
        "for language in sys.argv[1:]:\n"
        "    print(month_name(dt.date(2019, 11, 25), language))\n"
    )
    after = ["ar", "de", "fr-CA", "zh-Hant"]
    told = subprocess.run(  # noqa: S603 a process that asked for no name yet
        [sys.executable, "-c", script, first, *after],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert told.stdout.splitlines()[1:] == ["نوفمبر", "November", "novembre", "11月"]


def test_a_range_of_days_is_short_and_names_both_months() -> None:
    assert day_range(DAY, dt.date(2019, 11, 29)) == "25–29"
    assert day_range(DAY, DAY) == day_range(DAY) == "25"
    assert month_name(DAY, Language("it"), dt.date(2019, 12, 2)) == "novembre–dicembre"
