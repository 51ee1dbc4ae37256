"""Pages of the themes to look at: the first issue, and the specimen, which has every section."""

import tomllib
from functools import cache
from pathlib import Path

from lxml import html

from newsletter.edition.model import Edition, Publisher, Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import Theme, load_theme
from newsletter.issue.loader import load_issue
from newsletter.issue.model import Issue
from newsletter.values import Language

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
THEME = TEMPLATES / "alisei"
FIRST = ROOT / "issues" / "2019-11-assemblea"
SPECIMEN = ROOT / "newsletter" / "app" / "specimen"
LANGUAGES = ("it", "en", "fr-CA", "zh-Hans")
EVERY_LANGUAGE = (*LANGUAGES, "ar")
THEMES = ("alisei", "plain")


@cache
def theme(name: str) -> Theme:
    return load_theme(TEMPLATES / name)


@cache
def first_issue() -> Issue:
    return load_issue(FIRST)


@cache
def specimen_issue() -> Issue:
    return load_issue(SPECIMEN)


@cache
def publisher() -> Publisher:
    settings = tomllib.loads((ROOT / "newsletter.toml").read_text("utf-8"))
    sender = settings["sender"]
    return Publisher(
        name=settings["name"],
        organisation=sender["organisation"],
        postal_address=tuple(sender["postal_address"]),
        site_url=settings["site"]["url"],
        taglines={Language(tag): line for tag, line in sender["tagline"].items()},
    )


def render(issue: Issue, language: str, look: str = "alisei") -> Edition:
    variant = Variant(Language(language), issue.section_ids)
    return render_edition(issue, variant, theme(look), publisher())


@cache
def first(language: str) -> Edition:
    return render(first_issue(), language)


@cache
def specimen(language: str, look: str = "alisei") -> Edition:
    """The page that has every kind of section."""
    return render(specimen_issue(), language, look)


def tree(edition: Edition) -> html.HtmlElement:
    return html.document_fromstring(edition.html)
