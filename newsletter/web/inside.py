"""Images that travelled inside a message, shown from the message: ``cid:`` becomes an address here.

Only what begins as a PNG, JPEG or GIF is given out, and as nothing else.
"""

import re
from urllib.parse import quote, unquote

from starlette.responses import PlainTextResponse, Response

_ASKED = re.compile(
    r"""((?:\bsrc\s*=\s*|\burl\(\s*)["']?)cid:([^"'\s<>)]+)""", re.IGNORECASE
)  # RFC 2392
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
}


def with_images_inside(html: str, name: str) -> str:
    """The page of a message with its own images asked for from ``/inside/<message>/``."""
    return _ASKED.sub(
        lambda found: (
            f"{found[1]}/inside/{quote(name, safe='')}/{quote(unquote(found[2]), safe='@')}"
        ),
        html,
    )


def send_image_inside(octets: bytes | None) -> Response:
    """An image as the message brought it, or 404."""
    kinds = (kind for begin, kind in _KINDS.items() if (octets or b"").startswith(begin))
    kind = next(kinds, None)
    if kind is None:
        return PlainTextResponse("not here", 404, _HEADERS)
    return Response(octets, media_type=f"image/{kind}", headers=_HEADERS)
