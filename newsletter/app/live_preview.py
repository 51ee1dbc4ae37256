"""The live preview: an issue read again after each save, its pages made when they are looked at.

One thread at a time works with it. What a save did not change is kept: the theme with its
compiled templates, the readers, and every page whose words are the same.
"""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from newsletter.app.build import fill_text, filled
from newsletter.app.check import check_composition
from newsletter.app.compose import composition_of, sections_label
from newsletter.app.live_reading import kind_of, read_again
from newsletter.app.open import App, open_app
from newsletter.app.plan import Chooser
from newsletter.app.preview import find_reader, language_wanted, newest, values_for
from newsletter.audience.model import Person
from newsletter.campaign import Page
from newsletter.edition.marks import marked_page
from newsletter.edition.model import Variant
from newsletter.inbox.parts import read_headers
from newsletter.issue.model import Issue
from newsletter.lint.policy import Ignored
from newsletter.lint.rule import Finding
from newsletter.settings import FILE_NAME

_BEFORE = 1.0  # seconds: the settings were read, and the system's clock ticks coarsely


@dataclass(frozen=True, slots=True)
class VariantSeen:
    """One variant and how many readers see it; ``hidden`` are the sections it lacks."""

    key: str
    language: str
    hidden: tuple[str, ...]
    label: str
    readers: int


