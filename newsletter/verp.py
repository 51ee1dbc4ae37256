"""Return paths: an envelope sender of each delivery's own, so that what bounces names its row.

``bounces+TOKEN@news.example`` (a variable envelope return path). A token is 12 octets that
identify (form, key, campaign, sequence number) and 10 that prove them, in hexadecimal: local parts
may be lower-cased or upper-cased on their way back, and base 16 knows no difference. With ``+``
that takes 45 of the 64 octets that a local part has (RFC 5321, 4.5.3.1.1).

The proof is a keyed BLAKE2b (RFC 7693, 2.9) of a person of its own: no one-click token, which any
reader may pass on, is a return path, and the other way round.
"""

import hashlib
import re
from collections.abc import Callable

from newsletter.unsubscribe import Claim, TokenKeys, claimed, keyed
from newsletter.values import LONGEST_LOCAL, Address

_FORM = 1
_HEAD_OCTETS = 12
_MAC_OCTETS = 10
_LETTERS = 2 * (_HEAD_OCTETS + _MAC_OCTETS)
_TOKEN = re.compile(r"[0-9a-f]{44}", re.IGNORECASE | re.ASCII).fullmatch
_IN_AN_ADDRESS = re.compile(r"\+([0-9a-f]{44})@", re.IGNORECASE | re.ASCII).findall

LONGEST_BEGIN = LONGEST_LOCAL - _LETTERS - 1
"""Octets that the local part of a bounce address may have: the rest is the token's."""

ReturnPath = Callable[[int], str]
"""From a delivery's sequence number to its envelope sender."""


def mint(keys: TokenKeys, campaign: int, seq: int) -> str:
    """The token of one delivery; campaign and seq have up to 40 bits.

    ``OverflowError`` when a number is negative or larger.
    """
    return _tokens(keys, campaign)(seq)


def return_paths(keys: TokenKeys, campaign: int, bounce_address: str) -> ReturnPath:
    """The envelope senders of one campaign under an address such as ``bounces@news.example``.

    ``ValueError`` when no room is left for a token before the ``@``.
    """
    address = Address(bounce_address)
    if len(address.local) > LONGEST_BEGIN:
        message = f"{bounce_address!r}: use at most {LONGEST_BEGIN} octets before the @"
        raise ValueError(message)
    token, begin, end = _tokens(keys, campaign), f"{address.local}+", f"@{address.domain}"
    return lambda seq: f"{begin}{token(seq)}{end}"


def verify(keys: TokenKeys, token: str) -> Claim | None:
    """What a token claims, in whatever case it came back; None when it was not minted here.

    Takes the same time whether the key is unknown or the proof is wrong.
    """
    if not _TOKEN(token):
        return None
    octets = bytes.fromhex(token)
    head, proof = octets[:_HEAD_OCTETS], octets[_HEAD_OCTETS:]

    def prove(secret: bytes) -> bytes:
        mac = _prepared(secret, keys.list_id)
        mac.update(head)
        return mac.digest()

    claim = claimed(keys, head, proof, prove)
    return claim if head[0] == _FORM else None


def _tokens(keys: TokenKeys, campaign: int) -> Callable[[int], str]:
    """From a sequence number to its token, with what a campaign's have in common hashed once."""
    head = bytes((_FORM, keys.current)) + campaign.to_bytes(5, "big")
    begun, begin = _prepared(keys.secrets[keys.current], keys.list_id), head.hex()
    begun.update(head)

    def token(seq: int) -> str:
        number = seq.to_bytes(5, "big")
        mac = begun.copy()
        mac.update(number)
        return f"{begin}{number.hex()}{mac.hexdigest()}"

    return token


def tokens_in(text: str) -> list[str]:
    """What looks like a token in an address or in any header that quotes some."""
    return _IN_AN_ADDRESS(text)


def _prepared(secret: bytes, list_id: str) -> hashlib.blake2b:
    """What all tokens of a key and list begin with; the head that follows has a fixed length."""
    return keyed(secret, list_id, octets=_MAC_OCTETS, person=b"return-path")
