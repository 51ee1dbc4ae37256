"""One-click tokens: 32 letters that name one delivery and prove that we wrote them.

A token is 12 octets that identify (form, key, campaign, sequence number) and 12 of an
HMAC-SHA256 over them, the list and the purpose, in URL-safe base64 (RFC 4648, 5). So a token for
one purpose or list does nothing for another, nobody can make one, and nothing needs storing. It
does not expire: unsubscribing must work for 60 days after the last message (CASL, 11(2)).
"""

import base64
import hashlib
import hmac
import re
from binascii import b2a_base64, hexlify
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

_FORM = 1
_MAC_OCTETS = 12
_SHORTEST_KEY = 16
_LARGEST_KEY_ID = 255
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}").fullmatch
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_INNER, _OUTER = (bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


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
    _mint: "Minter" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse keys that are missing, misnumbered or short enough to guess."""
        if self.current not in self.secrets:
            message = f"there is no key number {self.current}"
            raise ValueError(message)
        for number, secret in self.secrets.items():
            if not 0 <= number <= _LARGEST_KEY_ID or len(secret) < _SHORTEST_KEY:
                message = f"key {number}: use a number up to 255 and at least 16 octets of secret"
                raise ValueError(message)
        prepared = Minter(self.secrets[self.current], self.current, self.list_id)
        object.__setattr__(self, "_mint", prepared)

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
    return minter(keys)(campaign, seq, purpose)


def minter(keys: TokenKeys) -> "Minter":
    """``mint`` with these keys, for whoever makes many tokens."""
    return keys._mint  # noqa: SLF001  its own module's


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
    signed = hexlify(head) + _tail(purpose, list_id)
    return hmac.digest(secret, signed, "sha256")[:_MAC_OCTETS]


def _tail(purpose: Purpose, list_id: str) -> bytes:
    """The list's name stands last, as it alone has no fixed set of values."""
    return b"".join((b"\0", purpose.encode(), b"\0", list_id.encode()))


class Minter:
    """Makes one key's tokens; what all of them begin with is hashed once (RFC 2104, 4)."""

    def __init__(self, secret: bytes, number: int, list_id: str) -> None:
        block = hashlib.sha256()
        key = secret if len(secret) <= block.block_size else hashlib.sha256(secret).digest()
        padded = key.ljust(block.block_size, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER))
        self._outer = hashlib.sha256(padded.translate(_OUTER))
        self._begin = bytes((_FORM, number))
        self._tails = {purpose: _tail(purpose, list_id) for purpose in Purpose}

    def __call__(self, campaign: int, seq: int, purpose: Purpose) -> str:
        """The token of one delivery for one purpose, as ``mint`` says."""
        head = self._begin + campaign.to_bytes(5, "big") + seq.to_bytes(5, "big")
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(hexlify(head) + self._tails[purpose])
        outer.update(inner.digest())
        octets = b2a_base64(head + outer.digest()[:_MAC_OCTETS], newline=False)
        return octets.translate(_URL_SAFE).decode("ascii")
