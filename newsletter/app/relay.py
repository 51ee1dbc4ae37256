"""Which relay a campaign goes to: the one that is named, or the staging inbox here."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from newsletter.app.open import App
from newsletter.settings.options import RelayOptions
from newsletter.transport.options import Secret, Security, SmtpOptions


def uses_staging_inbox(app: App) -> bool:
    """Whether mail goes to the built-in staging inbox: no relay is named."""
    return app.settings.main_relay.host is None


def relay_name(app: App) -> str:
    """The relay for people: a host, or the staging inbox."""
    relay = app.settings.main_relay
    if relay.host is None:
        return f"the staging inbox, 127.0.0.1:{app.settings.staging.port}"
    return f"{relay.host}:{relay.effective_port}"


def for_tests(app: App, *, chosen: bool) -> App:
    """The same newsletter as tests see it: nothing leaves this machine by itself.

    A relay elsewhere is used only when the officer chose an address of hers for the test.
    """
    if chosen or smtp_options(app).on_loopback:
        return app
    nowhere = {"relay": RelayOptions(), "default_relay": None}
    settings = app.settings.model_copy(update=nowhere)
    return replace(app, settings=settings)


def smtp_options(app: App, named: RelayOptions | None = None) -> SmtpOptions:
    """The SMTP room's options from the settings: of the main relay, or of another one."""
    relay = named or app.settings.main_relay
    if relay.host is None:
        return SmtpOptions(host="127.0.0.1", port=app.settings.staging.port, security=Security.NONE)
    return SmtpOptions(
        host=relay.host,
        port=relay.effective_port,
        username=relay.username or "",
        password=Secret(relay.password.get_secret_value() if relay.password else ""),
        security=Security(relay.security),
        insecure=relay.insecure,
        pipelining=relay.pipelining,
        chunking_window=relay.chunking_window,
        timeout=relay.timeout,
        dot_timeout=relay.dot_timeout,
        local_hostname=relay.hello or app.settings.sender.address.rpartition("@")[2],
        ca_file=app.root / relay.ca_file if relay.ca_file else None,
    )


@contextlib.asynccontextmanager
async def relay_ready(app: App) -> AsyncIterator[None]:
    """Hold the staging inbox open while something is sent to it, unless one runs already."""
    if not uses_staging_inbox(app) or await _answers(app.settings.staging.port):
        yield
        return
    from newsletter.inbox.server import StagingInbox

    inbox = StagingInbox(app.inbox_folder, port=app.settings.staging.port)
    await inbox.start()
    try:
        yield
    finally:
        await inbox.stop()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
