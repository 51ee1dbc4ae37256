"""What a rule is: a proof goes in, findings come out; each has a place, a reason and a cure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar

from newsletter.edition.model import BUILT_IN_SLOTS, URL_SLOTS, Edition, Publisher
from newsletter.edition.theme import Theme
from newsletter.issue.model import Issue, Place
from newsletter.issue.words import Word, words_of
from newsletter.lint.limits import Limits
from newsletter.lint.place import place_in_issue, place_in_toml
from newsletter.message import Counting
from newsletter.values import Language


class Severity(StrEnum):
    """How much a finding weighs: an error stops a send, a warning wants a look."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


_ORDER = tuple(Severity)
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found: where, what, and how to mend it.

    ``line`` and ``column`` count from 1; 0 means that the finding has no such place.
    """

    rule: str
    severity: Severity
    message: str
    cure: str
    path: Path
    line: int = 0
    column: int = 0
    where: str = ""

    def order(self) -> tuple[int, str, int, int, str]:
        """Errors first, then by file, from top to bottom."""
        return _ORDER.index(self.severity), str(self.path), self.line, self.column, self.rule


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail is from, as its headers say."""

    name: str
    address: str
    reply_to: str
    list_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a link's server answered: nothing to say, or a fault; dead when it will stay so."""

    said: str
    dead: bool = False


