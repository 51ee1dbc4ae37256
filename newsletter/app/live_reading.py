"""The newsletter's files as the live preview has read them, and what a save left as it was."""

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.app.compose import full_variants, make_page
from newsletter.app.open import App
from newsletter.app.people import Readers
from newsletter.app.plan import Chooser
from newsletter.app.said import readers_to_show
from newsletter.audience.model import Person
from newsletter.campaign import Page
from newsletter.edition.model import Variant
from newsletter.edition.theme import Theme
from newsletter.issue.model import Issue

_WORDS = {".toml"}  # of an issue's folder; any other file there is a picture


@dataclass(frozen=True)
class Seen:
    """Who sees which page of one reading."""

    counts: Counter[Variant] = field(default_factory=Counter)
    first: dict[Variant, Person] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """The newsletter's files as they were read at one moment."""

    app: App
    issue: Issue
    theme: Theme
    readers: Readers
    seen: Seen
    pages: dict[Variant, Page] = field(default_factory=dict)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The pages that readers see and each language in full, most sections first."""
        every = dict.fromkeys([*full_variants(self.issue), *self.seen.counts])
        order = {language: at for at, language in enumerate(self.issue.languages)}
        return tuple(sorted(every, key=lambda v: (order[v.language], -len(v.sections), v.key)))

    def page(self, variant: Variant) -> Page:
        """The page of a variant, made at first use."""
        if variant not in self.pages:
            self.pages[variant] = make_page(self.app, self.issue, self.theme, variant)
        return self.pages[variant]


def read_again(app: App, slug: str, old: Reading | None, kinds: AbstractSet[str]) -> Reading:
    """Read what changed since ``old``; ``kinds`` are those of the changed files.

    Raises ``NewsletterError`` for what cannot be read.
    """
    issue = app.load_issue(slug)
    name = issue.original.theme
    theme = old.theme if old and old.theme.name == name and "theme" not in kinds else None
    theme = theme or app.load_theme(name)
    same_people = old is not None and not {"readers", "settings"} & kinds
    readers = old.readers if old and same_people else readers_to_show(app)
    same_doors = old is not None and _doors(old.issue) == _doors(issue)
    seen = old.seen if old and same_people and same_doors else _who_sees(app, issue, readers)
    pages = _kept(old, issue) if old and kinds <= {"words", "readers"} else {}
    return Reading(app, issue, theme, readers, seen, pages)


def _doors(issue: Issue) -> object:
    """What decides who sees which page."""
    return issue.languages, issue.section_ids, dict(issue.section_audiences)


def _kept(old: Reading, issue: Issue) -> dict[Variant, Page]:
    """The pages whose words and theme are as they were."""
    same = {
        language
        for language, text in issue.texts.items()
        if old.issue.texts.get(language) == text and old.theme.name == text.theme
    }
    return {variant: page for variant, page in old.pages.items() if variant.language in same}


def _who_sees(app: App, issue: Issue, readers: Readers) -> Seen:
    chosen, seen = Chooser(app, issue, readers), Seen()
    for person in readers.audience:
        variant = chosen(person)
        seen.counts[variant] += 1
        seen.first.setdefault(variant, person)
    return seen


def kind_of(reading: Reading, path: Path) -> str:
    """What a changed file is: ``words``, ``picture``, ``theme``, ``readers`` or ``settings``."""
    root, path = reading.app.root.resolve(), path.resolve()
    if path.is_relative_to(root / "subscribers"):
        return "readers"
    if path.is_relative_to(root / "templates"):
        return "theme"
    if path.is_relative_to(root / "issues"):
        return "words" if path.suffix in _WORDS else "picture"
    return "settings"
