"""What an issue refers to outside its folder: a theme, and segments."""

from collections.abc import Collection, Iterator

from newsletter.errors import Problem
from newsletter.issue.model import Issue
from newsletter.values import nearest


def reference_problems(
    issue: Issue, themes: Collection[str], segments: Collection[str]
) -> tuple[Problem, ...]:
    """Every theme or segment that the issue names and that is not there, with its place."""
    return tuple(_problems(issue, themes, segments))


def _problems(
    issue: Issue, themes: Collection[str], segments: Collection[str]
) -> Iterator[Problem]:
    theme = issue.original.theme
    if theme not in themes:
        message = f"there is no theme {theme!r} under templates/"
        yield _problem(issue, "theme", message, theme, themes)
    for section, segment in issue.section_audiences.items():
        if segment not in segments:
            message = f"there is no segment {segment!r} in subscribers/segments.toml"
            yield _problem(issue, f"sections.{section}.audience", message, segment, segments)


def _problem(issue: Issue, where: str, message: str, name: str, known: Collection[str]) -> Problem:
    place = issue.place(issue.language, where)
    near = nearest(name, known)
    there = "there are: " + ", ".join(sorted(known)) if known else "there is none yet"
    cure = f"did you mean {near!r}?" if near else there
    lines = place.path.read_text(encoding="utf-8-sig").split("\n")
    source = lines[place.line - 1] if 0 < place.line <= len(lines) else ""
    return Problem(place.path, message, cure, place.line, place.column, where, source)
