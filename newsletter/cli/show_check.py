"""Findings and rules as lines: for a person, or for a build server."""

from collections.abc import Iterator, Sequence

from newsletter.app.check import CheckReport
from newsletter.app.rules import RuleView
from newsletter.cli import annotations
from newsletter.cli.desk import CheckFormat, Desk
from newsletter.cli.layout import paint, shown_path, table
from newsletter.errors import Problem
from newsletter.lint.policy import Ignored
from newsletter.lint.rule import Finding, Severity


def is_for_build_servers(desk: Desk) -> bool:
    """Whether the result goes to a program that has a form of its own for findings."""
    return desk.format in {CheckFormat.github, CheckFormat.junit}


def report(desk: Desk, value: CheckReport, *, strict: bool) -> Iterator[str]:
    """Every finding in the form that was asked for; for a person the tally too."""
    if desk.format is CheckFormat.github:
        yield from annotations.github(value)
    elif desk.format is CheckFormat.junit:
        yield from annotations.junit(value, strict=strict)
        return
    else:
        yield from findings(value.findings)
        yield from idle(value.idle)
        yield f"Tracking  {value.tracking}"
    names = ", ".join(value.issues) or "no issue"
    yield f"{names}: {tally(value.findings, value.passed, value.ignored)}"


def problems(desk: Desk, found: Sequence[Problem]) -> Iterator[str]:
    """What keeps files from being read, for a build server."""
    value = annotations.of_problems(found)
    github = desk.format is CheckFormat.github
    yield from annotations.github(value) if github else annotations.junit(value, strict=False)


def findings(found: Sequence[Finding]) -> Iterator[str]:
    """Findings, a line each with its place, the cure under it."""
    color = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}
    for finding in found:
        place = shown_path(finding.path) + (f":{finding.line}" if finding.line else "")
        place += f":{finding.column}" if finding.line and finding.column else ""
        word = paint(finding.severity.value.capitalize(), color[finding.severity])
        where = f"{finding.where}: " if finding.where else ""
        yield f"{word}  {place}  {finding.rule}  {where}{finding.message}"
        if finding.cure:
            yield f"         {finding.cure}"


def idle(found: Sequence[Problem]) -> Iterator[str]:
    """Lines of newsletter.toml that let be what is not there."""
    for problem in found:
        place = f"{shown_path(problem.path)}:{problem.line}:{problem.column}"
        yield f"{paint('Note', 'dim')}  {place}  {problem.message}"
        yield f"         {problem.cure}"


def tally(found: Sequence[Finding], passed: int, ignored: Sequence[Ignored] = ()) -> str:
    """``41 passed · 1 warning · 2 ignored``."""
    parts = [f"{passed} passed"]
    for severity in Severity:
        count = sum(finding.severity is severity for finding in found)
        if count:
            parts.append(f"{count} {severity.value}{'s' if count > 1 else ''}")
    if ignored:
        parts.append(f"{len(ignored)} ignored")
    return " · ".join(parts)


def rules(found: Sequence[RuleView]) -> Iterator[str]:
    """Every rule, a line each."""
    yield from table((rule.id, rule.severity.value, rule.says) for rule in found)


def rule(view: RuleView) -> Iterator[str]:
    """One rule: what it wants, why, and what to do."""
    yield f"{paint(view.id, 'bold')}  {view.severity}  {view.says}"
    rows = [("looks at", view.looks_at), ("because", view.source), ("cure", view.cure)]
    yield from table((f"  {name}", words) for name, words in rows if words)
    yield f'  other weight   [check.severity]  {view.id} = "note"'
    yield f'  let it be      [[check.ignore]]  rule = "{view.id}"  reason = "…"'
