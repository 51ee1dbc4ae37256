"""A theme's folder is read once, and refused with every problem at once."""

import os
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from newsletter.edition.environment import make_environment
from newsletter.edition.theme import load_theme
from newsletter.errors import ThemeError
from newsletter.values import Language
from tests.edition.tiny import write_theme


def messages_of(folder: Path) -> list[str]:
    with pytest.raises(ThemeError) as caught:
        load_theme(folder)
    return [f"{problem.path.name}: {problem.message}" for problem in caught.value.problems]


def test_strings_fall_back_to_the_base_language_then_english_then_the_first(tmp_path: Path) -> None:
    strings = '[it]\na = "it"\nb = "it"\nc = "it"\n[en]\na = "en"\nb = "en"\n[fr]\na = "fr"\n'
    theme = load_theme(write_theme(tmp_path, strings_toml=strings))
    assert theme.strings_for(Language("fr-CA")) == {"a": "fr", "b": "en", "c": "it"}


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert messages_of(tmp_path / "tyny") == ["tyny: there is no such theme"]


def test_all_that_a_theme_lacks_comes_at_once(tmp_path: Path) -> None:
    folder = write_theme(tmp_path, strings_toml="en = 3\n", inline_css="@import url(x);")
    (folder / "edition.txt.j2").unlink()
    (folder / "sections" / "call.mjml.j2").unlink()
    assert messages_of(folder) == [
        "edition.txt.j2: the theme lacks this template",
        "call.mjml.j2: the theme lacks this template",
        "strings.toml: [en] must be a table of strings",
        "inline.css: this style sheet may not hold @",
    ]


def test_a_style_sheet_cannot_leave_its_element(tmp_path: Path) -> None:
    folder = write_theme(tmp_path, head_css="p{} /* </style><script>x</script> */")
    assert messages_of(folder) == ["head.css: this style sheet may not hold </"]


def test_important_has_no_place_in_the_sheet_that_is_inlined(tmp_path: Path) -> None:
    folder = write_theme(tmp_path, inline_css="/* @ */ p { margin: 0 !important }")
    assert messages_of(folder) == ["inline.css: this style sheet may not hold !important"]


@pytest.mark.parametrize(
    "words",
    ["{{ 'x' * 1000000000 }}", "{{ '%1000000000d' % 1 }}", "{{ 9 ** 9 ** 9 }}", "{{ lipsum(9) }}"],
)
def test_no_single_operation_of_a_template_makes_a_value_of_any_size(
    tmp_path: Path, words: str
) -> None:
    environment = make_environment(tmp_path)
    with pytest.raises((SecurityError, UndefinedError)):
        environment.from_string(words).render()


def test_a_template_calculates_with_numbers(tmp_path: Path) -> None:
    environment = make_environment(tmp_path)
    words = "{{ 7 * 6 }} {{ 2 ** 5 }} {{ 7 % 4 }} {{ '-' * 3 }}"
    assert environment.from_string(words).render() == "42 32 3 ---"


def test_a_template_of_the_same_size_and_time_is_not_taken_for_the_one_before(
    tmp_path: Path,
) -> None:
    folder = write_theme(tmp_path)
    said = [_written_at_once(folder, text) for text in ("one", "two", "one")]
    assert said == ["one", "two", "one"]


def test_a_theme_in_use_keeps_the_templates_that_it_has(tmp_path: Path) -> None:
    folder = write_theme(tmp_path, edition_txt_j2="one")
    theme = load_theme(folder)
    begun = theme.environment.get_template("edition.txt.j2")
    (folder / "edition.txt.j2").write_text("two", encoding="utf-8")
    assert load_theme(folder).environment.get_template("edition.txt.j2").render() == "two"
    assert theme.environment.get_template("edition.txt.j2") is begun


def test_templates_that_did_not_change_are_not_opened_anew(tmp_path: Path) -> None:
    folder = write_theme(tmp_path)
    first = load_theme(folder).environment.get_template("edition.txt.j2")
    assert load_theme(folder).environment.get_template("edition.txt.j2") is first


def _written_at_once(folder: Path, text: str) -> str:
    """What a theme says whose template was changed without a trace in size or time."""
    template = folder / "edition.txt.j2"
    template.write_text(text, encoding="utf-8")
    os.utime(template, ns=(0, 0))
    return load_theme(folder).environment.get_template("edition.txt.j2").render()
