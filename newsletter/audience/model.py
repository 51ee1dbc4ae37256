"""The words of the audience room: subscriber, recipient, audience, and its arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.errors import Problem
from newsletter.values import Address, Digest

ZONE_FIELDS = ("timezone", "zone")
"""Columns that say in which time zone a reader lives; the first that is filled counts."""
MULTIPLE_FIELDS = frozenset({"interests", "tags"})
"""Columns whose cells hold several words, separated by ``;`` or ``|``: sets in expressions."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person on one list: an address and the cells of the row (header → cleaned text)."""

    address: Address
    fields: Mapping[str, str]
    list_name: str
    line: int


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber merged over the lists that hold the address: one message each.

    Fields of the first list win; cells that it leaves empty come from the later ones.
    """

    address: Address
    fields: Mapping[str, str]
    lists: tuple[str, ...]


class Gravity(StrEnum):
    """What became of the row, or the file, that a remark is about."""

    REFUSED = "refused"
    """Not imported: planning and sending stop until it is mended."""
    MENDED = "mended"
    """Imported after cleaning, or merged into another row: mend the file."""
    NOTED = "noted"
    """Imported as it is, and worth a look."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that reading a list brought up, and how grave it is."""

    gravity: Gravity
    problem: Problem


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """How lists become recipients: one sum, shown once, the same in plan and send.

    on_lists - duplicates - refused - gone - overlap - not_in_segment - excluded - suppressed
    = recipients

    ``on_lists`` counts rows; what a row falls to first, in this order, is where it is counted.
    """

    on_lists: int
    overlap: int
    """Rows merged into the row of another list."""
    not_in_segment: int
    excluded: int
    suppressed: Mapping[str, int] = field(default_factory=dict)
    """How many fell to each reason of suppression (unsubscribed, bounced, complained, …)."""
    duplicates: int = 0
    """Rows merged into an earlier row of the same list."""
    refused: int = 0
    """Rows that were not imported; 0 wherever a campaign is planned, as they stop it."""
    excluded_by: Mapping[str, int] = field(default_factory=dict)
    """``excluded`` by the list or segment that did it, in the order given."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """Subscribers who are on their list no more, whatever the file says: left, consent lapsed."""

    @property
    def recipients(self) -> int:
        """What is left."""
        merged = self.duplicates + self.refused + sum(self.gone.values()) + self.overlap
        chosen = self.on_lists - merged - self.not_in_segment - self.excluded
        return chosen - sum(self.suppressed.values())


@dataclass(frozen=True, slots=True)
class Sums:
    """What is known of an audience once everybody in it was gone through."""

    arithmetic: Arithmetic
    per_list: Mapping[str, int]
    """Recipients on each list (a person on two lists counts in both)."""
    digest: Digest
    """Over addresses and fields, in order: the same people, the same digest."""
