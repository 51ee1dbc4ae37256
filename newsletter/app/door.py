"""The readers' door: a link in a message opens one row of the ledger, or nothing at all.

What is wrong with a link is never told, and costs the same: a token that nobody minted asks the
ledger as much as one whose campaign is gone.
"""

from dataclasses import dataclass

from newsletter.ledger.addressees import Addressee
from newsletter.ledger.ledger import Ledger
from newsletter.unsubscribe import Claim, Purpose, TokenKeys, mint, verify
from newsletter.values import Address

_NOBODY = Claim(0, 0)
"""What campaign and row never have: both count from 1."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a genuine link names."""

    address: Address
    row: Addressee


class Door:
    """Opens links with the list's keys."""

    def __init__(self, ledger: Ledger, keys: TokenKeys) -> None:
        self._ledger = ledger
        self._keys = keys

    def open(self, token: str, purpose: Purpose) -> Holder | None:
        """Whom the token names, or None when it is not ours, not for this, or names nobody."""
        claim = verify(self._keys, token, purpose) or _NOBODY
        row = self._ledger.addressee(claim.campaign, claim.seq)
        if row is None:
            return None
        try:
            return Holder(Address.parse(row.address), row)
        except ValueError:  # forgotten since
            return None

    def token(self, holder: Holder, purpose: Purpose) -> str:
        """The same reader's link for another purpose."""
        return mint(self._keys, holder.row.campaign, holder.row.seq, purpose)