@dataclass(frozen=True, slots=True)
class SectionSeen:
    """One section of the issue, with the line of its table."""

    id: str
    kind: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class PageSeen:
    """One page as one reader gets it, in every form there is; sizes in octets."""

    variant: VariantSeen
    reader: str
    """Her name or address; nothing when no reader sees this page."""
    sender: str
    subject: str
    preheader: str
    html: str
    """With the marks of its sections; the message has none."""
    text: str
    mjml: str
    headers: tuple[tuple[str, str], ...]
    message: bytes
    html_size: int
    images: int
    images_size: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks say of the whole issue; ``pages`` counts those that were rendered."""

    findings: tuple[Finding, ...]
    ignored: tuple[Ignored, ...]
    pages: int
    unasked: frozenset[str] = frozenset()
    """Rules that had nobody to ask: the preview asks neither servers nor SpamAssassin."""


class LivePreview:
    """One issue under the officer's hands. Raises what ``preview`` raises when it begins."""

    def __init__(self, app: App, name: str | None) -> None:
        self._begun = time.time() - _BEFORE
        self.slug = app.issue_folder(name or newest(app)).name
        self.reading = read_again(app, self.slug, None, frozenset())
        self._pending: set[str] = set()  # what changed since the last reading that went well

    @property
    def folders(self) -> tuple[Path, ...]:
        """What to watch, with everything below."""
        root = self.reading.app.root
        wanted = (root / "issues" / self.slug, root / "templates", root / "subscribers")
        return tuple(folder for folder in wanted if folder.is_dir())

    def saved_since_read(self) -> tuple[Path, ...]:
        """The files that were saved since the preview began to read them."""
        below = (file for folder in self.folders for file in folder.rglob("*") if file.is_file())
        files = (*below, self.reading.app.root / FILE_NAME)
        return tuple(file for file in files if _changed_at(file) >= self._begun)

    def refresh(self, changed: Collection[Path]) -> None:
        """Read again what changed; when that fails, the last good reading stays.

        Raises ``NewsletterError``.
        """
        old = self.reading
        self._pending |= {kind_of(old, path) for path in changed}
        app = old.app
        if "settings" in self._pending:
            app = open_app(app.root, profile=app.profile, clock=app.clock)
        self.reading = read_again(app, self.slug, old, self._pending)
        self._pending = set()

    def first_view(self, reader: str, language: str | None) -> str:
        """The query of the page that shows a reader's page, or a language's in full.

        Raises ``UsageError`` for a reader or a language that is not there.
        """
        if reader:
            find_reader(self.reading.readers.audience, reader)
            return "?" + urlencode({"reader": reader})
        if language is None:
            return ""
        wanted = language_wanted(self.reading.issue, language)
        variant = next(each for each in self.reading.variants if each.language == wanted)
        return "?" + urlencode({"variant": variant.key})

    def variants(self) -> tuple[VariantSeen, ...]:
        """Every page there is, described."""
        return tuple(map(self._described, self.reading.variants))

    def _described(self, variant: Variant) -> VariantSeen:
        now = self.reading
        hidden = tuple(str(s) for s in now.issue.section_ids if s not in variant.sections)
        label = sections_label(now.issue, variant)
        readers = now.seen.counts.get(variant, 0)
        return VariantSeen(variant.key, variant.language, hidden, label, readers)

    def sections(self) -> tuple[SectionSeen, ...]:
        """The issue's sections, in their order."""
        issue = self.reading.issue
        return tuple(self._section(issue, str(section)) for section in issue.section_ids)

    def _section(self, issue: Issue, section: str) -> SectionSeen:
        place = issue.place(issue.language, f"sections.{section}")
        kind = issue.original.sections[section].kind
        return SectionSeen(section, kind, self.relative(place.path), place.line)

    def page(self, key: str, reader: str) -> PageSeen:
        """A variant's page, or a reader's own; an unknown key gives the first page.

        Raises ``UsageError`` for a reader on no list, ``ThemeError`` when a template fails.
        """
        now = self.reading
        variant, person = self._chosen(key, reader)
        page = now.page(variant)
        values = values_for(now.app, now.issue, page, person)
        html, text = filled(page, values)
        marked, _ = filled(
            _with_html(page, marked_page(page.edition.mjml, page.edition.html)), values
        )
        subject, preheader, mjml = (
            fill_text(words, page, values)
            for words in (page.edition.subject, page.edition.preheader, page.edition.mjml)
        )
        message = page.compiled.fill(values)
        files = {now.app.root / source for _, source in page.edition.images}
        return PageSeen(
            variant=self._described(variant),
            reader=_name_of(person),
            sender=now.app.settings.sender.name,
            subject=subject,
            preheader=preheader,
            html=marked,
            text=text,
            mjml=mjml,
            headers=read_headers(message),
            message=message,
            html_size=len(html.encode()),
            images=len(files),
            images_size=sum(file.stat().st_size for file in files if file.is_file()),
        )

    def _chosen(self, key: str, reader: str) -> tuple[Variant, Person | None]:
        now = self.reading
        if reader:
            person = find_reader(now.readers.audience, reader)
            return Chooser(now.app, now.issue, now.readers)(person), person
        every = now.variants
        variant = next((each for each in every if each.key == key), every[0])
        return variant, now.seen.first.get(variant)

    def make_ready(self) -> Iterator[None]:
        """Make every page that is not there yet, a step at a time."""
        reading = self.reading
        for variant in reading.variants:
            reading.page(variant)
            yield

    def verdict(self) -> Verdict:
        """What the checks say, over every page."""
        now = self.reading
        pages = {variant: now.page(variant) for variant in now.variants}
        made = composition_of(now.app, now.issue, now.theme, pages)
        checked = check_composition(now.app, made, now.readers.fields)
        return Verdict(checked.findings, checked.ignored, len(pages), checked.unasked)

    def relative(self, path: Path) -> str:
        """A path as it is shown and asked for: from the newsletter's folder."""
        root = self.reading.app.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _changed_at(file: Path) -> float:
    """When the system last saw the file change, whatever its own time says."""
    try:
        return file.stat().st_ctime
    except OSError:  # gone by now
        return 0.0


def _with_html(page: Page, html: str) -> Page:
    return replace(page, edition=replace(page.edition, html=html))


def _name_of(person: Person | None) -> str:
    return (person.fields.get("name") or person.address.text) if person else ""
