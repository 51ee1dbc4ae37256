"""Lists and segments, to look at: what the files say, and whom a plan would choose today."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from newsletter.app.open import App
from newsletter.app.people import chosen_lists, columns_of, find_segment, read_lists, read_segments
from newsletter.app.readers import find_person
from newsletter.app.said import Heard, hear, hear_if_there
from newsletter.audience.model import Arithmetic, Gravity, Person, Remark
from newsletter.audience.segments import Segment
from newsletter.audience.select import Audience, select_audience
from newsletter.audience.subscribers import SubscriberList
from newsletter.errors import ListError, Problem


@dataclass(frozen=True, slots=True)
class ListView:
    """One list: rows and readers of its file, how that was read, and who would be mailed today."""

    name: str
    path: Path | None
    """None for one that readers join by the form alone."""
    readers: int
    """Those of the file."""
    joined: int
    """Those who joined it by the form; some may stand in the file too."""
    recipients: int
    """Whom a plan for this list alone would choose."""
    sum: Arithmetic
    """How the two become the recipients."""
    rows: int
    duplicates: int
    refused: int
    unread: bool
    """Whether no row could be read at all: the file is no list as it stands."""
    mended: int
    noted: int
    encoding: str
    separator: str
    languages: Mapping[str, int]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListCheck:
    """What reading the lists brought up."""

    lists: tuple[ListView, ...]
    remarks: tuple[Remark, ...]

    def refuse_if_mended(self) -> None:
        """Raise ``ListError`` when rows were refused or had to be mended."""
        if self.faulty:
            raise ListError(self.faulty)

    @property
    def faulty(self) -> tuple[Problem, ...]:
        """What is wrong with rows that were refused or had to be mended."""
        return tuple(r.problem for r in self.remarks if r.gravity is not Gravity.NOTED)


@dataclass(frozen=True, slots=True)
class SegmentView:
    """One saved segment and how many readers it has."""

    name: str
    expression: str
    description: str
    readers: int


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """How many readers an expression matches."""

    segment: str
    expression: str
    readers: int
    of: int
    lists: Mapping[str, int]
    languages: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Explained:
    """What a segment says, and for one reader which of its parts hold."""

    segment: str
    expression: str
    columns: tuple[str, ...]
    reader: str = ""
    matches: bool | None = None
    parts: tuple[tuple[str, bool], ...] = ()


def list_lists(app: App) -> tuple[ListView, ...]:
    """Every list, read: those of files, and those that readers join by the form alone."""
    return tuple(_views(app, read_lists(app), hear(app)))


def check_lists(app: App, only: Sequence[str]) -> ListCheck:
    """Every remark on the lists, refused rows included."""
    lists = read_lists(app, only)
    remarks = tuple(remark for each in lists for remark in each.remarks)
    views = _views(app, lists, hear_if_there(app))
    named = {each.name for each in lists}
    return ListCheck(tuple(view for view in views if view.name in named), remarks)


def _views(app: App, files: Sequence[SubscriberList], heard: Heard) -> Iterator[ListView]:
    joined = {each.name: each for each in heard.said.joined}
    for each in files:
        yield _view(app, each, joined.pop(each.name, None), heard)
    for each in joined.values():
        yield _view(app, None, each, heard)


def _view(
    app: App, file: SubscriberList | None, joined: SubscriberList | None, heard: Heard
) -> ListView:
    both = [each for each in (joined, file) if each]
    people = select_audience(both, suppressed=heard.suppressed, said=heard.said)
    languages = Counter(map(partial(_language, app), people))
    return ListView(
        name=both[0].name,
        path=file.path if file else None,
        readers=len(file.subscribers) if file else 0,
        joined=len(joined.subscribers) if joined else 0,
        recipients=len(people),
        sum=people.arithmetic,
        rows=file.rows if file else 0,
        duplicates=file.duplicates if file else 0,
        refused=file.refused if file else 0,
        unread=bool(file and not file.rows and file.problems(Gravity.REFUSED)),
        mended=len(file.problems(Gravity.MENDED)) if file else 0,
        noted=len(file.problems(Gravity.NOTED)) if file else 0,
        encoding=both[-1].encoding,
        separator=both[-1].separator,
        languages=dict(languages.most_common()),
        columns=both[-1].columns,
    )


def _language(app: App, person: Person) -> str:
    return person.fields.get("language") or app.settings.language


def list_segments(app: App) -> tuple[SegmentView, ...]:
    """The saved segments, with how many readers each has of those whom a plan would choose."""
    everybody = _everybody(app)
    inside: Counter[str] = Counter()
    for person in everybody.people:
        inside.update(n for n, segment in everybody.segments.items() if segment.matches(person))
    return tuple(
        SegmentView(name, segment.text, segment.description, inside[name])
        for name, segment in everybody.segments.items()
    )


def count_segment(app: App, words: str, only: Sequence[str]) -> SegmentCount:
    """Count a saved segment, or an expression, among those whom a plan would choose."""
    everybody = _everybody(app, only)
    segment = find_segment(words, everybody.segments, everybody.columns)
    names: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    count = matching = 0
    for person in everybody.people:
        count += 1
        if segment.matches(person):
            matching += 1
            names.update(person.lists)
            languages[_language(app, person)] += 1
    return SegmentCount(
        words, segment.text, matching, count, dict(names), dict(languages.most_common())
    )


def explain_segment(app: App, words: str, reader: str | None) -> Explained:
    """A segment's expression, and which of its parts hold for a reader."""
    everybody = _everybody(app, suppressed=True)
    columns = tuple(sorted(everybody.columns))
    segment = find_segment(words, everybody.segments, everybody.columns)
    if reader is None:
        return Explained(words, segment.text, columns)
    person = find_person(everybody.people, reader)
    parts = tuple((part.text, part.holds) for part in segment.explain(person))
    matches = segment.matches(person)
    return Explained(words, segment.text, columns, person.address.text, matches, parts)


@dataclass(frozen=True, slots=True)
class _Everybody:
    """Whom a plan would choose; unlike it, faulty rows do not stop whoever only looks."""

    people: Audience
    columns: frozenset[str]
    segments: Mapping[str, Segment]


def _everybody(app: App, only: Sequence[str] = (), *, suppressed: bool = False) -> _Everybody:
    heard = hear(app)
    every = [*heard.said.joined, *read_lists(app)]
    columns = columns_of(every)
    never = None if suppressed else heard.suppressed
    people = select_audience(chosen_lists(app, only, every), suppressed=never, said=heard.said)
    return _Everybody(people, columns, read_segments(app, columns))
