"""Whatever is wrong in an issue's file, and however it is written, is shown where it stands."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import IssueError
from newsletter.issue.loader import load_issue
from newsletter.issue.model import SECTION_KINDS
from newsletter.issue.references import reference_problems
from tests.issue.folder import ISSUE, write_issue
from tests.issue.sheets import (
    LAYOUTS,
    WORDS,
    Sheet,
    is_table,
    paths,
    replaced,
    required,
    sample_issue,
    text_fields,
    without,
)

Spoiled = tuple[Mapping[str, Any], Callable[[Sheet], set[tuple[int, int]]]]
BYTES: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "byte-order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
}


def places(folder: Path, file: str = "issue.toml") -> set[tuple[int, int]]:
    """Where the problems of a file are; there are some, and none in another file."""
    with pytest.raises(IssueError) as caught:
        load_issue(folder)
    assert {problem.path.name for problem in caught.value.problems} == {file}, str(caught.value)
    for problem in caught.value.problems:
        lines = problem.path.read_text(encoding="utf-8-sig").split("\n")
        assert problem.source == lines[problem.line - 1]
    return {(problem.line, problem.column) for problem in caught.value.problems}


def leaves(data: Mapping[str, Any]) -> list[str]:
    return [where for where, value in paths(data) if not isinstance(value, list | dict)]


def wrong_types(data: Mapping[str, Any], kind: str) -> Spoiled:
    """Every value has a type that it may not have."""
    del kind
    wrong = [where for where in leaves(data) if not where.endswith(".kind")]
    for where in wrong:
        data = replaced(data, where, 0.5 if dict(paths(data))[where] == WORDS else [])
    return data, lambda sheet: {sheet.place(where) for where in wrong}


def unknown_keys(data: Mapping[str, Any], kind: str) -> Spoiled:
    """Every table has a key that nobody knows."""
    del kind
    tables = ["", *(where for where, value in paths(data) if is_table(value))]
    tables.remove("sections")
    wrong = [f"{table}.zzz".strip(".") for table in tables]
    for where in wrong:
        data = replaced(data, where, 1) if "." in where else {"zzz": 1, **data}
    return data, lambda sheet: {sheet.place(where) for where in wrong}


def missing_keys(data: Mapping[str, Any], kind: str) -> Spoiled:
    """Every key that must be there, and holds no table, is gone: the table is to blame."""
    gone = [w for w in leaves(data) if required(kind, w) and not w.endswith("news.kind")]
    for where in gone:
        data = without(data, where)
    return data, lambda sheet: {sheet.place(where.rpartition(".")[0]) for where in gone}


def empty_words(data: Mapping[str, Any], kind: str) -> Spoiled:
    """Every text is empty."""
    del kind
    wrong = text_fields(data)
    for where in wrong:
        data = replaced(data, where, "  ")
    return data, lambda sheet: {sheet.place(where) for where in wrong}


def control_characters(data: Mapping[str, Any], kind: str) -> Spoiled:
    """Every text holds a NUL, which is shown inside the string."""
    del kind
    wrong = text_fields(data)
    for where in wrong:
        data = replaced(data, where, f" {WORDS}\0")
    inside = len(WORDS) + 2  # after the quote and the space

    def wanted(sheet: Sheet) -> set[tuple[int, int]]:
        found = [sheet.values[where] for where in wrong]
        return {(line, column + inside) for line, column in found}

    return data, wanted


def tables_that_are_none(data: Mapping[str, Any], kind: str) -> Spoiled:
    """Every table and array inside the section is a number."""
    del kind
    wrong = [
        where for where, value in paths(data)
        if isinstance(value, list | dict) and where.count(".") == 2
    ]  # fmt: skip
    for where in wrong:
        data = replaced(data, where, 1)
    title = replaced(data, "sections.news.title", 1)
    return title, lambda sheet: {sheet.place(w) for w in [*wrong, "sections.news.title"]}


def wrong_kind(data: Mapping[str, Any], kind: str) -> Spoiled:
    """The section's kind is none; what else it holds cannot be judged."""
    del kind
    where = "sections.news.kind"
    return replaced(data, where, "contry"), lambda sheet: {sheet.place(where)}


def kind_of_no_type(data: Mapping[str, Any], kind: str) -> Spoiled:
    """The section's kind is no string."""
    del kind
    where = "sections.news.kind"
    return replaced(data, where, ["report"]), lambda sheet: {sheet.place(where)}


def no_kind(data: Mapping[str, Any], kind: str) -> Spoiled:
    """The section has no kind."""
    del kind
    return without(data, "sections.news.kind"), lambda sheet: {sheet.place("sections.news")}


MISTAKES: tuple[Callable[[Mapping[str, Any], str], Spoiled], ...] = (
    *(wrong_types, unknown_keys, missing_keys, empty_words, control_characters),
    *(tables_that_are_none, wrong_kind, kind_of_no_type, no_kind),
)


@pytest.mark.parametrize("kind", SECTION_KINDS)
def test_the_sample_of_every_kind_is_read_in_every_layout(tmp_path: Path, kind: str) -> None:
    folder = write_issue(tmp_path)
    for layout in LAYOUTS:
        text = Sheet(sample_issue(kind, folder), layout).text
        assert load_issue(write_issue(tmp_path, text)).original.sections["news"].kind == kind


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
@pytest.mark.parametrize("kind", SECTION_KINDS)
def test_every_mistake_is_shown_where_it_stands_in_every_layout(
    tmp_path: Path, kind: str, mistake: Callable[[Mapping[str, Any], str], Spoiled]
) -> None:
    data, wanted = mistake(sample_issue(kind, write_issue(tmp_path)), kind)
    for layout in LAYOUTS:
        sheet = Sheet(data, layout, margin="  ")
        assert places(write_issue(tmp_path, sheet.text)) == wanted(sheet), layout


