"""The compiled message: encoded segments, and what is filled in between them."""

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Self

from newsletter.edition.model import URL_SLOTS
from newsletter.message.headers import (
    date_line,
    encoded_words,
    header_text,
    mailbox,
    message_id_line,
    unsubscribe_lines,
)
from newsletter.message.quoted import encode_html, encode_plain, encode_text

_VERSION = 1
_REMEMBERED = 1_000  # values of one slot, such as first names, whose encoding is kept
_OWN_TO_EACH = frozenset({"email", "name", *URL_SLOTS})  # not worth keeping: no two alike
_Values = Mapping[str, str]
_Encoder = Callable[[_Values], tuple[bytes, ...]]
_Arrange = Callable[[list[bytes]], tuple[bytes, ...]]


class Context(StrEnum):
    """What stands around a slot, and so how its value is encoded."""

    HTML = "html"
    TEXT = "text"
    WORD = "word"
    """Free text of a header: an encoded word on a line of its own."""
    FIRST_WORD = "first-word"
    """The same where the header begins, on the line with its name."""
    TO = "to"
    """The whole To header, of ``to_name`` and ``email``."""
    DATE = "date"
    MESSAGE_ID = "message-id"
    UNSUBSCRIBE = "unsubscribe"
    """List-Unsubscribe and List-Unsubscribe-Post, of ``unsubscribe_url`` and ``…_mailto``."""


@dataclass(frozen=True, slots=True)
class SlotPlace:
    """One place that is filled: a field's name, what stands there without it, the context."""

    name: str
    default: str | None
    context: Context


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """The MIME bytes of one variant with its slots, encoded once.

    ``segments`` has one element more than ``slots``; the message is segment, slot, segment, …,
    segment. CRLF line ends, 7 bit, lines of at most 76 in bodies and 998 in headers.
    """

    segments: tuple[bytes, ...]
    slots: tuple[SlotPlace, ...]
    _encoders: tuple[_Encoder, ...] = field(init=False, repr=False, compare=False)
    _arrange: _Arrange = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare the fill: each different slot is encoded once, however often it occurs."""
        groups = _groups(self.slots)
        different = tuple(itertools.chain.from_iterable(groups))
        index = {slot: len(self.segments) + at for at, slot in enumerate(different)}
        order = [0]
        for at, slot in enumerate(self.slots, start=1):
            order += [index[slot], at]
        object.__setattr__(self, "_encoders", tuple(map(_encoder, groups)))
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


def _groups(slots: tuple[SlotPlace, ...]) -> tuple[tuple[SlotPlace, ...], ...]:
    """Different slots; those of the two bodies that hold the same go together."""
    groups: dict[object, list[SlotPlace]] = {}
    for slot in dict.fromkeys(slots):
        own = slot.name in _OWN_TO_EACH and slot.context in _BODIES
        groups.setdefault((slot.name, slot.default) if own else slot, []).append(slot)
    return tuple(map(tuple, groups.values()))


def _encoder(slots: tuple[SlotPlace, ...]) -> _Encoder:
    """How the values of one group are taken and encoded, chosen once."""
    slot = slots[0]
    match slot.context:
        case Context.TO:
            return _to
        case Context.DATE:
            return _date
        case Context.MESSAGE_ID:
            return _message_id
        case Context.UNSUBSCRIBE:
            return _unsubscribe
        case _ if slot.name in _OWN_TO_EACH:
            return _own_encoder(slots)
        case _:
            return _shared_encoder(slot)


def _shared_encoder(slot: SlotPlace) -> _Encoder:
    """Looks a field up that readers share: each value is encoded once."""
    name = slot.name
    encode = _FIELD_ENCODERS[slot.context]
    fallback = (encode(slot.default or ""),)

    @lru_cache(maxsize=_REMEMBERED)
    def encoded(value: str) -> tuple[bytes, ...]:
        return (encode(value) or fallback[0],)

    def encode_field(values: _Values) -> tuple[bytes, ...]:
        value = values.get(name)
        return encoded(value) if value else fallback

    return encode_field


def _own_encoder(slots: tuple[SlotPlace, ...]) -> _Encoder:
    """Looks a reader's own field up; one that needs no escape is encoded once for both bodies."""
    name, count = slots[0].name, len(slots)
    encoders = tuple(_FIELD_ENCODERS[slot.context] for slot in slots)
    fallback = tuple(encode(slots[0].default or "") for encode in encoders)
    in_bodies = slots[0].context in _BODIES

    def encode_field(values: _Values) -> tuple[bytes, ...]:
        value = values.get(name)
        if not value:
            return fallback
        if in_bodies and (plain := encode_plain(value)):
            return (plain,) * count
        return tuple([encode(value) or fallback[at] for at, encode in enumerate(encoders)])

    return encode_field


def _word(value: str) -> bytes:
    """A value in a subject: its words, each on a line of its own, or nothing."""
    shown = header_text(value)
    return f"\r\n {encoded_words(shown)}".encode("ascii") if shown else b""


def _first_word(value: str) -> bytes:
    shown = header_text(value)
    return f" {encoded_words(shown)}".encode("ascii") if shown else b""


_FIELD_ENCODERS: Mapping[Context, Callable[[str], bytes]] = {
    Context.HTML: encode_html,
    Context.TEXT: encode_text,
    Context.WORD: _word,
    Context.FIRST_WORD: _first_word,
}

_BODIES = frozenset({Context.HTML, Context.TEXT})


@lru_cache(maxsize=4)
def _dated(value: str) -> tuple[bytes, ...]:
    return (date_line(value).encode("ascii"),)


def _date(values: _Values) -> tuple[bytes, ...]:
    return _dated(values.get("date") or "")


def _to(values: _Values) -> tuple[bytes, ...]:
    email = values.get("email") or ""
    return (mailbox(values.get("to_name") or "", "To", email).encode("ascii") if email else b"",)


def _message_id(values: _Values) -> tuple[bytes, ...]:
    return (message_id_line(values.get("message_id") or "").encode("ascii"),)


def _unsubscribe(values: _Values) -> tuple[bytes, ...]:
    return (unsubscribe_lines(values).encode("ascii"),)
