"""The staging inbox's page: what was sent to it, as a reader, a client and a server see it.

Nothing on it asks for anything outside this machine: a message stands in a sandboxed frame under
a policy that allows no script and no remote request, and hosted images are served from the
issue's own folder.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from newsletter.inbox.messages import ListPage, Mailroom, Received
from newsletter.inbox.verify import verify
from newsletter.web.guard import (
    COMMON,
    OWN_HOST,
    ResolveImage,
    find_image,
    from_this_page,
    not_found,
    page_template,
    send_image,
    send_static,
    with_local_images,
    without_frames,
)
from newsletter.web.inside import send_image_inside, with_images_inside

TABS = ("page", "text", "headers", "source")
_SOURCE_LIMIT = 300_000  # octets of source shown; the rest is in the download
_STATIC = frozenset({"inbox.css", "inbox.js", "mark.svg", "tool.css"})
_IMAGE_PATH = re.compile(r"^https?://.*?/images/(.+)$")
_NO_PAGE = "<!doctype html><title>No page</title><p>This message has no HTML part."

_TOOL_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MESSAGE_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src 'self' data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


@dataclass(frozen=True, slots=True)
class _View:
    """What the address bar asks for; carried along by every link on the page."""

    number: int
    wanted: str
    group: str

    @classmethod
    def of(cls, request: Request) -> "_View":
        """Read it from the query; nonsense is the first page."""
        number = request.query_params.get("page", "1")
        return cls(
            int(number) if number.isdecimal() and len(number) < 7 else 1,  # noqa: PLR2004 - no list is longer
            request.query_params.get("q", "").strip()[:200],
            request.query_params.get("group", "")[:200],
        )

    def query(self, **changes: Any) -> str:
        """The same view as a query string, with changes; what is empty is left out."""
        values = {"q": self.wanted, "group": self.group, "page": self.number, **changes}
        kept = {
            key: value for key, value in values.items() if value and (key, value) != ("page", 1)
        }
        return "?" + urlencode(kept) if kept else ""


def create_app(inbox_folder: Path, smtp_address: str, resolve_image: ResolveImage) -> Starlette:
    """The page over one Maildir. ``smtp_address`` is shown as the place where mail comes in."""
    desk = _Desk(Mailroom(inbox_folder), smtp_address, resolve_image)
    routes = [
        Route("/", desk.show_list),
        Route("/message/{name}", desk.show_message),
        Route("/page/{name}", desk.send_page),
        Route("/raw/{name}.eml", desk.send_raw),
        Route("/images/{path:path}", desk.send_image),
        Route("/inside/{name}/{image:path}", desk.send_inside),
        Route("/static/{name}", desk.send_static),
        Route("/count", desk.send_count),
        Route("/delete", desk.delete_all, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[OWN_HOST])


class _Desk:
    """One method a route. They are plain functions: starlette runs them off the event loop."""

    def __init__(self, mailroom: Mailroom, smtp_address: str, resolve_image: ResolveImage) -> None:
        self._mailroom = mailroom
        self._smtp_address = smtp_address
        self._resolve_image = resolve_image
        self._template = page_template("inbox.html")

    def show_list(self, request: Request) -> Response:
        """The list, with its first message beside it where there is room."""
        view = _View.of(request)
        page = self._list(view)
        first = self._mailroom.read(page.messages[0].name) if page.messages else None
        return self._rendered(request, view, page, first, at="list")

    def show_message(self, request: Request) -> Response:
        """One message, with the list beside it where there is room."""
        received = self._mailroom.read(request.path_params["name"])
        view = _View.of(request)
        page = self._list(view)
        status = 200 if received else 404
        return self._rendered(request, view, page, received, at="message", status=status)

    def send_page(self, request: Request) -> Response:
        """The message's HTML, for the frame: no script, no request to the outside."""
        received = self._mailroom.read(request.path_params["name"])
        html = received.parts.html if received else None
        headers = {**COMMON, "Content-Security-Policy": _MESSAGE_POLICY}
        if html is None:
            return HTMLResponse(_NO_PAGE, 404, headers)
        shown = with_images_inside(with_local_images(html), request.path_params["name"])
        return HTMLResponse(without_frames(shown), headers=headers)

    def send_raw(self, request: Request) -> Response:
        """The octets that arrived, as a file for another mail program."""
        received = self._mailroom.read(request.path_params["name"])
        if received is None:
            return not_found()
        name = f"{request.path_params['name']}.eml"
        headers = {**COMMON, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(received.content, media_type="message/rfc822", headers=headers)

    def send_image(self, request: Request) -> Response:
        """An image of the issue, from its folder."""
        return send_image(self._image(request.path_params["path"]))

    def send_inside(self, request: Request) -> Response:
        """An image that travelled inside a message."""
        received = self._mailroom.read(request.path_params["name"])
        wanted = request.path_params["image"]
        return send_image_inside(received.parts.embedded.get(wanted) if received else None)

    def send_static(self, request: Request) -> Response:
        """The page's own style and script."""
        return send_static(request.path_params["name"], _STATIC)

    def send_count(self, _request: Request) -> Response:
        """How many messages there are, for the notice of new mail."""
        return JSONResponse({"total": len(self._mailroom.summaries())}, headers=COMMON)

    def delete_all(self, request: Request) -> Response:
        """Delete every message, if this very page asks."""
        if not from_this_page(request):
            return PlainTextResponse("only the inbox's own page may delete", 403, COMMON)
        self._mailroom.delete_all()
        return RedirectResponse("/", 303, COMMON)

    def _list(self, view: _View) -> ListPage:
        return self._mailroom.page(number=view.number, wanted=view.wanted, group=view.group)

    def _image(self, wanted: str) -> Path | None:
        return find_image(self._resolve_image, wanted)

    def _weigh(self, url: str) -> int | None:
        hosted = _IMAGE_PATH.match(url)
        path = self._image(hosted[1]) if hosted else None
        return path.stat().st_size if path else None

    def _rendered(
        self,
        request: Request,
        view: _View,
        page: ListPage,
        received: Received | None,
        *,
        at: str,
        status: int = 200,
    ) -> Response:
        tab = request.query_params.get("tab", "page")
        words = {
            "view": view,
            "list": page,
            "received": received,
            "at": at,
            "tabs": TABS,
            "tab": tab if tab in TABS else "page",
            "smtp_address": self._smtp_address,
            "total": page.everything,
            **self._examined(received),
        }
        html = self._template.render(words)
        headers = {**COMMON, "Content-Security-Policy": _TOOL_POLICY}
        return HTMLResponse(html, status, headers)

    def _examined(self, received: Received | None) -> Mapping[str, Any]:
        if received is None:
            return {"checks": (), "source": "", "cut": False}
        shown = received.content[:_SOURCE_LIMIT]
        envelope = received.summary.envelope
        return {
            "checks": verify(received.content, envelope, received.parts, self._weigh),
            "source": shown.decode("utf-8", "replace").replace("\r\n", "\n"),
            "cut": len(shown) < len(received.content),
        }
