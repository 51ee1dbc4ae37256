"""Initials where there is no portrait, figures beside what they count, and nothing for nothing."""

from pathlib import Path

import pytest

from newsletter.edition.environment import make_environment
from newsletter.edition.initials import initials
from newsletter.edition.prose import Typesetter
from newsletter.edition.wrap import beside, width_of
from newsletter.values import Language


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


@pytest.mark.parametrize("name", ["typo", "prose", "plain", "wrap"])
def test_what_was_left_out_is_shown_as_nothing(name: str, tmp_path: Path) -> None:
    shown = make_environment(tmp_path).from_string(f"[{{{{ left_out | {name} }}}}]")
    setter = Typesetter(Language("it"), lambda _: False)
    assert shown.render(left_out=None, typesetter=setter) == "[]"
