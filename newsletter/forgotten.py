"""What stays of a reader who was forgotten: a mark that cannot be turned back into an address.

It is an HMAC-SHA256 (RFC 2104) of the address's key, under a key of its own that is made of the
newsletter's secret. Whoever knows the secret can ask whether a given address was forgotten, and
nothing else; a list of marks alone says nothing.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.values import Address

MARK = "forgotten:"
"""What every mark begins with, and no address."""
_KEY_LETTERS = 8
_MARK_OCTETS = 16


@dataclass(frozen=True, slots=True)
class Marks:
    """Makes marks under one secret; they begin with the key's own name."""

    secret: bytes = field(repr=False)

    def of(self, key: str) -> str:
        """The mark of an address's key."""
        return self._under(_derived(self.secret), [key])[0]

    def of_many(self, keys: Sequence[str]) -> list[str]:
        """The marks of many keys, in their order."""
        return self._under(_derived(self.secret), keys)

    def of_address(self, address: Address) -> str:
        """The mark of an address."""
        return self.of(address.key)

    @property
    def begin(self) -> str:
        """What every mark under this secret begins with."""
        return _begin(_derived(self.secret))

    def _under(self, secret: bytes, keys: Sequence[str]) -> list[str]:
        begin = _begin(secret)
        return [
            begin + hmac.digest(secret, key.encode(), "sha256")[:_MARK_OCTETS].hex() for key in keys
        ]


def is_mark(key: str) -> bool:
    """Whether this is a mark, and no address's key."""
    return key.startswith(MARK)


def _derived(secret: bytes) -> bytes:
    return hmac.digest(secret, b"forgotten readers", "sha256")


def _begin(secret: bytes) -> str:
    name = hmac.digest(secret, b"name of the key", "sha256").hex()[:_KEY_LETTERS]
    return f"{MARK}{name}:"
