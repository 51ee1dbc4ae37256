"""The kinds of section: what each must say, may leave out, and may not hold."""

from pathlib import Path
from typing import get_args

import pytest

from newsletter.errors import IssueError
from newsletter.issue.loader import load_issue
from newsletter.issue.model import SECTION_KINDS, Section
from newsletter.issue.words import words_of
from newsletter.values import Language
from tests.issue.folder import TOP, write_issue

IMAGE = 'image = { file = "images/a.png", alt = "a" }\n'
BUTTON = 'button = { label = "Guarda", url = "https://alisei.example" }\n'
SMALLEST = {
    "report": 'title = "x"\nlead = "x"\n',
    "article": 'title = "x"\nbody = "x"\n',
    "events": 'title = "x"\nevents = [{ date = 2019-11-15, title = "x" }]\n',
    "country": 'title = "x"\nname = "x"\nbody = "x"\n',
    "call": f'title = "x"\n{BUTTON}',
    "cards": 'cards = [{ title = "x" }]\n',
    "quote": 'text = "x"\nname = "x"\n',
    "people": 'people = [{ name = "x" }]\n',
    "numbers": 'figures = [{ value = "1", label = "x" }]\n',
    "video": f'title = "x"\n{IMAGE}{BUTTON}',
    "sponsor": 'name = "x"\n',
    "download": f'title = "x"\n{BUTTON}',
}


def section(kind: str, words: str) -> str:
    return f'{TOP}\n[sections.s]\nkind = "{kind}"\n{words}'


def faults(folder: Path, toml: str) -> list[tuple[str, str, str]]:
    with pytest.raises(IssueError) as caught:
        load_issue(write_issue(folder, toml))
    return [(fault.where, fault.message, fault.cure) for fault in caught.value.problems]


def test_a_class_in_the_union_is_a_kind_by_its_word() -> None:
    assert list(SECTION_KINDS.values()) == list(get_args(get_args(Section)[0]))
    assert set(SECTION_KINDS) == set(SMALLEST)


@pytest.mark.parametrize("kind", SMALLEST)
def test_the_smallest_section_of_each_kind_is_read(kind: str, tmp_path: Path) -> None:
    issue = load_issue(write_issue(tmp_path, section(kind, SMALLEST[kind])))
    read = issue.original.sections["s"]
    assert type(read) is SECTION_KINDS[kind]
    assert read.label == ("" if kind in {"cards", "people", "numbers"} else "x")


@pytest.mark.parametrize("kind", SMALLEST)
def test_a_section_of_each_kind_with_nothing_in_it_is_refused_with_its_line(
    kind: str, tmp_path: Path
) -> None:
    title = 'title = "x"\n' if 'title = "x"\n' in SMALLEST[kind] else ""
    with pytest.raises(IssueError) as caught:
        load_issue(write_issue(tmp_path, section(kind, title)))
    for fault in caught.value.problems:
        assert fault.where.startswith("sections.s")
        assert fault.line == 6
        assert fault.cure


@pytest.mark.parametrize("kind", SMALLEST)
def test_a_key_of_another_kind_is_refused_and_the_known_ones_are_named(
    kind: str, tmp_path: Path
) -> None:
    ((where, message, cure),) = faults(tmp_path, section(kind, SMALLEST[kind] + 'zzz = "x"\n'))
    assert (where, message) == ("sections.s.zzz", "unknown key zzz")
    assert "audience" in cure


@pytest.mark.parametrize(
    ("kind", "words", "where", "cure"),
    [
        ("cards", "cards = 3\n", "sections.s.cards", "write tables [[sections.s.cards]]"),
        ("cards", "cards = [3]\n", "sections.s.cards.0", "write tables [[sections.s.cards]]"),
        (
            "cards",
            'cards = [{ title = "x", link = "https://a.example" }]\n',
            "sections.s.cards.0.link",
            "write a table [sections.s.cards.0.link]",
        ),
        ("people", "people = {}\n", "sections.s.people", "write tables [[sections.s.people]]"),
        ("video", f'title = "x"\n{BUTTON}', "sections.s.image", "write a table [sections.s.image]"),
        ("download", 'title = "x"\n', "sections.s.button", "write a table [sections.s.button]"),
        ("quote", 'name = "x"\n', "sections.s.text", 'write text = "…"'),
    ],
)
def test_what_is_missing_or_of_another_type_says_how_to_write_it(
    kind: str, words: str, where: str, cure: str, tmp_path: Path
) -> None:
    assert (where, cure) in [(at, cured) for at, _, cured in faults(tmp_path, section(kind, words))]


def test_numbers_are_five_at_most(tmp_path: Path) -> None:
    six = ", ".join('{ value = "1", label = "x" }' for _ in range(6))
    ((where, message, _),) = faults(tmp_path, section("numbers", f"figures = [{six}]\n"))
    assert (where, message) == ("sections.s.figures", "figures has more than 5")


def test_the_contents_cannot_list_a_section_without_a_title(tmp_path: Path) -> None:
    words = SMALLEST["people"] + "contents = true\n"
    ((where, message, _),) = faults(tmp_path, section("people", words))
    assert where == "sections.s.contents"
    assert message == "the contents cannot list a section without a title"
    titled = load_issue(write_issue(tmp_path, section("people", words + 'title = "x"\n')))
    assert titled.original.sections["s"].listed


def test_a_person_is_named_and_not_asked_of_the_reader(tmp_path: Path) -> None:
    words = 'people = [{ name = "{{ first_name }}" }]\n'
    ((where, message, _),) = faults(tmp_path, section("people", words))
    assert (where, message) == ("sections.s.people.0.name", "a slot stands in a name")


def test_a_portrait_and_a_still_are_looked_for(tmp_path: Path) -> None:
    words = 'people = [{ name = "x", portrait = "images/no.png" }]\n'
    assert faults(tmp_path, section("people", words))[0][0] == "sections.s.people.0.portrait"
    words = SMALLEST["video"].replace("a.png", "no.png")
    assert faults(tmp_path, section("video", words))[0][0] == "sections.s.image.file"


def test_a_translation_overlays_the_words_of_every_kind(tmp_path: Path) -> None:
    people = 'people = [{ name = "Anna", role = "uno" }, { name = "Bice" }]\n'
    english = '[sections.s]\npeople = [{ role = "one" }, {}]\n'
    issue = load_issue(write_issue(tmp_path, section("people", people), en=english))
    words = {word.where: word.text for word in words_of(issue.texts[Language("en")])}
    assert words["sections.s.people.0.role"] == "one"
    assert words["sections.s.people.1.name"] == "Bice"
    assert [gap.where for gap in issue.fallbacks if "people" in gap.where] == [
        "sections.s.people.0.name",
        "sections.s.people.1.name",
    ]


def test_a_translation_may_not_move_a_portrait(tmp_path: Path) -> None:
    people = 'people = [{ name = "Anna", portrait = "images/a.png" }]\n'
    english = '[sections.s]\npeople = [{ portrait = "images/b.png" }]\n'
    with pytest.raises(IssueError) as caught:
        load_issue(write_issue(tmp_path, section("people", people), en=english))
    assert caught.value.problems[0].where == "sections.s.people.0.portrait"
