"""A row and a variant become the reader's own message."""

import datetime as dt
import hashlib
from dataclasses import replace
from email.utils import format_datetime
from pathlib import Path

import pytest

from newsletter.delivery import Delivery, DeliveryState
from newsletter.dispatch.outgoing import Letters
from newsletter.edition.model import URL_SLOTS
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import ClaimedRow
from newsletter.message import CompiledMessage, Context, SlotPlace
from newsletter.unsubscribe import Purpose, TokenKeys, minter
from tests.doubles import START, mint
from tests.ledger.plans import make_compiled, make_plan, make_terms

ROW = ClaimedRow(
    seq=3,
    address="ada@reader.example",
    variant=0,
    fields={"first_name": "Ada", "last_name": "Byron", "email": "other@reader.example"},
    lists=("soci", "stampa"),
    delivery=Delivery(DeliveryState.CLAIMED),
)


@pytest.fixture
def letters(file: Path) -> Letters:
    """Of campaign 1."""
    with Ledger.open(file) as ledger:
        number = ledger.record(make_plan(), due=None, now=START)
        return Letters(ledger.campaign(number), ledger.variants(number), mint)


def test_every_value_that_a_message_asks_for_is_there(letters: Letters) -> None:
    values = letters.values_for(ROW, START, "<1.3.x@list.example>")
    assert values == {
        "first_name": "Ada",
        "last_name": "Byron",
        "name": "Ada Byron",
        "to_name": "Ada Byron",
        "email": "ada@reader.example",
        "lists": "soci, stampa",
        "date": "Thu, 03 Dec 2026 09:00:00 +0000",
        "message_id": "<1.3.x@list.example>",
        "unsubscribe_url": "https://list.example/u/unsubscribe-1-3",
        "preferences_url": "https://list.example/p/preferences-1-3",
        "browser_url": "https://list.example/v/browser-1-3",
        "unsubscribe_mailto": "mailto:leave@list.example?subject=unsubscribe%20unsubscribe-1-3",
    }


def test_a_name_that_the_list_has_wins(letters: Letters) -> None:
    row = ROW._replace(fields={**ROW.fields, "name": "A. A. Lovelace"})
    assert letters.values_for(row, START, "<a@b.example>")["to_name"] == "A. A. Lovelace"


def test_without_a_mailbox_to_unsubscribe_there_is_no_mailto(file: Path) -> None:
    terms = replace(make_terms(), unsubscribe_mailto="")
    with Ledger.open(file) as ledger:
        number = ledger.record(make_plan(terms=terms), due=None, now=START)
        letters = Letters(ledger.campaign(number), ledger.variants(number), mint)
    assert letters.values_for(ROW, START, "<a@b.example>")["unsubscribe_mailto"] == ""


def test_message_ids_are_stable_different_and_not_to_be_guessed(file: Path) -> None:
    with Ledger.open(file) as ledger:
        numbers = [ledger.record(make_plan(), due=None, now=START) for _ in range(2)]
        first, second = (Letters(ledger.campaign(n), (), mint) for n in numbers)
    assert first.message_id(1) == first.message_id(1)
    assert first.message_id(1) != first.message_id(2)
    assert first.message_id(1).split(".")[2] != second.message_id(1).split(".")[2]


def test_the_date_follows_the_clock_across_seconds_backwards_and_into_other_zones(
    letters: Letters,
) -> None:
    rome = dt.timezone(dt.timedelta(hours=1))
    steps = [0.0, 0.4, 0.999999, 1.0, 1.7, 0.2, 86_400.0, -0.000001, 0.0]
    moments = [START + dt.timedelta(seconds=step) for step in steps]
    moments += [START, START.astimezone(rome), START + dt.timedelta(microseconds=1)]
    for moment in moments:
        assert letters.values_for(ROW, moment, "<a@b.example>")["date"] == format_datetime(moment)


def test_a_message_id_is_the_hash_of_the_secret_and_the_number(file: Path) -> None:
    with Ledger.open(file) as ledger:
        campaign = ledger.campaign(ledger.record(make_plan(), due=None, now=START))
    letters = Letters(campaign, (), mint)
    for seq in (1, 2, 10**9):
        named = f"{campaign.nonce}.{seq}".encode()
        opaque = hashlib.blake2b(named, digest_size=8).hexdigest()
        assert letters.message_id(seq) == f"<{campaign.id}.{seq}.{opaque}@list.example>"


@pytest.mark.parametrize(
    "asked", [(), ("browser_url",), ("preferences_url",), ("unsubscribe_url", "browser_url")]
)
def test_a_message_holds_every_url_that_it_asks_for(file: Path, asked: tuple[str, ...]) -> None:
    slots = tuple(SlotPlace(name, None, Context.TEXT) for name in asked)
    compiled = CompiledMessage((b"",) * (len(slots) + 1), slots)
    plan = make_plan()
    plan = replace(plan, variants=(replace(plan.variants[0], compiled=compiled),))
    with Ledger.open(file) as ledger:
        number = ledger.record(plan, due=None, now=START)
        letters = Letters(ledger.campaign(number), ledger.variants(number), mint)
    message = letters.message_for(ROW, START)
    expected = letters.values_for(ROW, START, message.message_id)
    assert message.content == compiled.fill(expected)
    assert all(expected[name].encode() in message.content for name in asked)


def test_the_programs_own_mint_gives_the_message_that_its_tokens_and_values_make(
    file: Path,
) -> None:
    mints = minter(TokenKeys.of("list.example", "the secret of the tests"))
    slots = [SlotPlace("email", None, Context.TO), SlotPlace("date", None, Context.DATE)]
    slots += [SlotPlace("message_id", None, Context.MESSAGE_ID)]
    slots += [SlotPlace(name, "x", Context.HTML) for name in ("name", "lists", *URL_SLOTS)]
    compiled = CompiledMessage((b"",) * len(slots) + (b"\r\n",), tuple(slots))
    plan = make_plan()
    plan = replace(plan, variants=(replace(plan.variants[0], compiled=compiled),))
    with Ledger.open(file) as ledger:
        number = ledger.record(plan, due=None, now=START)
        letters = Letters(ledger.campaign(number), ledger.variants(number), mints)
    for seq in (1, 999, 2**40 - 1):
        row = ROW._replace(seq=seq)
        message = letters.message_for(row, START)
        values = letters.values_for(row, START, letters.message_id(seq))
        assert message.message_id == letters.message_id(seq)
        assert message.content == compiled.fill(values)
        for purpose, slot in zip(Purpose, URL_SLOTS, strict=True):
            assert values[slot].endswith(mints(int(number), seq, purpose))


def test_a_message_says_whether_its_shape_was_proved(file: Path) -> None:
    for end, proved in ((b"\r\n", True), (b"", False), (b".\r\n", False)):
        compiled = replace(make_compiled(), segments=(b"", b"", b"\r\nCiao ", end))
        plan = make_plan(slug=f"p{len(end)}")
        plan = replace(plan, variants=(replace(plan.variants[0], compiled=compiled),))
        with Ledger.open(file) as ledger:
            number = ledger.record(plan, due=None, now=START)
            for mints in (mint, minter(TokenKeys.of("list.example", "the secret of the tests"))):
                letters = Letters(ledger.campaign(number), ledger.variants(number), mints)
                assert letters.message_for(ROW, START).proved is proved
