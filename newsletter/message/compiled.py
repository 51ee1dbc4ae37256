"""The compiled message: encoded segments, and what is filled in between them."""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Self

from newsletter.message.places import Context, Encoder, SlotPlace, encoder, groups

__all__ = ["CompiledMessage", "Context", "SlotPlace"]

_VERSION = 1
_Arrange = Callable[[list[bytes]], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """The MIME bytes of one variant with its slots, encoded once.

    ``segments`` has one element more than ``slots``; the message is segment, slot, segment, …,
    segment. CRLF line ends, 7 bit, lines of at most 76 in bodies and 998 in headers.
    """

    segments: tuple[bytes, ...]
    slots: tuple[SlotPlace, ...]
    _encoders: tuple[Encoder, ...] = field(init=False, repr=False, compare=False)
    _arrange: _Arrange = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the fill: each different slot is encoded once, however often it occurs."""
        grouped = groups(self.slots)
        different = tuple(itertools.chain.from_iterable(grouped))
        index = {slot: len(self.segments) + at for at, slot in enumerate(different)}
        order = [0]
        for at, slot in enumerate(self.slots, start=1):
            order += [index[slot], at]
        object.__setattr__(self, "_encoders", tuple(map(encoder, grouped)))
        object.__setattr__(self, "_arrange", itemgetter(*order) if self.slots else tuple)

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The whole message for one recipient.

        A field that is missing or empty gives the slot's default, else nothing. Besides the
        reader's fields, ``values`` holds ``email``, ``to_name``, ``date``, ``message_id`` (with
        its angle brackets), ``unsubscribe_url``, ``unsubscribe_mailto`` (``mailto:…``),
        ``preferences_url`` and ``browser_url``. Raises ``ValueError`` when ``email``, ``date``,
        ``message_id`` or an unsubscribe address is not what its header allows.
        """
        pieces = [*self.segments]
        for encode in self._encoders:
            pieces += encode(values)
        return b"".join(self._arrange(pieces))

    @property
    def slot_names(self) -> frozenset[str]:
        """The fields that bodies, subject and headers ask for."""
        return frozenset(slot.name for slot in self.slots)

    def missing(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The fields that would leave a hole: no value for this reader, and no default."""
        holes = [
            slot.name
            for slot in self.slots
            if slot.default is None and not values.get(slot.name) and not _optional(slot, values)
        ]
        return tuple(dict.fromkeys(holes))

    @property
    def needs_no_stuffing(self) -> bool:
        """Whether it is proved that no value makes a line begin with a dot, or end but in CRLF.

        No encoder lets a value begin a line so, whatever it holds; so this looks at the segments
        alone, as if each stood at the beginning of a line. What it holds for can be written
        after DATA as it is (RFC 5321, 4.5.2).
        """
        dotted = any(segment.startswith(b".") or b"\n." in segment for segment in self.segments)
        return not dotted and self.segments[-1].endswith(b"\r\n")

    @property
    def size(self) -> int:
        """Octets of the message, its slots left out."""
        return sum(map(len, self.segments))

    def to_bytes(self) -> bytes:
        """A form that the ledger stores: the same message, the same bytes."""
        stored = {
            "version": _VERSION,
            "segments": [segment.decode("ascii") for segment in self.segments],
            "slots": [[slot.name, slot.default, slot.context] for slot in self.slots],
        }
        return json.dumps(stored, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Read what ``to_bytes`` wrote; ``ValueError`` when it was not, or by a newer version."""
        try:
            read = json.loads(stored)
            if read["version"] != _VERSION:
                message = f"a compiled message of version {read['version']}, not {_VERSION}"
                raise ValueError(message)
            slots = tuple(SlotPlace(n, default, Context(c)) for n, default, c in read["slots"])
            return cls(tuple(text.encode("ascii") for text in read["segments"]), slots)
        except (KeyError, TypeError) as error:
            message = "not a compiled message"
            raise ValueError(message) from error


def _optional(slot: SlotPlace, values: Mapping[str, str]) -> bool:
    """The unsubscribe header does without the web address when it has the mail one."""
    return slot.context is Context.UNSUBSCRIBE and bool(values.get("unsubscribe_mailto"))
