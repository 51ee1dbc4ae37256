"""What newsletter.toml says of the rules, held to the rules that there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from newsletter.app.open import App
from newsletter.errors import Problem, SettingsError
from newsletter.lint.check import EVERY_RULE
from newsletter.lint.place import place_in_toml
from newsletter.lint.policy import Ignore, Policy
from newsletter.lint.rule import Finding, Severity
from newsletter.settings import FILE_NAME
from newsletter.values import nearest


def policy_of(app: App) -> Policy:
    """The newsletter's policy; ``SettingsError`` names each rule that is not there."""
    options = app.settings.check
    problems = list(_unknown_rules(app))
    if problems:
        raise SettingsError(problems, next_command="newsletter check --list-rules")
    return Policy(
        {name: Severity(weight) for name, weight in options.severity.items()},
        tuple(Ignore(each.rule, each.reason, each.issue, each.where) for each in options.ignore),
    )


@dataclass(frozen=True, slots=True)
class LetBe:
    """What was let be of one issue, and the rules that had nobody to ask there."""

    findings: tuple[Finding, ...]
    unasked: frozenset[str]


def idle_ignores(app: App, issues: Mapping[str, LetBe], named: Sequence[str]) -> Iterator[Problem]:
    """Each ``[[check.ignore]]`` that lets nothing be, where that can be told.

    It cannot where its rule had nobody to ask, nor where only some issues were looked at and it
    is about others.
    """
    for at, ignore in enumerate(policy_of(app).ignore):
        about = {slug: each for slug, each in issues.items() if fnmatchcase(slug, ignore.issue)}
        if any(ignore.rule in each.unasked for each in about.values()):
            continue
        if named and (not about or "*" in ignore.issue):
            continue
        covers = (ignore.covers(f, slug) for slug, each in about.items() for f in each.findings)
        if not any(covers):
            where = f"check.ignore.{at}.rule"
            place = place_in_toml(app.root / FILE_NAME, where)
            message = f"{ignore.rule} finds nothing that this line would let be"
            cure = "take it out, so that it hides nothing later"
            yield Problem(place.path, message, cure, place.line, place.column, where)


def _unknown_rules(app: App) -> Iterator[Problem]:
    known = {rule.id for rule in EVERY_RULE}
    options = app.settings.check
    named = {f"check.severity.{name}": name for name in options.severity}
    named |= {f"check.ignore.{at}.rule": each.rule for at, each in enumerate(options.ignore)}
    for where, name in named.items():
        if name not in known:
            place = place_in_toml(app.root / FILE_NAME, where)
            near = _same_number(name, known) or nearest(name, known)
            cure = f"did you mean {near}?" if near else "take the line out"
            message = f"there is no rule {name}"
            yield Problem(place.path, message, cure, place.line, place.column, where)


def _same_number(name: str, known: set[str]) -> str | None:
    """``E012`` for ``W012``: the letter is the rule's own weight, not the newsletter's."""
    return next((rule for rule in sorted(known) if rule[1:] == name[1:]), None)
