"""A claimed row and its variant become the message that goes over the wire."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from email.utils import format_datetime
from typing import Protocol

from newsletter.dispatch.counted import NOTHING_COUNTED, Counted
from newsletter.dispatch.identity import NOBODY, Identity
from newsletter.dispatch.seal import Seal
from newsletter.edition.model import URL_SLOTS
from newsletter.ledger.model import Campaign, ClaimedRow, StoredVariant
from newsletter.message import Common, CompiledMessage, Filler, date_line, settled
from newsletter.message.filling import Tokens
from newsletter.transport.base import OutgoingMessage
from newsletter.unsubscribe import Minter, Purpose
from newsletter.values import Address
from newsletter.verp import ReturnPath, return_paths

_SECOND = dt.timedelta(seconds=1)
_new_tuple = tuple.__new__
"""A named tuple is made by it in a third of the time."""


class Mint(Protocol):
    """Makes the token of one delivery for one purpose; it holds the keys, dispatch does not."""

    def __call__(self, campaign: int, seq: int, purpose: Purpose) -> str:
        """Letters, digits, ``-`` and ``_`` only."""
        ...


def message_ids(campaign: Campaign) -> Callable[[int], str]:
    """From a delivery's number to its Message-ID.

    The same for every attempt at a delivery, and not to be guessed for another.
    """
    begin, end = f"<{int(campaign.id)}.", f"@{Address(campaign.terms.envelope_sender).domain}>"
    nonce = hashlib.blake2b(f"{campaign.nonce}.".encode(), digest_size=8)

    def message_id(seq: int) -> str:
        number, opaque = str(seq), nonce.copy()
        opaque.update(number.encode())
        return f"{begin}{number}.{opaque.hexdigest()}{end}"

    return message_id


class Letters:
    """Fills one campaign's messages."""

    def __init__(
        self,
        campaign: Campaign,
        variants: Sequence[StoredVariant],
        mint: Mint,
        identity: Identity = NOBODY,
        counted: Counted = NOTHING_COUNTED,
    ) -> None:
        terms = campaign.terms
        base = terms.unsubscribe_base.rstrip("/")
        self._number = int(campaign.id)
        self.message_id = message_ids(campaign)
        """The Message-ID of each delivery, by its number."""
        self._sender = _sender(campaign, identity)
        self._fixed = self._sender(0) if self._sender(0) == self._sender(1) else ""
        """The one sender of all, where they have no paths of their own."""
        self._compiled = [settled(variant.compiled, counted.shared) for variant in variants]
        self._proved = [compiled.needs_no_stuffing for compiled in self._compiled]
        self._seal = Seal(identity.signer, self._compiled) if identity.signer else None
        self._mint = mint
        self._urls = {name: f"{base}/{kind}/" for name, kind in zip(URL_SLOTS, "upv", strict=True)}
        self._mailto = _mailto(terms.unsubscribe_mailto)
        self._dates = _Dates()
        self._counted = counted
        self._tokens = _tokens(mint, self._number, counted)
        common = Common(self._urls, self._mailto, self.message_id(1), counted.begins)
        self._fillers = [_filler(compiled, common) for compiled in self._compiled]

    def message_for(self, row: ClaimedRow, now: dt.datetime) -> OutgoingMessage:
        """The whole message, signed where there is a key.

        ``ValueError`` when a header does not allow a reader's value.
        """
        message = self._filled(row, now)
        return self._seal(message, row.variant, now) if self._seal else message

    def _filled(self, row: ClaimedRow, now: dt.datetime) -> OutgoingMessage:
        filler, tokens = self._fillers[row.variant], self._tokens
        if filler is None or tokens is None:
            return self._filled_by_name(row, now)
        seq, address, fields = row.seq, row.address, row.fields
        message_id, date, name = self.message_id(seq), self._dates.line(now), _name_in(fields)
        content = filler.fill(
            address, name, fields, row.lists, date, message_id.encode(), tokens(seq)
        )
        sender = self._fixed or self._sender(seq)
        whole = sender, address, message_id, content, self._proved[row.variant]
        return _new_tuple(OutgoingMessage, whole)

    def _filled_by_name(self, row: ClaimedRow, now: dt.datetime) -> OutgoingMessage:
        """The same for pages that ask for what is not known ahead, and for any mint."""
        message_id = self.message_id(row.seq)
        content = self._compiled[row.variant].fill(self.values_for(row, now, message_id))
        proved = self._proved[row.variant]
        return OutgoingMessage(self._sender(row.seq), row.address, message_id, content, proved)

    def values_for(self, row: ClaimedRow, now: dt.datetime, message_id: str) -> Mapping[str, str]:
        """The reader's fields, and what dispatch alone knows."""
        tokens = [self._mint(self._number, row.seq, purpose) for purpose in Purpose]
        urls = zip(self._urls.items(), tokens, strict=True)
        name = _name_in(row.fields)
        return {
            **row.fields,
            "name": name,
            "to_name": name,
            "email": row.address,
            "lists": ", ".join(row.lists),
            "date": self._dates.text(now),
            "message_id": message_id,
            "unsubscribe_mailto": self._mailto and self._mailto + tokens[0],
            **{slot: begin + token for (slot, begin), token in urls},
            **self._links(row.seq),
        }

    def _links(self, seq: int) -> Mapping[str, str]:
        """The links of a reader who is counted by name."""
        if self._counted.token is None:
            return {}
        token = self._counted.token(seq).decode("ascii")
        return {slot: begin + token for slot, begin in self._counted.begins.items()}


