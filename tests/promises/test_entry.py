"""The rows of the relay table about going in, through a whole run: nobody is touched by them."""

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.transport.base import Connection
from newsletter.transport.options import Secret, Security, SmtpOptions
from newsletter.transport.smtp import SmtpTransport
from tests.promises.cases import PLACES, READERS, WAYS, Case, cases, play
from tests.promises.relay import Fault, FaultyRelay, on_loopback
from tests.promises.rows import SECURE, End, Row, at_entry, at_secure_entry
from tests.promises.stage import Stage, plan_of
from tests.transport.relays import options_for
from tests.transport.secure import PASSWORD, USERNAME, Authority

pytestmark = pytest.mark.slow  # every row, three places, two ways

S = DeliveryState


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One authority for all tests of this module."""
    return Authority.make(tmp_path_factory.mktemp("authority"))


def secure(authority: Authority) -> dict[str, object]:
    """Options for a relay with a certificate of this authority."""
    return {
        "security": Security.STARTTLS,
        "username": USERNAME,
        "password": Secret(PASSWORD),
        "ca_file": authority.file,
    }


@pytest.mark.parametrize("case", cases(at_entry()))
def test_at_the_door_each_behaviour_ends_as_the_table_says(case: Case, ledger: Ledger) -> None:
    play(case, ledger)


@pytest.mark.parametrize("case", cases(at_secure_entry()))
def test_on_the_way_through_tls_and_login_each_ends_as_the_table_says(
    case: Case, ledger: Ledger, authority: Authority
) -> None:
    relay = play(case, ledger, authority.server_context(), **secure(authority))
    good = 1 + bool(case.at)
    logins = [line for line in relay.heard if line.startswith("AUTH")]
    assert len(logins) == good + ("AUTH" in case.row.fault.script), "one try at the password"
    first_tls = relay.heard.index("STARTTLS") if "STARTTLS" in relay.heard else 0
    assert not any(line.startswith("MAIL") for line in relay.heard[:first_tls])


def _contexts(authority: Authority, stranger: Authority) -> dict[str, ssl.SSLContext]:
    return {
        "expired": authority.server_context(expires=dt.datetime(2021, 3, 4, tzinfo=dt.UTC)),
        "of another name": authority.server_context("other.example"),
        "of an unknown authority": stranger.server_context(),
    }


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", PLACES.values(), ids=list(PLACES))
@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("expired", "2021-03-04"),
        ("of another name", "other.example"),
        ("of an unknown authority", "not trusted"),
    ],
)
def test_a_certificate_that_does_not_hold_stops_the_run_and_is_named(
    kind: str, word: str, at: int, way: str, authority: Authority, tmp_path: Path, ledger: Ledger
) -> None:
    shown = _contexts(authority, Authority.make(tmp_path))[kind]
    row = Row(f"a certificate {kind}", Fault({}, tls=shown), End.STOPS, offer=SECURE)
    relay = play(Case(row, at, way), ledger, authority.server_context(), **secure(authority))
    whys = [event.detail for event in ledger.events(ledger.campaigns()[-1].id)]
    assert any(word in why for why in whys), whys
    assert len([line for line in relay.heard if line.startswith("AUTH")]) == 1 + bool(at)


# The way to the relay itself


@dataclass
class Detour:
    """A transport whose chosen connections go astray."""

    right: SmtpOptions
    wrong: SmtpOptions
    astray: range
    made: int = field(default=0, init=False)

    async def connect(self) -> Connection:
        """To the relay, or to where nobody is."""
        options = self.wrong if self.made in self.astray else self.right
        self.made += 1
        return await SmtpTransport(options).connect()


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port on which nobody listens, and nobody else will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", PLACES.values(), ids=list(PLACES))
@pytest.mark.parametrize("host", ["127.0.0.1", "255.255.255.255"], ids=["refused", "no route"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_relay_that_cannot_be_reached_is_waited_for_and_nobody_is_touched(
    host: str, times: int, at: int, way: str, nobody: int, ledger: Ledger
) -> None:
    offer = ("PIPELINING",) if way == "pipelined" else ()
    relay = FaultyRelay(offer, leaves_after=frozenset({at - 1}) if at else frozenset())
    first = 1 if at else 0

    async def ride() -> None:
        async with on_loopback(relay):
            wrong = options_for(nobody, host=host, insecure=True)
            detour = Detour(options_for(relay.port), wrong, range(first, first + times))
            stage = Stage(ledger, relay, detour)
            stage.record(plan_of(READERS))
            result = await stage.run()
            assert result.state is CampaignState.FINISHED
            assert len(stage.who(S.ACCEPTED)) == READERS
            assert detour.made == first + times + 1
            assert {each.number for each in ledger.attempts(stage.number)} == {1}
            stage.adds_up()

    asyncio.run(ride())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("at", PLACES.values(), ids=list(PLACES))
def test_a_relay_that_stays_away_leaves_the_campaign_waiting_with_the_reason(
    at: int, way: str, nobody: int, ledger: Ledger
) -> None:
    offer = ("PIPELINING",) if way == "pipelined" else ()
    relay = FaultyRelay(offer, leaves_after=frozenset({at - 1}) if at else frozenset())

    async def ride() -> None:
        async with on_loopback(relay):
            right = options_for(relay.port)
            detour = Detour(right, options_for(nobody), range(1 if at else 0, 9_999))
            stage = Stage(ledger, relay, detour)
            stage.options = replace(stage.options, patience=dt.timedelta(minutes=2))
            stage.record(plan_of(READERS))
            result = await stage.run()
            assert result.state is CampaignState.WAITING
            assert "connection refused" in result.why
            assert len(stage.who(S.ACCEPTED)) == at
            assert len(stage.who(S.QUEUED)) == READERS - at
            stage.adds_up()
            detour.astray = range(0)
            assert (await stage.resume()).state is CampaignState.FINISHED
            stage.adds_up()

    asyncio.run(ride())
