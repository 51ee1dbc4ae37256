"""Web hooks of mail services: each is off until its secret is set; 2xx only when it is recorded."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter.app.hooks import Forged, Hooks
from newsletter.feedback.webhooks import LARGEST

_TOO_LARGE = 413


def webhook_routes(hooks: Hooks) -> list[BaseRoute]:
    """A route for each provider that is listened to, none where none is."""
    return [
        Route(f"/hooks/{name}", _Hook(hooks, name).take, methods=["POST"]) for name in hooks.names
    ]


class _Hook:
    """One provider's door."""

    def __init__(self, hooks: Hooks, name: str) -> None:
        self._hooks = hooks
        self._name = name

    async def take(self, request: Request) -> Response:
        """Why a post is refused is never told."""
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large\n", _TOO_LARGE)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            count = await run_in_threadpool(self._hooks.take, self._name, headers, body)
        except Forged:
            return PlainTextResponse("refused\n", 401)
        except ValueError:
            return PlainTextResponse("not understood\n", 400)
        return PlainTextResponse(f"{count} recorded\n")


async def _body(request: Request) -> bytes | None:
    """The body, or None where it is longer than any provider's."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)
