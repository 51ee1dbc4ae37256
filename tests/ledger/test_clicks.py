"""Clicks on both databases: counted of nobody, and by name where the reader agreed."""

import datetime as dt
from dataclasses import replace

import pytest

from newsletter.campaign import Plan
from newsletter.consent import Told
from newsletter.forgotten import Marks
from newsletter.ledger.clicked import Clicked, CountedLink, ReaderClick
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.ledger.register import Register
from newsletter.message import LINK, OPENS, CompiledMessage, Context, SlotPlace
from newsletter.values import Address
from tests.doubles import START
from tests.ledger.plans import make_compiled, make_plan, make_terms
from tests.ledger.test_forgetting import everything

MARKS = Marks(b"a secret of the newsletter")
HOUR = dt.timedelta(hours=1)
R1, R2 = Address("r1@reader.example"), Address("r2@reader.example")
A, B = "https://a.example/1", "https://b.example/2"


def told(at: dt.datetime = START) -> Told:
    """Something said on the preferences page."""
    return Told(at, "preferences", "Accetto", "it")


def counting_plan(
    tracking: str = "individual",
    *,
    opens: bool = False,
    readers: int = 3,
    urls: tuple[str, str] = (A, B),
) -> Plan:
    """A plan whose page has two counted links, the second of them twice."""
    one, two = urls
    page = make_compiled()
    places = [SlotPlace(LINK + url, url, Context.HTML) for url in (one, two, two)]
    places += [SlotPlace(OPENS, "data:,", Context.HTML)] if opens else []
    gaps = (b"=\r\n",) * len(places)
    compiled = CompiledMessage((*page.segments, *gaps), (*page.slots, *places))
    plan = make_plan(readers, terms=replace(make_terms(), tracking=tracking, opens=opens))
    return replace(plan, variants=(replace(plan.variants[0], compiled=compiled),))


@pytest.fixture
def register(ledger: Ledger) -> Register:
    """What readers say."""
    return ledger.register(MARKS)


def recorded(ledger: Ledger, plan: Plan, at: dt.datetime = START) -> CampaignId:
    """A campaign."""
    return ledger.record(plan, due=None, now=at)


def test_links_are_numbered_in_their_order_and_lead_where_they_led(ledger: Ledger) -> None:
    number = recorded(ledger, counting_plan())

    assert ledger.clicks.links_of(number) == {A: 1, B: 2}
    assert [ledger.clicks.target(number, n) for n in (1, 2, 3)] == [A, B, None]
    assert ledger.clicks.target(number + 1, 1) is None
    assert ledger.clicks.target(2**40 - 1, 2**40 - 1) is None
    assert ledger.clicks.counts_opens(number) is False


def test_a_campaign_without_tracking_has_no_link_to_count(ledger: Ledger) -> None:
    number = recorded(ledger, counting_plan("none", opens=True))

    assert ledger.clicks.links_of(number) == {}
    ledger.clicks.count(number, 1, 1, START)
    ledger.clicks.count_opened(number)
    assert ledger.clicks.of_campaign(number) == Clicked()


@pytest.mark.slow
def test_clicks_and_opens_of_nobody_in_particular_are_numbers_and_no_more(
    ledger: Ledger, location: str
) -> None:
    number = recorded(ledger, counting_plan("aggregate", opens=True))
    before = everything(location)
    for _ in range(3):
        ledger.clicks.count(number, 2, None, START)
    ledger.clicks.count_opened(number)

    links = (CountedLink(A, 0, 0), CountedLink(B, 3, 0))
    assert ledger.clicks.of_campaign(number) == Clicked(links, opens=1, named=0)
    assert ledger.clicks.of_campaign(number).clicks == 3
    changed = set(everything(location).splitlines()) - set(before.splitlines())
    assert changed == {str((number, 0, "", 1)), str((number, 2, B, 3))}


@pytest.mark.slow
def test_a_click_is_named_only_while_its_readers_consent_stands(
    ledger: Ledger, register: Register
) -> None:
    register.set_tracking(R1, told(), allowed=True)
    number = recorded(ledger, counting_plan(), START + HOUR)
    for seq in (1, 2, 3, 99):
        ledger.clicks.count(number, 1, seq, START + 2 * HOUR)
    ledger.clicks.count(number, 1, 1, START + 3 * HOUR)

    assert ledger.clicks.of_campaign(number).links[0] == CountedLink(A, 5, 1)
    assert ledger.clicks.of_reader(R1) == (
        ReaderClick(number, "2026-11", A, 2, START + 2 * HOUR, START + 3 * HOUR),
    )
    assert ledger.clicks.of_reader(R2) == ()


def test_who_withdraws_has_no_clicks_and_gets_none_and_the_counters_stay(
    ledger: Ledger, register: Register, location: str
) -> None:
    register.set_tracking(R1, told(), allowed=True)
    register.set_tracking(R2, told(), allowed=True)
    number = recorded(ledger, counting_plan(), START + HOUR)
    ledger.clicks.count(number, 1, 1, START + HOUR)
    ledger.clicks.count(number, 1, 2, START + HOUR)
    register.set_tracking(R1, told(START + 2 * HOUR), allowed=False)
    ledger.clicks.count(number, 1, 1, START + 3 * HOUR)

    assert ledger.clicks.of_reader(R1) == ()
    assert ledger.clicks.of_campaign(number).links[0] == CountedLink(A, 3, 1)
    assert len(ledger.clicks.of_reader(R2)) == 1
    clicks = [line for line in everything(location).splitlines() if line.startswith("('r1@")]
    assert not any(f"{number}, 1, " in line for line in clicks)


@pytest.mark.slow
def test_only_who_agreed_before_the_plan_and_said_nothing_since_is_sent_a_link_of_her_own(
    ledger: Ledger, register: Register
) -> None:
    people = [Address(f"r{n}@reader.example") for n in range(1, 6)]
    for each in people[:3]:
        register.set_tracking(each, told(), allowed=True)
    register.set_tracking(people[1], told(START + HOUR), allowed=False)
    at = START + 2 * HOUR
    number = recorded(ledger, counting_plan(readers=5), at)
    assert ledger.clicks.by_name(number, at) == {1, 3}

    register.set_tracking(people[2], told(at + HOUR), allowed=False)
    register.set_tracking(people[3], told(at + HOUR), allowed=True)
    assert ledger.clicks.by_name(number, at) == {1}
    register.set_tracking(people[2], told(at + 2 * HOUR), allowed=True)
    assert ledger.clicks.by_name(number, at) == {1}, "what was planned is not widened"


@pytest.mark.slow
def test_forgetting_a_reader_forgets_which_links_she_followed(
    ledger: Ledger, register: Register, location: str
) -> None:
    register.set_tracking(R2, told(), allowed=True)
    number = recorded(ledger, counting_plan(), START + HOUR)
    ledger.clicks.count(number, 1, 2, START + HOUR)
    ledger.clicks.count(number, 2, 2, START + HOUR)
    assert ledger.traces_of(R2, [])["click"] == 2

    rows = ledger.forget(R2, [], MARKS, told(START + 2 * HOUR))
    ledger.clicks.count(number, 2, 2, START + 3 * HOUR)

    assert rows["click"] == 2
    assert R2.key not in everything(location).lower()
    assert [link.named for link in ledger.clicks.of_campaign(number).links] == [0, 0]
    assert [link.clicks for link in ledger.clicks.of_campaign(number).links] == [1, 2]
    assert ledger.clicks.by_name(number, START + HOUR) == frozenset()
    assert ledger.verify() == ()
