"""By what a post proves that a mail service wrote it. Compared in constant time; nothing raised."""

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

_SNS_CERTIFICATE = re.compile(
    r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/SimpleNotificationService-[0-9a-f]{1,64}\.pem"
)
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}


class Forged(Exception):
    """The post does not prove that the provider wrote it."""


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing; empty ones never are."""
    left, right = one.encode("utf-8", "replace"), other.encode("utf-8", "replace")
    return bool(right) and hmac.compare_digest(left, right)


def is_by_sendgrid(public_key: str, signature: str, signed: bytes) -> bool:
    """An ECDSA signature (P-256, SHA-256) by the key that SendGrid shows, base64 as it shows it."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = serialization.load_der_public_key(base64.b64decode(public_key, validate=True))
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        proof = base64.b64decode(signature, validate=True)
        key.verify(proof, signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return True


def is_certificate_address(url: str) -> bool:
    """Whether an address is one under which Amazon keeps the certificates of SNS."""
    return bool(_SNS_CERTIFICATE.fullmatch(url))


def is_by_sns(envelope: Mapping[str, Any], certificate: Callable[[str], bytes]) -> bool:
    """An RSA signature by a certificate at an address of Amazon's (SNS, versions 1 and 2).

    ``certificate`` gives the PEM of an address that was checked.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    url = str(envelope.get("SigningCertURL", ""))
    names = _SIGNED.get(str(envelope.get("Type", "")))
    version = str(envelope.get("SignatureVersion", ""))
    if names is None or version not in {"1", "2"} or not is_certificate_address(url):
        return False
    kind = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303 what version 1 is
    try:
        key = x509.load_pem_x509_certificate(certificate(url)).public_key()
        proof = base64.b64decode(str(envelope.get("Signature", "")), validate=True)
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(proof, _canonical(envelope, names), padding.PKCS1v15(), kind)
    except (InvalidSignature, UnsupportedAlgorithm, binascii.Error, ValueError):
        return False
    return True


def _canonical(envelope: Mapping[str, Any], names: tuple[str, ...]) -> bytes:
    lines = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    return lines.encode("utf-8", "replace")