@dataclass(frozen=True, slots=True)
class SpamScore:
    """SpamAssassin's points, those from which it is spam, and the tests that gave any."""

    points: float
    limit: float
    tests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proof:
    """An issue on the table: as written, as rendered, and what it may refer to.

    ``editions`` holds one edition of each variant that readers get; it is empty when the theme
    is not there. ``sizes`` holds the bytes of a variant's HTML part by the variant's key, where
    it was measured after filling; else the edition's own HTML counts.
    """

    issue: Issue
    publisher: Publisher
    editions: tuple[Edition, ...] = ()
    theme: Theme | None = None
    themes: AbstractSet[str] = frozenset()
    segments: AbstractSet[str] = frozenset()
    fields: AbstractSet[str] = frozenset()
    sizes: Mapping[str, int] = field(default_factory=dict)
    holes: Mapping[str, int] = field(default_factory=dict)
    """Fields that a slot without a default asks for, and how many recipients lack each."""
    hole_rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The first few of them: ``anna@soci.example (subscribers/members.csv:12)``."""
    messages: Mapping[str, bytes] = field(default_factory=dict)
    """A whole message of each variant, by its key, filled with sample values."""
    sender: Sender | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """What the servers of links answered, by address, where they were asked."""
    spam: Mapping[str, SpamScore] = field(default_factory=dict)
    """What SpamAssassin says of each variant's message, by its key, where it was asked."""
    limits: Limits = field(default_factory=Limits)
    clients: tuple[str, ...] = ()
    """The mail programs that the newsletter cares for; empty: those of the rules."""
    counting: Counting | None = None
    """Which links are counted; None where nothing is."""
    agreed: int | None = None
    """How many readers agreed to be counted by name; None where nobody is."""
    kept: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What several rules look at, found once: see ``once``."""

    @property
    def slot_names(self) -> AbstractSet[str]:
        """Every field that a slot may name: built in, of the lists, and filled by dispatch."""
        return {*self.fields, *BUILT_IN_SLOTS, *URL_SLOTS}

    @property
    def root(self) -> Path:
        """The newsletter's folder, to which an edition's images are relative."""
        return self.issue.folder.parent.parent

    @property
    def settings_file(self) -> Path:
        """The newsletter's settings."""
        return self.root / "newsletter.toml"

    def html_size(self, edition: Edition) -> int:
        """Bytes of the edition's HTML part."""
        return self.sizes.get(edition.variant.key) or len(edition.html.encode())

    @cached_property
    def said(self) -> Mapping[Language, Mapping[str, Word]]:
        """Every word of every language by its place, those taken over from the original too."""
        return {
            language: {word.where: word for word in words_of(text)}
            for language, text in self.issue.texts.items()
        }

    def words(self) -> Sequence[tuple[Language, Word]]:
        """Every word of every language; what a translation took over comes once."""
        return self._words

    @cached_property
    def _words(self) -> Sequence[tuple[Language, Word]]:
        return tuple(self._each_word())

    def _each_word(self) -> Iterator[tuple[Language, Word]]:
        original = self.said[self.issue.language]
        for language, words in self.said.items():
            for where, word in words.items():
                taken_over = where in original and original[where].text == word.text
                if language == self.issue.language or not taken_over:
                    yield language, word

    def translated(self) -> Iterator[tuple[Language, Word, Word]]:
        """Every word of the original with what a translation's own file says in its place."""
        taken_over = {(gap.language, gap.where) for gap in self.issue.fallbacks}
        for language, words in self.said.items():
            for where, word in self.said[self.issue.language].items():
                if language != self.issue.language and (language, where) not in taken_over:
                    yield language, word, words[where]


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check says of one place; the rule adds its name, its weight and its cure.

    The place is, in this order: ``place`` (say, in a template: ``place_in_theme``); the key
    ``where`` of the TOML file ``path``; a file ``path`` that has no lines; the key ``where`` of
    the issue in ``language``, or with ``offset`` the character (from 0) of the words there.
    """

    message: str
    where: str = ""
    language: Language | None = None
    path: Path | None = None
    cure: str = ""
    offset: int | None = None
    place: Place | None = None


def once(find: Callable[[Proof], Iterable[_Found]]) -> Callable[[Proof], tuple[_Found, ...]]:
    """The function, of which the rules ask the same many times, run once for each proof."""

    @wraps(find)
    def found(proof: Proof) -> tuple[_Found, ...]:
        known: tuple[_Found, ...] | None = proof.kept.get(find)
        if known is None:
            known = proof.kept[find] = tuple(find(proof))
        return known

    return found


class Rule(Protocol):
    """One question asked of a proof."""

    @property
    def id(self) -> str:
        """The name in reports: a letter for the weight and three digits, ``W031``."""

    @property
    def severity(self) -> Severity:
        """What a finding of this rule weighs."""

    @property
    def says(self) -> str:
        """What holds when the rule is kept, in one sentence."""

    @property
    def source(self) -> str:
        """Why: the standard, the client or the habit behind it."""

    @property
    def cure(self) -> str:
        """What to do, where a finding does not say it better."""

    @property
    def looks_at(self) -> str:
        """What is looked at, in one sentence."""

    def check(self, proof: Proof) -> Iterable[Finding]:
        """Every place where the rule is not kept."""


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule made of one small function; places are looked up in the issue's files."""

    id: str
    severity: Severity
    says: str
    source: str
    cure: str
    look: Callable[[Proof], Iterable[Hit]]

    @property
    def looks_at(self) -> str:
        """The first line of the function's own words."""
        return (self.look.__doc__ or "").partition("\n")[0]

    def check(self, proof: Proof) -> Iterator[Finding]:
        """The function's hits, each at its place."""
        for hit in self.look(proof):
            place = _place(proof.issue, hit)
            cure = hit.cure or self.cure
            yield Finding(
                self.id,
                self.severity,
                hit.message,
                cure,
                place.path,
                place.line,
                place.column,
                hit.where,
            )


def rule(
    name: str, *, says: str, source: str, cure: str
) -> Callable[[Callable[[Proof], Iterable[Hit]]], PlacedRule]:
    """Make a rule of a function; the name's first letter (E, W, N) gives the severity."""
    severity = {"E": Severity.ERROR, "W": Severity.WARNING, "N": Severity.NOTE}[name[0]]

    def make(look: Callable[[Proof], Iterable[Hit]]) -> PlacedRule:
        return PlacedRule(name, severity, says, source, cure, look)

    return make


def _place(issue: Issue, hit: Hit) -> Place:
    if hit.place:
        return hit.place
    if hit.path:
        readable = hit.path.suffix == ".toml"
        return place_in_toml(hit.path, hit.where) if readable else Place(hit.path, 0, 0)
    return place_in_issue(issue, hit.language or issue.language, hit.where, hit.offset)
