"""Each rule finds the fault that was planted for it, at its place, and is silent without it."""

from pathlib import Path

import pytest

from newsletter.lint.check import RULES, lint
from newsletter.lint.rule import Severity
from tests.lint import (
    rows_dates,
    rows_images,
    rows_inbox,
    rows_links,
    rows_page,
    rows_text,
    rows_theme,
    rows_words,
)
from tests.lint.proofs import Row, clean, found, place_of

PARTS: tuple[dict[str, Row], ...] = (
    rows_words.ROWS,
    rows_inbox.ROWS,
    rows_links.ROWS,
    rows_dates.ROWS,
    rows_page.ROWS,
    rows_theme.ROWS,
    rows_images.ROWS,
    rows_text.ROWS,
)
TABLE = {rule: row for part in PARTS for rule, row in part.items()}


def test_a_clean_issue_has_no_findings(tmp_path: Path) -> None:
    assert lint(clean()(tmp_path)) == ()


def test_every_rule_stands_in_the_table_once() -> None:
    assert sorted(TABLE) == sorted(rule.id for rule in RULES)
    assert len(TABLE) == sum(map(len, PARTS))


@pytest.mark.parametrize("rule", sorted(TABLE))
def test_a_rule_finds_its_smallest_bad_example_at_its_place(tmp_path: Path, rule: str) -> None:
    findings = found(TABLE[rule].bad(tmp_path), rule)
    assert findings, "nothing was found"
    assert place_of(findings[0]) == TABLE[rule].at
    assert findings[0].path.is_file()
    assert all(finding.message and finding.cure for finding in findings)


@pytest.mark.parametrize("rule", sorted(TABLE))
def test_a_rule_is_silent_on_its_good_example(tmp_path: Path, rule: str) -> None:
    assert found(TABLE[rule].good(tmp_path), rule) == []


def test_every_rule_has_a_name_of_its_own_a_reason_and_a_cure() -> None:
    names = [rule.id for rule in RULES]
    assert len({name[1:] for name in names}) == len(names)
    for rule in RULES:
        assert rule.severity is {letter.value[0]: letter for letter in Severity}[rule.id[0].lower()]
        assert rule.says.endswith("."), rule.id
        assert rule.looks_at.endswith("."), rule.id
        assert all((rule.source, rule.cure)), rule.id
