"""Tables can be read in mail programs and in plain text, in both directions of writing."""

import pytest

from newsletter.edition.prose import Typesetter
from newsletter.edition.wrap import width_of
from newsletter.values import Language

FIGURES = """\
| Città | Soci | Quota |
|:------|-----:|:-----:|
| Roma  | 1204 | 12 %  |
| 北京   | 7    | sì    |
"""


def setter(language: str) -> Typesetter:
    return Typesetter(Language(language), lambda _: False)


def test_every_cell_says_its_side_to_programs_that_read_no_styles() -> None:
    html = setter("it").prose(FIGURES)
    assert '<table border="0" cellpadding="0" cellspacing="0" dir="ltr">' in html
    heading = '<th scope="col" align="right" valign="top" style="text-align:right">Soci</th>'
    assert heading in html
    assert '<td align="left" valign="top" style="text-align:left">Roma</td>' in html
    assert '<td align="center" valign="top" style="text-align:center">12\u00a0%</td>' in html


def test_a_right_to_left_table_mirrors_its_sides() -> None:
    html = setter("ar").prose(FIGURES)
    assert 'dir="rtl"' in html
    assert 'style="text-align:left">1204</td>' in html
    assert 'style="text-align:right">Roma</td>' in html
    assert 'style="text-align:center">sì</td>' in html


def test_plain_text_has_columns_aligned_as_written() -> None:
    assert setter("it").plain(FIGURES) == (
        "Città  Soci  Quota\n"
        "-----  ----  -----\n"
        "Roma   1204  12\u00a0%\n"
        "北京      7   sì"
    )  # fmt: skip


@pytest.mark.parametrize("markdown", ["|  |  |\n|--|-:|\n| uno | 2 |", "| | |\n|-|-:|\n|uno|2|"])
def test_a_heading_without_words_is_left_out(markdown: str) -> None:
    html = setter("it").prose(markdown)
    assert "<th" not in html
    assert ">uno</td>" in html
    assert setter("it").plain(markdown) == "uno  2"


def test_a_wide_table_has_a_line_for_each_cell() -> None:
    long = "una frase che da sola riempie quasi tutta la riga del testo"
    wide = f"| Che cosa | Dove | |\n|--|--|--|\n| {long} | a Roma e a Milano | x |\n| due | | |"
    text = setter("it").plain(wide)
    assert text == f"Che cosa: {long}\nDove: a Roma e a Milano\nx\n\nChe cosa: due"
    assert max(map(width_of, text.split("\n"))) <= 72


def test_right_to_left_text_is_never_put_into_columns_of_spaces() -> None:
    assert setter("ar").plain("| مدينة | عدد |\n|--|--:|\n| روما | 12 |") == "مدينة: روما\nعدد: 12"


def test_a_table_of_a_heading_alone_is_shown() -> None:
    assert setter("ar").plain("| a | b |\n|--|--|") == "a\nb"
    assert setter("it").plain("| a | b |\n|--|--|") == "a  b\n-  -"
