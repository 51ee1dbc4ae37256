"""The public pages as they are run: until Ctrl-C or SIGTERM, or once to see that they answer."""

import asyncio
import http.client
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from newsletter.app.clicking import Clicking
from newsletter.app.confirming import asking
from newsletter.app.door import Door
from newsletter.app.hooks import Hooks
from newsletter.app.hosted import image_file
from newsletter.app.imprint import imprint_of
from newsletter.app.joining import Joining
from newsletter.app.leaving import Leaving
from newsletter.app.live_archive import LiveArchive
from newsletter.app.memory import ledger_notes, open_ledger
from newsletter.app.offered import Offers
from newsletter.app.open import App
from newsletter.app.preferring import Preferring
from newsletter.app.tokens import token_keys
from newsletter.app.viewing import Viewing
from newsletter.errors import LedgerBehind, LedgerCopied, NewsletterError
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.unsubscribe import minter
from newsletter.web.public import Errands, Manners, create_public
from newsletter.web.serving import serving
from newsletter.web.webhooks import webhook_routes

_FINISH: Final = 10
"""Seconds that open requests get when it is stopped."""
_PATIENCE: Final = 30
_NO_PROXY: Final = (
    "no web server in front is trusted, so all readers count as one client:"
    ' set trusted_proxies = ["127.0.0.1"] under [serve] if yours runs on this machine'
)


@dataclass(frozen=True, slots=True)
class PublicPlace:
    """Where the public pages answer, and where readers find them."""

    address: str
    site: str
    notes: tuple[str, ...]
    """What is not as it should be for readers to come."""


@dataclass(frozen=True, slots=True)
class ServeCheck:
    """What each page answered when it was asked once."""

    place: PublicPlace
    answers: Mapping[str, int]


def run_public(
    app: App, host: str | None, port: int | None, ready: Callable[[PublicPlace], None]
) -> None:
    """Serve until Ctrl-C or SIGTERM; open requests are finished. ``ready`` is called once.

    Raises ``NewsletterError`` when the port is taken, ``LedgerError`` without a ledger to use.
    """
    asyncio.run(_run(app, host, port, ready))


def check_public(app: App) -> ServeCheck:
    """Start on a port of its own, ask each page once, stop; nothing is changed.

    Raises ``NewsletterError`` when a page does not answer as it should.
    """
    return asyncio.run(_check(app))


async def _run(
    app: App, host: str | None, port: int | None, ready: Callable[[PublicPlace], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    options = app.settings.serve
    async with serving_public(
        app, host or options.host, options.port if port is None else port
    ) as place:
        ready(place)
        await stop.wait()


async def _check(app: App) -> ServeCheck:
    wanted = {
        "GET /subscribe": 200,
        "GET /u/": 404,
        "POST /u/": 503 if ledger_notes(app) else 404,  # nothing is heard for a copy
        "GET /c/": 404,
        "GET /nowhere": 404,
        "GET /static/public.css": 200,
    }
    async with serving_public(app, "127.0.0.1", 0) as place:
        answers = {what: await asyncio.to_thread(_ask, place.address, what) for what in wanted}
    for what, status in wanted.items():
        if answers[what] != status:
            message = f"{what} answers {answers[what]} instead of {status}"
            raise NewsletterError(message, cure="see what the program says on standard error")
    return ServeCheck(place, answers)


def _ask(address: str, what: str) -> int:
    method, _, path = what.partition(" ")
    path = f"{path}{'A' * 32}" if path.endswith("/") else path
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_PATIENCE)
    body = "List-Unsubscribe=One-Click" if method == "POST" else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    try:
        connection.request(method, path, body, kind)
        return connection.getresponse().status
    finally:
        connection.close()


@asynccontextmanager
async def serving_public(app: App, host: str, port: int) -> AsyncIterator[PublicPlace]:
    """The public pages while the block runs."""
    options = app.settings.serve
    manners = Manners(app.settings.site.url, options.rate, options.note_client)
    with open_ledger(app) as ledger, joining_of(app, ledger) as joining:
        ledger.prove_writable()  # or it is told when a reader leaves, and to nobody who can mend it
        pages = create_public(errands_of(app, ledger, joining), imprint_of(app), manners)
        async with serving(
            pages,
            host,
            port,
            cure="choose another with --port, or serve.port in newsletter.toml",
            trusted=options.trusted_proxies,
            finish=_FINISH,
        ) as address:
            yield PublicPlace(address, app.settings.site.url, _notes(app))


def joining_of(app: App, ledger: Ledger) -> Joining:
    """The form's errand; it has a thread of its own while it is open."""
    return Joining(ledger.register(marks_of(app)), Offers.of(app), asking(app), app.clock)


def marks_of(app: App) -> Marks:
    """How forgotten readers are known again."""
    return app.marks


def errands_of(app: App, ledger: Ledger, joining: Joining) -> Errands:
    """What the pages can do with this newsletter and this ledger."""
    keys = token_keys(app)
    door = Door(ledger, keys)
    return Errands(
        leaving=Leaving(ledger, door, app.secret(), app.clock),
        preferring=Preferring(
            ledger,
            ledger.register(marks_of(app)),
            door,
            joining.offers,
            imprint_of(app),
            app.profile,
            app.clock,
            by_name=app.settings.tracking.mode == "individual",
        ),
        joining=joining,
        viewing=Viewing(ledger, door, minter(keys)),
        clicking=Clicking(ledger.clicks, keys, app.settings.tracking.mode, app.clock),
        image=lambda path: image_file(app, path),
        archive=LiveArchive(app, ledger),
        more=webhook_routes(Hooks(app, ledger)),
        elsewhere=lambda: _unheard(ledger),
    )


def _unheard(ledger: Ledger) -> LedgerCopied | None:
    """Why nobody would hear what is said here. Where a standby took over, it is heard."""
    found = ledger.copied
    return None if isinstance(found, LedgerBehind) else found


def _notes(app: App) -> tuple[str, ...]:
    if app.settings.site.url.startswith("https:") and not app.settings.serve.trusted_proxies:
        return (*ledger_notes(app), _NO_PROXY)
    return ledger_notes(app)
