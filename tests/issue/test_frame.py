"""The next issue begins with the frame of the last: its order and what recurs, not its words."""

import datetime as dt
from pathlib import Path

import pytest

from newsletter.issue.frame import frame_of, next_date, pictures_of
from newsletter.issue.loader import load_issue
from newsletter.issue.model import SECTION_KINDS, Issue
from newsletter.issue.words import words_of
from newsletter.values import Language
from tests.issue.folder import ISSUE, write_issue
from tests.issue.sheets import WORDS, Sheet, sample_issue

DATE = dt.date(2026, 12, 1)
HEADS = ("#:schema a", "#:schema b")
DAY = dt.date.fromisoformat


def begun(issue: Issue, root: Path, *others: Issue) -> Issue:
    """The issue that the frame makes, read."""
    files = frame_of(issue, others, date=DATE, heads=HEADS)
    folder = root / "issues" / "2026-12"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return load_issue(folder)


@pytest.mark.parametrize("kind", [kind for kind in SECTION_KINDS if kind != "video"])
def test_a_section_of_every_kind_has_its_place_and_segment_and_none_of_its_words(
    tmp_path: Path, kind: str
) -> None:
    data = sample_issue(kind, write_issue(tmp_path))
    last = load_issue(write_issue(tmp_path, Sheet(data, "tables").text, en='subject = "x"'))
    new = begun(last, tmp_path)
    section = new.original.sections["news"]
    assert (section.kind, section.audience) == (kind, "members")
    assert (new.original.date, new.original.number) == (DATE, 4)
    assert new.languages == last.languages
    kept = {word.where for word in words_of(new.original) if word.text == WORDS}
    assert kept == {"greeting"} | ({"sections.news.name"} if kind == "country" else set())


def test_a_section_that_is_nothing_without_its_picture_stands_as_a_comment(tmp_path: Path) -> None:
    data = sample_issue("video", write_issue(tmp_path))
    last = load_issue(write_issue(tmp_path, Sheet(data, "tables").text, en='subject = "x"'))
    assert [section.kind for section in begun(last, tmp_path).original.sections.values()] == [
        "article"
    ]
    text = frame_of(last, [], date=DATE, heads=HEADS)["issue.toml"]
    assert '# [sections.news]\n# kind = "video"' in text
    assert "images/a.png" in text


def test_what_another_issue_says_at_the_same_place_recurs_in_each_language(tmp_path: Path) -> None:
    english = 'subject = "News"\n[sections.china]\ntitle = "China"\n'
    last = load_issue(write_issue(tmp_path / "a", ISSUE, en=english))
    other = ISSUE.replace("Notizie di novembre", "x").replace("Pechino", "Roma")
    before = load_issue(write_issue(tmp_path / "b", other, en=english.replace("News", "x")))
    new = begun(last, tmp_path, before)
    china = new.original.sections["china"]
    assert china.title == "La Cina"
    assert new.texts[Language("en")].sections["china"].title == "China"
    assert new.original.subject == "TODO"
    assert china.model_dump()["body"] == "TODO"


def test_pictures_are_named_and_not_copied(tmp_path: Path) -> None:
    data = sample_issue("article", write_issue(tmp_path))
    last = load_issue(write_issue(tmp_path, Sheet(data, "inline").text))
    assert pictures_of(last) == ("images/a.png",)
    assert "not copied: images/a.png" in frame_of(last, [], date=DATE, heads=HEADS)["issue.toml"]
    assert pictures_of(begun(last, tmp_path)) == ()


@pytest.mark.parametrize(
    ("dates", "today", "expected"),
    [
        (["2026-11-15"], "2026-11-20", "2026-12-15"),
        (["2026-11-15", "2026-10-15"], "2026-11-20", "2026-12-15"),
        (["2027-01-31", "2026-12-31"], "2027-02-01", "2027-02-28"),
        (["2026-12-15", "2026-11-15"], "2026-12-16", "2027-01-15"),
        (["2026-11-15", "2026-11-08"], "2026-11-20", "2026-11-22"),
        (["2026-11-15", "2026-11-01", "2026-10-31"], "2026-12-24", "2026-12-27"),
        (["2019-11-15"], "2026-11-23", "2026-12-15"),
        (["2030-01-01"], "2026-11-23", "2030-02-01"),
    ],
)
def test_the_date_moves_on_by_the_rhythm_of_the_last_issues(
    dates: list[str], today: str, expected: str
) -> None:
    assert next_date([DAY(date) for date in dates], DAY(today)) == DAY(expected)
