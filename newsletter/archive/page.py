"""One page of the archive, made of the very message that was sent, for nobody in particular."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final
from urllib.parse import unquote

from lxml.html import HtmlElement

from newsletter.archive.clean import NOWHERE, cleaned
from newsletter.edition.model import URL_SLOTS
from newsletter.message import CompiledMessage
from newsletter.message.places import FIELD_ENCODERS

_KINDS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_PLAIN_PATH: Final = re.compile(r"(?:[\w@%+,~-][\w.@%+,~-]*/)*[\w@%+,~-][\w.@%+,~-]*")


@dataclass(slots=True)
class PublicPage:
    """What stands in the archive for one message: a tree, and the images that it shows.

    ``hosted`` are paths below the site's ``/images/``; ``inside`` are octets by their new path.
    Images are shown from ``images/`` above the page, which stands two folders down.
    """

    subject: str
    tree: HtmlElement
    hosted: set[str] = field(default_factory=set)
    inside: dict[str, bytes] = field(default_factory=dict)


def public_page(compiled: CompiledMessage, slug: str, site_url: str) -> PublicPage:
    """The page of a compiled message: each slot says its default, or nothing."""
    message = message_from_bytes(_for_nobody(compiled), policy=policy.default)
    body = message.get_body(("html",))
    html = str(body.get_content()) if body else ""
    hosted: set[str] = set()
    inside: dict[str, bytes] = {}
    brought = _brought(message, slug)

    def image(address: str) -> str | None:
        if address.lower().startswith("cid:") and unquote(address[4:]) in brought:
            path, octets = brought[unquote(address[4:])]
            inside[path] = octets
            return f"../../images/{path}"
        path = address.removeprefix(f"{site_url}/images/")
        if path == address or not _PLAIN_PATH.fullmatch(path):
            return None
        hosted.add(unquote(path))
        return f"../../images/{path}"

    tree = cleaned(html or "<html><body></body></html>", image)
    return PublicPage(str(message["Subject"] or ""), tree, hosted, inside)


def _for_nobody(compiled: CompiledMessage) -> bytes:
    places = [
        replace(slot, name="nobody")
        if slot.context in FIELD_ENCODERS and slot.name not in URL_SLOTS
        else slot
        for slot in compiled.slots
    ]
    values = {name: NOWHERE + name for name in URL_SLOTS}
    values |= {
        "email": "nobody@slot.invalid",
        "date": "Mon, 01 Jan 2024 00:00:00 +0000",
        "message_id": "<nobody@slot.invalid>",
        "unsubscribe_mailto": "mailto:nobody@slot.invalid",
    }
    return CompiledMessage(compiled.segments, tuple(places)).fill(values)


def _brought(message: EmailMessage, slug: str) -> Mapping[str, tuple[str, bytes]]:
    """The images that travelled inside: where each is to stand, by its Content-ID."""
    found = {}
    for part in message.walk():
        ending = _KINDS.get(part.get_content_type())
        octets = part.get_payload(decode=True)
        name = str(part.get("Content-ID", "")).strip("<>")
        if ending and name and isinstance(octets, bytes):
            digest = hashlib.sha256(octets).hexdigest()[:16]
            found[name] = (f"{slug}/inside/{digest}.{ending}", octets)
    return found
