"""DKIM: messages signed with our keys (RFC 6376; Ed25519 by RFC 8463), relaxed/relaxed.

Each header that could mislead a reader is signed once more often than it occurs, so that nobody
can add another one above ours. The page is static for the most part and the compiler leaves
nothing for the relaxed form to change in it, so a message costs one SHA-256, the folding of its
headers and the signature itself; OpenSSL lets other threads run during the last.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from newsletter.values import is_selector

OVERSIGNED = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Reply-To",
    "Sender",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
    "Content-Disposition",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "Precedence",
    "Feedback-ID",
)
"""What is signed, and once more than it occurs, whether it occurs or not."""
MUST_BE_SIGNED = frozenset(
    {"from", "to", "subject", "reply-to", "list-unsubscribe", "list-unsubscribe-post"}
)

SHORTEST_RSA = 1024  # RFC 8301, 3.2: verifiers take no shorter one, signers should use 2048
RSA_BITS = 2048
_RECORD_CHUNK = 255  # octets of one string of a TXT record (RFC 1035, 3.3)
_WIDTH = 76

_RUN = re.compile(rb"[ \t]+")
_NOT_RELAXED = re.compile(rb"[ \t]{2,}|\t")
_TRAILING = re.compile(rb"[ \t]+(?=\r\n)|[ \t]+\Z")
_PADDING = padding.PKCS1v15()
_HASHED = Prehashed(hashes.SHA256())


class Algorithm(StrEnum):
    """How a key signs, as ``a=`` names it."""

    RSA = "rsa-sha256"
    ED25519 = "ed25519-sha256"

    @property
    def key_type(self) -> str:
        """As ``k=`` in the record names it."""
        return self.partition("-")[0]


class UnfitKey(ValueError):
    """A private key that cannot sign; the words say why, and never show it."""


_Private = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the domain and selector under which its record is published."""

    domain: str
    selector: str
    private: _Private = field(repr=False)

    @classmethod
    def read(cls, pem: bytes, domain: str, selector: str) -> Self:
        """From PEM (PKCS #8 or #1, without a pass phrase); ``UnfitKey`` says what is wrong."""
        if not is_selector(selector):
            message = f"{selector!r} is no selector: use a-z, 0-9 and -, 63 at most"
            raise UnfitKey(message)
        return cls(domain, selector, _private(pem))

    @property
    def algorithm(self) -> Algorithm:
        """By the kind of key."""
        return Algorithm.RSA if isinstance(self.private, rsa.RSAPrivateKey) else Algorithm.ED25519

    @property
    def bits(self) -> int:
        """The length of an RSA key; of Ed25519 it says nothing, and is 0."""
        return self.private.key_size if isinstance(self.private, rsa.RSAPrivateKey) else 0

    @property
    def record_name(self) -> str:
        """Where the public half is published."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def public(self) -> str:
        """The public half, as ``p=`` holds it."""
        return public_text(self.private)

    def sign_hash(self, digest: bytes) -> bytes:
        """The signature of a SHA-256; with Ed25519 that hash is what is signed (RFC 8463, 3)."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(digest, _PADDING, _HASHED)
        return self.private.sign(digest)

    def verifies(self, digest: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        try:
            _verify(self.private, digest, signature)
        except InvalidSignature:
            return False
        return True


def _verify(private: _Private, digest: bytes, signature: bytes) -> None:
    public = private.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        public.verify(signature, digest)
    else:
        public.verify(signature, digest, _PADDING, _HASHED)


def new_key(algorithm: Algorithm) -> bytes:
    """A fresh private key in PEM (PKCS #8)."""
    private: _Private
    if algorithm is Algorithm.RSA:
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    else:
        private = ed25519.Ed25519PrivateKey.generate()
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_text(private: _Private) -> str:
    """The public half in base64: RSA's SubjectPublicKeyInfo, Ed25519's 32 octets."""
    public = private.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    else:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        octets = public.public_bytes(serialization.Encoding.DER, form)
    return base64.b64encode(octets).decode("ascii")


def record_text(algorithm: Algorithm, public: str) -> str:
    """What the TXT record says (RFC 6376, 3.6.1)."""
    return f"v=DKIM1; k={algorithm.key_type}; p={public}"


def record_chunks(text: str) -> list[str]:
    """A record in the strings of at most 255 octets that a zone file holds."""
    return [text[at : at + _RECORD_CHUNK] for at in range(0, len(text), _RECORD_CHUNK)]


def _private(pem: bytes) -> _Private:
    if b"ENCRYPTED" in pem:
        message = "it is locked by a pass phrase: write it without one, mode 0600"
        raise UnfitKey(message)
    try:
        key = serialization.load_pem_private_key(pem.strip() + b"\n", password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        what = "a public key or certificate" if _is_public(pem) else "no private key in PEM"
        message = f"it holds {what}, not -----BEGIN PRIVATE KEY-----"
        raise UnfitKey(message) from None  # the cause may quote the file
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if not isinstance(key, rsa.RSAPrivateKey):
        message = "it is neither RSA nor Ed25519, the two that DKIM knows"
        raise UnfitKey(message)
    if key.key_size < SHORTEST_RSA:
        message = f"it has {key.key_size} bits: receivers take no RSA key under {SHORTEST_RSA}"
        raise UnfitKey(message)
    return key


def _is_public(pem: bytes) -> bool:
    return b"PUBLIC KEY" in pem or b"CERTIFICATE" in pem


# The relaxed form


def relaxed_headers(head: bytes) -> list[tuple[bytes, bytes]]:
    """Each header's name and its whole canonical form without a line break (RFC 6376, 3.4.2)."""
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    parted = [line.partition(b":") for line in _RUN.sub(b" ", unfolded).split(b"\r\n") if line]
    named = [(name.lower().strip(b" "), value) for name, _, value in parted]
    return [(name, name + b":" + value.strip(b" ")) for name, value in named]


def relaxed_body(body: bytes) -> bytes:
    """The canonical body (RFC 6376, 3.4.4)."""
    if b"\t" in body or b"  " in body or b" \r\n" in body or body.endswith(b" "):
        body = _NOT_RELAXED.sub(b" ", _TRAILING.sub(b"", body))
    if not body.endswith(b"\r\n"):
        body = body + b"\r\n" if body else b""
    end = len(body)
    while body.endswith(b"\r\n\r\n", 0, end):
        end -= 2
    return b"" if body[:end] == b"\r\n" else body[:end]


def is_relaxed(body: bytes) -> bool:
    """Whether the canonical body is the body itself."""
    return relaxed_body(body) == body


def parted(message: bytes) -> tuple[bytes, bytes]:
    """The headers without the last one's line break, and the body."""
    head, _, body = message.partition(b"\r\n\r\n")
    return head, body


# Signing


@dataclass(frozen=True, slots=True)
class _Layout:
    """For messages with these headers: which are signed in what order, and ``h=``, folded."""

    order: tuple[int, ...]
    named: str


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs messages with one key, or with two of different kinds.

    ``spared`` are headers that a relay rewrites, so that signing them would break the signature.
    """

    keys: tuple[SigningKey, ...]
    spared: frozenset[str] = frozenset()
    _lines: tuple[tuple[str, SigningKey], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """What does not change from message to message is written once."""
        if not self.keys or {name.lower() for name in self.spared} & MUST_BE_SIGNED:
            message = "a signer has a key, and signs what the rules want signed"
            raise ValueError(message)
        lines = tuple((_opening(key), key) for key in self.keys)
        object.__setattr__(self, "_lines", lines)

    def sign(self, message: bytes, now: int, *, relaxed: bool = False) -> bytes:
        """The message with its signatures before it. ``now`` is in seconds since 1970.

        ``relaxed`` says that the body is known to be its own canonical form.
        """
        return self.signatures(message, now, relaxed=relaxed) + message

    def signatures(self, message: bytes, now: int, *, relaxed: bool = False) -> bytes:
        """The DKIM-Signature fields alone, each with its line break."""
        head, body = parted(message)
        digest = hashlib.sha256(body if relaxed else relaxed_body(body)).digest()
        headers = relaxed_headers(head)
        layout = _layout(tuple(name for name, _ in headers), self.spared)
        signed = b"".join([headers[at][1] + b"\r\n" for at in layout.order])
        tail = f" t={now};\r\n h={layout.named};\r\n bh={_base64(digest)};\r\n b="
        return b"".join([_signature(opening + tail, key, signed) for opening, key in self._lines])


def _opening(key: SigningKey) -> str:
    begin = f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;"
    return f"{begin}\r\n d={key.domain};\r\n s={key.selector};"


def _signature(unsigned: str, key: SigningKey, signed: bytes) -> bytes:
    """One field; it signs itself too, with nothing after ``b=`` (RFC 6376, 3.7)."""
    octets = unsigned.encode("ascii")
    ((_, own),) = relaxed_headers(octets)
    digest = hashlib.sha256(signed + own).digest()
    value = _base64(key.sign_hash(digest))
    rows = [value[at : at + _WIDTH - 4] for at in range(0, len(value), _WIDTH - 4)]
    return octets + "\r\n  ".join(rows).encode("ascii") + b"\r\n"


@lru_cache(maxsize=64)
def _layout(names: tuple[bytes, ...], spared: frozenset[str]) -> _Layout:
    """Each header from the last of its name to the first (RFC 6376, 5.4.2), then once more."""
    left_out = {name.lower() for name in spared}
    order: list[int] = []
    named: list[str] = []
    for name in OVERSIGNED:
        if name.lower() in left_out:
            continue
        key = name.lower().encode("ascii")
        found = [at for at, each in enumerate(names) if each == key]
        order += reversed(found)
        named += [name] * (len(found) + 1)
    return _Layout(tuple(order), _folded(named))


def _folded(named: Sequence[str]) -> str:
    """``h=`` in lines that no relay has a reason to fold."""
    rows = [""]
    for name in named:
        if rows[-1] and len(rows[-1]) + len(name) > _WIDTH - 6:
            rows.append("")
        rows[-1] += f"{name}:"
    return "\r\n  ".join(rows)[:-1]


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
