"""The staging inbox as the officer runs it: SMTP on loopback, and its page, until she stops it."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack

from newsletter.app.hosted import image_file
from newsletter.app.open import App
from newsletter.inbox.place import InboxPlace
from newsletter.inbox.server import StagingInbox
from newsletter.web.inbox import create_app
from newsletter.web.serving import serving


def run_inbox(
    app: App, port: int | None, web_port: int | None, ready: Callable[[InboxPlace], None]
) -> None:
    """Serve until Ctrl-C or SIGTERM; ``ready`` is called once both answer.

    Raises ``NewsletterError`` when a port is taken.
    """
    asyncio.run(_serve(app, port, web_port, ready))


async def _serve(
    app: App, port: int | None, web_port: int | None, ready: Callable[[InboxPlace], None]
) -> None:
    staging = app.settings.staging
    inbox = StagingInbox(app.inbox_folder, port=staging.port if port is None else port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(inbox)
        page = create_app(app.inbox_folder, inbox.address, lambda path: image_file(app, path))
        wanted = staging.web_port if web_port is None else web_port
        address = await stack.enter_async_context(serving(page, port=wanted))
        ready(InboxPlace(inbox.address, address, app.inbox_folder))
        await stop.wait()
