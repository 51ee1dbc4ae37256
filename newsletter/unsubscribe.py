"""One-click tokens: 32 letters that name one delivery and prove that we wrote them.

A token is 12 octets that identify (form, key, campaign, sequence number) and 12 that prove them,
in URL-safe base64 (RFC 4648, 5). So nobody can make one, and nothing needs storing. It does not
expire: unsubscribing must work for 60 days after the last message (CASL, 11(2)).

The proof is a purpose's own third of one keyed BLAKE2b (RFC 7693, 2.9) over the list and the
identity: one hashing makes all tokens of a delivery, and a token for one purpose or list does
nothing for another. Tokens of the first form, an HMAC-SHA256 for each purpose, are in readers'
mailboxes: they are verified for ever and minted no more.
"""

import base64
import hashlib
import hmac
import re
from binascii import b2a_base64, hexlify
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from struct import Struct
from typing import Self

_FORM = 2
_MAC_OCTETS = 12
_QUARTERS = Struct("16s16s16s16s").unpack  # 12 octets are 16 letters
_LONGEST_KEY = 64  # octets that BLAKE2b takes as its key
_SHORTEST_KEY = 16
_FIRST, _LARGEST_KEY_ID = 1, 255
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}").fullmatch
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

Tokens = tuple[bytes, bytes, bytes]
"""One delivery's tokens in ASCII, in the order of ``Purpose``."""


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
    def of(cls, list_id: str, secret: str, previous: Sequence[str] = ()) -> Self:
        """The keys of a list: its secret mints, the previous ones (newest first) verify too.

        A secret that is alone has number 1, as it always had; each has besides a number of its
        own, made of the secret itself, so that it stays the same wherever the secret stands.
        ``ValueError`` where two have the same: another one is to be chosen.
        """
        every = (secret, *previous)
        numbers = {_number_of(each): each.encode() for each in every}
        if len(numbers) < len({*every}):
            message = "two secrets cannot be told apart by their numbers"
            raise ValueError(message)
        own = _number_of(secret) if previous else _FIRST
        return cls(list_id, {**numbers, _FIRST: every[-1].encode()}, own)


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

    Takes the same time whether the key is unknown or the proof is wrong.
    """
    if not _TOKEN(token):
        return None
    octets = base64.urlsafe_b64decode(token)
    head, proof = octets[:-_MAC_OCTETS], octets[-_MAC_OCTETS:]
    prove = _PROOFS.get(head[0], _share)
    claim = claimed(keys, head, proof, lambda secret: prove(secret, keys.list_id, purpose, head))
    return claim if head[0] in _PROOFS else None


def claimed(
    keys: TokenKeys, head: bytes, proof: bytes, prove: Callable[[bytes], bytes]
) -> Claim | None:
    """What the 12 octets of a token's head claim, if ``prove`` says the same of their key's secret.

    Every kind of token has this head. A key that is unknown is the same work as one that is known.
    """
    secret = keys.secrets.get(head[1])
    genuine = hmac.compare_digest(proof, prove(secret or bytes(_SHORTEST_KEY)))
    if not genuine or secret is None:
        return None
    return Claim(int.from_bytes(head[2:7], "big"), int.from_bytes(head[7:12], "big"))


def keyed(secret: bytes, begin: str, *, octets: int, person: bytes) -> hashlib.blake2b:
    """What all proofs of a secret and of one person (their use) begin with, so many octets long."""
    key = secret if len(secret) <= _LONGEST_KEY else hashlib.blake2b(secret).digest()
    return hashlib.blake2b(begin.encode(), digest_size=octets, key=key, person=person)


def _number_of(secret: str) -> int:
    """A key's number, 2 to 255, that hangs on nothing but the secret."""
    digest = hashlib.blake2b(secret.encode(), digest_size=8, person=b"key-number").digest()
    return _FIRST + 1 + int.from_bytes(digest, "big") % (_LARGEST_KEY_ID - _FIRST)


def _hmac(secret: bytes, list_id: str, purpose: Purpose, head: bytes) -> bytes:
    """What proves a token of the first form."""
    signed = b"\0".join((hexlify(head), purpose.encode(), list_id.encode()))
    return hmac.digest(secret, signed, "sha256")[:_MAC_OCTETS]


def _share(secret: bytes, list_id: str, purpose: Purpose, head: bytes) -> bytes:
    """The purpose's part of what proves all tokens of a delivery."""
    mac = _prepared(secret, list_id)
    mac.update(head)
    begin = _ORDER.index(purpose) * _MAC_OCTETS
    return mac.digest()[begin : begin + _MAC_OCTETS]


_PROOFS = {1: _hmac, _FORM: _share}
_ORDER = tuple(Purpose)


def _prepared(secret: bytes, list_id: str) -> hashlib.blake2b:
    """What all tokens of a key and list begin with; the head that follows has a fixed length."""
    return keyed(secret, list_id, octets=_MAC_OCTETS * len(_ORDER), person=b"one-click")


class Minter:
    """Makes one key's tokens; what all of them begin with is hashed once."""

    def __init__(self, secret: bytes, number: int, list_id: str) -> None:
        self._begin = bytes((_FORM, number))
        self._mac = _prepared(secret, list_id)

    def __call__(self, campaign: int, seq: int, purpose: Purpose) -> str:
        """The token of one delivery for one purpose, as ``mint`` says."""
        return self.of_campaign(campaign)(seq)[_ORDER.index(purpose)].decode("ascii")

    def of_campaign(self, campaign: int) -> Callable[[int], Tokens]:
        """From a delivery's sequence number to its tokens, for whoever sends a campaign."""
        begin = self._begin + campaign.to_bytes(5, "big")
        begun = self._mac.copy()
        begun.update(begin)

        def tokens(seq: int) -> Tokens:
            end = seq.to_bytes(5, "big")
            mac = begun.copy()
            mac.update(end)
            encoded = b2a_base64(begin + end + mac.digest(), newline=False).translate(_URL_SAFE)
            head, leave, prefer, browse = _QUARTERS(encoded)
            return head + leave, head + prefer, head + browse

        return tokens
