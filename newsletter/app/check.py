"""Is it fit to send? Issues, theme, lists and segments read, rendered and checked."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType

from newsletter.app.compose import Composition, compose_issue, counting_of, sample_values
from newsletter.app.inquiry import Inquiry
from newsletter.app.open import App
from newsletter.app.people import columns_of, people_problems, read_lists
from newsletter.app.policy import LetBe, idle_ignores, policy_of
from newsletter.app.said import hear_if_there
from newsletter.app.tracking import agreed_in, tracking_of
from newsletter.errors import InputError, IssueError, Problem, UsageError
from newsletter.lint.asked import unasked
from newsletter.lint.check import RULES, lint
from newsletter.lint.limits import Limits
from newsletter.lint.policy import Ignored
from newsletter.lint.rule import Finding, Proof, Sender, Severity

NOTHING = Inquiry()
"""Nobody is asked."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found on one issue; ``passed`` counts the rules that have no finding."""

    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...]
    passed: int
    unasked: frozenset[str] = frozenset()
    """The rules that had nobody to ask."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found. ``passed`` counts the rules, per issue, that found nothing."""

    issues: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: int
    ignored: tuple[Ignored, ...] = ()
    """What newsletter.toml lets be, each with its reason."""
    unasked: tuple[str, ...] = ()
    """Rules that had nobody to ask for any issue: ``--online`` and ``--spam`` ask."""

    idle: tuple[Problem, ...] = ()
    """Lines of newsletter.toml that let be what is not there, of all that could be seen."""
    tracking: str = ""
    """What is counted of readers, and what that means."""

    def failed(self, *, strict: bool) -> bool:
        """Whether anything stands in the way: errors, and with ``strict`` warnings."""
        return any(stands_in_the_way(finding, strict=strict) for finding in self.findings)


def stands_in_the_way(finding: Finding, *, strict: bool) -> bool:
    """Whether a finding makes a check fail."""
    grave = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    return finding.severity in grave


def check_issues(app: App, names: Sequence[str], inquiry: Inquiry = NOTHING) -> CheckReport:
    """Check the named issues, or all. Raises ``InputError`` with every problem of every file.

    Nothing is asked over the network unless the ``inquiry`` says so.
    """
    lists = read_lists(app)
    fields = columns_of([*hear_if_there(app).said.joined, *lists])
    problems = people_problems(app, lists, fields)
    named = (app.issue_folder(name).name for name in names)
    wanted = tuple(dict.fromkeys(named)) or tuple(app.issue_names())
    if not wanted and not problems:
        raise UsageError(
            "there is no issue to check under issues/",
            cure="begin one",
            next_command="newsletter issue new 2026-12-first",
        )
    checked: list[Checked] = []
    for name in wanted:
        try:
            made = compose_issue(app, app.load_issue(name))
        except InputError as error:
            problems += error.problems
            continue
        checked.append(_judged(app, inquiry.of(app, proof_of(app, made, fields))))
    if problems:
        raise IssueError(problems)
    return CheckReport(
        wanted,
        tuple(dict.fromkeys(finding for each in checked for finding in each.findings)),
        sum(each.passed for each in checked),
        tuple(dict.fromkeys(ignored for each in checked for ignored in each.ignored)),
        _unasked_of_all(checked),
        tuple(idle_ignores(app, dict(zip(wanted, map(_let_be, checked), strict=True)), names)),
        tracking_of(app),
    )


def _let_be(checked: Checked) -> LetBe:
    return LetBe(tuple(each.finding for each in checked.ignored), checked.unasked)


def _unasked_of_all(checked: Sequence[Checked]) -> tuple[str, ...]:
    sets = [each.unasked for each in checked]
    return tuple(sorted(frozenset.intersection(*sets))) if sets else ()


def check_composition(
    app: App,
    made: Composition,
    fields: AbstractSet[str],
    holes: Mapping[str, int] = MappingProxyType({}),
    hole_rows: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Checked:
    """The findings on one issue, weighed as newsletter.toml says.

    ``holes`` counts the recipients that leave a slot empty, once an audience is known;
    ``hole_rows`` names the first few.
    """
    proof = proof_of(app, made, fields)
    return _judged(app, replace(proof, holes=holes, hole_rows=hole_rows))


def _judged(app: App, proof: Proof) -> Checked:
    policy = policy_of(app)
    kept, ignored = policy.judge(lint(proof), proof.issue.slug)
    loud = {finding.rule for finding in kept}
    silent = unasked(proof)
    return Checked(kept, ignored, len(RULES) - len(silent) - len(loud), silent)


def proof_of(app: App, made: Composition, fields: AbstractSet[str]) -> Proof:
    """All that rules may look at, of one composed issue, before its audience is known."""
    sender = app.settings.sender
    return Proof(
        issue=made.issue,
        publisher=app.publisher,
        editions=tuple(page.edition for page in made.pages.values()),
        theme=made.theme,
        themes=frozenset(app.theme_names()),
        segments=app.segment_names() or frozenset(),
        fields=fields,
        messages={
            variant.key: page.compiled.fill(sample_values(app, made.issue, page))
            for variant, page in made.pages.items()
        },
        sender=Sender(sender.name, sender.address, sender.reply_to or "", sender.list_id),
        limits=Limits(**app.settings.check.limits),
        clients=app.settings.check.clients,
        counting=counting_of(app, made.issue),
        agreed=agreed_in(app),
    )
