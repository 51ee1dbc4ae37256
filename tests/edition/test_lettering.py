"""Initials where there is no portrait, and figures beside what they count."""

import pytest

from newsletter.edition.initials import initials
from newsletter.edition.wrap import beside, width_of


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Nome Cognome", "NC"),
        ("Anna Maria De Luca", "AL"),
        ("Marco de Santis", "MS"),
        ("giulia ferri", "GF"),
        ("Plato", "P"),
        ("Élodie Ångström", "ÉÅ"),
        ("E\u0301lodie Roy", "E\u0301R"),
        ("Ирина Петрова", "ИП"),
        ("王芳", "王"),
        ("朱莉娅 费里", "朱"),
        ("جوليا فيرّي", "ج"),
        ("(Anna) Conti", "C"),
        ("42", "4"),
        ("de la", "DL"),
    ],
)
def test_initials_are_the_first_and_last_names_or_one_letter(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_labels_stand_below_each_other_by_the_width_that_is_seen() -> None:
    rows = [("8125公里", "从罗马到北京"), ("5天", "会议"), ("12", "x")]
    assert beside(rows).splitlines() == [
        "  8125公里  从罗马到北京",
        "  5天       会议",
        "  12        x",
    ]


def test_a_long_label_goes_on_under_itself() -> None:
    shown = beside([("5 giorni", "parole " * 20), ("1", "x")]).splitlines()
    assert all(width_of(line) <= 72 for line in shown)
    assert shown[1].startswith(" " * 12 + "parole")


def test_a_wide_figure_has_its_label_below() -> None:
    assert beside([("9" * 50, "many")]).splitlines() == ["  " + "9" * 50, "    many"]


def test_nothing_beside_nothing_is_nothing() -> None:
    assert beside([]) == ""
