"""Leaving: GET asks one question and changes nothing, POST leaves at once (RFC 8058)."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.app.leaving import Leaving
from newsletter.web.public_form import first, read_form
from newsletter.web.public_page import Press, masked

_FIELD, _VALUE = "List-Unsubscribe", "One-Click"


class UnsubscribePages:
    """The question, what is shown after the click, and the way back."""

    def __init__(self, press: Press, leaving: Leaving) -> None:
        self._press = press
        self._leaving = leaving

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/u/{token}", self.ask, methods=["GET"]),
            Route("/u/{token}", self.leave, methods=["POST"]),
            Route("/u/{token}/undo", self.undo, methods=["POST"]),
        ]

    def ask(self, request: Request) -> Response:
        """The question. Link scanners and prefetching mail programs ask it too."""
        asked = self._leaving.ask(request.path_params["token"])
        if asked is None:
            return self._press.not_found(request)
        holder = asked.holder
        return self._press.page(
            request,
            "unsubscribe",
            self._press.imprint.choose(holder.row.language),
            address=masked(holder.address.text),
            token=request.path_params["token"],
            preferences=asked.preferences,
        )

    async def leave(self, request: Request) -> Response:
        """At once: no redirect, no cookie, and nothing that would keep a mail service away.

        A body that says something else is a form of somebody else's, and asks the question.
        """
        form = await read_form(request)
        if first(form, _FIELD) != _VALUE:
            return await run_in_threadpool(self.ask, request)
        return await run_in_threadpool(self._leave, request)

    def _leave(self, request: Request) -> Response:
        left = self._leaving.leave(request.path_params["token"])
        if left is None:
            return self._press.not_found(request)
        return self._press.page(
            request,
            "left",
            self._press.imprint.choose(left.holder.row.language),
            address=masked(left.holder.address.text),
            token=request.path_params["token"],
            undo=left.undo,
        )

    async def undo(self, request: Request) -> Response:
        """Take it back, from the page that was shown after the click."""
        form = await read_form(request)
        return await run_in_threadpool(self._undo, request, first(form, "proof"))

    def _undo(self, request: Request, proof: str) -> Response:
        holder = self._leaving.undo(request.path_params["token"], proof)
        if holder is None:
            return self._press.not_found(request)
        return self._press.page(
            request,
            "stays",
            self._press.imprint.choose(holder.row.language),
            address=masked(holder.address.text),
        )
