"""All rules, asked together of one proof."""

from collections.abc import Sequence

from newsletter.lint import content, headers, markup, references, theme, weekdays
from newsletter.lint.rule import Finding, Proof, Rule

RULES: tuple[Rule, ...] = (
    *references.RULES,
    *headers.RULES,
    *content.RULES,
    *weekdays.RULES,
    *markup.RULES,
)

THEME_RULES: tuple[Rule, ...] = theme.RULES
"""Asked of a theme on the specimen, by `newsletter theme check`, after those above."""

EVERY_RULE = (*RULES, *THEME_RULES)


def lint(proof: Proof, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """Every finding once: errors first, then by file and line."""
    found = dict.fromkeys(finding for rule in rules for finding in rule.check(proof))
    return tuple(sorted(found, key=Finding.order))
