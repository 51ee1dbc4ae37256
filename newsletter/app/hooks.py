"""Web hooks of mail services: a post is verified, read and recorded, before it is answered."""

import http.client
import logging
import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from newsletter.app.bounces import Book, thresholds
from newsletter.app.open import App
from newsletter.app.tokens import token_keys
from newsletter.feedback.identify import Arrival, events_told
from newsletter.feedback.notices import Notice
from newsletter.feedback.signatures import Forged
from newsletter.feedback.webhooks import (
    Post,
    SnsKeys,
    read_brevo,
    read_mailgun,
    read_postmark,
    read_sendgrid,
    read_ses,
)
from newsletter.ledger.ledger import Ledger
from newsletter.returned import Kind

_PATIENCE: Final = 10
_LARGEST_CERTIFICATE: Final = 64 * 1024
_REMEMBERED: Final = 10_000
_log = logging.getLogger("newsletter.feedback")

Reader = Callable[[Post], tuple[Notice, ...]]


class Hooks:
    """The hooks whose secrets are set; the others are not there."""

    def __init__(self, app: App, ledger: Ledger) -> None:
        self._app = app
        self._ledger = ledger
        self._keys = token_keys(app)
        self._book = Book(ledger)
        self._readers = _readers(app)

    @property
    def names(self) -> tuple[str, ...]:
        """Which providers are listened to."""
        return tuple(self._readers)

    def take(self, name: str, headers: Mapping[str, str], body: bytes) -> int:
        """Record what a provider posts; how many events were new.

        ``Forged`` when it does not prove who wrote it or was posted before, ``ValueError`` when it
        cannot be read, ``LedgerError`` when it cannot be recorded: then it is to be posted again.
        """
        now = self._app.clock()
        notices = self._readers[name](Post(headers, body, now))
        for notice in notices:
            if notice.kind is Kind.OTHER:
                _log.warning("%s asks to confirm its subscription: %s", name, notice.words)
        events = events_told(notices, self._keys, self._book, Arrival(name, now))
        effects = self._ledger.returns.record(events, thresholds(self._app))
        return sum(effect.new for effect in effects)


class _Once:
    """Certificates that were fetched, by their address."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> bytes:
        """Fetched once, from an address that was checked to be Amazon's."""
        with self._lock:
            if url not in self._kept:
                self._kept[url] = _fetched(url)
                while len(self._kept) > _REMEMBERED:
                    self._kept.popitem(last=False)
            return self._kept[url]


def _readers(app: App) -> dict[str, Reader]:
    options = app.settings.webhooks
    found: dict[str, Reader] = {}
    if options.postmark:
        found["postmark"] = _with(read_postmark, options.postmark.get_secret_value())
    if options.mailgun:
        found["mailgun"] = _with(read_mailgun, options.mailgun.get_secret_value())
    if options.brevo:
        found["brevo"] = _with(read_brevo, options.brevo.get_secret_value())
    if options.sendgrid:
        found["sendgrid"] = _with(read_sendgrid, options.sendgrid)
    if options.ses_topic:
        keys = SnsKeys(options.ses_topic, _certificates(app))
        found["ses"] = lambda post: read_ses(post, keys)
    return found


def _with(read: Callable[[Post, str], tuple[Notice, ...]], secret: str) -> Reader:
    return lambda post: read(post, secret)


def _certificates(app: App) -> Callable[[str], bytes]:
    path = app.settings.webhooks.ses_certificate
    if path is None:
        return _Once().get
    pem = (app.root / path).read_bytes()
    return lambda _: pem


def _fetched(url: str) -> bytes:
    """One request over verified TLS, no redirect; the address was checked to be Amazon's."""
    parts = urlsplit(url)
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(parts.netloc, timeout=_PATIENCE, context=context)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read(_LARGEST_CERTIFICATE)
    except OSError as error:
        raise ValueError("the certificate cannot be fetched") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ValueError("the certificate cannot be fetched")
    return body


__all__ = ["Forged", "Hooks"]
