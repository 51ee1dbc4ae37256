"""Leaving by a link: at once, for good, and as often as it is pressed (RFC 8058).

Who pressed it by mistake may take it back, safely: within an hour, only what this very link did,
and only from the page that was shown after the click. No mail program ever sees that page, and
nobody who finds the link later can undo what its reader wanted.
"""

import base64
import datetime as dt
import hmac
from dataclasses import dataclass
from typing import Final

from newsletter.app.door import Door, Holder
from newsletter.app.open import Clock
from newsletter.consent import Told
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Suppression
from newsletter.unsubscribe import Purpose

SOURCE: Final = "one-click"
REASON: Final = "unsubscribed"
_UNDO_WITHIN: Final = dt.timedelta(hours=1)
_PROOF_OCTETS: Final = 15  # 20 letters


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked whether to leave, and where her preferences are."""

    holder: Holder
    preferences: str
    """The token of her preferences page."""


@dataclass(frozen=True, slots=True)
class Left:
    """Who left; ``undo`` proves, for an hour, that she may take it back; else it is empty."""

    holder: Holder
    undo: str


class Leaving:
    """One method a thing that a reader does with her unsubscribe link."""

    def __init__(self, ledger: Ledger, door: Door, secret: bytes, clock: Clock) -> None:
        self._ledger = ledger
        self._door = door
        self._secret = secret
        self._clock = clock

    def ask(self, token: str) -> Asked | None:
        """Who holds this link; changes nothing."""
        holder = self._door.open(token, Purpose.UNSUBSCRIBE)
        if holder is None:
            return None
        return Asked(holder, self._door.token(holder, Purpose.PREFERENCES))

    def leave(self, token: str) -> Left | None:
        """Never mail the holder again; done already is done."""
        holder = self._door.open(token, Purpose.UNSUBSCRIBE)
        if holder is None:
            return None
        self._ledger.suppress(holder.address, REASON, SOURCE, _note(holder), self._clock())
        found = self._ledger.suppression_of(holder.address)
        undone = found is not None and self._may_undo(holder, found)
        return Left(holder, self._proof(holder, found) if found and undone else "")

    def undo(self, token: str, proof: str) -> Holder | None:
        """Let the holder be mailed again, if it was this link and is not an hour ago."""
        holder = self._door.open(token, Purpose.UNSUBSCRIBE)
        found = self._ledger.suppression_of(holder.address) if holder else None
        if holder is None or found is None or not self._may_undo(holder, found):
            return None
        if not hmac.compare_digest(proof.encode(), self._proof(holder, found).encode()):
            return None
        told = Told(self._clock(), SOURCE, language=holder.row.language)
        return holder if self._ledger.take_back(holder.address, found.at, told) else None

    def _may_undo(self, holder: Holder, found: Suppression) -> bool:
        own = (found.reason, found.source, found.note) == (REASON, SOURCE, _note(holder))
        return own and self._clock() - found.at < _UNDO_WITHIN

    def _proof(self, holder: Holder, found: Suppression) -> str:
        """That the page after this very click was seen."""
        row = holder.row
        words = f"undo {row.campaign} {row.seq} {found.at.isoformat()}"
        mac = hmac.digest(self._secret, words.encode(), "sha256")[:_PROOF_OCTETS]
        return base64.urlsafe_b64encode(mac).decode("ascii")


def _note(holder: Holder) -> str:
    """Which message it was: the campaign and the row."""
    return f"campaign {holder.row.campaign}, message {holder.row.seq}"
