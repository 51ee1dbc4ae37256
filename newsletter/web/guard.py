"""What every page of the tool keeps to: no request to the outside, no caller from elsewhere.

A page that was written for mail programs stands in a sandboxed frame under a policy that allows
no script and no remote request; hosted images are served from the newsletter's own folders.
"""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import jinja2
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from newsletter.web.words import FILTERS

ResolveImage = Callable[[str], Path | None]
"""The file of a hosted image, by what follows ``/images/`` in its address."""

HERE = Path(__file__).parent
COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" a form's Origin would be null
    "Cache-Control": "no-store",
}
OWN_HOST = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
_IMAGE_TYPES = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".webp": "webp"}
_STATIC_TYPES = {
    ".css": "text/css",
    ".png": "image/png",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HOSTED = re.compile(
    r"""(\bsrc\s*=\s*["']?|\burl\(["']?)https?://[^"'\s<>)]*?/images/""", re.IGNORECASE
)
# Chromium connects to a frame's host before it looks at the policy that forbids the frame.
_FRAMES = re.compile(
    r"<(/?)(?=(?:iframe|frame|frameset|object|embed|fencedframe)\b)", re.IGNORECASE
)
_ODD_SEGMENT = re.compile(r"(^|/)\.{0,2}(/|$)|[\\\0]")


def page_template(name: str) -> jinja2.Template:
    """One of the tool's own pages; whatever it is given to show is text, never markup."""
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(FILTERS)
    return pages.get_template(name)


def with_local_images(html: str) -> str:
    """The page with hosted images (``https://…/images/…``) asked for from this server."""
    return _HOSTED.sub(r"\1/images/", html)


def without_frames(html: str) -> str:
    """The page with frames and plug-ins turned into elements that no browser knows."""
    return _FRAMES.sub(r"<\1not-", html)


def from_this_page(request: Request) -> bool:
    """Browsers say where a form was sent from; a page elsewhere cannot forge it."""
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    return request.headers.get("origin") == own


def not_found() -> Response:
    """The answer for what is not here."""
    return PlainTextResponse("not here", 404, COMMON)


def find_image(resolve: ResolveImage, wanted: str) -> Path | None:
    """The file of a hosted image, if it is one and is there."""
    wanted = unquote(wanted)
    if _ODD_SEGMENT.search(wanted):
        return None
    path = resolve(wanted)
    shown = path is not None and path.suffix.lower() in _IMAGE_TYPES and path.is_file()
    return path if shown else None


def send_image(path: Path | None, *, keep: bool = False) -> Response:
    """An image's file; ``keep`` lets the browser have it for a day, if its address says which."""
    if path is None:
        return not_found()
    kind = f"image/{_IMAGE_TYPES[path.suffix.lower()]}"
    headers = COMMON | {"Content-Security-Policy": "default-src 'none'"}
    if keep:
        headers["Cache-Control"] = "private, max-age=86400"
    return FileResponse(path, media_type=kind, headers=headers)


def send_static(name: str, known: frozenset[str]) -> Response:
    """One of a page's own styles, scripts and pictures."""
    if name not in known:
        return not_found()
    path = HERE / "static" / name
    return FileResponse(path, media_type=_STATIC_TYPES[path.suffix], headers=COMMON)
