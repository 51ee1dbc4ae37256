"""A translation differs from the original in words and addresses only; the rest falls back."""

from pathlib import Path

import pytest

from newsletter.issue.loader import load_issue
from newsletter.issue.model import Country
from newsletter.values import Language
from tests.issue.folder import ISSUE, write_issue
from tests.issue.test_loader import at, only_problem

EN = """\
subject = "News of November"

[sections.china]
title = "China"
name = "China"
body = "A *table* in Rome."

[[sections.china.events]]
title = "Biomedicine"
place = "Beijing"
"""


def test_words_come_from_the_translation_and_all_else_from_the_original(tmp_path: Path) -> None:
    issue = load_issue(write_issue(tmp_path, en=EN))
    english = issue.texts[Language("en")]
    china = english.sections["china"]
    assert isinstance(china, Country)
    assert (english.subject, english.language, english.theme) == ("News of November", "en", "tiny")
    assert (china.kind, china.title, china.events[0].place) == ("country", "China", "Beijing")
    assert china.events[0].date == issue.original.date.replace(day=26)
    assert issue.fallbacks == ()
    assert issue.languages == ("it", "en")
    assert issue.place(Language("en"), "sections.china.title").path.name == "issue.en.toml"


def test_what_is_not_translated_falls_back_and_is_listed(tmp_path: Path) -> None:
    short = '[sections.china]\ntitle = "China"\nname = "China"\n'
    original = ISSUE + 'url = "https://a.example/"\n'
    issue = load_issue(write_issue(tmp_path, original, en=short))
    assert issue.texts[Language("en")].subject == "Notizie di novembre"
    assert [fallback.where for fallback in issue.fallbacks] == [
        "subject",
        "sections.china.body",
        "sections.china.events.0.title",
        "sections.china.events.0.place",
    ]


def test_kind_and_dates_may_be_repeated_as_they_are(tmp_path: Path) -> None:
    repeated = EN.replace('title = "China"', 'kind = "country"\ntitle = "China"')
    repeated = repeated.replace("events]]\n", "events]]\ndate = 2019-11-26\n")
    assert load_issue(write_issue(tmp_path, en=repeated)).languages == ("it", "en")


def test_an_address_may_differ(tmp_path: Path) -> None:
    original = ISSUE + 'url = "https://a.example/it"\n'
    issue = load_issue(write_issue(tmp_path, original, en=EN + 'url = "https://a.example/en"\n'))
    assert "https://a.example/en" in str(issue.texts[Language("en")].sections["china"])


SPOILED = {
    "unknown section": ('[sections.chnia]\ntitle = "x"\n', 1, "no section chnia", '"china"?'),
    "unknown key": ('subjct = "x"\n', 1, "unknown key subjct", '"subject"?'),
    "unknown key in a section": (
        '[sections.china]\ntitel = "x"\n',
        2,
        "unknown key titel",
        "title",
    ),
    "unknown key in an event": (
        '[[sections.china.events]]\ntitl = "x"\n',
        2,
        "unknown key titl",
        '"title"?',
    ),
    "another kind": ('[sections.china]\nkind = "call"\n', 2, "differs", "take the line out"),
    "another audience": ('[sections.china]\naudience = "x"\n', 2, "differs", "take the line out"),
    "another date": ("date = 2019-11-16\n", 1, "differs", "take the line out"),
    "another number of events": (
        '[[sections.china.events]]\ntitle = "x"\n[[sections.china.events]]\ntitle = "y"\n',
        1,
        "has 1, the translation 2",
        "as many tables",
    ),
    "a table the original lacks": (
        '[sections.china.button]\nlabel = "x"\n',
        1,
        "unknown key button",
        "known",
    ),
    "wrong type": ("subject = 3\n", 1, "must be a string", "write subject"),
    "malformed slot": ('subject = "{{ x y }}"\n', 1, "not a slot", "first_name"),
    "another language inside": ('language = "fr"\n', 1, "the file's name says en", "rename"),
    "syntax": ("subject = \n", 1, "this is not TOML", "mend"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_fault_of_a_translation_is_shown_in_its_own_file(tmp_path: Path, name: str) -> None:
    content, line, message, cure = SPOILED[name]
    problem = only_problem(write_issue(tmp_path, en=content))
    assert at(problem)[:2] == ("issue.en.toml", line), str(problem)
    assert message in problem.message
    assert cure in problem.cure


def test_a_file_name_that_is_no_language_is_a_problem(tmp_path: Path) -> None:
    assert "not a language tag" in only_problem(write_issue(tmp_path, italiano="")).message


def test_a_language_that_is_there_twice_is_a_problem(tmp_path: Path) -> None:
    assert "has it twice" in only_problem(write_issue(tmp_path, it="")).message


@pytest.mark.parametrize("sections", ['sections = "x"\n', "[[sections]]\n", "sections = 3\n"])
def test_sections_that_are_no_table_are_not_passed_over(tmp_path: Path, sections: str) -> None:
    problem = only_problem(write_issue(tmp_path, en=f'subject = "News"\n{sections}'))
    assert at(problem)[0] == "issue.en.toml"
    assert problem.message == "sections must be a table"


def test_an_array_of_sections_is_told_at_its_line(tmp_path: Path) -> None:
    problem = only_problem(write_issue(tmp_path, en='subject = "News"\n[[sections]]\n'))
    assert at(problem) == ("issue.en.toml", 2, 1)


@pytest.mark.parametrize("name", ["issue_de.toml", "issue-de.toml", "issue.de.TOML"])
def test_a_translation_whose_name_is_not_quite_right_is_not_passed_over(
    tmp_path: Path, name: str
) -> None:
    folder = write_issue(tmp_path)
    (folder / name).write_text('subject = "Nachrichten"\n')
    problem = only_problem(folder)
    assert (problem.path.name, problem.message) == (name, "the file is not read")
    assert problem.cure


def test_other_files_beside_an_issue_are_none_of_ours(tmp_path: Path) -> None:
    folder = write_issue(tmp_path)
    for name in ("issue.toml.bak", "notes.toml", "issue.txt"):
        (folder / name).write_text("x")
    assert load_issue(folder).languages == ("it",)
