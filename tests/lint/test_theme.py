"""The rules about themes: each fires on its smallest bad theme, at its file and line."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.edition.model import Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.issue.bare import bare_issues
from newsletter.issue.model import SECTION_KINDS
from newsletter.lint.blocks import blocks_of, one_sided
from newsletter.lint.check import EVERY_RULE, RULES, THEME_RULES, lint
from newsletter.lint.rule import Finding, Proof
from newsletter.values import Language
from tests.look.pages import TEMPLATES, THEMES, publisher, specimen_issue

Edit = tuple[str, str, str]


def proof_of(folder: Path) -> Proof:
    """The theme on the table, with the specimen's pages from left to right and from right."""
    theme, issue = load_theme(folder), specimen_issue()
    shown = tuple(n for n in issue.section_ids if issue.original.sections[n].kind in theme.kinds)
    variants = [Variant(Language(tag), shown) for tag in ("it", "ar")]
    editions = tuple(render_edition(issue, each, theme, publisher()) for each in variants)
    return Proof(issue=issue, publisher=publisher(), editions=editions, theme=theme)


def spoiled(folder: Path, base: str, *edits: Edit) -> Path:
    """A copy of a theme in which words stand for others."""
    shutil.copytree(TEMPLATES / base, folder / "look")
    for name, before, after in edits:
        file = folder / "look" / name
        text = file.read_text("utf-8")
        assert before in text, (name, before)
        file.write_text(text.replace(before, after, 1), "utf-8")
    return folder / "look"


def findings(rule_id: str, proof: Proof) -> list[Finding]:
    return list(lint(proof, [rule for rule in THEME_RULES if rule.id == rule_id]))


def line_of(file: Path, words: str) -> int:
    return file.read_text("utf-8")[: file.read_text("utf-8").index(words)].count("\n") + 1


@dataclass(frozen=True)
class Row:
    """A rule, an edit that breaks it, and the file and words where it is found."""

    rule: str
    base: str
    edit: Edit
    file: str
    at: str
    message: str


QUOTE, VIDEO = "sections/quote.mjml.j2", "sections/video.mjml.j2"
ROWS = [
    Row("N141", "plain", ("theme.toml", '"people", ', ""), "theme.toml", "kinds =", "people"),
    Row(
        "W143",
        "plain",
        ("strings.toml", 'closing = "Cordialement,"\n', ""),
        "strings.toml",
        "[fr]",
        "fr has no closing",
    ),
    Row("N144", "plain", ("strings.toml", "[ar]", "[he]"), "strings.toml", "", "(Arabic)"),
    Row(
        "W145",
        "alisei",
        (QUOTE, "{{ data.role | typo }}", "…"),
        QUOTE,
        "",
        "role of quote does not stand in the page (it)",
    ),
    Row(
        "W145",
        "alisei",
        (VIDEO, 'alt="{{ data.image.alt | typo }}"', 'alt=""'),
        VIDEO,
        "",
        "image.alt of video",
    ),
    Row(
        "W145",
        "alisei",
        ("sections/people.mjml.j2", 'href="{{ person.url }}"', 'href="https://a.example"'),
        "sections/people.mjml.j2",
        "",
        "people.url of people",
    ),
    Row(
        "W146",
        "plain",
        ("sections/download.txt.j2", "[data.format, data.size]", "[data.format]"),
        "sections/download.txt.j2",
        "",
        "size of download does not stand in the plain text (it)",
    ),
    Row(
        "W147",
        "alisei",
        ("sections/numbers.mjml.j2", ' lang="{{ lang }}" dir="{{ dir }}" width', " width"),
        "sections/numbers.mjml.j2",
        "<table",
        "a table has no dir",
    ),
    Row(
        "W147",
        "plain",
        ("parts.mjml.j2", ' lang="{{ lang }}" dir="{{ dir }}"', ""),
        "parts.mjml.j2",
        "<div id",
        "a block of words (div) has no lang or dir",
    ),
    Row(
        "W148",
        "alisei",
        (
            "inline.css",
            ".person.rtl { padding: 0 20px 0 0; }",
            ".person.rtl { padding: 0 0 0 20px; }",
        ),
        "sections/people.mjml.j2",
        "",
        "<td> with padding:0 0 0 20px is not mirrored",
    ),
    Row(
        "W148",
        "alisei",
        ("sections/download.mjml.j2", 'align="{{ start }}"', 'align="left"'),
        "sections/download.mjml.j2",
        "",
        '<td> with align="left" is not mirrored',
    ),
    Row(
        "W148",
        "plain",
        (
            "inline.css",
            ".quote.rtl { padding: 0 20px 0 0; border-right",
            ".quote.rtl { border-left",
        ),
        QUOTE,
        "",
        "<blockquote> with border-left:2px solid #A3133F is not mirrored",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.rule} {row.message}")
def test_each_rule_fires_on_its_smallest_bad_theme(row: Row, tmp_path: Path) -> None:
    folder = spoiled(tmp_path, row.base, row.edit)
    found = findings(row.rule, proof_of(folder))
    assert found
    assert row.message in found[0].message
    assert found[0].path == folder / row.file
    if row.at:
        assert found[0].line == line_of(folder / row.file, row.at)
    assert found[0].cure


@pytest.mark.slow
def test_a_kind_that_is_none_is_an_error_at_its_line(tmp_path: Path) -> None:
    folder = spoiled(tmp_path, "plain", ("theme.toml", '"quote"', '"qoute"'))
    for form in ("mjml", "txt"):
        shutil.copy(folder / f"sections/quote.{form}.j2", folder / f"sections/qoute.{form}.j2")
    (found,) = findings("E142", proof_of(folder))
    assert (found.path.name, found.line) == ("theme.toml", 3)
    assert found.cure == 'did you mean "quote"?'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "at", "message"),
    [
        (("sections/call.mjml.j2", "data.button", "data.buton"), "data.buton", "buton"),
        (("sections/people.txt.j2", "{{ opening(data) }}", "{{ oops }}"), "{{ oops", "oops"),
        (
            ("sections/article.mjml.j2", "{% if data.image %}", "{% if true %}"),
            "set shown",
            "None",
        ),
        (("strings.toml", 'sponsor = "With the support of"\n', ""), "", ""),
    ],
)
def test_a_template_that_fails_full_or_bare_is_named_with_its_line(
    edit: Edit, at: str, message: str, tmp_path: Path
) -> None:
    folder = spoiled(tmp_path, "alisei", edit)
    proof = Proof(issue=specimen_issue(), publisher=publisher(), theme=load_theme(folder))
    found = findings("E140", proof)
    if not at:  # the languages that have the word say it; English is in the specimen too
        assert [finding.path.name for finding in found] == ["sponsor.mjml.j2"]
        return
    assert found
    assert {finding.path for finding in found} == {folder / edit[0]}
    assert found[0].line == line_of(folder / edit[0], at)
    assert message in found[0].message


