"""From an issue's name to its pages: reading, rendering, compiling, and the content digest."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.app.open import STAGING, App
from newsletter.app.relay import smtp_options
from newsletter.campaign import Page
from newsletter.edition.model import Edition, Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme
from newsletter.issue.model import Issue
from newsletter.message import (
    CompiledMessage,
    Counting,
    EmbeddedImage,
    compile_message,
    with_counted,
)
from newsletter.values import Digest, Language, digest_of

TEST_MARK = "[TEST] "


@dataclass(frozen=True, slots=True)
class Composition:
    """An issue with its theme and the pages of its variants; digest over all its words."""

    issue: Issue
    theme: Theme
    pages: Mapping[Variant, Page]
    content_digest: Digest


def compose(app: App, name: str, variants: Iterable[Variant] = ()) -> Composition:
    """Render and compile an issue: in full for each language, and the variants asked for.

    Raises ``UsageError``, ``IssueError`` or ``ThemeError``; nothing is fetched from the network.
    """
    issue = app.load_issue(name)
    return compose_issue(app, issue, variants)


def compose_issue(app: App, issue: Issue, variants: Iterable[Variant] = ()) -> Composition:
    """The same for an issue that was read already."""
    theme = app.load_theme(issue.original.theme)
    wanted = dict.fromkeys([*full_variants(issue), *variants])
    pages = {variant: make_page(app, issue, theme, variant) for variant in wanted}
    return composition_of(app, issue, theme, pages)


def composition_of(
    app: App, issue: Issue, theme: Theme, pages: Mapping[Variant, Page]
) -> Composition:
    """The same of pages that are there already; each language's full page is among them."""
    return Composition(issue, theme, pages, _content_digest(app, issue, theme, pages))


def full_variants(issue: Issue) -> tuple[Variant, ...]:
    """The issue in each of its languages with every section."""
    return tuple(Variant(language, issue.section_ids) for language in issue.languages)


def make_page(
    app: App, issue: Issue, theme: Theme, variant: Variant, *, test: bool = False
) -> Page:
    """Render and compile one variant; a test is marked in its subject and headers."""
    edition = render_edition(issue, variant, theme, app.publisher)
    if test:
        edition = replace(edition, subject=TEST_MARK + edition.subject)
    return Page(edition, compile_page(app, issue, edition, test=test))


def compile_page(
    app: App, issue: Issue, edition: Edition, *, test: bool = False
) -> CompiledMessage:
    """Compile an edition with this newsletter's sender and List-Id.

    What stays on this machine also says which variant it is, for the staging inbox's list; a
    reader's message does not tell which sections others see.
    """
    sender = app.settings.sender
    marks: dict[str, str] = {
        "List-Help": f"<{_help_url(app)}>",
        "Feedback-ID": f"{issue.slug}:{sender.list_id}:newsletter:{sender_id(app)}",
        "X-Newsletter-Issue": issue.slug,
    }
    if app.profile == STAGING or smtp_options(app).on_loopback:
        label = f"{edition.variant.language}, {sections_label(issue, edition.variant)}"
        marks["X-Newsletter-Variant"] = label
    if test:
        marks["X-Newsletter-Test"] = "yes"
    counting = counting_of(app, issue)
    if counting and test:  # nobody opens a test that counts
        counting = replace(counting, opens=False)
    return compile_message(
        with_counted(edition, counting) if counting else edition,
        sender_name=sender.name,
        sender_address=sender.address,
        reply_to=sender.reply_to or "",
        list_id=sender.list_id,
        list_name=app.settings.name,
        marks=marks,
        embedded=embedded_images(app, issue, edition),
    )


def counting_of(app: App, issue: Issue) -> Counting | None:
    """Which links of an issue are counted; None where nothing is."""
    tracking = app.settings.tracking
    if tracking.mode == "none":
        return None
    never = (*tracking.never, *issue.original.uncounted)
    return Counting(never, opens=tracking.opens)


def embeds_images(app: App, issue: Issue) -> bool:
    """Whether images travel inside each message: as the issue says, else the newsletter."""
    return (issue.original.images or app.settings.images) == "embedded"


