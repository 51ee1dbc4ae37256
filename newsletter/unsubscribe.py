"""One-click tokens: 32 letters that name one delivery and prove that we wrote them.

A token is 12 octets that identify (form, key, campaign, sequence number) and 12 of an
HMAC-SHA256 over them, the list and the purpose, in URL-safe base64 (RFC 4648, 5). So a token for
one purpose or list does nothing for another, nobody can make one, and nothing needs storing. It
does not expire: unsubscribing must work for 60 days after the last message (CASL, 11(2)).
"""

import base64
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

_FORM = 1
_MAC_OCTETS = 12
_SHORTEST_KEY = 16
_LARGEST_KEY_ID = 255
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}").fullmatch


class Purpose(StrEnum):
    """What a token lets its holder do."""

    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """The secrets of one list: the current one mints, all of them verify (rotation).

    ``secrets`` maps a key's number (0 to 255) to at least 16 octets; they never show in a repr.
    """

    list_id: str
    secrets: Mapping[int, bytes] = field(repr=False)
    current: int = 1

    def __post_init__(self) -> None:
        """Refuse keys that are missing, misnumbered or short enough to guess."""
        if self.current not in self.secrets:
            message = f"there is no key number {self.current}"
            raise ValueError(message)
        for number, secret in self.secrets.items():
            if not 0 <= number <= _LARGEST_KEY_ID or len(secret) < _SHORTEST_KEY:
                message = f"key {number}: use a number up to 255 and at least 16 octets of secret"
                raise ValueError(message)

    @classmethod
    def of(cls, list_id: str, secret: str) -> Self:
        """The keys of a list that has one secret."""
        return cls(list_id, {1: secret.encode()})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a genuine token says: which delivery of which campaign."""

    campaign: int
    seq: int


def mint(keys: TokenKeys, campaign: int, seq: int, purpose: Purpose) -> str:
    """The token of one delivery for one purpose; campaign and seq have up to 40 bits.

    ``OverflowError`` when a number is negative or larger.
    """
    head = bytes((_FORM, keys.current)) + campaign.to_bytes(5, "big") + seq.to_bytes(5, "big")
    mac = _mac(keys.secrets[keys.current], keys.list_id, purpose, head)
    return base64.urlsafe_b64encode(head + mac).decode("ascii")


def verify(keys: TokenKeys, token: str, purpose: Purpose) -> Claim | None:
    """What the token claims, or None when it was not minted for this list and purpose.

    Takes the same time whether the key is unknown or the MAC is wrong.
    """
    if not _TOKEN(token):
        return None
    octets = base64.urlsafe_b64decode(token)
    head, mac = octets[:-_MAC_OCTETS], octets[-_MAC_OCTETS:]
    secret = keys.secrets.get(head[1])
    expected = _mac(secret or bytes(_SHORTEST_KEY), keys.list_id, purpose, head)
    genuine = hmac.compare_digest(mac, expected)
    if not genuine or secret is None or head[0] != _FORM:
        return None
    return Claim(int.from_bytes(head[2:7], "big"), int.from_bytes(head[7:12], "big"))


def _mac(secret: bytes, list_id: str, purpose: Purpose, head: bytes) -> bytes:
    """The list's name stands last, as it alone has no fixed set of values."""
    signed = b"\0".join((head.hex().encode(), purpose.encode(), list_id.encode()))
    return hmac.digest(secret, signed, "sha256")[:_MAC_OCTETS]
