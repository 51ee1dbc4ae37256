"""People: lists and segments read, and an audience selected from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

from newsletter.app.open import App
from newsletter.audience.lists import load_list, refuse_faulty
from newsletter.audience.model import Gravity, Person
from newsletter.audience.said import NOTHING_SAID, Said
from newsletter.audience.segments import Segment, load_segments, parse_expression
from newsletter.audience.select import Audience, Exclusion, Suppressed, select_audience
from newsletter.audience.subscribers import SubscriberList
from newsletter.errors import InputError, ListError, Problem, UsageError
from newsletter.values import Address, nearest

_COMPARED = 10_000  # addresses: to compare one with another takes about 20 microseconds


@dataclass(frozen=True, slots=True)
class Readers:
    """An audience and what it was selected with. ``notes`` counts mended and noted rows."""

    lists: tuple[SubscriberList, ...]
    """The files that were chosen from."""

    audience: Audience
    segments: Mapping[str, Segment]
    fields: frozenset[str]
    notes: int


def list_paths(app: App) -> list[Path]:
    """The CSV files under subscribers/, by name.

    What begins with a dot is none: a Mac leaves ``._soci.csv`` beside ``soci.csv`` on a disk that
    it shares, and nobody sees it there.
    """
    files = (app.root / "subscribers").glob("[!.]*.*")
    return sorted(path for path in files if path.suffix.lower() == ".csv")


def read_lists(app: App, only: Sequence[str] = ()) -> list[SubscriberList]:
    """Read the named lists, or all; ``UsageError`` for a name that is not there."""
    paths: dict[str, Path] = {}
    for path in list_paths(app):
        if path.stem in paths:
            message = f"{paths[path.stem].name} and {path.name} are both the list {path.stem!r}"
            raise UsageError(message, cure="rename one of the two files")
        paths[path.stem] = path
    for name in only:
        if name not in paths:
            raise UsageError(
                f"there is no list {name!r} under subscribers/",
                cure=did_you_mean(name, paths),
                next_command="newsletter lists",
            )
    return [load_list(path) for name, path in paths.items() if not only or name in only]


def columns_of(lists: Sequence[SubscriberList]) -> frozenset[str]:
    """The columns that the lists have, together."""
    return frozenset(column for each in lists for column in each.columns)


def read_segments(app: App, columns: frozenset[str]) -> Mapping[str, Segment]:
    """The saved segments; raises ``SegmentError`` with every problem."""
    path = app.root / "subscribers" / "segments.toml"
    return load_segments(path, columns) if path.exists() else {}


def people_problems(
    app: App, lists: Sequence[SubscriberList], columns: frozenset[str] | None = None
) -> list[Problem]:
    """Everything that is wrong with these lists and with the saved segments."""
    problems: list[Problem] = []
    known = columns_of(lists) if columns is None else columns
    for errand in (lambda: refuse_faulty(lists), lambda: read_segments(app, known)):
        try:
            errand()
        except InputError as error:
            problems += error.problems
    return problems


def read_people(
    app: App,
    only: Sequence[str],
    segment: str | None,
    exclude: Sequence[str],
    suppressed: Suppressed | None = None,
    said: Said = NOTHING_SAID,
) -> Readers:
    """Select an audience; any refused row stops it with ``ListError``, all of them at once."""
    files = read_lists(app)
    every = [*said.joined, *files]  # the reader's own words come first
    known = columns_of(every)
    chosen = chosen_lists(app, only, every)
    faults = people_problems(app, files, known)
    if faults:
        raise ListError(faults)
    segments = read_segments(app, known)
    audience = select_audience(
        chosen,
        only=find_segment(segment, segments, known) if segment else None,
        exclude=[each for name in exclude for each in _exclusions(name, every, segments, known)],
        suppressed=suppressed,
        said=said,
    )
    read = tuple(each for each in chosen if each not in said.joined)
    notes = sum(len(each.problems(Gravity.MENDED, Gravity.NOTED)) for each in read)
    return Readers(read, audience, segments, known, notes)


def chosen_lists(
    app: App, only: Sequence[str], every: Sequence[SubscriberList]
) -> list[SubscriberList]:
    """Those of the lists that are named, or all; ``UsageError`` for a name that is not there."""
    chosen = [each for each in every if each.name in only or not only]
    if {each.name for each in chosen} < set(only):
        read_lists(app, only)  # names the one that is not there
    return chosen


def find_segment(words: str, segments: Mapping[str, Segment], columns: frozenset[str]) -> Segment:
    """A saved segment by name, else the words taken as an expression."""
    if words in segments:
        return segments[words]
    if words.replace("-", "").replace("_", "").isalnum() and words not in columns:
        raise UsageError(
            f"there is no segment {words!r}",
            cure=did_you_mean(words, segments),
            next_command="newsletter segments list",
        )
    return parse_expression(words, columns, segments)


def _exclusions(
    name: str,
    lists: Sequence[SubscriberList],
    segments: Mapping[str, Segment],
    columns: frozenset[str],
) -> Sequence[Exclusion]:
    named = [each for each in lists if each.name == name]
    if named:
        return named
    if name not in segments and name.replace("-", "").replace("_", "").isalnum():
        names = [*segments, *(each.name for each in lists)]
        raise UsageError(
            f"there is no list or segment {name!r} to exclude",
            cure=did_you_mean(name, names),
            next_command="newsletter segments list",
        )
    return [find_segment(name, segments, columns)]


def person_of(people: Audience, key: str) -> Person | None:
    """Who has this address's key, or None."""
    return next((person for person in people if person.address.key == key), None)


def nearest_address(people: Audience, key: str) -> str | None:
    """The address that was probably meant: among many, one of the same name or domain."""
    local, _, domain = key.rpartition("@")
    keys = [person.address.key for person in islice(people, _COMPARED)]
    if len(keys) == _COMPARED:
        ends = (f"{local}@", f"@{domain}")
        alike = (p.address.key for p in people)
        keys = [each for each in alike if each.startswith(ends[0]) or each.endswith(ends[1])]
    return nearest(key, keys[:_COMPARED])


def did_you_mean(name: str, names: Mapping[str, object] | Sequence[str]) -> str:
    """The cure for a name that is not there."""
    near = nearest(name, names)
    if near:
        return f"did you mean {near!r}?"
    return "there are: " + ", ".join(names) if names else "there is none yet"


def staged_address(app: App, address: Address) -> Address:
    """Where a reader's message goes under the staging profile: ``prova+anna.soci.example@…``."""
    local, _, domain = app.settings.staging.address.partition("@")
    return Address(f"{local}+{_tag(address)}@{domain}")


_LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1


def _tag(address: Address) -> str:
    """The reader's address as a plus tag: unique, and short enough for a local part."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "." for c in address.key)
    plain = ".".join(part for part in plain.split(".") if part)
    digest = sha256(address.key.encode()).hexdigest()[:8]
    return f"{plain[: _LONGEST_LOCAL - 40]}.{digest}".strip(".")
