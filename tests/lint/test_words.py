"""What the rules about words take for a fault, and what only looks like one."""

import dataclasses
from pathlib import Path

import pytest

from newsletter.lint.check import lint
from newsletter.lint.rule import Severity
from tests.lint.proofs import CLEAN, body, changed, found, proof_of, the_only


@pytest.mark.parametrize(
    "text",
    [
        "XXX edizione",
        "todo el mundo",
        "Martedì 26 novembre",
        "lunedì 26 novembre 2018",
        "https://alisei.example",
        "clicca quindi",
    ],
)
def test_what_only_looks_like_a_fault_is_left_alone(tmp_path: Path, text: str) -> None:
    assert lint(body(text)(tmp_path)) == ()


def test_a_theme_that_is_not_there_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    lost = changed(theme=None, editions=(), themes=frozenset({"tinny", "alisei"}))(tmp_path)
    finding = the_only(lost, "E001")
    assert finding.severity is Severity.ERROR
    assert '"tinny"?' in finding.cure


def test_what_is_not_translated_is_listed_by_language(tmp_path: Path) -> None:
    english = 'subject = "News"\npreheader = "A table"\n[sections.china]\ntitle = "China"\n'
    messages = [finding.message for finding in found(proof_of(tmp_path, en=english), "W004")]
    assert "sections.china.name is not translated into en" in messages
    assert len(messages) == 4


def test_a_fault_that_a_translation_took_over_is_reported_once(tmp_path: Path) -> None:
    toml = CLEAN.replace("Un *tavolo*", "TODO scrivere")
    assert the_only(proof_of(tmp_path, toml, en='subject = "News"\n'), "W021")


@pytest.mark.parametrize(
    ("language", "right", "wrong"),
    [
        ("en", "Tuesday, November 26, 2019", "Monday, November 26, 2019"),
        ("en", "Tuesday 26th of November", "Friday 26th of November"),
        ("fr-CA", "mardi 26 novembre", "le jeudi 26 novembre"),
        ("zh-Hans", "2019年11月26日（星期二）", "11月26日星期三"),
    ],
)
def test_weekdays_are_known_in_every_language(
    tmp_path: Path, language: str, right: str, wrong: str
) -> None:
    for words, count in ((right, 0), (wrong, 1)):
        text = f'[sections.china]\nbody = "{words}"\n'
        proof = proof_of(tmp_path, **{language.replace("-", "_"): text})
        assert len(found(proof, "W028")) == count, words


def test_a_hole_in_a_sentence_says_how_many_readers_it_waits_for(tmp_path: Path) -> None:
    toml = CLEAN.replace("preheader", 'greeting = "Ciao {{ first_name }}"\npreheader', 1)
    proof = dataclasses.replace(proof_of(tmp_path, toml), holes={"first_name": 3})
    finding = the_only(proof, "E006")
    assert finding.where == "greeting"
    assert finding.message.startswith("3 recipients have no first_name")


def test_words_that_span_lines_have_the_place_of_the_fault_not_of_the_key(tmp_path: Path) -> None:
    lines = 'body = """\\nUn tavolo.\\n\\n  Un TODO qui.\\n"""'.replace("\\n", "\n")
    toml = CLEAN.replace('body = "Un *tavolo* a Roma."', lines)
    finding = the_only(proof_of(tmp_path, toml), "W021")
    assert (finding.line, finding.column) == (14, 6)
