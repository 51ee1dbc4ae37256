"""All rules, asked together of one proof."""

from collections.abc import Sequence

from newsletter.lint import (
    anchors,
    asked,
    bulk,
    calendar,
    carriage,
    characters,
    content,
    contrast,
    counted,
    fields,
    headers,
    images,
    leftovers,
    links,
    markup,
    mjml,
    references,
    sender,
    structure,
    support,
    theme,
    tracking,
    translations,
)
from newsletter.lint.rule import Finding, Proof, Rule

RULES: tuple[Rule, ...] = (
    *references.RULES,
    *translations.RULES,
    *headers.RULES,
    *leftovers.RULES,
    *links.RULES,
    *content.RULES,
    *calendar.RULES,
    *sender.RULES,
    *bulk.RULES,
    *markup.RULES,
    *anchors.RULES,
    *asked.RULES,
    *mjml.RULES,
    *images.RULES,
    *contrast.RULES,
    *structure.RULES,
    *carriage.RULES,
    *support.RULES,
    *fields.RULES,
    *characters.RULES,
    *tracking.RULES,
    *counted.RULES,
)

THEME_RULES: tuple[Rule, ...] = theme.RULES
"""Asked of a theme on the specimen, by `newsletter theme check`, after those above."""

EVERY_RULE = (*RULES, *THEME_RULES)


def lint(proof: Proof, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """Every finding once: errors first, then by file and line."""
    found = dict.fromkeys(finding for rule in rules for finding in rule.check(proof))
    return tuple(sorted(found, key=Finding.order))
