"""A claimed row and its variant become the message that goes over the wire."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Protocol

from newsletter.ledger.model import Campaign, ClaimedRow, StoredVariant
from newsletter.transport.base import OutgoingMessage
from newsletter.unsubscribe import Purpose
from newsletter.values import Address


class Mint(Protocol):
    """Makes the token of one delivery for one purpose; it holds the keys, dispatch does not."""

    def __call__(self, campaign: int, seq: int, purpose: Purpose) -> str:
        """Letters, digits, ``-`` and ``_`` only."""
        ...


class Letters:
    """Fills one campaign's messages."""

    def __init__(
        self,
        campaign: Campaign,
        variants: Sequence[StoredVariant],
        mint: Mint,
    ) -> None:
        self._campaign = campaign
        self._compiled = [variant.compiled for variant in variants]
        self._mint = mint
        self._domain = Address(campaign.terms.envelope_sender).domain

    def message_for(self, row: ClaimedRow, now: dt.datetime) -> OutgoingMessage:
        """The whole message; ``ValueError`` when a header does not allow a reader's value."""
        message_id = self.message_id(row.seq)
        values = self.values_for(row, now, message_id)
        return OutgoingMessage(
            sender=self._campaign.terms.envelope_sender,
            recipient=row.address,
            message_id=message_id,
            content=self._compiled[row.variant].fill(values),
        )

    def message_id(self, seq: int) -> str:
        """The same for every attempt at a delivery, and not to be guessed for another."""
        named = f"{self._campaign.nonce}.{seq}".encode()
        opaque = hashlib.blake2b(named, digest_size=8).hexdigest()
        return f"<{self._campaign.id}.{seq}.{opaque}@{self._domain}>"

    def values_for(self, row: ClaimedRow, now: dt.datetime, message_id: str) -> Mapping[str, str]:
        """The reader's fields, and what dispatch alone knows."""
        terms = self._campaign.terms
        base = terms.unsubscribe_base.rstrip("/")
        leave = self._mint(self._campaign.id, row.seq, Purpose.UNSUBSCRIBE)
        prefer = self._mint(self._campaign.id, row.seq, Purpose.PREFERENCES)
        browse = self._mint(self._campaign.id, row.seq, Purpose.BROWSER)
        name = _name_in(row.fields)
        return {
            **row.fields,
            "name": name,
            "to_name": name,
            "email": row.address,
            "lists": ", ".join(row.lists),
            "date": format_datetime(now),
            "message_id": message_id,
            "unsubscribe_url": f"{base}/u/{leave}",
            "preferences_url": f"{base}/p/{prefer}",
            "browser_url": f"{base}/v/{browse}",
            "unsubscribe_mailto": _mailto(terms.unsubscribe_mailto, leave),
        }


def _mailto(address: str, token: str) -> str:
    """Where a mail program unsubscribes (RFC 2369, 3.2); nothing when there is no mailbox."""
    return f"mailto:{address}?subject=unsubscribe%20{token}" if address else ""


def _name_in(fields: Mapping[str, str]) -> str:
    """The name as the list has it, else put together of its parts."""
    parts = (fields.get("first_name", ""), fields.get("last_name", ""))
    return fields.get("name") or " ".join(part for part in parts if part)
