"""The frame of the rules: order, places, and what a newsletter makes of them."""

import dataclasses
import re
from pathlib import Path

from newsletter.lint.check import lint
from newsletter.lint.limits import Limits
from newsletter.lint.place import place_in_theme, places_in_theme
from newsletter.lint.policy import Ignore, Policy
from newsletter.lint.rule import Severity
from tests.lint.proofs import CLEAN, body, proof_of


def test_errors_come_before_warnings(tmp_path: Path) -> None:
    proof = body("TODO {{ cty }}")(tmp_path)
    assert [finding.rule for finding in lint(proof)] == ["E003", "W021"]


def test_another_weight_moves_a_finding_in_the_order(tmp_path: Path) -> None:
    findings = lint(body("TODO {{ cty }}")(tmp_path))
    policy = Policy({"E003": Severity.NOTE, "W021": Severity.ERROR})
    kept, ignored = policy.judge(findings, "2019-11")
    assert [(each.rule, each.severity) for each in kept] == [
        ("W021", Severity.ERROR),
        ("E003", Severity.NOTE),
    ]
    assert ignored == ()


def test_what_is_ignored_keeps_its_reason(tmp_path: Path) -> None:
    findings = lint(body("TODO")(tmp_path))
    kept, ignored = Policy(ignore=(Ignore("W021", "an example"),)).judge(findings, "2019-11")
    assert kept == ()
    assert [(each.finding.rule, each.reason) for each in ignored] == [("W021", "an example")]


def test_an_ignore_may_name_an_issue_and_a_place(tmp_path: Path) -> None:
    findings = lint(body("TODO")(tmp_path))
    for covers, ignore in (
        (True, Ignore("W021", "x", issue="2019-*")),
        (False, Ignore("W021", "x", issue="2020-*")),
        (True, Ignore("W021", "x", where="sections.china")),
        (True, Ignore("W021", "x", where="sections.china.body")),
        (False, Ignore("W021", "x", where="sections.chi")),
        (False, Ignore("W022", "x")),
    ):
        assert ignore.covers(findings[0], "2019-11") is covers, ignore


def test_a_newsletter_may_have_limits_of_its_own(tmp_path: Path) -> None:
    proof = proof_of(tmp_path)
    assert lint(proof) == ()
    short = dataclasses.replace(proof, limits=Limits(subject=10))
    assert [finding.rule for finding in lint(short)] == ["W011"]


def test_a_place_in_the_theme_is_the_first_match_and_the_editions_own_file_comes_first(
    tmp_path: Path,
) -> None:
    theme = proof_of(tmp_path).theme
    assert theme
    first = place_in_theme(theme, "mj-text")
    assert (first.path.name, first.line, first.column) == ("edition.mjml.j2", 10, 2)
    files = {place.path.name for place in places_in_theme(theme, re.compile("mj-text"))}
    assert files == {"edition.mjml.j2", *(f"{kind}.mjml.j2" for kind in theme.kinds)}
    nowhere = place_in_theme(theme, "mj-nothing")
    assert (nowhere.path.name, nowhere.line, nowhere.column) == ("edition.mjml.j2", 1, 1)


def test_a_finding_without_a_key_of_its_own_stands_in_its_languages_file(tmp_path: Path) -> None:
    proof = proof_of(tmp_path, CLEAN, en='subject = "News"\n')
    key = proof.editions[1].variant.key
    (finding,) = [
        each
        for each in lint(dataclasses.replace(proof, sizes={key: 90_000}))
        if each.rule == "W041"
    ]
    assert (finding.path.name, finding.line, finding.column) == ("issue.en.toml", 1, 1)