@pytest.mark.parametrize("form", BYTES)
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_places_are_the_same_however_the_editor_saves(
    tmp_path: Path, form: str, mistake: Callable[[Mapping[str, Any], str], Spoiled]
) -> None:
    data, wanted = mistake(sample_issue("country", write_issue(tmp_path)), "country")
    for layout in LAYOUTS:
        sheet = Sheet(data, layout)
        assert places(write_issue(tmp_path, BYTES[form](sheet.text))) == wanted(sheet)


ENGLISH = """\
# È la traduzione
subject = "È in English"
[sections.china]
title = "China"
body = "È"
[[sections.china.events]]
title = "Biomedicine"
"""

IN_A_TRANSLATION = {
    "a number for words": ('"China"', "3", (4, 1), "title must be a string"),
    "an array for words": ('"China"', "[]", (4, 1), "title must be a string"),
    "a table for words": ('"China"', '{ e = "x" }', (4, 1), "title must be"),
    "empty words": ('"China"', '" "', (4, 1), "title is empty"),
    "a control character": ('"Biomedicine"', '"È\\u0000"', (7, 11), "U+0000"),
    "a bad slot on another line": ('"È"', '"""\nÈ\n è {{ 1 }}"""', (7, 4), "is not a slot"),
    "an unknown key": ('title = "China"', 'tilte = "China"', (4, 1), "unknown key tilte"),
    "an unknown key in an event": ('title = "Bio', 'plce = "Bio', (7, 1), "unknown key plce"),
    "another date": ('"Biomedicine"', '"x"\ndate = 2020-01-01', (8, 1), "differs from the orig"),
    "another kind": ('"China"', '"x"\nkind = "report"', (5, 1), "differs from the original"),
    "a table that is not there": ('"È"', '"È"\ndisc = "x.png"', (6, 1), "differs"),
    "a section that is not there": (
        "[sections.china]",
        "[sections.chna]",
        (3, 1),
        "no section chna",
    ),
    "one event more": (
        '"Biomedicine"\n',
        '"x"\n[[sections.china.events]]\ntitle = "y"\n',
        (6, 1),
        "the original has 1, the translation 2",
    ),
    "another language": ("# È", 'language = "fr"\n# È', (1, 1), "the file's name says en"),
    "a section that is no table": (
        "[sections.china]",
        "sections.chna = 1\n[zzz]",
        (3, 10),
        "the original has no section chna",
    ),
}


@pytest.mark.parametrize("name", IN_A_TRANSLATION)
def test_a_mistake_in_a_translation_is_shown_in_its_own_file(tmp_path: Path, name: str) -> None:
    old, new, place, said = IN_A_TRANSLATION[name]
    assert old in ENGLISH
    folder = write_issue(tmp_path, en=ENGLISH.replace(old, new))
    assert place in places(folder, "issue.en.toml")
    with pytest.raises(IssueError, match=re.escape(said)):
        load_issue(folder)


def test_what_is_wrong_in_the_original_is_not_told_again_for_each_translation(
    tmp_path: Path,
) -> None:
    for spoiled in ('kind = "contry"', "kind = 1", 'kind = "country"\nlinks = 1'):
        toml = ISSUE.replace('kind = "country"', spoiled)
        assert len(places(write_issue(tmp_path, toml, en=ENGLISH, fr="", de=ENGLISH))) == 1


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ('"tiny"', '"altro"', (4, 1), "no theme 'altro'"),
        ('name = "Cina"', 'name = "x"\naudience = "l\'è"', (10, 1), 'no segment "l\'è"'),
        ('name = "Cina"', 'audience = "chna"\nname = "x"', (9, 1), "did you mean 'china'?"),
    ],
)
def test_a_name_that_is_not_there_is_shown_where_it_stands(
    tmp_path: Path, old: str, new: str, place: tuple[int, int], said: str
) -> None:
    issue = load_issue(write_issue(tmp_path, ISSUE.replace(old, new)))
    (problem,) = reference_problems(issue, ["tiny"], ["china"])
    assert (problem.line, problem.column) == place
    assert said in str(problem)
    assert problem.source in [*new.split("\n"), f"theme = {new}"]


BROKEN = {
    "a day that is not there": ("date = 2019-11-15", "date = 2019-02-30", (2, 8), "not TOML"),
    "a string without its end": ('"La Cina"', '"La Cina', (8, 17), "not closed"),
    "a key twice": (
        'title = "La Cina"',
        'title = """\ntitle = 1\n"""\n title = "x"',
        (11, 2),
        "title",
    ),
    "a key twice in an inline table": (
        '"Un *tavolo* a Roma."',
        '"x"\nbutton = { label = "è", label = "x" }',
        (11, 25),
        "written twice: label",
    ),
    "a section twice": (
        'body = "Un',
        'body = "x"\n[sections.china]\nbody = "Un',
        (11, 1),
        "written twice: sections.china",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_not_toml_is_shown_where_it_breaks(tmp_path: Path, name: str) -> None:
    old, new, place, said = BROKEN[name]
    assert old in ISSUE
    folder = write_issue(tmp_path, ISSUE.replace(old, new, 1))
    assert places(folder) == {place}
    with pytest.raises(IssueError, match=re.escape(said)):
        load_issue(folder)
