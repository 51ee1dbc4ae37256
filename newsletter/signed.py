"""A signature as it was received: read, and verified with a key that is known."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.signing import SigningKey, parted, relaxed_body, relaxed_headers

_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)
_VALUE = re.compile(rb"(;\s*b\s*=)[^;]*")


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM-Signature: who signed which headers, and why it does not hold, if so."""

    domain: str
    selector: str
    named: tuple[str, ...]
    """The headers of ``h=``, in lower case, as often as they stand there."""
    fault: str = ""
    """Empty where it holds; ``unknown key`` where we have none of this name."""


def tags_of(record: str) -> Mapping[str, str] | None:
    """A list of ``tag=value;`` (RFC 6376, 3.2); None when it is none, or names a tag twice."""
    found: dict[str, str] = {}
    for part in record.rstrip().removesuffix(";").split(";"):
        match = _TAG.fullmatch(part)
        if not match or match[1] in found:
            return None
        found[match[1]] = match[2]
    return found


def signatures_of(message: bytes, keys: Sequence[SigningKey]) -> tuple[Signature, ...]:
    """Every signature of a message (relaxed/relaxed), judged with these keys."""
    head, body = parted(message)
    headers = relaxed_headers(head)
    digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode("ascii")
    by_name = {(key.domain, key.selector): key for key in keys}
    return tuple(
        _judged(line, headers, digest, by_name)
        for name, line in headers
        if name == b"dkim-signature"
    )


def _judged(
    line: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    digest: str,
    keys: Mapping[tuple[str, str], SigningKey],
) -> Signature:
    tags = tags_of(line.partition(b":")[2].decode("ascii", "replace")) or {}
    named = tuple(each.strip().lower() for each in tags.get("h", "").split(":"))
    found = Signature(tags.get("d", ""), tags.get("s", ""), named)
    key = keys.get((found.domain, found.selector))
    fault = "unknown key" if key is None else _fault(tags, line, headers, digest, key)
    return Signature(found.domain, found.selector, named, fault)


def _fault(
    tags: Mapping[str, str],
    line: bytes,
    headers: Sequence[tuple[bytes, bytes]],
    digest: str,
    key: SigningKey,
) -> str:
    if re.sub(r"\s", "", tags.get("bh", "")) != digest:
        return "the body was changed"
    left = list(headers)
    signed = b""
    for name in tags.get("h", "").split(":"):
        at = _last(left, name.strip().lower().encode())
        if at is not None:
            signed += left.pop(at)[1] + b"\r\n"
    try:
        value = base64.b64decode(re.sub(r"\s", "", tags.get("b", "")), validate=True)
    except (binascii.Error, ValueError):
        return "b= is broken"
    own = hashlib.sha256(signed + _VALUE.sub(rb"\1", line).rstrip(b" ")).digest()
    return "" if key.verifies(own, value) else "a signed header was changed"


def _last(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> int | None:
    places = [at for at, (each, _) in enumerate(headers) if each == name]
    return places[-1] if places else None
