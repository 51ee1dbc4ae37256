"""The fill of a campaign: what its messages have in common is put in once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter

from newsletter.edition.model import URL_SLOTS
from newsletter.message.compiled import CompiledMessage
from newsletter.message.headers import message_id_line, to_line, unsubscribe_lines
from newsletter.message.places import (
    BODIES,
    FIELD_ENCODERS,
    Context,
    SlotPlace,
    encoder,
    groups,
    shared_field,
)

Tokens = tuple[bytes, ...]
"""One delivery's, for each of ``URL_SLOTS``: 32 letters, digits, ``-`` and ``_``.

One more, if there are ``Common.links``: what follows each of those.
"""

_MARK = "MarkMark0123456789-_markmark0123"  # stands for a token: of its letters and length
_SOFT_BREAK = "=\r\n"
_TO, _DATE, _ID = range(3)  # the places of what is known for each message; the tokens follow
_TOKEN = {name: 3 + at for at, name in enumerate(URL_SLOTS)}
_LEAVE = _TOKEN["unsubscribe_url"]
_LINK = 3 + len(URL_SLOTS)
_OF_READER = frozenset({"name", "to_name", "email", "lists"})
_NOT_AHEAD = frozenset({"date", "message_id", "unsubscribe_mailto"})

_Place = int | tuple[int, int] | SlotPlace
"""What is filled in: a known value, a token with a line break in it, or a field's slot."""
_Piece = bytes | _Place


@dataclass(frozen=True, slots=True)
class Common:
    """What the messages of one campaign have in common but for a few letters.

    ``urls`` says for each of ``URL_SLOTS`` what its token follows, ``mailto`` is the same for the
    mail address (or empty). ``message_id`` is any of theirs: they differ in letters and digits.
    """

    urls: Mapping[str, str]
    mailto: str
    message_id: str
    links: Mapping[str, str] = field(default_factory=dict)
    """For each slot of a link that is counted by name, what the reader's token follows."""


class Filler:
    """Fills one variant's messages for one campaign, byte for byte as ``fill`` does.

    No letter of a token is ever encoded, so each address is encoded once, around a mark.
    ``ValueError`` when the compiled message asks for what is not known ahead, or when a header
    does not allow what the messages have in common.
    """

    def __init__(self, compiled: CompiledMessage, common: Common) -> None:
        own, shared = _fields(compiled, common)
        self._own, self._shared = tuple(map(encoder, own)), tuple(map(shared_field, shared))
        self._whole, filled = _split(_laid_out(compiled, common))
        self._breaks = tuple(dict.fromkeys(each for each in filled if isinstance(each, tuple)))
        known: list[_Place] = [*range(_LINK + bool(common.links)), *self._breaks]
        known += chain.from_iterable([*shared, *own])
        self._in_order = itemgetter(*map(known.index, filled))

    def fill(
        self,
        address: str,
        name: str,
        fields: Mapping[str, str],
        lists: Sequence[str],
        date: bytes,
        message_id: bytes,
        tokens: Tokens,
    ) -> bytes:
        """The whole message. ``date`` is the header's whole line.

        ``ValueError`` when the address is not what a header allows.
        """
        values = [to_line(name, address), date, message_id, *tokens]
        if self._breaks:
            values += [_broken(values[place], at) for place, at in self._breaks]
        for asked, encoded, fallback in self._shared:
            value = fields.get(asked)
            values += encoded(value) if value else fallback
        if self._own:
            values += self._encode_own(address, name, lists)
        whole = self._whole.copy()
        whole[1::2] = self._in_order(values)
        return b"".join(whole)

    def _encode_own(self, address: str, name: str, lists: Sequence[str]) -> Iterable[bytes]:
        values = {"email": address, "name": name, "to_name": name, "lists": ", ".join(lists)}
        return chain.from_iterable(encode(values) for encode in self._own)


def _broken(token: bytes, at: int) -> bytes:
    return token[:at] + b"=\r\n" + token[at:]


_Group = tuple[SlotPlace, ...]


def _fields(compiled: CompiledMessage, common: Common) -> tuple[list[_Group], list[_Group]]:
    """The groups of slots that the reader's row answers, and those that a field does."""
    fields = [slot for slot in compiled.slots if _is_field(slot)]
    asked = groups([slot for slot in fields if slot.name not in common.links])
    own = [each for each in asked if each[0].name in _OF_READER]
    return own, [each for each in asked if each[0].name not in _OF_READER]


def _is_field(slot: SlotPlace) -> bool:
    return slot.context in FIELD_ENCODERS and slot.name not in _TOKEN


def _laid_out(compiled: CompiledMessage, common: Common) -> Iterator[_Piece]:
    """The message in pieces, in their order."""
    yield compiled.segments[0]
    for slot, segment in zip(compiled.slots, compiled.segments[1:], strict=True):
        yield from _pieces(slot, common)
        yield segment


def _pieces(slot: SlotPlace, common: Common) -> Iterable[_Piece]:
    """What stands in one slot."""
    if slot.context is Context.TO:
        return [_TO]
    if slot.context is Context.DATE:
        return [_DATE]
    if slot.context is Context.MESSAGE_ID:
        return _around(message_id_line(common.message_id), common.message_id, _ID, 1)
    if slot.context is Context.UNSUBSCRIBE:
        return _unsubscribe(common)
    if slot.name in _TOKEN:
        return _address(slot, common.urls[slot.name], _TOKEN[slot.name])
    if slot.name in common.links:
        return _address(slot, common.links[slot.name], _LINK)
    if slot.name in _NOT_AHEAD:
        message = f"{slot.name} stands where it is not expected"
        raise ValueError(message)
    return [slot]


def _unsubscribe(common: Common) -> Iterable[_Piece]:
    marked = {
        "unsubscribe_url": common.urls["unsubscribe_url"] + _MARK,
        "unsubscribe_mailto": common.mailto and common.mailto + _MARK,
    }
    return _around(unsubscribe_lines(marked), _MARK, _LEAVE, 2 if common.mailto else 1)


def _address(slot: SlotPlace, begin: str, place: int) -> Iterable[_Piece]:
    """A URL in a body, its token whole or broken where its line is full."""
    if slot.context not in BODIES:
        message = f"{slot.name} stands in a header"
        raise ValueError(message)
    encoded = FIELD_ENCODERS[slot.context](begin + _MARK).decode("ascii")
    for at in range(1, len(_MARK)):
        broken = _MARK[:at] + _SOFT_BREAK + _MARK[at:]
        if broken in encoded:
            return _around(encoded, broken, (place, at), 1)
    return _around(encoded, _MARK, place, 1)


def _around(text: str, mark: str, place: _Place, times: int) -> Iterator[_Piece]:
    """The text with the place instead of the mark, which it holds so many times."""
    first, *rest = text.encode("ascii").split(mark.encode("ascii"))
    if len(rest) != times:
        message = f"what is in common holds {mark!r}"
        raise ValueError(message)
    yield first
    for part in rest:
        yield from (place, part)


def _split(pieces: Iterable[_Piece]) -> tuple[list[bytes], list[_Place]]:
    """Fixed octets at even indexes, room for what is filled in at the odd ones; and what that is.

    ``ValueError`` when To is not among it, as in no message that ``compile_message`` makes.
    """
    whole, filled = [b""], list[_Place]()
    for piece in pieces:
        if isinstance(piece, bytes):
            whole[-1] += piece
        else:
            filled.append(piece)
            whole += [b"", b""]
    if _TO not in filled or len(filled) == 1:
        message = "the compiled message is not one that names its reader"
        raise ValueError(message)
    return whole, filled
