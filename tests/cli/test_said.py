"""The officer's plan and what readers said: one arithmetic, the same in plan and send."""

import datetime as dt

from newsletter.consent import (
    Basis,
    Change,
    ConsentEvent,
    ConsentTo,
    Request,
    Told,
    implied_until,
)
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.register import Register
from newsletter.values import Address, Language
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA, BRUNO, DARIO, SEND

NEW = "nuova@posta.example"


def register(room: Newsroom, ledger: Ledger) -> Register:
    """The register, under the newsroom's own secret."""
    secret = room.root / ".newsletter" / "secret"
    if not secret.exists():
        secret.parent.mkdir(exist_ok=True)
        secret.write_text("5f" * 32 + "\n")
    return ledger.register(Marks(secret.read_bytes().strip()))


def test_plan_and_send_count_joined_left_and_lapsed_alike(newsroom: Newsroom) -> None:
    now = dt.datetime.now(dt.UTC)
    told = Told(now, "form", "Yes please", "en")
    with Ledger.open(newsroom.ledger) as ledger:
        said = register(newsroom, ledger)
        token = said.request_subscription(
            Request(Address(NEW), ("members",), told, {"first_name": "Nuova"})
        ).token
        assert token
        said.confirm(token, told)
        said.leave(Address.parse(ANNA), ["members", "partners"], told)
        said.set_language(Address.parse(DARIO), Language("en"), told)
        long_ago = now.replace(year=now.year - 3, day=1)
        customer = ConsentEvent(
            BRUNO,
            ConsentTo.NEWSLETTER,
            "",
            Change.IMPORTED,
            Basis.IMPLIED,
            Told(long_ago, "clients.csv:7"),
            implied_until(long_ago),
        )
        said.add_events([(Address.parse(BRUNO), customer)])
    planned = newsroom.run("plan", ISSUE, "--format", "json").object
    gone = planned["arithmetic"]["gone"]
    assert gone == {"left": 2, "consent lapsed": 1}
    assert planned["recipients"] == 4
    assert "left −2" in newsroom.run("plan", ISSUE).out
    assert "consent lapsed −1" in newsroom.run("plan", ISSUE).out
    assert newsroom.run(*SEND).code == 0
    mailed = newsroom.relay.recipients
    assert len(mailed) == planned["recipients"]
    assert NEW in mailed
    assert not {ANNA, BRUNO} & {*mailed}
    assert "Nuova" in str(newsroom.relay.message_of(NEW)["Subject"])
    assert "News for" in str(newsroom.relay.message_of(DARIO)["Subject"])
