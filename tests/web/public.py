"""The public pages over a ledger of the test: one campaign, and a link for each of its readers."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

from newsletter.app.door import Door
from newsletter.app.imprint import PUBLIC_LANGUAGES, Imprint
from newsletter.app.leaving import Leaving
from newsletter.campaign import Plan, Recipient
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.unsubscribe import Purpose, TokenKeys, mint
from newsletter.values import Language, Rate
from newsletter.web.public import Errands, create_public
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
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class House:
    """What a test has at hand: the pages, the ledger behind them, a clock to move."""

    client: Client
    ledger: Ledger
    campaign: CampaignId
    now: list[dt.datetime] = field(default_factory=lambda: [NOON])

    def token(self, purpose: Purpose = Purpose.UNSUBSCRIBE, seq: int = 1) -> str:
        """The link of a reader of the one campaign."""
        return mint(KEYS, self.campaign, seq, purpose)

    def leave(self, token: str) -> Answer:
        """Press one-click as a mail service does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.ask(f"/u/{token}", "POST", kind, urlencode(ONE_CLICK))

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
) -> Iterator[House]:
    """Pages on a free port; reader number n reads the n-th language."""
    now = [NOON]
    with Ledger.open(folder / "ledger.db") as ledger:
        campaign = ledger.record(plan_in(languages), due=None, now=NOON)
        door = Door(ledger, KEYS)
        errands = Errands(Leaving(ledger, door, b"a secret", lambda: now[0]), lambda _: None)
        pages = create_public(errands, IMPRINT, site, Rate.parse(rate))
        with served(pages) as client:
            yield House(client, ledger, campaign, now)


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
