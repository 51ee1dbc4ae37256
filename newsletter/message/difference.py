"""What a reader would see differ between two readings of a message, word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Final, TypeVar

from newsletter.message.reading import Part, Reading

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|\w+|\s+|[^\w\s]")
"""A word, a gap or a sign; Chinese and Japanese have no gaps, so there each sign is a word."""
_Item = TypeVar("_Item")
Pair = tuple[str, str]

SUBJECT: Final = "subject"
PREHEADER: Final = "preheader"


class Sort(StrEnum):
    """What became of something."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring words with the same fate."""

    sort: Sort
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: subject, preheader, or a part of the page by its name."""

    name: str
    sort: Sort
    words: tuple[Run, ...] = ()
    links_added: tuple[Pair, ...] = ()
    """What each link says, and where it leads."""
    links_removed: tuple[Pair, ...] = ()
    images_added: tuple[Pair, ...] = ()
    """The address of each picture, and its alt text."""
    images_removed: tuple[Pair, ...] = ()


def compare_words(name: str, before: str, after: str) -> Iterator[Change]:
    """The change of one line of words; nothing where they are the same."""
    if before != after:
        yield Change(name, _sort(before, after), word_runs(before, after))


def compare(before: Reading, after: Reading) -> Iterator[Change]:
    """Every difference between two readings, in the order of the second."""
    yield from compare_words(SUBJECT, before.subject, after.subject)
    old, new = ({part.name: part for part in each.parts} for each in (before, after))
    moved = _moved([*old], [*new])
    for name in [*(name for name in old if name not in new), *new]:
        mine, yours = old.get(name, Part(name)), new.get(name, Part(name))
        change = _part(mine, yours, name in old, name in new)
        if name in moved:
            yield Change(name, Sort.MOVED)
        if change:
            yield change


def word_runs(before: str, after: str) -> tuple[Run, ...]:
    """Both texts as one: what is the same, what went, what came."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    runs = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(Run(Sort.SAME, "".join(old[i:j])))
            continue
        runs += [Run(Sort.REMOVED, "".join(old[i:j]))] if i < j else []
        runs += [Run(Sort.ADDED, "".join(new[k:m]))] if k < m else []
    return tuple(runs)


def _sort(before: object, after: object) -> Sort:
    if before and after:
        return Sort.CHANGED
    return Sort.REMOVED if before else Sort.ADDED


def _part(before: Part, after: Part, was: object, is_there: object) -> Change | None:
    old, new = "\n".join(before.lines), "\n".join(after.lines)
    change = Change(
        after.name,
        _sort(was, is_there),
        word_runs(old, new) if old != new else (),
        _without(after.links, before.links),
        _without(before.links, after.links),
        _without(after.images, before.images),
        _without(before.images, after.images),
    )
    return change if change != Change(after.name, Sort.CHANGED) else None


def _moved(old: Sequence[str], new: Sequence[str]) -> frozenset[str]:
    """The names of both that do not stand in the same order."""
    mine, yours = [n for n in old if n in new], [n for n in new if n in old]
    blocks = SequenceMatcher(None, mine, yours, autojunk=False).get_matching_blocks()
    kept = {name for block in blocks for name in mine[block.a : block.a + block.size]}
    return frozenset(mine) - kept


def _without(items: Sequence[_Item], others: Sequence[_Item]) -> tuple[_Item, ...]:
    return tuple(item for item in items if item not in others)
