"""What readers would see differ: between two issues, or an issue and what was sent of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.app.compose import compose_issue, full_variants, language_of, sections_label
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.said import readers_to_show
from newsletter.campaign import Page
from newsletter.edition.model import Variant
from newsletter.edition.variants import variant_for
from newsletter.errors import UsageError
from newsletter.issue.model import Issue
from newsletter.ledger.model import Campaign, StoredVariant
from newsletter.message import CompiledMessage
from newsletter.message.difference import PREHEADER, Change, compare, compare_words
from newsletter.message.reading import Part, Reading, read_message
from newsletter.values import SectionId, choose_language

_TOKEN = re.compile(r"zs[0-9a-f]{12}n\d+z")


@dataclass(frozen=True, slots=True)
class PageDifference:
    """What the readers of one page would see differ."""

    language: str
    sections: str
    """Which sections the page shows: ``all sections``, or ``without china``."""
    readers: int
    """How many get the page, of those on the lists or in the campaign; 0 for a page in full."""
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two issues, or an issue and a campaign of it, compared page by page."""

    before: str
    after: str
    only_before: tuple[str, ...]
    """Languages that are there no more."""
    only_after: tuple[str, ...]
    pages: tuple[PageDifference, ...]

    @property
    def same(self) -> bool:
        """Whether no reader would see anything differ."""
        return not (self.only_before or self.only_after or any(p.changes for p in self.pages))


def compare_issues(app: App, before: str, after: str) -> Difference:
    """Each page that a reader on the lists would get of the one and of the other."""
    old, new = app.load_issue(before), app.load_issue(after)
    pairs = _pairs(app, old, new)
    mine = compose_issue(app, old, [one for one, _ in pairs]).pages
    yours = compose_issue(app, new, [two for _, two in pairs]).pages
    pages = tuple(
        PageDifference(
            two.language,
            sections_label(new, two),
            readers,
            _changes(_read(old, mine[one]), _read(new, yours[two])),
        )
        for (one, two), readers in pairs.items()
    )
    return Difference(old.slug, new.slug, *_languages(old.languages, new.languages), pages)


def compare_with_sent(app: App, name: str) -> Difference:
    """Each page of the issue's last campaign, as it was frozen, and the same readers' page now."""
    issue = app.load_issue(name)
    campaign, stored = _last_campaign(app, issue)
    known = frozenset(section for variant in stored for section in variant.sections)
    now = {each.index: _page_now(issue, each, known) for each in stored}
    pages = compose_issue(app, issue, now.values()).pages
    found = tuple(
        PageDifference(
            each.language,
            sections_label(issue, now[each.index]),
            each.readers,
            _changes(_read_stored(issue, each), _read(issue, pages[now[each.index]])),
        )
        for each in stored
    )
    languages = _languages([each.language for each in stored], [v.language for v in now.values()])
    return Difference(f"campaign {campaign.id}", issue.slug, *languages, found)


def _last_campaign(app: App, issue: Issue) -> tuple[Campaign, tuple[StoredVariant, ...]]:
    if has_ledger(app):
        with open_ledger(app) as ledger:
            mine = [
                each
                for each in ledger.campaigns()
                if each.slug == issue.slug and each.terms.profile == app.profile
            ]
            if mine:
                return mine[-1], ledger.variants(mine[-1].id)
    raise UsageError(
        f"nothing of {issue.slug} was sent under the profile {app.profile}",
        cure="compare it with another issue",
        next_command="newsletter issue list",
    )


def _page_now(issue: Issue, stored: StoredVariant, known: Iterable[str]) -> Variant:
    """What the same readers would get: they see a section that is new, and none that was hidden."""
    hidden = {*known}.difference(stored.sections)
    language = choose_language(stored.language, issue.languages, issue.language)
    return Variant(language, tuple(s for s in issue.section_ids if s not in hidden))


def _pairs(app: App, old: Issue, new: Issue) -> Counter[tuple[Variant, Variant]]:
    """The page of the one and of the other that each reader gets; first each language in full."""
    shared = [language for language in new.languages if language in old.languages]
    whole = {v.language: v for v in full_variants(old)}, {v.language: v for v in full_variants(new)}
    found: Counter[tuple[Variant, Variant]] = Counter()
    for language in shared:
        found[whole[0][language], whole[1][language]] = 0
    readers = readers_to_show(app)
    names = {*old.section_audiences.values(), *new.section_audiences.values()}
    tests = [(name, readers.segments[name].expression.test) for name in sorted(names)]
    for person in readers.audience:
        wanted = language_of(person.fields, app.default_language)
        matched = frozenset(name for name, holds in tests if holds(person))
        pair = variant_for(old, wanted, matched), variant_for(new, wanted, matched)
        if all(each.sections for each in pair):
            found[pair] += 1
    return found


def _languages(old: Iterable[str], new: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(sorted({*old} - {*new})), tuple(sorted({*new} - {*old}))


_Read = tuple[Reading, str]


def _read(issue: Issue, page: Page) -> _Read:
    variant = page.edition.variant
    return _reading(issue, page.compiled, variant.sections), page.edition.preheader


def _read_stored(issue: Issue, stored: StoredVariant) -> _Read:
    sections = tuple(map(SectionId, stored.sections))
    return _reading(issue, stored.compiled, sections), stored.preheader


def _reading(issue: Issue, compiled: CompiledMessage, sections: Iterable[SectionId]) -> Reading:
    """A page, its own folder taken out of its pictures' addresses: that no reader sees."""
    read = read_message(compiled, [*sections])
    home = f"/images/{issue.slug}/"
    parts = tuple(
        Part(
            part.name,
            part.lines,
            part.links,
            [(url.replace(home, "/images/"), alt) for url, alt in part.images],
        )
        for part in read.parts
    )
    return Reading(read.subject, parts)


def _changes(before: _Read, after: _Read) -> tuple[Change, ...]:
    return tuple(_all_changes(before, after))


def _all_changes(before: _Read, after: _Read) -> Iterator[Change]:
    old, new = (_TOKEN.sub("{{ … }}", preheader) for _, preheader in (before, after))
    changes = list(compare(before[0], after[0]))
    if changes and changes[0].name == "subject":
        yield changes.pop(0)
    yield from compare_words(PREHEADER, old, new)
    yield from changes