def _sender(campaign: Campaign, identity: Identity) -> ReturnPath:
    """The envelope's sender of each delivery: a path of its own where bounces have an address."""
    terms = campaign.terms
    if terms.bounce_address and identity.keys:
        return return_paths(identity.keys, int(campaign.id), terms.bounce_address)
    fixed = terms.bounce_address or terms.envelope_sender
    return lambda _: fixed


class LettersByName(Letters):
    """The same where some readers' links carry a token of their own: no other campaign asks."""

    def __init__(
        self,
        campaign: Campaign,
        variants: Sequence[StoredVariant],
        mint: Mint,
        identity: Identity,
        counted: Counted,
        named: Counted,
    ) -> None:
        super().__init__(campaign, variants, mint, identity, counted)
        self._named = Letters(campaign, variants, mint, identity, named)
        self._by_name = counted.readers

    def message_for(self, row: ClaimedRow, now: dt.datetime) -> OutgoingMessage:
        """The reader's own, or the one for nobody in particular."""
        if row.seq in self._by_name:
            return self._named.message_for(row, now)
        return super().message_for(row, now)


def letters_for(
    campaign: Campaign,
    variants: Sequence[StoredVariant],
    mint: Mint,
    identity: Identity = NOBODY,
    counted: Counted = NOTHING_COUNTED,
) -> Letters:
    """What fills a campaign's messages, with whatever it counts."""
    if counted.named:
        return LettersByName(campaign, variants, mint, identity, counted, counted.named)
    return Letters(campaign, variants, mint, identity, counted)


def _tokens(mint: Mint, campaign: int, counted: Counted) -> Callable[[int], Tokens] | None:
    """From a row to its tokens, and to one more where links carry it."""
    if not isinstance(mint, Minter):
        return None
    tokens, token = mint.of_campaign(campaign), counted.token
    return tokens if token is None else lambda seq: (*tokens(seq), token(seq))


def _filler(compiled: CompiledMessage, common: Common) -> Filler | None:
    """A quick fill, or None where only the general one serves; that says what is refused."""
    try:
        return Filler(compiled, common)
    except ValueError:
        return None


class _Dates:
    """Writes an instant for a Date header; messages of one second share the text."""

    def __init__(self) -> None:
        self._from = self._until = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._text, self._line = "", b""

    def text(self, now: dt.datetime) -> str:
        """RFC 5322, 3.3."""
        self.line(now)
        return self._text

    def line(self, now: dt.datetime) -> bytes:
        """The whole header."""
        if not (self._from <= now < self._until and now.tzinfo is self._from.tzinfo):
            self._from = now.replace(microsecond=0)
            self._until = self._from + _SECOND
            self._text = format_datetime(now)
            self._line = date_line(self._text).encode("ascii")
        return self._line


def _mailto(address: str) -> str:
    """Where a mail program unsubscribes (RFC 2369, 3.2), less the token; or nothing."""
    return f"mailto:{address}?subject=unsubscribe%20" if address else ""


def _name_in(fields: Mapping[str, str]) -> str:
    """The name as the list has it, else put together of its parts."""
    if name := fields.get("name"):
        return name
    first, last = fields.get("first_name", ""), fields.get("last_name", "")
    return f"{first} {last}" if first and last else first or last
