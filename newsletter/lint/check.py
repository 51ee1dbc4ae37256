"""All rules, asked together of one proof."""

from collections.abc import Sequence

from newsletter.lint import content, headers, markup, references, weekdays
from newsletter.lint.rule import Finding, Proof, Rule, Severity

RULES: tuple[Rule, ...] = (
    *references.RULES,
    *headers.RULES,
    *content.RULES,
    *weekdays.RULES,
    *markup.RULES,
)
_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def lint(proof: Proof, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """Every finding once: errors first, then by file and line."""
    found = dict.fromkeys(finding for rule in rules for finding in rule.check(proof))
    return tuple(sorted(found, key=_order))


def _order(finding: Finding) -> tuple[int, str, int, str]:
    return _WEIGHT[finding.severity], str(finding.path), finding.line, finding.rule
