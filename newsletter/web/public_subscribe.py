"""Joining: a form, the same answer to everybody, and a page that asks to confirm.

Whoever follows the link in the mail is asked once more, by one button: programs that open links
join nobody.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.app.imprint import PUBLIC_LANGUAGES
from newsletter.app.joining import Application, Joining
from newsletter.audience.cells import clean_cell, read_address
from newsletter.values import Language, Rate
from newsletter.web.public_form import Form, first, read_form
from newsletter.web.public_page import Press, client_of, masked, words
from newsletter.web.visitors import Visitors

_APPLICATIONS = Rate(10, 600)
"""Of one client: a form must not be a means to fill other people's mailboxes."""
_TRAP = "website"
"""A field that nobody sees; programs fill it in."""


class SubscribePages:
    """The form, its answer, and the confirmation."""

    def __init__(self, press: Press, joining: Joining) -> None:
        self._press = press
        self._joining = joining
        self._applicants = Visitors(_APPLICATIONS)

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/subscribe", self.show, methods=["GET"]),
            Route("/subscribe", self.apply, methods=["POST"]),
            Route("/confirm/{token}", self.ask, methods=["GET"]),
            Route("/confirm/{token}", self.confirm, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """The form; ``?lang=`` chooses its language, for links from a site."""
        if not self._press.allows(request):
            return self._press.failed(request, 429)
        return self._form(request, self._language(request, {}), {}, "")

    async def apply(self, request: Request) -> Response:
        """Take the form; what is done with it is told to nobody but the address itself."""
        return await run_in_threadpool(self._apply, request, await read_form(request))

    def _apply(self, request: Request, form: Form) -> Response:
        client = client_of(request)
        if not self._applicants.allow(client):
            return self._press.failed(request, 429)
        language = self._language(request, form)
        try:
            address = read_address(clean_cell(first(form, "email"))[0])
        except ValueError:
            return self._form(request, language, form, "address")
        lists = self._lists(form)
        if not lists:
            return self._form(request, language, form, "lists")
        if not first(form, _TRAP):
            agreed = self._agreed(language)
            ip = client if self._press.notes_clients else ""
            self._joining.apply(Application(address, lists, language, agreed, ip))
        return self._press.page(request, "applied", language)

    def ask(self, request: Request) -> Response:
        """The question behind the link in the mail; changes nothing."""
        asked = self._joining.asked(request.path_params["token"])
        if asked is None:
            return self._press.not_found(request)
        if not self._press.allows(request):
            return self._press.failed(request, 429)
        language = self._press.imprint.choose(asked.language)
        offers = [self._joining.offers.offer(name, language) for name in asked.lists]
        return self._press.page(
            request,
            "confirm",
            language,
            address=masked(asked.address),
            token=request.path_params["token"],
            offers=offers,
            agree=self._agreed(language),
        )

    async def confirm(self, request: Request) -> Response:
        """The button: from now on she is mailed."""
        await read_form(request)
        return await run_in_threadpool(self._confirm, request)

    def _confirm(self, request: Request) -> Response:
        ip = client_of(request) if self._press.notes_clients else ""
        confirmed = self._joining.confirm(request.path_params["token"], ip)
        if confirmed is None:
            return self._press.not_found(request)
        language = self._press.imprint.choose(confirmed.language)
        return self._press.page(request, "joined", language, address=masked(confirmed.address))

    def _lists(self, form: Form) -> tuple[str, ...]:
        """What was asked for, of what is open; all of it where there is no choice."""
        known = self._joining.offers.open
        if len(known) == 1:
            return known
        return tuple(name for name in known if name in form.get("list", ()))

    def _language(self, request: Request, form: Form) -> Language:
        wanted = first(form, "language") or request.query_params.get("lang", "")
        found = self._press.imprint.choose(wanted) if wanted else None
        return found or self._press.language_of(request)

    def _agreed(self, language: Language) -> str:
        return words()[language]["agree"].replace("{newsletter}", self._press.imprint.name)

    def _form(self, request: Request, language: Language, form: Form, fault: str) -> Response:
        offers = [self._joining.offers.offer(name, language) for name in self._joining.offers.open]
        answer = self._press.page(
            request,
            "subscribe",
            language,
            fault=fault,
            email=first(form, "email")[:254],
            offers=offers,
            wanted=form.get("list", [offers[0].name]),
            agree=self._agreed(language),
            trap=_TRAP,
            languages=[(each, words()[each]["language_name"]) for each in PUBLIC_LANGUAGES],
        )
        answer.status_code = 422 if fault else 200
        return answer
