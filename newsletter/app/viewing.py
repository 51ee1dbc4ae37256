"""A message in the browser: the page as its reader got it, from what the ledger froze."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from newsletter.app.door import Door, Holder
from newsletter.delivery import Delivery, DeliveryState
from newsletter.dispatch.outgoing import Letters, Mint
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, ClaimedRow
from newsletter.unsubscribe import Purpose

_SENT: Final = Delivery(DeliveryState.ACCEPTED)
_KEPT: Final = 8
"""Campaigns whose pages are kept at hand; a page has some tens of kilobytes."""
_INSIDE: Final = re.compile(
    r"""((?:\bsrc\s*=\s*|\burl\(\s*)["']?)cid:([^"'\s<>)]+)""", re.IGNORECASE
)  # RFC 2392
_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@dataclass(frozen=True, slots=True)
class Viewed:
    """One reader's page, with whatever it takes along."""

    subject: str
    language: str
    html: str


class Viewing:
    """What a reader does with her browser link."""

    def __init__(self, ledger: Ledger, door: Door, mint: Mint) -> None:
        self._ledger = ledger
        self._door = door
        self._mint = mint
        self._letters = lru_cache(_KEPT)(self._letters_of)

    def view(self, token: str) -> Viewed | None:
        """The page of the holder's message, its slots filled as in the mail."""
        holder = self._door.open(token, Purpose.BROWSER)
        if holder is None:
            return None
        letters = self._letters(holder.row.campaign)
        campaign = self._ledger.campaign(holder.row.campaign)
        content = letters.message_for(_row(holder), campaign.recorded_at).content
        message = message_from_bytes(content, policy=policy.default)
        body = message.get_body(("html",))
        html = str(body.get_content()) if body else ""
        return Viewed(str(message["Subject"]), holder.row.language, _whole(html, message))

    def _letters_of(self, number: CampaignId) -> Letters:
        campaign = self._ledger.campaign(number)
        return Letters(campaign, self._ledger.variants(number), self._mint)


def _row(holder: Holder) -> ClaimedRow:
    row = holder.row
    return ClaimedRow(row.seq, row.address, row.variant, row.fields, row.lists, _SENT)


def _whole(html: str, message: EmailMessage) -> str:
    """The page with the images that travelled inside the message put into it."""
    images = _images(message)

    def inside(found: re.Match[str]) -> str:
        return found[1] + images.get(unquote(found[2]), "data:,")

    return _INSIDE.sub(inside, html)


def _images(message: EmailMessage) -> Mapping[str, str]:
    """Each image inside as an address of its own octets, by its Content-ID."""
    found = {}
    for part in message.walk():
        kind, name = part.get_content_type(), str(part.get("Content-ID", "")).strip("<>")
        octets = part.get_payload(decode=True)
        if name and kind in _IMAGES and isinstance(octets, bytes):
            found[name] = f"data:{kind};base64,{base64.b64encode(octets).decode('ascii')}"
    return found
