"""The compiled message: encoded segments, and what is filled in between them."""

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
from newsletter.message.quoted import encode_html, encode_text

_VERSION = 1
_REMEMBERED = 1_000  # values of one slot, such as first names, whose encoding is kept
_OWN_TO_EACH = frozenset({"email", "name", *URL_SLOTS})  # not worth keeping: no two alike
_Encoder = Callable[[Mapping[str, str]], bytes]


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
    _arrange: Callable[[tuple[bytes, ...]], tuple[bytes, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Prepare the fill: each different slot is encoded once, however often it occurs."""
        different = tuple(dict.fromkeys(self.slots))
        index = {slot: len(self.segments) + at for at, slot in enumerate(different)}
        order = [0]
        for at, slot in enumerate(self.slots, start=1):
            order += [index[slot], at]
        object.__setattr__(self, "_encoders", tuple(map(_encoder, different)))
        object.__setattr__(self, "_arrange", itemgetter(*order) if self.slots else tuple)

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The whole message for one recipient.

        A field that is missing or empty gives the slot's default, else nothing. Besides the
        reader's fields, ``values`` holds ``email``, ``to_name``, ``date``, ``message_id`` (with
        its angle brackets), ``unsubscribe_url``, ``unsubscribe_mailto`` (``mailto:…``),
        ``preferences_url`` and ``browser_url``. Raises ``ValueError`` when ``email``, ``date``,
        ``message_id`` or an unsubscribe address is not what its header allows.
        """
        filled = tuple([encode(values) for encode in self._encoders])
        return b"".join(self._arrange(self.segments + filled))

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


def _encoder(slot: SlotPlace) -> _Encoder:
    """How one slot's value is taken and encoded, chosen once."""
    match slot.context:
        case Context.TO:
            return _to
        case Context.DATE:
            return _date
        case Context.MESSAGE_ID:
            return lambda values: message_id_line(values.get("message_id") or "").encode("ascii")
        case Context.UNSUBSCRIBE:
            return lambda values: unsubscribe_lines(values).encode("ascii")
        case _:
            return _field_encoder(slot)


def _field_encoder(slot: SlotPlace) -> _Encoder:
    """Looks a field up and encodes it; values that readers share are encoded once."""
    name = slot.name
    encode = _FIELD_ENCODERS[slot.context]
    if name not in _OWN_TO_EACH:
        encode = lru_cache(maxsize=_REMEMBERED)(encode)
    fallback = encode(slot.default or "")

    def encode_field(values: Mapping[str, str]) -> bytes:
        value = values.get(name)
        return (encode(value) or fallback) if value else fallback

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

_date_line = lru_cache(maxsize=4)(date_line)


def _date(values: Mapping[str, str]) -> bytes:
    return _date_line(values.get("date") or "").encode("ascii")


def _to(values: Mapping[str, str]) -> bytes:
    email = values.get("email") or ""
    return mailbox(values.get("to_name") or "", "To", email).encode("ascii") if email else b""
