"""Counted links lead on at once; what follows them ahead of a reader is not counted."""

import base64
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.app.clicking import Clicking
from newsletter.web.public_page import Press

_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
_NOTHING_SEEN: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""Headers in which programs say that they only look ahead."""


class ClickPages:
    """A link for everybody, the same with a reader's token, and the image that counts opens."""

    def __init__(self, press: Press, clicking: Clicking) -> None:
        self._press = press
        self._clicking = clicking

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/c/{link}", self.follow, methods=["GET"]),
            Route("/c/{link}/{reader}", self.follow, methods=["GET"]),
            Route("/o/{token}", self.opened, methods=["GET"]),
        ]

    def follow(self, request: Request) -> Response:
        """Lead on to where the link points."""
        link, reader = request.path_params["link"], request.path_params.get("reader")
        target = self._clicking.target(link, reader)
        if target is None:
            return self._press.not_found(request)
        if not self._press.allows(request):
            return self._press.failed(request, 429)
        if _is_a_readers(request):
            self._clicking.count(link, reader)
        return Response(status_code=302, headers=_HEADERS | {"Location": target})

    def opened(self, request: Request) -> Response:
        """An image of nothing, the same for everybody."""
        token = request.path_params["token"]
        if not self._clicking.counts_opens(token):
            return self._press.not_found(request)
        if _is_a_readers(request) and self._press.allows(request):
            self._clicking.count_opened(token)
        return Response(_NOTHING_SEEN, media_type="image/gif", headers=_HEADERS)


def _is_a_readers(request: Request) -> bool:
    """Whether nothing says that a program looks ahead of its reader: HEAD, or a prefetch."""
    said = " ".join(request.headers.get(name, "") for name in _AHEAD).lower()
    return request.method == "GET" and not any(
        word in said for word in ("prefetch", "prerender", "preview")
    )
