"""Two messages are compared as their readers read them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.message.difference import Change, Run, Sort, compare, word_runs
from newsletter.message.reading import Part, Reading

TEXT = st.text("aè b.你好\n", max_size=20)


def reading(*parts: Part) -> Reading:
    return Reading("Notizie", parts)


def changes(old: list[Part], new: list[Part]) -> list[Change]:
    return list(compare(reading(*old), reading(*new)))


def one(name: str = "news", **held: Any) -> Part:
    return Part(name, **{"lines": ["Un testo"], **held})


def test_words_are_compared_word_by_word() -> None:
    assert word_runs("Il bilancio di ottobre", "Il conto di ottobre") == (
        Run(Sort.SAME, "Il "),
        Run(Sort.REMOVED, "bilancio"),
        Run(Sort.ADDED, "conto"),
        Run(Sort.SAME, " di ottobre"),
    )


def test_signs_without_gaps_are_words_of_their_own() -> None:
    assert word_runs("走向加拿大", "走向中国") == (
        Run(Sort.SAME, "走向"),
        Run(Sort.REMOVED, "加拿大"),
        Run(Sort.ADDED, "中国"),
    )


@pytest.mark.slow
@given(TEXT, TEXT)
def test_both_texts_can_be_read_from_their_runs(old: str, new: str) -> None:
    runs = word_runs(old, new)
    assert "".join(run.text for run in runs if run.sort is not Sort.ADDED) == old
    assert "".join(run.text for run in runs if run.sort is not Sort.REMOVED) == new


def test_the_same_reading_has_no_changes() -> None:
    assert changes([one(), one("china")], [one(), one("china")]) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["a"], ["a", "b"], [("b", Sort.ADDED)]),
        (["a", "b"], ["b"], [("a", Sort.REMOVED)]),
        (["a", "b", "c"], ["c", "a", "b"], [("c", Sort.MOVED)]),
        (["a", "b"], ["c", "a", "b"], [("c", Sort.ADDED)]),
    ],
)
def test_sections_come_go_and_move(
    old: list[str], new: list[str], expected: list[tuple[str, Sort]]
) -> None:
    found = changes([one(name) for name in old], [one(name) for name in new])
    assert [(change.name, change.sort) for change in found] == expected


def test_a_link_or_picture_alone_is_a_change() -> None:
    old = one(links=[("x", "https://a.example")], images=[("a.png", "A")])
    new = one(links=[("x", "https://b.example")], images=[("a.png", "B")])
    (change,) = changes([old], [new])
    assert change == Change(
        "news",
        Sort.CHANGED,
        links_added=(("x", "https://b.example"),),
        links_removed=(("x", "https://a.example"),),
        images_added=(("a.png", "B"),),
        images_removed=(("a.png", "A"),),
    )
