"""Saying that translations are up to date, so that a later change of the original is noticed."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.app.open import App
from newsletter.errors import IssueError, Problem, UsageError
from newsletter.issue.translated import FILE, changed_since, record_of
from newsletter.values import Language


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the languages, and what had been out of date in them until now."""

    slug: str
    file: str
    languages: tuple[Language, ...]
    mended: tuple[str, ...]


def record_translated(app: App, name: str, only: Sequence[str] = ()) -> Recorded:
    """Record that these translations (all, when none is named) are made from the words there are.

    Raises ``UsageError`` when the issue has none, or not the one that is named.
    """
    issue = app.load_issue(name)
    there = tuple(language for language in issue.languages if language != issue.language)
    if not there:
        raise UsageError(
            f"{issue.slug} has no translation",
            cure="write one beside issue.toml: issue.en.toml",
        )
    for language in only:
        if language not in there:
            raise UsageError(
                f"{issue.slug} has no translation {language!r}",
                cure=f"there are: {', '.join(there)}",
            )
    wanted = tuple(language for language in there if not only or language in only)
    stale = tuple(f"{tag} {where}" for tag, where in changed_since(issue) if tag in wanted)
    path = issue.folder / FILE
    try:
        path.write_text(record_of(issue, wanted), encoding="utf-8")
    except OSError as error:
        problem = Problem(path, f"the file cannot be written: {error.strerror}")
        raise IssueError([problem]) from error
    return Recorded(issue.slug, str(path.relative_to(app.root)), wanted, stale)
