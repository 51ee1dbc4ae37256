"""What a reader would see differ: between two issues, and since the last campaign."""

import shutil
from typing import Any

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import SEND

NEXT = "2026-12-news"


def second_issue(newsroom: Newsroom) -> None:
    shutil.copytree(newsroom.root / "issues" / ISSUE, newsroom.root / "issues" / NEXT)


def pages(newsroom: Newsroom, *words: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
    ran = newsroom.run("issue", "diff", *words, "--format", "json")
    assert ran.code == 0
    return {(p["language"], p["sections"]): p["changes"] for p in ran.object["pages"]}


@pytest.mark.slow
def test_a_copy_does_not_differ(newsroom: Newsroom) -> None:
    second_issue(newsroom)
    ran = newsroom.run("issue", "diff", ISSUE, NEXT)
    assert ran.code == 0
    assert "no reader would see anything differ" in ran.out


@pytest.mark.slow
def test_words_sections_and_languages_differ_for_those_who_see_them(newsroom: Newsroom) -> None:
    second_issue(newsroom)
    newsroom.edit(f"issues/{NEXT}/issue.toml", "Un tavolo a Roma", "Un tavolo a Pechino")
    newsroom.edit(f"issues/{NEXT}/issue.en.toml", "What happened", "What will happen")
    found = pages(newsroom, ISSUE, NEXT)
    assert found["it", "without china"] == []
    (china,) = found["it", "all sections"]
    assert (china["name"], china["sort"]) == ("china", "changed")
    assert {"sort": "removed", "text": "Roma"} in china["words"]
    assert {"sort": "added", "text": "Pechino"} in china["words"]
    assert [change["name"] for change in found["en", "without china"]] == ["preheader"]
    text = newsroom.run("issue", "diff", ISSUE, NEXT).out
    assert "tavolo a [-Roma-]{+Pechino+}" in text
    assert "What [-happened-]{+will happen+} in November" in text


@pytest.mark.slow
def test_sections_that_come_go_and_move_are_named(newsroom: Newsroom) -> None:
    second_issue(newsroom)
    path = newsroom.root / f"issues/{NEXT}/issue.toml"
    top, report, china = path.read_text(encoding="utf-8").partition("[sections.report]")[0:3]
    report, _, china = china.partition("[sections.china]")
    call = '[sections.join]\nkind = "call"\ntitle = "Venga"\nbutton = '
    call += '{ label = "Venga", url = "https://a.example/b" }\n'
    path.write_text(f"{top}[sections.china]{china}\n[sections.report]{report}\n{call}", "utf-8")
    changes = pages(newsroom, ISSUE, NEXT)["it", "all sections"]
    found = {(change["name"], change["sort"]) for change in changes}
    assert ("join", "added") in found
    assert "moved" in {sort for _, sort in found}
    join = next(change for change in changes if change["name"] == "join")
    assert join["links_added"] == [["Venga", "https://a.example/b"]]
    back = pages(newsroom, NEXT, ISSUE)["it", "all sections"]
    assert ("join", "removed") in {(change["name"], change["sort"]) for change in back}


@pytest.mark.slow  # real messages over real SMTP
def test_against_sent_the_frozen_page_is_compared(newsroom: Newsroom) -> None:
    newsroom.run(*SEND)
    assert all(not changes for changes in pages(newsroom, ISSUE, "--against", "sent").values())
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "un *saluto*", "*due saluti*")
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "Notizie per", "Novità per")
    found = pages(newsroom, ISSUE, "--against", "sent")
    assert [change["name"] for change in found["it", "all sections"]] == ["subject", "report"]
    assert found["en", "without china"] == []
    assert (
        "campaign 1 → 2026-11-news" in newsroom.run("issue", "diff", ISSUE, "--against", "sent").out
    )


def test_against_sent_before_anything_was_sent_is_refused(newsroom: Newsroom) -> None:
    ran = newsroom.run("issue", "diff", ISSUE, "--against", "sent")
    assert ran.code == 2
    assert "nothing of 2026-11-news was sent" in ran.err


def test_with_nothing_to_compare_the_way_is_shown(newsroom: Newsroom) -> None:
    for words in ([ISSUE], [ISSUE, ISSUE, "--against", "sent"]):
        ran = newsroom.run("issue", "diff", *words)
        assert (ran.code, "another issue, or --against sent" in ran.err) == (2, True)
