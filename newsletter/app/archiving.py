"""The archive: what was sent, as a site that anybody may read, and what was put right since."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import newsletter
from newsletter.app.compose import make_page
from newsletter.app.corrections import Corrected, corrections_of, write_correction
from newsletter.app.hosted import image_file
from newsletter.app.imprint import imprint_of
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.archive.model import Correction, Entry, Frame
from newsletter.archive.page import public_page
from newsletter.archive.site import site_files
from newsletter.archive.writing import Written, write_site
from newsletter.edition.model import Variant
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, StoredVariant
from newsletter.values import Language, parse_language

PLACE: Final = "archive"
_STATIC: Final = ("public.css", "public-wind.png")
_SLOT_TOKEN: Final = re.compile(r"zs[0-9a-f]{12}n\d+z")
_ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The message that stands in the archive for an issue in a language."""

    campaign: Campaign
    variant: StoredVariant
    targeted: tuple[str, ...]
    """Sections on it that not everybody saw."""


@dataclass(frozen=True, slots=True)
class Archived:
    """What a build came to. ``notes`` are what the officer should know before publishing."""

    folder: Path
    issues: int
    pages: int
    written: int
    unchanged: int
    removed: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CorrectionMade:
    """A correction that was filed."""

    issue: str
    languages: tuple[str, ...]
    file: Path


def build_archive(app: App, output: Path | None) -> Archived:
    """Write the archive of everything that the relay accepted, into ``public/`` or elsewhere.

    ``UsageError`` while nothing was sent.
    """
    if not has_ledger(app):
        raise _nothing_sent()
    with open_ledger(app) as ledger:
        made = make_archive(app, ledger)
    if not made.chosen:
        raise _nothing_sent()
    folder = output or app.root / "public"
    done: Written = write_site(folder, made.files)
    slugs = {each.campaign.slug for each in made.chosen}
    return Archived(
        folder,
        len(slugs),
        len(made.chosen),
        done.written,
        done.unchanged,
        done.removed,
        made.notes,
    )


@dataclass(frozen=True, slots=True)
class Made:
    """An archive in memory."""

    files: Mapping[str, bytes]
    chosen: tuple[Chosen, ...]
    notes: tuple[str, ...]


def make_archive(app: App, ledger: Ledger) -> Made:
    """Every file of the archive. The same ledger and issues give the same octets."""
    chosen = tuple(_chosen(app, ledger))
    entries = [_entry(app, each) for each in chosen]
    files = site_files(_frame(app), entries)
    notes = [*_targeted(chosen)]
    for entry in entries:
        for page in [entry.sent, *([entry.correction.page] if entry.correction else [])]:
            files |= {f"images/{path}": octets for path, octets in page.inside.items()}
            for path in sorted(page.hosted):
                octets = _image(app, path)
                if octets is None:
                    notes.append(f"{entry.slug}: the image {path} is gone")
                else:
                    files[f"images/{path}"] = octets
    static = Path(newsletter.__file__).parent / "web" / "static"
    files |= {f"static/{name}": (static / name).read_bytes() for name in _STATIC}
    return Made(files, chosen, tuple(dict.fromkeys(notes)))


def correct_issue(app: App, name: str, note: str) -> CorrectionMade:
    """Publish an issue's page as its files say it now, with a note; the sent one stays beside it.

    ``UsageError`` when it was not sent, or says what was sent; ``IssueError`` when it is faulty.
    """
    issue = app.load_issue(name)
    theme = app.load_theme(issue.original.theme)
    sent = _sent_of(app, issue.slug)
    known = corrections_of(app, issue.slug)
    pages, preheaders = {}, {}
    for each in sent:
        language = parse_language(each.variant.language)
        if language not in issue.languages:
            continue
        sections = tuple(s for s in issue.section_ids if s in each.variant.sections)
        page = make_page(app, issue, theme, Variant(language, sections))
        before = next((c.pages[language] for c in reversed(known) if language in c.pages), None)
        if page.compiled.to_bytes() != (before or each.variant.compiled).to_bytes():
            pages[str(language)] = page.compiled
            preheaders[str(language)] = page.edition.preheader
    if not pages:
        raise UsageError(
            f"{issue.slug} says what its readers were sent: there is nothing to correct",
            cure="mend issues/ first, then correct",
            next_command=f"newsletter issue diff {issue.slug} --against sent",
        )
    corrected = Corrected(app.clock(), note.strip(), pages, preheaders)
    file = write_correction(app, issue.slug, corrected)
    return CorrectionMade(issue.slug, tuple(pages), file)


