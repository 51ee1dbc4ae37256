"""Our signing keys and what the DNS publishes of them (RFC 6376, 3.6; RFC 8301; RFC 8463)."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.doctor.ask import Dns, Kind
from newsletter.signed import tags_of
from newsletter.signing import Algorithm


@dataclass(frozen=True, slots=True)
class Publication:
    """Whether a key's record is published and right, and what it is in words."""

    right: bool
    words: str
    known: bool = True
    """False where the DNS gave no answer."""
    testing: bool = False
    """It says ``t=y``: receivers then treat a bad signature like none."""


def publication_of(dns: Dns, name: str, algorithm: Algorithm, public: str) -> Publication:
    """Look for a key's record and compare it with the key."""
    answer = dns.ask(name, Kind.TXT)
    if answer.fault:
        return Publication(right=False, words=f"the DNS says nothing: {answer.fault}", known=False)
    if not answer.records:
        return Publication(right=False, words="no record is published")
    if len(answer.records) > 1:
        count = len(answer.records)
        return Publication(right=False, words=f"{count} TXT records: there must be one")
    fault = fault_of(answer.records[0], algorithm, public)
    testing = "y" in (tags_of(answer.records[0]) or {}).get("t", "").replace(" ", "").split(":")
    if fault:
        return Publication(right=False, words=fault, testing=testing)
    words = "published, in test mode (t=y)" if testing else "published"
    return Publication(right=True, words=words, testing=testing)


def fault_of(record: str, algorithm: Algorithm, public: str) -> str:
    """Why a record does not publish this key; empty when it does."""
    tags = tags_of(record)
    if tags is None or "p" not in tags:
        return "the record is not a list of tag=value with a p="
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        return "the record does not begin with v=DKIM1"
    kind = tags.get("k", "rsa")
    if kind != algorithm.key_type:
        return f"the record is of a key of kind {kind}, ours is {algorithm.key_type}"
    published = re.sub(r"\s+", "", tags["p"])
    if not published:
        return "the record revokes the key (p= is empty)"
    return _compared(published, public) or _narrowed(tags)


def _compared(published: str, public: str) -> str:
    cut = "the key in p= is cut or broken: a TXT record is split at 255 octets, not cut"
    try:
        octets, ours = base64.b64decode(published, validate=True), base64.b64decode(public)
    except (binascii.Error, ValueError):
        return cut
    if octets == ours:
        return ""
    begins = ours.startswith(octets) or octets.startswith(ours)
    return cut if begins else "the record publishes another key than the one that signs"


def _narrowed(tags: Mapping[str, str]) -> str:
    """What the record allows of a key."""
    hashes = [each.strip() for each in tags.get("h", "sha256").split(":")]
    if "sha256" not in hashes:
        return f"the record allows only h={tags['h']}, and we sign with sha256"
    services = [each.strip() for each in tags.get("s", "*").split(":")]
    if not {"*", "email"} & set(services):
        return f"the record is for s={tags['s']}, not for mail"
    return ""
