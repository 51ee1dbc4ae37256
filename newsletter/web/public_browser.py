"""View in browser: a page that was written for mail programs, under a policy that runs nothing."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.app.viewing import Viewing
from newsletter.web.guard import without_frames
from newsletter.web.public_page import PRIVATE, Press

_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation;"
    " default-src 'none'; img-src {images} data:; style-src 'unsafe-inline'; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'none'"
)


class BrowserPage:
    """One reader's message."""

    def __init__(self, press: Press, viewing: Viewing, site_url: str) -> None:
        self._press = press
        self._viewing = viewing
        self._hosted = f"{site_url}/images/"
        site = urlsplit(site_url)
        self._headers = PRIVATE | {
            "Content-Security-Policy": _POLICY.format(
                images=f"'self' {site.scheme}://{site.netloc}"
            )
        }

    def routes(self) -> list[BaseRoute]:
        """Where it is."""
        return [Route("/v/{token}", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """The page as it was mailed; its hosted images come from here."""
        viewed = self._viewing.view(request.path_params["token"])
        if viewed is None:
            return self._press.not_found(request)
        if not self._press.allows(request):
            return self._press.failed(request, 429)
        html = without_frames(viewed.html).replace(self._hosted, "../images/")
        return HTMLResponse(html, headers=self._headers | {"Content-Language": viewed.language})
