"""The archive under /archive/: the same files that `archive build` writes, made when it changes."""

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.app.live_archive import LiveArchive
from newsletter.archive.site import POLICY
from newsletter.web.public_page import Press

_KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "xml": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
_HEADERS: Final = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cache-Control": "public, max-age=300",
}


class ArchivePages:
    """What everybody may read."""

    def __init__(self, press: Press, archive: LiveArchive) -> None:
        self._press = press
        self._archive = archive

    def routes(self) -> list[BaseRoute]:
        """Where it is."""
        return [
            Route("/archive", self.enter, methods=["GET"]),
            Route("/archive/{path:path}", self.show, methods=["GET"]),
        ]

    def enter(self, request: Request) -> Response:
        """With the slash that its relative addresses count from."""
        del request
        return RedirectResponse("archive/", 308)

    def show(self, request: Request) -> Response:
        """One file; a folder shows its list."""
        path = request.path_params["path"]
        named = f"{path}index.html" if not path or path.endswith("/") else path
        octets = self._archive.file(named)
        kind = _KINDS.get(named.rpartition(".")[2].lower())
        if octets is None or kind is None:
            return self._press.not_found(request)
        return Response(octets, media_type=kind, headers=_HEADERS)
