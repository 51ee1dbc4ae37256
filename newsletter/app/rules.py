"""The rules of `check`, listed and explained; no newsletter is needed for that."""

from dataclasses import dataclass

from newsletter.errors import UsageError
from newsletter.lint.check import EVERY_RULE
from newsletter.lint.rule import Rule, Severity
from newsletter.values import nearest


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule: what holds when it is kept, what is looked at, why, and the cure."""

    id: str
    severity: Severity
    says: str
    looks_at: str
    source: str
    cure: str


def all_rules() -> tuple[RuleView, ...]:
    """Every rule, by its number."""
    return tuple(map(_view, sorted(EVERY_RULE, key=lambda rule: rule.id[1:])))


def explain_rule(name: str) -> RuleView:
    """One rule by its id, whatever its case; ``UsageError`` names the nearest."""
    wanted = name.strip().upper()
    for rule in EVERY_RULE:
        if wanted in {rule.id, rule.id[1:]}:
            return _view(rule)
    near = nearest(wanted, [rule.id for rule in EVERY_RULE])
    raise UsageError(
        f"there is no rule {name!r}",
        cure=f"did you mean {near}?" if near else "",
        next_command="newsletter check --list-rules",
    )


def _view(rule: Rule) -> RuleView:
    return RuleView(rule.id, rule.severity, rule.says, rule.looks_at, rule.source, rule.cure)
