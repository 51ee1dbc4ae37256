"""Building an issue: HTML, text and .eml of every variant, in a folder to look at and to host."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from newsletter.app.compose import (
    Composition,
    compose_issue,
    embeds_images,
    sample_values,
    variant_label,
)
from newsletter.app.open import App
from newsletter.campaign import Page
from newsletter.edition.model import Variant
from newsletter.errors import UsageError
from newsletter.issue.model import Issue
from newsletter.values import Digest


@dataclass(frozen=True, slots=True)
class BuiltVariant:
    """One variant's files, with their sizes in octets."""

    name: str
    label: str
    subject: str
    html_size: int
    message_size: int
    page: Path
    """The HTML as sent: images at their hosted addresses."""
    local: Path
    """The same page with images beside it, to look at without a network."""


@dataclass(frozen=True, slots=True)
class Build:
    """What a build wrote."""

    slug: str
    content_digest: Digest
    folder: Path
    variants: tuple[BuiltVariant, ...]
    images: int
    embedded: bool = False
    """Whether each message takes its images along."""


def build_issue(app: App, issue: Issue, variants: Sequence[Variant], folder: Path | None) -> Build:
    """Write every variant's files; the same input gives the same bytes.

    The folder's own files of an earlier build are replaced, nothing else in it is touched.
    """
    target = folder or app.root / "build" / issue.slug
    taken = next((each for each in (target, *target.parents) if each.is_file()), None)
    if taken:
        message = f"{taken} is a file, where a folder is to be made"
        raise UsageError(message, cure="name another folder with --output")
    made = compose_issue(app, issue, variants)
    for part in ("web", "preview"):
        shutil.rmtree(target / part, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    images = _copy_images(app, made, target)
    built = tuple(
        _write_variant(app, made.issue, page, target)
        for _, page in sorted(made.pages.items(), key=lambda item: item[0].key)
    )
    return Build(
        issue.slug, made.content_digest, target, built, images, embeds_images(app, made.issue)
    )


def _write_variant(app: App, issue: Issue, page: Page, target: Path) -> BuiltVariant:
    name = _file_name(issue, page.edition.variant)
    return write_page(app, issue, page, target, name=name, values=sample_values(app, issue, page))


def write_page(
    app: App, issue: Issue, page: Page, target: Path, *, name: str, values: dict[str, str]
) -> BuiltVariant:
    """Write one page, filled with these values, under a name."""
    html, text = filled(page, values)
    message = page.compiled.fill(values)
    local = target / "preview" / f"{name}.html"
    local.parent.mkdir(parents=True, exist_ok=True)
    (target / f"{name}.html").write_bytes(html.encode())
    (target / f"{name}.txt").write_bytes(text.encode())
    (target / f"{name}.eml").write_bytes(message)
    local.write_bytes(_with_local_images(app, html).encode())
    return BuiltVariant(
        name,
        variant_label(issue, page.edition.variant),
        fill_text(page.edition.subject, page, values),
        len(html.encode()),
        len(message),
        target / f"{name}.html",
        local,
    )


def _file_name(issue: Issue, variant: Variant) -> str:
    hidden = [section for section in issue.section_ids if section not in variant.sections]
    return "--without-".join([variant.language, "-".join(hidden)]) if hidden else variant.language


def filled(page: Page, values: dict[str, str]) -> tuple[str, str]:
    """The page and its plain text as one reader gets them."""
    from html import escape

    escaped = {key: escape(value) for key, value in values.items()}
    return fill_text(page.edition.html, page, escaped), fill_text(page.edition.text, page, values)


def fill_text(words: str, page: Page, values: dict[str, str]) -> str:
    """Put values in place of the tokens: the slow way, for files that people look at."""
    for token in sorted(page.edition.slots, key=len, reverse=True):
        slot = page.edition.slots[token]
        words = words.replace(token, values.get(slot.name) or slot.default or "")
    return words


def _with_local_images(app: App, html: str) -> str:
    """Point hosted images to the copies beside the page."""
    return html.replace(app.publisher.image_url() + "/", "../web/images/")


def _copy_images(app: App, made: Composition, target: Path) -> int:
    """Copy every image that a page uses to where the web server would have it."""
    hosted = app.publisher.image_url() + "/"
    used = {pair for page in made.pages.values() for pair in page.edition.images}
    for url, source in sorted(used):
        copy = target / "web" / "images" / unquote(url.removeprefix(hosted))
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(app.root / source, copy)
    return len(used)
