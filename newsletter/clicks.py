"""Click tokens: links on the newsletter's own address that lead on to where the issue points.

A link's token names a campaign and one of its links, and is the same for every reader. A reader's
token names her delivery; it follows a link's only where she agreed to be counted by name. Each is
12 octets that identify (form, key, campaign, number) and 12 that prove them, in URL-safe base64:
32 letters. Where a link leads is no part of its token: the ledger knows that, so nobody can make
the newsletter's address lead elsewhere.

The proof is a keyed BLAKE2b (RFC 7693, 2.9) of a person of its own for each use: no token for one
serves for another, and none that unsubscribes counts, or the other way round.
"""

import base64
import hashlib
import re
from binascii import b2a_base64
from collections.abc import Callable
from enum import StrEnum

from newsletter.unsubscribe import Claim, TokenKeys, claimed, keyed

_FORM = 1
_MAC_OCTETS = 12
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}").fullmatch
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Counts(StrEnum):
    """What a token counts; its words are the proof's person (at most 16 octets)."""

    LINK = "click-link"
    """A link of a campaign, for nobody in particular."""
    OPENS = "click-opens"
    """The opens of a campaign, for nobody in particular."""
    READER = "click-reader"
    """A delivery: whose reader followed the link before it."""


def mint(keys: TokenKeys, campaign: int, number: int, counts: Counts) -> str:
    """The token of a link (or a delivery) of this number; both numbers have up to 40 bits.

    ``OverflowError`` when one is negative or larger.
    """
    return tokens(keys, campaign, counts)(number).decode("ascii")


def tokens(keys: TokenKeys, campaign: int, counts: Counts) -> Callable[[int], bytes]:
    """From a number to its token in ASCII; what a campaign's have in common is hashed once."""
    head = bytes((_FORM, keys.current)) + campaign.to_bytes(5, "big")
    begun = _prepared(keys.secrets[keys.current], keys.list_id, counts)
    begun.update(head)

    def token(number: int) -> bytes:
        end = number.to_bytes(5, "big")
        mac = begun.copy()
        mac.update(end)
        return b2a_base64(head + end + mac.digest(), newline=False).translate(_URL_SAFE)

    return token


def verify(keys: TokenKeys, token: str, counts: Counts) -> Claim | None:
    """What the token names, or None when it was not minted for this list and use.

    Takes the same time whether the key is unknown or the proof is wrong.
    """
    if not _TOKEN(token):
        return None
    octets = base64.urlsafe_b64decode(token)
    head, proof = octets[:-_MAC_OCTETS], octets[-_MAC_OCTETS:]

    def prove(secret: bytes) -> bytes:
        mac = _prepared(secret, keys.list_id, counts)
        mac.update(head)
        return mac.digest()

    claim = claimed(keys, head, proof, prove)
    return claim if head[0] == _FORM else None


def _prepared(secret: bytes, list_id: str, counts: Counts) -> hashlib.blake2b:
    """What all tokens of a key, list and use begin with; the head that follows has one length."""
    return keyed(secret, list_id, octets=_MAC_OCTETS, person=counts.encode())
