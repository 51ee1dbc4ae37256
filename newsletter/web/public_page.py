"""How every public page is made: its words, its masthead, its headers; no script, no cookie.

Pages lead to each other by relative addresses, so that they stand under whatever path a web
server in front of them gives.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.app.imprint import PUBLIC_LANGUAGES, Imprint
from newsletter.values import Language
from newsletter.web.guard import HERE, page_template
from newsletter.web.visitors import Visitors

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PRIVATE: Final = {
    "Content-Security-Policy": POLICY,
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
"""For what is one reader's alone."""
_LONGEST_WISH: Final = 200
_MOST_WISHES: Final = 10
_PLACE: Final = re.compile(r"\{(\w+)\}")


@cache
def words() -> Mapping[Language, Mapping[str, str]]:
    """What the pages say, in each of their languages."""
    tables = tomllib.loads((HERE / "templates" / "public.toml").read_text(encoding="utf-8"))
    return {language: tables[language] for language in PUBLIC_LANGUAGES}


class Press:
    """Renders public pages for one newsletter, and knows who asks too often."""

    def __init__(self, imprint: Imprint, visitors: Visitors, *, notes_clients: bool) -> None:
        self.imprint = imprint
        self.notes_clients = notes_clients
        """Whether a consent is to keep the network address that it came from."""
        self._visitors = visitors

    def page(
        self, request: Request, name: str, language: Language | None = None, **values: Any
    ) -> Response:
        """One page; in the reader's language, else in the one that her browser asks for."""
        return self._rendered(request, f"public_{name}.html", language, 200, values)

    def not_found(self, request: Request) -> Response:
        """The one answer to whatever is not here, for whatever reason."""
        return self._rendered(request, "public_gone.html", None, 404, {"said": "gone"})

    def failed(self, request: Request, status: int) -> Response:
        """What cannot be answered now: 413, 429, 500, 503."""
        said = {413: "too_large", 429: "too_often"}.get(status, "failed")
        answer = self._rendered(request, "public_gone.html", None, status, {"said": said})
        if status in {429, 503}:
            answer.headers["Retry-After"] = "60"
        return answer

    def allows(self, request: Request) -> bool:
        """Whether this client may ask once more; it is counted."""
        return self._visitors.allow(client_of(request))

    def language_of(self, request: Request) -> Language:
        """The pages' language that the browser asks for first (RFC 9110, 12.5.4), else ours."""
        for wish in _wishes(request.headers.get("accept-language", "")):
            found = self.imprint.choose(wish)
            if found.split("-")[0] == wish.split("-")[0].lower():
                return found
        return self.imprint.language

    def _rendered(
        self,
        request: Request,
        template: str,
        language: Language | None,
        status: int,
        values: Mapping[str, Any],
    ) -> Response:
        spoken = language or self.language_of(request)
        shown = {
            "t": words()[spoken],
            "lang": spoken,
            "script": "han" if spoken.startswith("zh") else "latin",
            "imprint": self.imprint,
            "brand": self.imprint.brands[spoken],
            "say": say,
            "root": "../" * (request.url.path.count("/") - 1),
        }
        page = _template(template).render(shown | dict(values))
        return HTMLResponse(page, status, PRIVATE | {"Content-Language": spoken})


@cache
def _template(name: str) -> Any:
    return page_template(name)


def say(sentence: str, **values: str) -> Markup:
    """A sentence with its values in bold; all of it is text, whatever it holds."""
    parts = [
        Markup("<b>{}</b>").format(values[part]) if at % 2 else escape(part)
        for at, part in enumerate(_PLACE.split(sentence))
    ]
    return Markup("").join(parts)


def client_of(request: Request) -> str:
    """The client's address, as far as a trusted web server in front tells it."""
    return request.client.host if request.client else ""


def _wishes(header: str) -> list[str]:
    """Language tags, the most wished for first."""
    weighed = []
    for at, part in enumerate(header[:_LONGEST_WISH].split(",")[:_MOST_WISHES]):
        tag, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            weighed.append((-weight, at, tag))
    return [tag for _, _, tag in sorted(weighed)]


def masked(address: str) -> str:
    """An address that its reader knows again and nobody else learns: ``g•••••@esempio.it``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••••@{domain}"
