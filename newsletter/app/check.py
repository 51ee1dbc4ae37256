"""Is it fit to send? Issues, theme, lists and segments read, rendered and checked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

from newsletter.app.compose import Composition, compose_issue
from newsletter.app.open import App
from newsletter.app.people import columns_of, people_problems, read_lists
from newsletter.errors import InputError, IssueError
from newsletter.lint.check import RULES, lint
from newsletter.lint.rule import Finding, Proof, Severity


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found. ``passed`` counts the rules, per issue, that found nothing."""

    issues: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: int

    def failed(self, *, strict: bool) -> bool:
        """Whether anything stands in the way: errors, and with ``strict`` warnings."""
        grave = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        return any(finding.severity in grave for finding in self.findings)


def check_issues(app: App, names: Sequence[str]) -> CheckReport:
    """Check the named issues, or all. Raises ``InputError`` with every problem of every file."""
    lists = read_lists(app)
    problems, fields = people_problems(app, lists), columns_of(lists)
    wanted = list(names) or app.issue_names()
    findings: list[Finding] = []
    passed = 0
    for name in wanted:
        try:
            made = compose_issue(app, app.load_issue(name))
        except InputError as error:
            problems += error.problems
            continue
        found, quiet = check_composition(app, made, fields)
        findings += found
        passed += quiet
    if problems:
        raise IssueError(problems)
    return CheckReport(tuple(wanted), tuple(findings), passed)


def check_composition(
    app: App,
    made: Composition,
    fields: AbstractSet[str],
    holes: Mapping[str, int] = MappingProxyType({}),
    hole_rows: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> tuple[tuple[Finding, ...], int]:
    """The findings on one issue, and how many rules found nothing.

    ``holes`` counts the recipients that leave a slot empty, once an audience is known;
    ``hole_rows`` names the first few.
    """
    proof = Proof(
        issue=made.issue,
        publisher=app.publisher,
        editions=tuple(page.edition for page in made.pages.values()),
        theme=made.theme,
        themes=frozenset(app.theme_names()),
        segments=app.segment_names() or frozenset(),
        fields=fields,
        holes=holes,
        hole_rows=hole_rows,
    )
    found = lint(proof)
    loud = Counter(finding.rule for finding in found)
    return found, len(RULES) - len(loud)
