"""The issues of a newsletter, listed and shown."""

import datetime as dt
from dataclasses import dataclass

from newsletter.app.open import App
from newsletter.errors import IssueError
from newsletter.issue.loader import load_issue


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One issue in the list. ``problems`` counts what keeps it from being read."""

    slug: str
    date: dt.date | None
    subject: str
    languages: tuple[str, ...]
    sections: int
    problems: int = 0


@dataclass(frozen=True, slots=True)
class SectionLine:
    """One section: its id, kind, title (or whom it names), and the segment that sees it."""

    id: str
    kind: str
    title: str
    audience: str | None
    line: int


@dataclass(frozen=True, slots=True)
class IssueView:
    """One issue, to show."""

    slug: str
    folder: str
    date: dt.date
    theme: str
    subjects: dict[str, str]
    sections: tuple[SectionLine, ...]
    fallbacks: tuple[str, ...]
    """What is not translated: ``fr-CA sections.china.body``."""


def list_issues(app: App) -> tuple[IssueLine, ...]:
    """Every issue, the newest date first; one that cannot be read is listed with its problems."""
    lines = [_line(app, name) for name in app.issue_names()]
    return tuple(
        sorted(lines, key=lambda line: (line.date or dt.date.max, line.slug), reverse=True)
    )


def _line(app: App, name: str) -> IssueLine:
    try:
        issue = load_issue(app.root / "issues" / name)
    except IssueError as error:
        return IssueLine(name, None, "cannot be read", (), 0, len(error.problems))
    original = issue.original
    return IssueLine(name, original.date, original.subject, issue.languages, len(original.sections))


def show_issue(app: App, name: str) -> IssueView:
    """One issue with its sections and what falls back."""
    issue = app.load_issue(name)
    sections = tuple(
        SectionLine(
            section_id,
            section.kind,
            section.label,
            section.audience,
            issue.place(issue.language, f"sections.{section_id}").line,
        )
        for section_id, section in issue.original.sections.items()
    )
    return IssueView(
        issue.slug,
        str(issue.folder.relative_to(app.root)),
        issue.original.date,
        issue.original.theme,
        {language: text.subject for language, text in issue.texts.items()},
        sections,
        tuple(f"{gap.language} {gap.where}" for gap in issue.fallbacks),
    )
