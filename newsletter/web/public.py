"""The public pages as one application: it is given its errands, and knows nothing of the rest."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.app.clicking import Clicking
from newsletter.app.imprint import Imprint
from newsletter.app.joining import Joining
from newsletter.app.leaving import Leaving
from newsletter.app.live_archive import LiveArchive
from newsletter.app.preferring import Preferring
from newsletter.app.viewing import Viewing
from newsletter.errors import LedgerUnavailable, NewsletterError
from newsletter.values import Rate
from newsletter.web.guard import find_image, send_image, send_static
from newsletter.web.public_archive import ArchivePages
from newsletter.web.public_browser import BrowserPage
from newsletter.web.public_click import ClickPages
from newsletter.web.public_page import Press
from newsletter.web.public_preferences import PreferencePages
from newsletter.web.public_subscribe import SubscribePages
from newsletter.web.public_unsubscribe import UnsubscribePages
from newsletter.web.visitors import Visitors

_STATIC = frozenset({"public.css", "public-wind.png", "mark.svg"})
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
}
_KEEP = "public, max-age=3600"
_log = logging.getLogger("newsletter.web")

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Errands:
    """What the pages can do: one errand a page. ``more`` are routes of other doors."""

    leaving: Leaving
    preferring: Preferring
    joining: Joining
    viewing: Viewing
    clicking: Clicking
    image: Callable[[str], Path | None]
    archive: LiveArchive | None = None
    more: Sequence[BaseRoute] = ()
    elsewhere: Callable[[], NewsletterError | None] = lambda: None
    """Why nobody would hear what is said here: another ledger goes on in this one's place."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How visitors are met."""

    site_url: str
    rate: Rate
    """Pages that one client may ask for."""
    note_client: bool = False
    """Whether a consent keeps the network address that it came from."""


def create_public(errands: Errands, imprint: Imprint, manners: Manners) -> ASGIApp:
    """The application, at the root and under the path that the site's address has."""
    press = Press(imprint, Visitors(manners.rate), notes_clients=manners.note_client)
    pages = _Pages(press, errands, manners.site_url)
    routes = pages.routes()
    prefix = urlsplit(manners.site_url).path.rstrip("/")
    under = [Mount(prefix, routes=routes)] if prefix else []
    handlers = {
        HTTPException: pages.refuse,
        LedgerUnavailable: pages.wait,
        Exception: pages.refuse,
    }
    app = Starlette(routes=[*under, *routes], exception_handlers=handlers)
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    return _Guarded(_Heard(app, press, errands.elsewhere), press)


class _Pages:
    """The routes of all pages, and the answers that are nobody's own."""

    def __init__(self, press: Press, errands: Errands, site_url: str) -> None:
        self._press = press
        self._errands = errands
        self._site_url = site_url

    def routes(self) -> list[BaseRoute]:
        archive = self._errands.archive
        return [
            *UnsubscribePages(self._press, self._errands.leaving).routes(),
            *PreferencePages(self._press, self._errands.preferring, self._errands.joining).routes(),
            *SubscribePages(self._press, self._errands.joining).routes(),
            *BrowserPage(self._press, self._errands.viewing, self._site_url).routes(),
            *ClickPages(self._press, self._errands.clicking).routes(),
            *(ArchivePages(self._press, archive).routes() if archive else []),
            *self._errands.more,
            Route("/static/{name}", self.static),
            Route("/images/{path:path}", self.image),
        ]

    def static(self, request: Request) -> Response:
        answer = send_static(request.path_params["name"], _STATIC)
        if answer.status_code == 200:  # noqa: PLR2004
            answer.headers["Cache-Control"] = _KEEP
        return answer

    def image(self, request: Request) -> Response:
        """A hosted image of an issue or a theme."""
        answer = send_image(find_image(self._errands.image, request.path_params["path"]))
        if answer.status_code == 200:  # noqa: PLR2004
            answer.headers["Cache-Control"] = _KEEP
        return answer

    def refuse(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 404:  # noqa: PLR2004
            return self._press.not_found(request)
        answer = self._press.failed(request, status)
        if isinstance(error, HTTPException) and error.headers:
            answer.headers.update(error.headers)
        return answer

    def wait(self, request: Request, error: Exception) -> Response:
        """The ledger is busy or restarts: whoever asked, a mail service too, asks again."""
        del error
        return self._press.failed(request, 503)


class _Heard:
    """Takes no word for a ledger that moved away: whoever says it, a mail service too, comes again.

    Every word is a POST; pages are shown as before.
    """

    def __init__(
        self, app: ASGIApp, press: Press, elsewhere: Callable[[], NewsletterError | None]
    ) -> None:
        self._app = app
        self._press = press
        self._elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "POST":
            found = await run_in_threadpool(self._elsewhere)
            if found:
                _log.error("not heard: %s; end this, and serve the other", found.message)
                await self._press.failed(Request(scope), 503)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Guarded:
    """What every answer carries, and what is said when a page fails: never why, never a token."""

    def __init__(self, app: ASGIApp, press: Press) -> None:
        self._app = app
        self._press = press

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                own = [each for each in message["headers"] if each[0] not in _ALWAYS]
                message["headers"] = [*own, *_ALWAYS.items()]
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 the last door before the world
            _log.error("a page failed: %s", type(error).__name__)  # its words may hold an address
            if not begun and scope["type"] == "http":
                await self._press.failed(Request(scope), 500)(scope, receive, guarded)
