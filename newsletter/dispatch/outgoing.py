"""A claimed row and its variant become the message that goes over the wire."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from email.utils import format_datetime
from typing import Protocol

from newsletter.edition.model import URL_SLOTS
from newsletter.ledger.model import Campaign, ClaimedRow, StoredVariant
from newsletter.transport.base import OutgoingMessage
from newsletter.unsubscribe import Purpose
from newsletter.values import Address

_EVERY_URL = frozenset(URL_SLOTS)
_SECOND = dt.timedelta(seconds=1)


class Mint(Protocol):
    """Makes the token of one delivery for one purpose; it holds the keys, dispatch does not."""

    def __call__(self, campaign: int, seq: int, purpose: Purpose) -> str:
        """Letters, digits, ``-`` and ``_`` only."""
        ...


def message_ids(campaign: Campaign) -> Callable[[int], str]:
    """From a delivery's number to its Message-ID.

    The same for every attempt at a delivery, and not to be guessed for another.
    """
    number, domain = int(campaign.id), Address(campaign.terms.envelope_sender).domain
    nonce = hashlib.blake2b(f"{campaign.nonce}.".encode(), digest_size=8)

    def message_id(seq: int) -> str:
        opaque = nonce.copy()
        opaque.update(str(seq).encode())
        return f"<{number}.{seq}.{opaque.hexdigest()}@{domain}>"

    return message_id


class Letters:
    """Fills one campaign's messages."""

    def __init__(
        self,
        campaign: Campaign,
        variants: Sequence[StoredVariant],
        mint: Mint,
    ) -> None:
        terms = campaign.terms
        base = terms.unsubscribe_base.rstrip("/")
        self._number = int(campaign.id)
        self.message_id = message_ids(campaign)
        """The Message-ID of each delivery, by its number."""
        self._sender = terms.envelope_sender
        self._compiled = [variant.compiled for variant in variants]
        self._asked = [compiled.slot_names for compiled in self._compiled]
        self._mint = mint
        self._leave, self._prefer, self._browse = (f"{base}/{kind}/" for kind in "upv")
        self._mailto = _mailto(terms.unsubscribe_mailto)
        self._dates = _Dates()

    def message_for(self, row: ClaimedRow, now: dt.datetime) -> OutgoingMessage:
        """The whole message; ``ValueError`` when a header does not allow a reader's value."""
        message_id = self.message_id(row.seq)
        values = self._values(row, now, message_id, self._asked[row.variant])
        return OutgoingMessage(
            sender=self._sender,
            recipient=row.address,
            message_id=message_id,
            content=self._compiled[row.variant].fill(values),
        )

    def values_for(self, row: ClaimedRow, now: dt.datetime, message_id: str) -> Mapping[str, str]:
        """The reader's fields, and what dispatch alone knows."""
        return self._values(row, now, message_id, _EVERY_URL)

    def _values(
        self, row: ClaimedRow, now: dt.datetime, message_id: str, asked: frozenset[str]
    ) -> Mapping[str, str]:
        """The same; of the URLs that not every message has only those that are asked for."""
        number, seq, mint = self._number, row.seq, self._mint
        leave = mint(number, seq, Purpose.UNSUBSCRIBE)
        name = _name_in(row.fields)
        values = {
            **row.fields,
            "name": name,
            "to_name": name,
            "email": row.address,
            "lists": ", ".join(row.lists),
            "date": self._dates.text(now),
            "message_id": message_id,
            "unsubscribe_url": self._leave + leave,
            "unsubscribe_mailto": self._mailto and self._mailto + leave,
        }
        if "preferences_url" in asked:
            values["preferences_url"] = self._prefer + mint(number, seq, Purpose.PREFERENCES)
        if "browser_url" in asked:
            values["browser_url"] = self._browse + mint(number, seq, Purpose.BROWSER)
        return values


class _Dates:
    """Writes an instant for a Date header; messages of one second share the text."""

    def __init__(self) -> None:
        self._from = self._until = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._text = ""

    def text(self, now: dt.datetime) -> str:
        """RFC 5322, 3.3."""
        if not (self._from <= now < self._until and now.tzinfo is self._from.tzinfo):
            self._from = now.replace(microsecond=0)
            self._until = self._from + _SECOND
            self._text = format_datetime(now)
        return self._text


def _mailto(address: str) -> str:
    """Where a mail program unsubscribes (RFC 2369, 3.2), less the token; or nothing."""
    return f"mailto:{address}?subject=unsubscribe%20" if address else ""


def _name_in(fields: Mapping[str, str]) -> str:
    """The name as the list has it, else put together of its parts."""
    if name := fields.get("name"):
        return name
    first, last = fields.get("first_name", ""), fields.get("last_name", "")
    return f"{first} {last}" if first and last else first or last
