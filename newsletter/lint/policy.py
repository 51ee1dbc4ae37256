"""What one newsletter makes of the rules: other weights, and what it lets be, with the reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from newsletter.lint.rule import Finding, Severity


@dataclass(frozen=True, slots=True)
class Ignore:
    """Findings of one rule that are left alone: everywhere, or in some issues or places.

    ``issue`` is a name or a pattern (``2019-*``); ``where`` a dotted key, and all inside it.
    """

    rule: str
    reason: str
    issue: str = "*"
    where: str = ""

    def covers(self, finding: Finding, slug: str) -> bool:
        """Whether this finding on this issue is let be."""
        inside = not self.where or f"{finding.where}.".startswith(f"{self.where}.")
        return finding.rule == self.rule and inside and fnmatchcase(slug, self.issue)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that is let be, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True)
class Policy:
    """Weights by rule, and what to ignore."""

    severity: Mapping[str, Severity] = field(default_factory=dict)
    ignore: tuple[Ignore, ...] = ()

    def judge(
        self, found: Iterable[Finding], slug: str
    ) -> tuple[tuple[Finding, ...], tuple[Ignored, ...]]:
        """The findings that count, each with its weight here, and those that are let be."""
        kept, left = [], []
        for finding in found:
            weighed = replace(finding, severity=self.severity.get(finding.rule, finding.severity))
            reasons = [each.reason for each in self.ignore if each.covers(finding, slug)]
            if reasons:
                left.append(Ignored(weighed, reasons[0]))
            else:
                kept.append(weighed)
        return tuple(sorted(kept, key=Finding.order)), tuple(left)
