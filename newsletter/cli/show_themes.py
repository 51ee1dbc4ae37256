"""Themes as lines for a person to read."""

from collections.abc import Iterator, Sequence

from newsletter.app.themes import ThemeLine, ThemeReport, ThemeStarted
from newsletter.cli.layout import counted, paint, shown_path, table
from newsletter.cli.show_check import findings, tally


def themes(rows: Sequence[ThemeLine]) -> Iterator[str]:
    """The list of themes."""
    if not rows:
        yield "no theme yet"
        return
    yield from table(
        (
            row.name,
            paint(counted(row.problems, "problem"), "red")
            if row.problems
            else counted(row.kinds, "kind"),
            " ".join(row.languages),
            row.description,
        )
        for row in rows
    )


def started(value: ThemeStarted) -> Iterator[str]:
    """What `theme new` wrote, and how to use it."""
    yield f"written to {shown_path(value.folder)}: {counted(len(value.files), 'file')}"
    yield f'an issue chooses it: theme = "{value.name}"'


def reports(found: Sequence[ThemeReport]) -> Iterator[str]:
    """Of each theme every finding, then what was tried and the tally."""
    for report in found:
        yield from findings(report.findings)
        tried = f"{counted(report.kinds, 'kind')} in {' '.join(report.languages)}"
        yield f"{report.theme}: {tried}: {tally(report.findings, report.passed)}"
        if report.pages:
            yield f"its pages: {shown_path(report.pages / 'preview')}"
