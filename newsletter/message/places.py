"""The places of slots, and how the values that stand in them are encoded."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from newsletter.edition.model import URL_SLOTS
from newsletter.message.headers import (
    date_line,
    encoded_words,
    header_text,
    message_id_line,
    to_line,
    unsubscribe_lines,
)
from newsletter.message.quoted import encode_html, encode_plain, encode_text

_REMEMBERED = 1_000  # values of one slot, such as first names, whose encoding is kept
_OWN_TO_EACH = frozenset({"email", "name", *URL_SLOTS})  # not worth keeping: no two alike
Values = Mapping[str, str]
Encoder = Callable[[Values], tuple[bytes, ...]]
"""From one recipient's values to the octets of the slots of a group."""
SharedField = tuple[str, Callable[[str], tuple[bytes, ...]], tuple[bytes, ...]]
"""A field's name, the octets of its slots by its value, and those without a value."""


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


def groups(slots: Sequence[SlotPlace]) -> tuple[tuple[SlotPlace, ...], ...]:
    """Different slots; those of the bodies that hold the same go together, and so do words."""
    found: dict[object, list[SlotPlace]] = {}
    for slot in dict.fromkeys(slots):
        alike = (slot.name, slot.default, slot.context in BODIES)
        found.setdefault(alike if slot.context in FIELD_ENCODERS else slot, []).append(slot)
    return tuple(map(tuple, found.values()))


def encoder(slots: tuple[SlotPlace, ...]) -> Encoder:
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
            return _shared_encoder(slots)


def _shared_encoder(slots: tuple[SlotPlace, ...]) -> Encoder:
    name, encoded, fallback = shared_field(slots)

    def encode_field(values: Values) -> tuple[bytes, ...]:
        value = values.get(name)
        return encoded(value) if value else fallback

    return encode_field


def shared_field(slots: tuple[SlotPlace, ...]) -> SharedField:
    """How a field is looked up that readers share: each value is encoded once."""
    encoders = tuple(FIELD_ENCODERS[slot.context] for slot in slots)
    fallback = tuple(encode(slots[0].default or "") for encode in encoders)

    @lru_cache(maxsize=_REMEMBERED)
    def encoded(value: str) -> tuple[bytes, ...]:
        return tuple([encode(value) or fallback[at] for at, encode in enumerate(encoders)])

    return slots[0].name, encoded, fallback


def _own_encoder(slots: tuple[SlotPlace, ...]) -> Encoder:
    """Looks a reader's own field up; one that needs no escape is encoded once for both bodies."""
    name, count = slots[0].name, len(slots)
    encoders = tuple(FIELD_ENCODERS[slot.context] for slot in slots)
    fallback = tuple(encode(slots[0].default or "") for encode in encoders)
    in_bodies = slots[0].context in BODIES

    def encode_field(values: Values) -> tuple[bytes, ...]:
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


FIELD_ENCODERS: Mapping[Context, Callable[[str], bytes]] = {
    Context.HTML: encode_html,
    Context.TEXT: encode_text,
    Context.WORD: _word,
    Context.FIRST_WORD: _first_word,
}

BODIES = frozenset({Context.HTML, Context.TEXT})


@lru_cache(maxsize=4)
def _dated(value: str) -> tuple[bytes, ...]:
    return (date_line(value).encode("ascii"),)


def _date(values: Values) -> tuple[bytes, ...]:
    return _dated(values.get("date") or "")


def _to(values: Values) -> tuple[bytes, ...]:
    return (to_line(values.get("to_name") or "", values.get("email") or ""),)


def _message_id(values: Values) -> tuple[bytes, ...]:
    return (message_id_line(values.get("message_id") or "").encode("ascii"),)


def _unsubscribe(values: Values) -> tuple[bytes, ...]:
    return (unsubscribe_lines(values).encode("ascii"),)
