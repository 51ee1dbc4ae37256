"""Joining by a form: who asks is answered at once and alike; the rest happens behind the page.

Nothing of what a form does can be told from its answer, nor from how long it took: whether an
address is a reader, was mailed, or is barred. So the page hands an application over and the
ledger is asked by a thread of its own, which also mails the question to confirm.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

from newsletter.app.offered import Offers
from newsletter.app.open import Clock
from newsletter.consent import Asked, Confirmed, Reply, Request, Told
from newsletter.errors import NewsletterError
from newsletter.ledger.register import Register
from newsletter.values import Address, Language

SOURCE: Final = "form"
_MOST_WAITING: Final = 1_000
_TRIES: Final = 3
_log = logging.getLogger("newsletter.joining")

Ask = Callable[[Address, Language, str], None]
"""Mails the question to confirm with this token; ``NewsletterError`` when it did not leave."""


@dataclass(frozen=True, slots=True)
class Application:
    """A form that was filled in: by whom, for which lists, and what she agreed to."""

    address: Address
    lists: tuple[str, ...]
    language: Language
    agreed: str
    ip: str = ""


class Joining:
    """The form and its confirmation; ``working`` does what the form asks for."""

    def __init__(
        self, register: Register, offers: Offers, ask: Ask, clock: Clock, rest: float = 60.0
    ) -> None:
        self._register = register
        self.offers = offers
        self._ask = ask
        self._clock = clock
        self._rest = rest
        self._waiting: queue.Queue[Application | None] = queue.Queue(_MOST_WAITING)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="joining", daemon=True)

    def __enter__(self) -> Self:
        """Begin to work."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Do what is in hand, and end."""
        self._over.set()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)
        self._thread.join()

    def apply(self, application: Application) -> None:
        """Take a form; never more than a thousand wait, and who comes then may come again."""
        try:
            self._waiting.put_nowait(application)
        except queue.Full:
            _log.error("too many forms at once: one was dropped")

    @property
    def idle(self) -> bool:
        """Whether every form that was taken is done with."""
        return not self._waiting.unfinished_tasks

    def asked(self, token: str) -> Asked | None:
        """What a mailed token would confirm, if it can; changes nothing."""
        return self._register.asked(token, self._clock())

    def confirm(self, token: str, ip: str) -> Confirmed | None:
        """Join what the mailed token was asked for; None where there is no such token any more."""
        return self._register.confirm(token, Told(self._clock(), SOURCE, ip=ip))

    def _work(self) -> None:
        while True:
            try:
                application = self._waiting.get(timeout=1)
            except queue.Empty:
                if self._over.is_set():
                    return
                continue
            try:
                if application is None:
                    return
                self._serve(application)
            except Exception as error:  # noqa: BLE001 the next form is served all the same
                _log.error("a form could not be served: %s", type(error).__name__)
            finally:
                self._waiting.task_done()

    def _serve(self, application: Application) -> None:
        told = Told(
            self._clock(),
            SOURCE,
            application.agreed,
            application.language,
            application.ip,
        )
        request = Request(application.address, application.lists, told)
        answer = self._register.request_subscription(request)
        if answer.reply is not Reply.MAIL or answer.token is None:
            return
        for left in reversed(range(_TRIES)):
            try:
                self._ask(application.address, application.language, answer.token)
            except NewsletterError as error:
                _log.error("a question to confirm did not leave (%s)", type(error).__name__)
                if not left or self._over.wait(self._rest):
                    return
            else:
                return