def embedded_images(app: App, issue: Issue, edition: Edition) -> tuple[EmbeddedImage, ...]:
    """The images that an edition takes along; none where they are hosted."""
    if not embeds_images(app, issue):
        return ()
    return tuple(EmbeddedImage(url, (app.root / path).read_bytes()) for url, path in edition.images)


def _content_digest(app: App, issue: Issue, theme: Theme, pages: Mapping[Variant, Page]) -> Digest:
    """Over every language's full page, who sees which section, the sender and the theme's files.

    It depends on neither audience nor relay: `build`, `test`, `plan` and `send` show the same.
    """
    parts = [app.settings.sender.model_dump_json().encode()]
    for variant in full_variants(issue):
        edition = pages[variant].edition
        words = (variant.key, edition.subject, edition.preheader, edition.html, edition.text)
        parts += [part.encode() for part in words]
    audiences = sorted(issue.section_audiences.items())
    parts.append(repr(audiences).encode())
    parts += [
        str(path.relative_to(theme.folder)).encode() + b"\0" + path.read_bytes()
        for path in sorted(theme.folder.rglob("*"))
        if path.is_file() and path.suffix in {".j2", ".css", ".toml"}
    ]
    parts += [path.read_bytes() for path in _own_images(issue)]
    if embeds_images(app, issue):
        parts.append(b"images inside")
    if counting := counting_of(app, issue):
        parts.append(f"{app.settings.tracking.mode} {counting}".encode())
    return digest_of(*parts)


def _own_images(issue: Issue) -> list[Path]:
    folder = issue.folder / "images"
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def sample_values(app: App, issue: Issue, page: Page) -> dict[str, str]:
    """Values for a page that no reader gets: slots show their defaults, else their names.

    The date is the issue's and the Message-ID comes from its slug, so the bytes never change.
    """
    site = app.settings.site.url
    noon = dt.datetime.combine(issue.original.date, dt.time(12), dt.UTC)
    named = {  # who has a default shows it: two slots of a field may have one each
        slot.name: f"[{slot.name}]" for slot in page.edition.slots.values() if slot.default is None
    }
    return named | {
        "email": app.settings.staging.address,
        "to_name": "",
        "date": noon.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "message_id": f"<{issue.slug}.{page.edition.variant.language}.sample@{_domain(app)}>",
        "unsubscribe_url": f"{site}/u/sample",
        "preferences_url": f"{site}/p/sample",
        "browser_url": f"{site}/v/sample",
        "unsubscribe_mailto": f"mailto:{unsubscribe_address(app)}?subject=unsubscribe%20sample",
    }


def unsubscribe_address(app: App) -> str:
    """Where unsubscribes by mail go."""
    return app.settings.site.unsubscribe_mailto or app.settings.sender.address


def _help_url(app: App) -> str:
    """Where readers ask for help: the setting, else a mail to whoever answers."""
    sender, said = app.settings.sender, app.settings.site.help
    if said and "@" not in said:
        return said
    return f"mailto:{said or sender.reply_to or sender.address}?subject=help"


def sender_id(app: App) -> str:
    """What Feedback-ID calls the sender: the setting, else the List-Id's letters, 15 at most."""
    sender = app.settings.sender
    return sender.feedback_id or "".join(filter(str.isalnum, sender.list_id))[:15]


def _domain(app: App) -> str:
    return app.settings.sender.address.rpartition("@")[2]


def variant_label(issue: Issue, variant: Variant) -> str:
    """A variant for people: ``it, every section`` or ``it, without china``."""
    return f"{variant.language}, {sections_label(issue, variant)}"


def sections_label(issue: Issue, variant: Variant) -> str:
    """``all sections``, or the ones that a variant's readers do not see."""
    hidden = [section for section in issue.section_ids if section not in variant.sections]
    return f"without {', '.join(hidden)}" if hidden else "all sections"


def language_of(fields: Mapping[str, str], default: Language) -> str:
    """The language a reader's row asks for."""
    return fields.get("language") or default
