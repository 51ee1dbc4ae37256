"""The live preview's page: every variant as its readers see it, painted anew at each save.

It answers on this machine alone, to its own windows. A reader's page stands in sandboxed frames
without script; one stream tells each window what to show.
"""

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.app.live_preview import Verdict
from newsletter.app.open import App
from newsletter.app.pointing import point_at
from newsletter.app.sources import read_source, source_files
from newsletter.app.testing import TestReport, send_test
from newsletter.errors import NewsletterError, Problem
from newsletter.lint.check import RULES
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
)
from newsletter.web.preview_page import Scheme, framed
from newsletter.web.preview_studio import Event, Mistake, Painting, Studio, View, problems_of

TABS: Final = ("page", "text", "mjml", "toml", "headers", "message")
_STATIC: Final = frozenset(
    {
        "mark.svg",
        "preview.css",
        "preview.js",
        "preview-frames.js",
        "preview-panels.js",
        "preview-source.js",
        "tool.css",
    }
)
_TOOL_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FRAME_POLICY: Final = (
    "sandbox allow-same-origin; default-src 'none'; img-src 'self' data:; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_EMPTY_FRAME: Final = '<!doctype html><html lang="en"><title>A page</title><body></body></html>'
_GMAIL_CLIPS: Final = 102_400
_LONGEST: Final = 400  # characters of an address or a key that is asked for
_MOST_PARTS: Final = 6


def create_preview(studio: Studio, resolve_image: ResolveImage) -> Starlette:
    """The page over one studio."""
    desk = _Desk(studio, resolve_image)
    routes = [
        Route("/", desk.show),
        Route("/frame", desk.send_frame),
        Route("/events", desk.send_events),
        Route("/source", desk.send_source),
        Route("/point", desk.send_point),
        Route("/message.eml", desk.send_message),
        Route("/images/{path:path}", desk.send_image),
        Route("/static/{name}", desk.send_static),
        Route("/test", desk.send_test, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[OWN_HOST])


class _Desk:
    """One method a route."""

    def __init__(self, studio: Studio, resolve_image: ResolveImage) -> None:
        self._studio = studio
        self._preview = studio.preview
        self._resolve_image = resolve_image
        self._token = secrets.token_urlsafe(16)
        self._template = page_template("preview.html")

    async def show(self, _request: Request) -> Response:
        """The page itself; all that it shows comes by the stream."""
        staging = self._preview.reading.app.settings.staging.address
        words = {"slug": self._preview.slug, "token": self._token, "tabs": TABS, "staging": staging}
        headers = COMMON | {"Content-Security-Policy": _TOOL_POLICY}
        return HTMLResponse(self._template.render(words), headers=headers)

    async def send_frame(self, _request: Request) -> Response:
        """An empty page with the policy that the readers' pages come under."""
        return HTMLResponse(
            _EMPTY_FRAME, headers=COMMON | {"Content-Security-Policy": _FRAME_POLICY}
        )

    async def send_events(self, request: Request) -> Response:
        """What a window is to show, at once and after each save."""
        from sse_starlette import EventSourceResponse

        asked = request.query_params
        view = View(
            asked.get("variant", "")[:_LONGEST],
            asked.get("reader", "").strip()[:_LONGEST],
            asked.get("every") == "yes",
        )
        schemes = [each for each in Scheme if each in asked.get("schemes", "light").split(",")]
        return EventSourceResponse(self._told(view, schemes), headers=COMMON, ping=3600)

    async def _told(self, view: View, schemes: list[Scheme]) -> AsyncIterator[Mapping[str, str]]:
        async for event in self._studio.events(view):
            kind, told = self._in_words(event, schemes)
            yield {"event": kind, "data": json.dumps(told, ensure_ascii=False)}

    def _in_words(self, event: Event, schemes: list[Scheme]) -> tuple[str, dict[str, Any]]:
        if isinstance(event, Painting):
            return "page", self._painting(event, schemes)
        if isinstance(event, Mistake):
            return "mistake", {"problems": [self._problem(each) for each in event.problems]}
        return "verdict", self._verdict(event)

    def _painting(self, event: Painting, schemes: list[Scheme]) -> dict[str, Any]:
        page = event.page
        return {
            "first": event.first,
            "last": event.last,
            "saved": event.saved,
            "variants": [asdict(each) for each in self._preview.variants()] if event.first else [],
            "sections": [asdict(each) for each in self._preview.sections()] if event.first else [],
            "files": list(source_files(self._preview.reading, "")),
            "variant": asdict(page.variant),
            "reader": page.reader,
            "inbox": {"from": page.sender, "subject": page.subject, "preheader": page.preheader},
            "frames": {each: framed(page.html, each, self._stamp) for each in schemes},
            "text": page.text,
            "mjml": page.mjml,
            "headers": page.headers,
            "message": page.message.decode("utf-8", "replace").replace("\r\n", "\n"),
            "sizes": {
                "page": page.html_size,
                "limit": _GMAIL_CLIPS,
                "message": len(page.message),
                "images": page.images,
                "imagesSize": page.images_size,
            },
        }

    def _problem(self, problem: Problem) -> dict[str, Any]:
        return {
            "file": self._preview.relative(problem.path),
            "line": problem.line,
            "column": problem.column,
            "where": problem.where,
            "message": problem.message,
            "cure": problem.cure,
            "source": problem.source.strip()[:200],
        }

    def _verdict(self, verdict: Verdict) -> dict[str, Any]:
        loud = {finding.rule for finding in verdict.findings} | verdict.unasked
        return {
            "findings": [
                {
                    "rule": each.rule,
                    "severity": each.severity.value,
                    "message": each.message,
                    "cure": each.cure,
                    "file": self._preview.relative(each.path),
                    "line": each.line,
                    "where": each.where,
                }
                for each in verdict.findings
            ],
            "passed": [
                {"rule": rule.id, "says": rule.says} for rule in RULES if rule.id not in loud
            ],
            "ignored": [
                {"rule": each.finding.rule, "reason": each.reason} for each in verdict.ignored
            ],
            "pages": verdict.pages,
        }

    def _stamp(self, path: str) -> str:
        file = find_image(self._resolve_image, path)
        return str(file.stat().st_mtime_ns) if file else "0"

    async def send_source(self, request: Request) -> Response:
        """A file of the newsletter, with the key of each line."""
        line = request.query_params.get("line", "1")
        number = int(line) if line.isdecimal() and len(line) < 9 else 1  # noqa: PLR2004 - no file is longer
        wanted = request.query_params.get("file", "")[:_LONGEST]
        source = await self._studio.work(read_source, self._preview.reading, wanted, number)
        return JSONResponse(asdict(source), headers=COMMON) if source else not_found()

    async def send_point(self, request: Request) -> Response:
        """The line that says what stands in a part of the page."""
        asked = request.query_params
        found = await self._studio.work(
            point_at,
            self._preview.reading,
            asked.get("language", ""),
            asked.get("section", ""),
            asked.getlist("said")[:_MOST_PARTS],
        )
        place = found.place
        told = {
            "file": self._preview.relative(place.path),
            "line": place.line,
            "where": found.where,
        }
        return JSONResponse(told, headers=COMMON)

    async def send_message(self, request: Request) -> Response:
        """A page's message as a file for a mail program."""
        asked = request.query_params
        try:
            page = await self._studio.work(
                self._preview.page, asked.get("variant", ""), asked.get("reader", "")
            )
        except NewsletterError as error:
            return PlainTextResponse(error.message, 404, COMMON)
        headers = COMMON | {
            "Content-Disposition": f'attachment; filename="{self._preview.slug}.eml"'
        }
        return Response(page.message, media_type="message/rfc822", headers=headers)

    async def send_image(self, request: Request) -> Response:
        """An image of the issue or the theme, from its folder."""
        path = find_image(self._resolve_image, request.path_params["path"])
        return send_image(path, keep="v" in request.query_params)

    async def send_static(self, request: Request) -> Response:
        """The page's own styles and scripts."""
        return send_static(request.path_params["name"], _STATIC)

    async def send_test(self, request: Request) -> Response:
        """Send a test to the staging inbox, if this very page asks."""
        known = secrets.compare_digest(request.headers.get("x-preview-token", ""), self._token)
        if not (from_this_page(request) and known):
            return PlainTextResponse("only the preview's own page may send", 403, COMMON)
        reader = request.query_params.get("reader", "").strip()[:_LONGEST] or None
        app, slug = self._preview.reading.app, self._preview.slug
        try:
            report = await self._studio.work(_sent, app, slug, reader)
        except NewsletterError as error:
            problems = problems_of(error, self._preview)
            told = {"problems": [self._problem(each) for each in problems]}
            return JSONResponse(told, 409, COMMON)
        return JSONResponse(asdict(report), headers=COMMON)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What became of a test."""

    accepted: int
    refused: int
    to: str
    answer: str
    inbox: str


def _sent(app: App, slug: str, reader: str | None) -> _Sent:
    report: TestReport = send_test(app, slug, (), reader)
    refused = [message for message in report.messages if not message.accepted]
    return _Sent(
        accepted=len(report.messages) - len(refused),
        refused=len(refused),
        to=", ".join(sorted({message.to for message in report.messages})),
        answer=refused[0].answer if refused else "",
        inbox=f"http://127.0.0.1:{app.settings.staging.web_port}/",
    )
