"""Pages of the theme to look at: the first issue, and a sample with every kind of section."""

import shutil
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
THEME = ROOT / "templates" / "alisei"
FIRST = ROOT / "issues" / "2019-11-assemblea"
SAMPLE = Path(__file__).parent / "arabic-sample"
LANGUAGES = ("it", "en", "fr-CA", "zh-Hans")


@cache
def alisei() -> Theme:
    return load_theme(THEME)


@cache
def first_issue() -> Issue:
    return load_issue(FIRST)


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


def render(issue: Issue, language: str) -> Edition:
    variant = Variant(Language(language), issue.section_ids)
    return render_edition(issue, variant, alisei(), publisher())


@cache
def first(language: str) -> Edition:
    return render(first_issue(), language)


@cache
def arabic() -> Edition:
    return render(load_issue(SAMPLE), "ar")


def sample_in(language: str, folder: Path) -> Edition:
    """The sample, which has every kind of section, as if it were written in another language."""
    issue = folder / "sample"
    shutil.copytree(SAMPLE, issue)
    written = (issue / "issue.toml").read_text("utf-8")
    written = written.replace('language = "ar"', f'language = "{language}"')
    (issue / "issue.toml").write_text(written, "utf-8")
    return render(load_issue(issue), language)


def tree(edition: Edition) -> html.HtmlElement:
    return html.document_fromstring(edition.html)
