"""The public pages over a ledger of the test: one campaign, and a link for each of its readers."""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from newsletter.app.clicking import Clicking
from newsletter.app.door import Door
from newsletter.app.imprint import PUBLIC_LANGUAGES, Imprint
from newsletter.app.joining import Joining
from newsletter.app.leaving import Leaving
from newsletter.app.offered import Offers
from newsletter.app.preferring import Preferring
from newsletter.app.viewing import Viewing
from newsletter.campaign import Plan, Recipient
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.ledger.register import Register
from newsletter.settings.lists import ListOptions
from newsletter.unsubscribe import Purpose, TokenKeys, mint, minter
from newsletter.values import Address, Language, Rate
from newsletter.web.public import Errands, Manners, create_public
from tests.ledger.plans import ITALIAN, make_person, make_plan
from tests.web.pages import Answer, Client, served

KEYS = TokenKeys.of("list.example", "sixteen octets at least")
NOON = dt.datetime(2026, 12, 3, 12, tzinfo=dt.UTC)
IMPRINT = Imprint(
    name="Notizie <b>& cose</b>",
    organisation="Cluster <i>ALISEI</i>",
    postal_address=("Via Roma 1", "00100 Roma"),
    contact="redazione@alisei.example",
    language=Language("it"),
    brands=dict.fromkeys(PUBLIC_LANGUAGES, "ALISEI"),
)
LISTS = {
    "soci": ListOptions(title={"it": "Newsletter dei <soci>"}, about={"it": "Una al mese"}),
    "eventi": ListOptions(title={"it": "Inviti", "en": "Invitations"}, open=True),
    "stampa": ListOptions(title={"it": "Stampa"}, open=True),
}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class House:
    """What a test has at hand: the pages, the ledger behind them, a clock to move."""

    client: Client
    ledger: Ledger
    register: Register
    joining: Joining
    campaign: CampaignId
    asked: list[tuple[str, str, str]]
    """Who was mailed the question to confirm: address, language, token."""
    now: list[dt.datetime] = field(default_factory=lambda: [NOON])

    def token(self, purpose: Purpose = Purpose.UNSUBSCRIBE, seq: int = 1) -> str:
        """The link of a reader of the one campaign."""
        return mint(KEYS, self.campaign, seq, purpose)

    def leave(self, token: str) -> Answer:
        """Press one-click as a mail service does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.ask(f"/u/{token}", "POST", kind, urlencode(ONE_CLICK))

    def send(self, path: str, fields: Mapping[str, str | list[str]]) -> Answer:
        """A form with several values for a field."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.ask(path, "POST", kind, urlencode(fields, doseq=True))

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Until what happens behind the page has happened."""
        limit = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < limit, "it did not come about"
            time.sleep(0.01)

    def settle(self) -> None:
        """Until every form that was sent so far is done with."""
        self.wait_for(lambda: self.joining.idle)

    @property
    def suppressed(self) -> list[str]:
        """Who is never mailed again."""
        return [each.address for each in self.ledger.suppressions()]


@contextmanager
def public_house(
    folder: Path,
    *,
    languages: Sequence[str] = ("it", "it", "it"),
    site: str = "https://list.example",
    rate: str = "1000/s",
    lists: Mapping[str, ListOptions] | None = None,
    tracking: str = "individual",
    plan: Plan | None = None,
    where: str = "",
) -> Iterator[House]:
    """Pages on a free port; reader number n reads the n-th language.

    The ledger is a file in the folder, or ``where``.
    """
    now = [NOON]
    with Ledger.open(where or folder / "ledger.db", state=folder) as ledger:
        campaign = ledger.record(plan or plan_in(languages), due=None, now=NOON)
        door, offers = Door(ledger, KEYS), Offers("Notizie", LISTS if lists is None else lists)
        register = ledger.register(Marks(b"a secret"))
        asked: list[tuple[str, str, str]] = []

        def ask(address: Address, language: Language, token: str) -> None:
            asked.append((address.text, language, token))

        def clock() -> dt.datetime:
            return now[0]

        with Joining(register, offers, ask, clock) as joining:
            errands = Errands(
                Leaving(ledger, door, b"a secret", clock),
                Preferring(
                    ledger,
                    register,
                    door,
                    offers,
                    IMPRINT,
                    "staging",
                    clock,
                    by_name=tracking == "individual",
                ),
                joining,
                Viewing(ledger, door, minter(KEYS)),
                Clicking(ledger.clicks, KEYS, tracking, clock),
                lambda _: None,
            )
            pages = create_public(errands, IMPRINT, Manners(site, Rate.parse(rate)))
            with served(pages) as client:
                yield House(client, ledger, register, joining, campaign, asked, now)


def plan_in(languages: Sequence[str]) -> Plan:
    """A plan whose readers have these languages, a variant each."""
    plan = make_plan(0)
    known = list(dict.fromkeys(languages))
    variants = tuple(
        replace(plan_variant, variant=replace(ITALIAN, language=Language(language)))
        for language in known
        for plan_variant in plan.variants
    )
    recipients = tuple(
        Recipient(make_person(number), known.index(language))
        for number, language in enumerate(languages, 1)
    )
    return replace(plan, variants=variants, recipients=recipients)
