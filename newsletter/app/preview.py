"""Preview: one page of an issue, built to be opened without a network."""

import os
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from newsletter.app.build import Build, BuiltVariant, build_issue, write_page
from newsletter.app.compose import make_page, sample_values
from newsletter.app.open import App
from newsletter.app.people import nearest_address, person_of
from newsletter.app.plan import Chooser
from newsletter.app.plan_view import reader_values
from newsletter.app.said import readers_to_show
from newsletter.audience.model import Person
from newsletter.audience.select import Audience
from newsletter.campaign import Page
from newsletter.edition.model import Variant
from newsletter.errors import UsageError
from newsletter.issue.model import Issue
from newsletter.values import nearest, parse_language


@dataclass(frozen=True, slots=True)
class Preview:
    """A page to look at, its plain text, and every page that was built beside it."""

    slug: str
    shown: BuiltVariant
    page: Path
    text: str
    build: Build


def newest(app: App) -> str:
    """The issue of the latest name, for an officer who names none."""
    names = app.issue_names()
    if not names:
        raise UsageError(
            "there is no issue yet",
            cure="begin one",
            next_command="newsletter issue new 2026-12-first",
        )
    return names[-1]


def build_for_readers(app: App, name: str | None, folder: Path | None) -> Build:
    """Build every variant that a reader sees, and each language in full."""
    issue = app.load_issue(name or newest(app))
    return build_issue(app, issue, seen_variants(app, issue), folder)


def seen_variants(app: App, issue: Issue) -> list[Variant]:
    """The pages that readers on the lists would see."""
    readers = readers_to_show(app)
    return list(dict.fromkeys(map(Chooser(app, issue, readers), readers.audience)))


def preview_issue(
    app: App, name: str | None, *, reader: str | None, language: str | None
) -> Preview:
    """Build an issue and choose the page to show: a reader's, a language's, or the original."""
    issue = app.load_issue(name or newest(app))
    build = build_issue(app, issue, seen_variants(app, issue), None)
    if reader is not None:
        shown = _as_reader(app, issue, reader, build.folder)
    else:
        wanted = language_wanted(issue, language)
        shown = next(v for v in build.variants if v.name == wanted)
    text = shown.page.with_suffix(".txt").read_text(encoding="utf-8")
    return Preview(issue.slug, shown, shown.local, text, build)


def language_wanted(issue: Issue, wanted: str | None) -> str:
    """The language that was asked for, or the original's; ``UsageError`` names the nearest."""
    if wanted is None:
        return issue.language
    try:
        tag = parse_language(wanted)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if tag not in issue.languages:
        near = nearest(tag, issue.languages)
        raise UsageError(
            f"the issue is not written in {tag}",
            cure=f"did you mean {near}?" if near else f"it has {', '.join(issue.languages)}",
        )
    return tag


def _as_reader(app: App, issue: Issue, reader: str, folder: Path) -> BuiltVariant:
    readers = readers_to_show(app, suppressed=True)
    person = find_reader(readers.audience, reader)
    theme = app.load_theme(issue.original.theme)
    page = make_page(app, issue, theme, Chooser(app, issue, readers)(person))
    values = values_for(app, issue, page, person)
    return write_page(app, issue, page, folder, name="reader", values=values)


def values_for(app: App, issue: Issue, page: Page, person: Person | None) -> dict[str, str]:
    """What a page is filled with: a reader's own fields, else each slot's default or name."""
    values = sample_values(app, issue, page)
    if person is None:
        return values
    return values | reader_values(person) | {"to_name": person.fields.get("name", "")}


def find_reader(people: Audience, reader: str) -> Person:
    """A person by address; ``UsageError`` names the nearest one."""
    key = reader.strip().casefold()
    found = person_of(people, key)
    if found is None:
        near = nearest_address(people, key)
        raise UsageError(
            f"{reader} is on no list",
            cure=f"did you mean {near}?" if near else "look into subscribers/*.csv",
            next_command="newsletter lists",
        )
    return found


def open_in_browser(address: str) -> bool:
    """Open the page where there is a display; whether that was done."""
    graphical = sys.platform in {"darwin", "win32"} or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return graphical and sys.stdout.isatty() and webbrowser.open(address)
