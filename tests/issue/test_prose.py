"""What prose may not hold is refused where it stands; all that shows as written is let be."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.errors import IssueError, Problem
from newsletter.issue.loader import load_issue
from newsletter.issue.prose import prose_faults
from tests.issue.folder import ISSUE, write_issue

SHORT = 'body = "Un *tavolo* a Roma."'


def faults(prose: str) -> list[tuple[str, str]]:
    """Each fault's message, and the words from its place on."""
    return [(fault.message, prose[fault.offset :]) for fault in prose_faults(prose)]


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(IssueError) as caught:
        load_issue(folder)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("prose", "message", "begins"),
    [
        ("uno <b>due</b> tre", "raw HTML stands in prose: <b>", "<b>due"),
        ("uno\n\n<div class='x'>due</div>", "raw HTML stands in prose: <div class='x'>", "<div"),
        ("> - uno <br/> due", "raw HTML stands in prose: <br/>", "<br/>"),
        ("a <!-- x --> b", "raw HTML stands in prose: <!-- x -->", "<!-- x"),
        ("a\n\n<!-- x\n\ny -->", "raw HTML stands in prose: <!-- x", "<!-- x"),
        ("a <?php x ?>", "raw HTML stands in prose: <?php x ?>", "<?php"),
        ("a <!DOCTYPE html> b", "raw HTML stands in prose: <!DOCTYPE html>", "<!DOCTYPE"),
        ("a\n\n```{=html}\n<b>\n```", "a block of raw HTML stands in prose: ```{=html}", "```{="),
        ("1. uno\n\n   ~~~ {=html}\n   x\n   ~~~", "a block of raw HTML", "~~~ {=html}"),
        ("## Titolo <i>x</i> ##", "raw HTML stands in prose: <i>", "<i>x"),
        ("| a | b |\n|---|---|\n| a\\|b | [x](y) |", "a link leads to y", "[x](y)"),
        ("| x | x |\n|---|---|\n| 1 | <u>x</u> |", "raw HTML stands in prose: <u>", "<u>x"),
        ("| q |\n|---|\n| a\\|b <u>x</u> |", "raw HTML stands in prose: <u>", "<u>x"),
        ("Titolo\nlungo [x](y)\n======", "a link leads to y", "[x](y)"),
        ("{{ name }} e\n  {{ email | 'x' }} [x](y)", "a link leads to y", "[x](y)"),
        ("*a* **b [x](y)**", "a link leads to y", "[x](y)"),
        ("uno ![x](y.png)", "a picture stands inside prose: y.png", "![x]"),
        ("<ftp://a.example/>", "a link leads to ftp://a.example/", "<ftp"),
        ("a\r\n\r\n<b>x</b>", "raw HTML stands in prose: <b>", "<b>x"),
        ("a \\<b> <i>", "raw HTML stands in prose: <i>", "<i>"),
        ("- word \n\t<u>x</u>", "raw HTML stands in prose: <u>", "<u>x"),
        ("> 1. uno\n>\t\t due <u>x</u>", "raw HTML stands in prose: <u>", "<u>x"),
        ("| a | b |\n|---|---|\n| 1 | 2 | 3 |", "this cell stands under no heading: 3", "3 |"),
        ("a | b\n--|--\n1 | 2\n3 | 4 | 5", "this cell stands under no heading: 5", "5"),
        ("> | a |\n> |---|\n> | x | 5 |", "this cell stands under no heading: 5", "5 |"),
        ("- | a |\n  |---|\n  | x | 5 |", "this cell stands under no heading: 5", "5 |"),
        ("| a |\n|---|\n| {{ name | 'x' }} | 5 |", "this cell stands under no heading: 5", "5 |"),
        (">" * 21 + " a", "lists or quotations are nested so deep", ">>>"),
        ("".join("  " * n + "- a\n" for n in range(12)), "lists or quotations are nested", "  "),
    ],
)
def test_a_fault_says_what_it_is_and_where_it_begins(prose: str, message: str, begins: str) -> None:
    [(said, rest)] = faults(prose)
    assert said.startswith(message)
    assert rest.startswith(begins)


@pytest.mark.parametrize(
    "prose",
    [
        "a < b, p<0,05 e 3 > 2, <3",
        "`<b>` e ``<!-- x -->``",
        "    <div>\n\n```html\n<div>\n```",
        "&lt;b&gt; e &nbsp;",
        r"\<b> e \<!-- x -->",
        "<https://a.example/x> e <a@b.example>",
        "[x]({{ browser_url }}) e {{ name }}",
        "a <b and c",
        "| a | b |\n|---|---|\n| 1 | 2 | |\n| 3 |\n| a\\|b | {{ name | 'x' }} |",
        ">" * 9 + " a",
        "".join("  " * n + "- a\n" for n in range(9)),
    ],
)
def test_what_shows_as_it_is_written_is_no_fault(prose: str) -> None:
    assert faults(prose) == []


def test_each_fault_of_a_body_has_its_own_line_and_column_in_the_file(tmp_path: Path) -> None:
    body = 'body = """\n\n  Un *tavolo* è <u>a</u>\n\n- {{ name }} [qui](qui)\n- è ![x](y)\n"""'
    found = problems(write_issue(tmp_path, ISSUE.replace(SHORT, body)))
    assert [(at.line, at.column, at.message.split(":")[0]) for at in found] == [
        (12, 17, "raw HTML stands in prose"),
        (14, 14, "a link leads to qui"),
        (15, 5, "a picture stands inside prose"),
    ]
    assert found[0].source == "  Un *tavolo* è <u>a</u>"
    assert all(at.where == "sections.china.body" and at.cure for at in found)


def test_escapes_and_folded_lines_of_a_string_are_counted_as_they_stand(tmp_path: Path) -> None:
    folded = 'body = """\\\n   Un \\u00e8\\tx \\\n   <b>x</b>"""'
    [problem] = problems(write_issue(tmp_path, ISSUE.replace(SHORT, folded)))
    assert (problem.line, problem.column) == (12, 4)


def test_a_bad_slot_in_a_body_is_shown_at_its_own_line(tmp_path: Path) -> None:
    body = "body = '''\nUn tavolo {{ name }}\ne {{ 7*7 }}\n'''"
    [problem] = problems(write_issue(tmp_path, ISSUE.replace(SHORT, body)))
    assert (problem.line, problem.column) == (12, 3)


def test_a_translations_fault_is_shown_in_the_translation(tmp_path: Path) -> None:
    english = '[sections.china]\nbody = """\nOne\n\n<b>two</b>\n"""\n'
    [problem] = problems(write_issue(tmp_path, en=english))
    assert (problem.path.name, problem.line, problem.column) == ("issue.en.toml", 5, 1)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["word ", "*", "`", "\n", "\n\n", "> ", "- ", "| ", "|-|", "è", "\t", "{{ name }}", "["]
        ),
        max_size=25,
    ),
)
@example(["- ", "word ", "\n", "\t"])
def test_a_tag_is_found_at_its_own_place_wherever_it_stands(parts: list[str]) -> None:
    """Unless code holds it, every tag is found, and where it is."""
    before = "".join(parts)
    prose = before + "<u>x</u>"
    assert [rest for said, rest in faults(prose) if said.endswith("<u>")] in (["<u>x</u>"], [])
    if not {"`", "\t", "|", "|-|"} & set(parts):
        assert faults(prose)
