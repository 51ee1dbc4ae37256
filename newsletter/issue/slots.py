"""Slots in the officer's words: ``{{ field }}`` and ``{{ field | "default" }}``.

The grammar is our own, and it is all there is: a slot names a field and may give a default;
nothing in it is ever evaluated, so ``{{ 7*7 }}`` is a mistake to report, not a sum.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BUILT_IN_SLOTS = ("email", "name", "first_name", "last_name", "lists")
"""Fields that every reader has, though they may be empty."""

URL_SLOTS = ("unsubscribe_url", "preferences_url", "browser_url")
"""Slots that dispatch fills: whole addresses, one of its own for each reader."""

SLOT_FORM = "{{ first_name }} or {{ first_name | 'reader' }}"

_SLOT = re.compile(
    r"\{\{\s*(?P<name>[a-z][a-z0-9_]*)\s*(?:\|\s*(?:\"(?P<dq>[^\"{}]*)\"|'(?P<sq>[^'{}]*)')\s*)?\}\}"
)
_BRACES = re.compile(r"\{\{[^\n]{0,40}|\}\}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that is filled per recipient: a field's name and what stands there without it."""

    name: str
    default: str | None = None


def slots_in(words: str) -> Iterator[Slot]:
    """Every slot of the words, in order."""
    return (_slot(match) for match in _SLOT.finditer(words))


def placed_slots(words: str) -> Iterator[tuple[Slot, int, int]]:
    """Every slot with the characters (from 0) at which it begins, and after which it ends."""
    return ((_slot(match), match.start(), match.end()) for match in _SLOT.finditer(words))


def replace_slots(words: str, replacement: Callable[[Slot], str]) -> str:
    """The words with each slot given to ``replacement``."""
    if "{{" not in words:
        return words
    return _SLOT.sub(lambda match: replacement(_slot(match)), words)


def malformed_slot(words: str) -> tuple[str, int] | None:
    """The first pair of braces that is not a slot, and the character where it begins; or None."""
    if "{{" not in words and "}}" not in words:
        return None
    stray = _BRACES.search(_SLOT.sub(lambda slot: " " * len(slot[0]), words))
    if not stray:
        return None
    shown, mark, _ = stray[0].partition("}}")
    return " ".join((shown + mark).split()), stray.start()


def whole_url_slot(url: str) -> bool:
    """Whether the URL is one slot, nothing else, and one that dispatch fills with a URL."""
    match = _SLOT.fullmatch(url.strip())
    return bool(match) and _slot(match).name in URL_SLOTS if match else False


def _slot(match: re.Match[str]) -> Slot:
    default = match["dq"] if match["dq"] is not None else match["sq"]
    return Slot(match["name"], default)
