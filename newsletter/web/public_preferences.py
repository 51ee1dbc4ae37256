"""Preferences: lists, language, and whether to be counted by name; saved only by a POST."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from newsletter.app.imprint import PUBLIC_LANGUAGES
from newsletter.app.joining import Application, Joining
from newsletter.app.preferring import Chosen, Preferring, Saving, Wish
from newsletter.web.public_form import Form, first, read_form
from newsletter.web.public_page import Press, client_of, masked, words


class PreferencePages:
    """The form, and the form again with what became of it."""

    def __init__(self, press: Press, preferring: Preferring, joining: Joining) -> None:
        self._press = press
        self._preferring = preferring
        self._joining = joining

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/p/{token}", self.see, methods=["GET"]),
            Route("/p/{token}", self.save, methods=["POST"]),
        ]

    def see(self, request: Request) -> Response:
        """How things stand."""
        chosen = self._preferring.see(request.path_params["token"])
        if chosen is None:
            return self._press.not_found(request)
        if not self._press.allows(request):
            return self._press.failed(request, 429)
        return self._form(request, chosen, None)

    async def save(self, request: Request) -> Response:
        """Do as the form says."""
        return await run_in_threadpool(self._save, request, await read_form(request))

    def _save(self, request: Request, form: Form) -> Response:
        token = request.path_params["token"]
        if self._preferring.see(token) is None:
            return self._press.not_found(request)
        if not self._press.allows(request):
            return self._press.failed(request, 429)
        wish = self._wish(request, form)
        saved = self._preferring.save(token, wish)
        if saved is None:
            return self._press.not_found(request)
        saving, chosen = saved
        if saving is Saving.CONFIRM:
            self._ask_to_confirm(chosen, wish)
        return self._form(request, chosen, saving)

    def _wish(self, request: Request, form: Form) -> Wish:
        said = words()[self._press.imprint.choose(first(form, "spoken"))]
        name = self._press.imprint.name
        return Wish(
            shown=frozenset(form.get("shown", ())),
            wanted=frozenset(form.get("list", ())) & frozenset(form.get("shown", ())),
            language=first(form, "language"),
            tracking=bool(first(form, "tracking")) if first(form, "asked") else None,
            wordings={
                "tracking": said["tracking"],
                "list": said["agree"].replace("{newsletter}", name),
            },
            ip=client_of(request) if self._press.notes_clients else "",
        )

    def _ask_to_confirm(self, chosen: Chosen, wish: Wish) -> None:
        known = {each.offer.name for each in chosen.lists}
        wanted = tuple(sorted(wish.wanted & known))
        address = chosen.holder.address
        agreed = wish.wordings["list"]
        self._joining.apply(Application(address, wanted, chosen.language, agreed, wish.ip))

    def _form(self, request: Request, chosen: Chosen, saving: Saving | None) -> Response:
        return self._press.page(
            request,
            "preferences",
            chosen.language,
            chosen=chosen,
            address=masked(chosen.holder.address.text),
            token=request.path_params["token"],
            saving=saving.value if saving else "",
            languages=[(each, words()[each]["language_name"]) for each in PUBLIC_LANGUAGES],
        )
