"""What stays of a reader who was forgotten: a mark that cannot be turned back into an address.

It is an HMAC-SHA256 (RFC 2104) of the address's key, under a key of its own that is made of the
newsletter's secret. Whoever knows the secret can ask whether a given address was forgotten, and
nothing else; a list of marks alone says nothing.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.values import Address

MARK = "forgotten:"
"""What every mark begins with, and no address."""
_KEY_LETTERS = 8
_MARK_OCTETS = 16


@dataclass(frozen=True, slots=True)
class Marks:
    """Makes marks under one secret, and knows those that were made under secrets before it.

    They begin with the key's own name.
    """

    secret: bytes = field(repr=False)
    previous: tuple[bytes, ...] = field(default=(), repr=False)

    def of(self, key: str) -> str:
        """The mark of an address's key."""
        return self._under(_derived(self.secret), [key])[0]

    def known(self, address: Address) -> tuple[str, ...]:
        """Every mark that stands for an address, that of today's secret first."""
        return tuple(self._under(each, [address.key])[0] for each in self._keys)

    def are_among(self, marks: frozenset[str], keys: Sequence[str]) -> list[bool]:
        """Which of many keys have one of these marks, in their order."""
        begun = {each for each in self._keys if any(m.startswith(_begin(each)) for m in marks)}
        under = [self._under(each, keys) for each in begun]
        return [any(mark in marks for mark in each) for each in zip(*under, strict=True)] or [
            False for _ in keys
        ]

    @property
    def begins(self) -> tuple[str, ...]:
        """What every mark that can be known begins with."""
        return tuple(map(_begin, self._keys))

    @property
    def _keys(self) -> tuple[bytes, ...]:
        return tuple(map(_derived, (self.secret, *self.previous)))

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


NOBODY = "(forgotten)"
"""What stands where an address stood."""
_BEFORE = r"(?:(?<![\w.+-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
"""Where a local part may begin: after what is no part of one, or after the escape of such."""
_BEFORE_TAGGED = r"(?<![\w.])"  # bounces+anna=soci.example@…
_AFTER = r"(?![\w-]|\.\w)"
_AT = r"(?:\"?@|%40|=40|\\u0040|&#64;|&#x40;)"


class Traces:
    """Finds addresses in any text, however they are written there.

    In any case; with the @ of a URL, of quoted-printable, of JSON or of HTML; and with ``=`` in
    its place, as return paths have it (``anna=soci.example``; SRS turns the halves round). An
    address that is a part of another's (``anna@…`` in ``joanna@…``) is not found.
    """

    def __init__(self, *addresses: Address) -> None:
        forms = [form for address in addresses for form in _forms(address)]
        self._pattern = re.compile("|".join(forms), re.IGNORECASE)
        self.halves = tuple(
            (address.local, each) for address in addresses for each in _domains(address)
        )
        """Local part and domain: where both stand, an address may."""

    def are_in(self, text: str) -> bool:
        """Whether one of the addresses stands in the text."""
        return bool(self._pattern.search(text))

    def are_in_octets(self, octets: bytes) -> bool:
        """Whether one stands in a file, whichever encoding that has."""
        lower = octets.lower()
        texts = [octets.decode("latin-1")]
        if b"\0" in octets[:1_000]:
            texts += [
                octets.decode("utf-16", "ignore"),
                octets.replace(b"\0", b"").decode("latin-1"),
            ]
        near = any(local.lower().encode() in lower for local, _ in self.halves)
        return (near or len(texts) > 1) and any(map(self.are_in, texts))

    def lines(self, text: str) -> list[int]:
        """The numbers of the lines in which one stands, from 1."""
        found = self._pattern.finditer(text)
        return sorted({text.count("\n", 0, each.start()) + 1 for each in found})

    def erased(self, text: str) -> str:
        """The text with nobody in their place."""
        return self._pattern.sub(NOBODY, text)

    def erased_octets(self, octets: bytes) -> bytes:
        """The same of a file."""
        return self.erased(octets.decode("latin-1")).encode("latin-1")


def _domains(address: Address) -> tuple[str, ...]:
    """The domain, and as its letters read where it is an international one."""
    domain = address.domain
    try:
        shown = domain.encode("ascii").decode("idna")
    except UnicodeError:
        shown = domain
    return tuple(dict.fromkeys([domain, shown]))


def _forms(address: Address) -> Iterator[str]:
    local = re.escape(address.local)
    for each in _domains(address):
        domain = re.escape(each)
        yield f'{_BEFORE}"?{local}{_AT}{domain}{_AFTER}'
        yield f"{_BEFORE_TAGGED}{local}={domain}{_AFTER}"
        yield f"{_BEFORE_TAGGED}{domain}={local}(?![\\w.-])"