def _sent_of(app: App, slug: str) -> list[Chosen]:
    if has_ledger(app):
        with open_ledger(app) as ledger:
            found = [each for each in _chosen(app, ledger) if each.campaign.slug == slug]
        if found:
            return found
    raise UsageError(
        f"{slug} was not sent: there is nothing to correct",
        next_command=f"newsletter check {slug}",
    )


def _nothing_sent() -> UsageError:
    return UsageError(
        "nothing was sent to readers yet: an archive would be empty",
        next_command="newsletter issue list",
    )


def _chosen(app: App, ledger: Ledger) -> Iterator[Chosen]:
    """For each issue and language the first campaign that had it, and there the page for all."""
    seen: set[tuple[str, str]] = set()
    for campaign in ledger.campaigns():
        if campaign.terms.profile != app.profile or not ledger.progress(campaign.id).accepted:
            continue
        variants = ledger.variants(campaign.id)
        common = set[str].intersection(*(set(each.sections) for each in variants))
        for language in dict.fromkeys(each.language for each in variants):
            if (campaign.slug, language) not in seen:
                seen.add((campaign.slug, language))
                yield _for_all(campaign, variants, language, common)


def _for_all(
    campaign: Campaign, variants: Sequence[StoredVariant], language: str, common: set[str]
) -> Chosen:
    """The page with the fewest sections that were for some readers only."""
    own = [each for each in variants if each.language == language]
    best = min(own, key=lambda each: (len(set(each.sections) - common), each.index))
    return Chosen(campaign, best, tuple(s for s in best.sections if s not in common))


def _entry(app: App, chosen: Chosen) -> Entry:
    slug, language = chosen.campaign.slug, Language(chosen.variant.language)
    zone = ZoneInfo(app.settings.schedule.zone)
    sent_at = _sent_at(chosen.campaign).astimezone(zone)
    site = app.settings.site.url
    latest = next(
        (each for each in reversed(corrections_of(app, slug)) if language in each.pages), None
    )
    correction = None
    if latest:
        page = public_page(latest.pages[language], slug, site)
        correction = Correction(latest.at.astimezone(zone), latest.note, page)
    preheader = latest.preheaders.get(language, "") if latest else chosen.variant.preheader
    return Entry(
        slug=slug,
        language=language,
        sent_at=sent_at,
        preheader="" if _SLOT_TOKEN.search(preheader) else preheader,
        sent=public_page(chosen.variant.compiled, slug, site),
        correction=correction,
    )


def _sent_at(campaign: Campaign) -> dt.datetime:
    """To the second: when it was due, else when it was recorded."""
    instant = campaign.due.instant if campaign.due else campaign.recorded_at
    return instant.replace(microsecond=0)


def _frame(app: App) -> Frame:
    imprint, site = imprint_of(app), app.settings.site.url
    return Frame(
        name=imprint.name,
        organisation=imprint.organisation,
        brand=imprint.brands[imprint.language],
        address=f"{site}/{PLACE}/",
        subscribe=f"{site}/subscribe",
    )


def _image(app: App, path: str) -> bytes | None:
    """A hosted image's octets, if it is an image and there."""
    file = image_file(app, path)
    if file is None or file.suffix.lower() not in _ENDINGS or not file.is_file():
        return None
    return file.read_bytes()


def _targeted(chosen: Sequence[Chosen]) -> Iterator[str]:
    for each in chosen:
        if each.targeted:
            yield (
                f"{each.campaign.slug} ({each.variant.language}) shows what not everybody saw:"
                f" {', '.join(each.targeted)}"
            )
