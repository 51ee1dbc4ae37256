"""Findings for build servers: GitHub's workflow commands, and JUnit's XML."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from newsletter.app.check import CheckReport, stands_in_the_way
from newsletter.cli.layout import shown_path
from newsletter.errors import Problem
from newsletter.lint.check import RULES
from newsletter.lint.rule import Finding, Severity

_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_SUITE = "newsletter check"


def of_problems(problems: Sequence[Problem]) -> CheckReport:
    """Files that cannot be read, as findings: a build server shows these at their lines too."""
    findings = tuple(
        Finding(
            "input",
            Severity.ERROR,
            problem.message,
            problem.cure,
            problem.path,
            problem.line,
            problem.column,
            problem.where,
        )
        for problem in problems
    )
    return CheckReport((), findings, 0)


def github(report: CheckReport) -> Iterator[str]:
    """A workflow command for each finding: ``::error file=…,line=…,col=…,title=W021::…``."""
    for finding in report.findings:
        place = {"file": str(shown_path(finding.path)), "title": finding.rule}
        if finding.line:
            place |= {"line": str(finding.line), "col": str(finding.column or 1)}
        named = ",".join(f"{key}={_property(value)}" for key, value in place.items())
        yield f"::{_COMMAND[finding.severity]} {named}::{_data(_words(finding))}"


def junit(report: CheckReport, *, strict: bool) -> Iterator[str]:
    """A test suite: a case for each rule that found nothing or was not asked, and each finding."""
    failures = sum(stands_in_the_way(each, strict=strict) for each in report.findings)
    cases = [*_findings(report, strict=strict), *_ignored(report), *_kept(report)]
    skipped = len(report.ignored) + len(report.unasked)
    counts = f'tests="{len(cases)}" failures="{failures}" skipped="{skipped}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites {counts}>"
    yield f'<testsuite name="{_SUITE}" {counts} errors="0">'
    yield from cases
    yield "</testsuite>"
    yield "</testsuites>"


def _findings(report: CheckReport, *, strict: bool) -> Iterator[str]:
    for finding in report.findings:
        said = _xml(f"{_place(finding)}: {_words(finding)}")
        if stands_in_the_way(finding, strict=strict):
            message = quoteattr(_clean(finding.message))
            inner = f'<failure type="{finding.severity}" message={message}>{said}</failure>'
        else:
            inner = f"<system-out>{_xml(finding.severity)}: {said}</system-out>"
        yield _case(finding, inner)


def _ignored(report: CheckReport) -> Iterator[str]:
    for each in report.ignored:
        yield _case(each.finding, f"<skipped message={quoteattr(_clean(each.reason))}/>")


def _kept(report: CheckReport) -> Iterator[str]:
    if not report.issues:
        return
    broken = {each.rule for each in report.findings}
    broken |= {each.finding.rule for each in report.ignored}
    for rule in RULES:
        case = f'<testcase classname="{_SUITE}" name={quoteattr(f"{rule.id} {rule.says}")}'
        if rule.id in report.unasked:
            yield f"{case}><skipped message={quoteattr(rule.source)}/></testcase>"
        elif rule.id not in broken:
            yield f"{case}/>"


def _case(finding: Finding, inner: str) -> str:
    name = quoteattr(_clean(f"{finding.rule} {_place(finding)}"))
    file = quoteattr(_clean(str(shown_path(finding.path))))
    line = f' line="{finding.line}"' if finding.line else ""
    return f'<testcase classname="{_SUITE}" name={name} file={file}{line}>{inner}</testcase>'


def _place(finding: Finding) -> str:
    parts = [str(shown_path(finding.path))]
    if finding.line:
        parts += [str(finding.line), str(finding.column or 1)]
    return ":".join(parts)


def _words(finding: Finding) -> str:
    where = f"{finding.where}: " if finding.where else ""
    return f"{where}{finding.message}" + (f" — {finding.cure}" if finding.cure else "")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _xml(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    """XML 1.0 has no place for most control characters, even as references."""
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)