@pytest.mark.slow
@pytest.mark.parametrize("look", THEMES)
def test_the_themes_that_come_with_the_program_keep_every_rule(look: str) -> None:
    proof = proof_of(TEMPLATES / look)
    assert lint(proof, THEME_RULES) == ()


def test_every_rule_about_themes_has_a_row() -> None:
    shown = {row.rule for row in ROWS} | {"E140", "E142"}
    assert shown == {rule.id for rule in THEME_RULES}
    assert len({rule.id[1:] for rule in EVERY_RULE}) == len(RULES) + len(THEME_RULES)


def test_a_proof_without_a_theme_has_no_findings() -> None:
    assert lint(Proof(issue=specimen_issue(), publisher=publisher()), THEME_RULES) == ()


# What the rules look with


def test_a_bare_issue_has_one_thing_to_say_in_each_section() -> None:
    bare = list(bare_issues(specimen_issue()))
    reports = [issue.original.sections["report"] for issue in bare]
    assert [(r.lead is not None, r.body is not None, len(r.figures)) for r in reports] == [  # type: ignore[union-attr]
        (True, False, 0),
        (False, True, 0),
        (False, False, 3),
    ]
    for issue in bare:
        assert len(issue.original.sections) == len(SECTION_KINDS)
        assert issue.original.preheader is None
        for section in issue.original.sections.values():
            again = type(section).model_validate(section.model_dump(exclude_defaults=True))
            assert again.model_copy() == section
    assert all(event.place is None for event in bare[1].original.sections["dates"].events)  # type: ignore[union-attr]


def test_blocks_are_the_elements_inside_mj_text_and_the_outermost_are_known() -> None:
    found = blocks_of(
        '<mj-text><div lang="it"><b>x</b></div><img src="a" /><table></table></mj-text>'
    )
    assert [(block.tag, block.outermost) for block in found] == [
        ("div", True),
        ("b", False),
        ("img", False),
        ("table", True),
    ]
    assert found[0].has("lang")
    assert blocks_of("<mj-image src='a' /><p>") == []


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("padding:0 0 0 8px", ["<p> with padding:0 0 0 8px"]),
        ("padding:0 8px", []),
        ("padding:1px 8px 2px 8px; color:red", []),
        ("margin-left:8px", ["<p> with margin-left:8px"]),
        ("margin-left:8px; margin-right:8px", []),
        ("padding-right:0", []),
        ("text-align:left", ["<p> with text-align:left"]),
    ],
)
def test_what_leans_to_one_side_in_both_directions_is_not_mirrored(
    style: str, said: list[str]
) -> None:
    page: Callable[[str], str] = '<div><p style="{}">x</p></div>'.format
    assert list(one_sided(page(style), page(style))) == said
    assert list(one_sided(page("padding:0 8px 0 0"), page("padding:0 0 0 8px"))) == []
    assert list(one_sided(page(style), "<table></table>")) == []
