"""Images that travel inside the message (RFC 2387, RFC 2392), instead of being hosted.

Their parts hold no slot, so they are encoded once for all variants. A Content-ID comes from the
image's octets: the same image, the same id, in every message.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from newsletter.values import digest_of

_KINDS = {b"\x89PNG": ("png", ".png"), b"\xff\xd8\xff": ("jpeg", ".jpg"), b"GIF8": ("gif", ".gif")}
_PLACE = r"""((?:\b(?:src|background)\s*=\s*|\burl\(\s*)["']?)"""


@dataclass(frozen=True, slots=True)
class EmbeddedImage:
    """An image of an edition: its address in the page, and its octets (PNG, JPEG or GIF)."""

    url: str
    content: bytes

    def content_id(self, domain: str) -> str:
        """``digest@domain``, which a page asks for as ``cid:digest@domain``."""
        return f"{digest_of(self.content)[:24]}@{domain}"


def embed(
    html: str, images: Sequence[EmbeddedImage], domain: str
) -> tuple[str, tuple[EmbeddedImage, ...]]:
    """The page with the images asked for by Content-ID, and those that it does ask for, once each.

    An address that a link leads to stays: only what is shown in the page is replaced.
    """
    by_url = {escape(image.url): image for image in images}
    if not by_url:
        return html, ()
    urls = "|".join(re.escape(url) for url in sorted(by_url, key=len, reverse=True))
    used: dict[str, EmbeddedImage] = {}

    def ask(found: re.Match[str]) -> str:
        image = by_url[found[2]]
        name = image.content_id(domain)
        used.setdefault(name, image)
        return f"{found[1]}cid:{name}"

    shown = re.sub(rf"{_PLACE}({urls})(?=[\"'\s>)])", ask, html, flags=re.IGNORECASE)
    return shown, tuple(used.values())


@lru_cache(maxsize=64)
def image_part(image: EmbeddedImage, domain: str) -> bytes:
    """A whole part of a multipart/related body, its headers first."""
    kind, suffix = next(known for begin, known in _KINDS.items() if image.content.startswith(begin))
    name = image.content_id(domain)
    head = (
        f"Content-Type: image/{kind}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{name}>\r\n"
        f'Content-Disposition: inline; filename="{name[:12]}{suffix}"\r\n\r\n'
    )
    return head.encode("ascii") + base64.encodebytes(image.content).replace(b"\n", b"\r\n")
