"""What is counted in a message: nothing, the same for all, or a reader's own who agreed to it."""

import re
from pathlib import Path

import pytest

from newsletter.clicks import Counts, verify
from newsletter.consent import Told
from newsletter.delivery import Delivery, DeliveryState
from newsletter.dispatch.counted import NOTHING_COUNTED, counted_of
from newsletter.dispatch.outgoing import Mint, letters_for
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import ClaimedRow
from newsletter.unsubscribe import Claim, TokenKeys, minter
from newsletter.values import Address
from tests.doubles import START, mint
from tests.ledger.test_clicks import A, B, counting_plan

KEYS = TokenKeys.of("list.example", "the secret of the tests")
TOKEN = "[A-Za-z0-9_-]{32}"


def messages(file: Path, tracking: str, mints: Mint, *, keys: TokenKeys | None = KEYS) -> list[str]:
    """What two readers are sent, of whom the first agreed; soft line breaks taken out."""
    with Ledger.open(file) as ledger:
        register = ledger.register(Marks(b"a secret"))
        told = Told(START, "preferences", "Accetto", "it")
        register.set_tracking(Address("r1@reader.example"), told, allowed=True)
        number = ledger.record(counting_plan(tracking, opens=True), due=None, now=START)
        campaign = ledger.campaign(number)
        counted = counted_of(ledger, campaign, keys)
        letters = letters_for(campaign, ledger.variants(number), mints, counted=counted)
        return [
            letters.message_for(_row(seq), START).content.decode().replace("=\r\n", "")
            for seq in (1, 2)
        ]


def _row(seq: int) -> ClaimedRow:
    state = Delivery(DeliveryState.CLAIMED)
    return ClaimedRow(seq, f"r{seq}@reader.example", 0, {"first_name": "Ada"}, ("soci",), state)


def counted_urls(message: str) -> list[str]:
    """Addresses of ours that count."""
    return re.findall(rf"https://list\.example/[co]/{TOKEN}(?:/{TOKEN})?", message)


@pytest.mark.parametrize("mints", [mint, minter(KEYS)])
def test_without_tracking_links_lead_where_they_were_written_to(file: Path, mints: Mint) -> None:
    one, other = messages(file, "none", mints)

    assert counted_urls(one) == counted_urls(other) == []
    assert one.count(A) == 1
    assert one.count(B) == 2


@pytest.mark.parametrize("mints", [mint, minter(KEYS)])
def test_in_aggregate_all_readers_have_the_same_addresses(file: Path, mints: Mint) -> None:
    one, other = messages(file, "aggregate", mints)

    assert counted_urls(one) == counted_urls(other)
    *links, opens = counted_urls(one)
    claims = [verify(KEYS, url.rpartition("/")[2], Counts.LINK) for url in links]
    assert claims == [Claim(1, 1), Claim(1, 2), Claim(1, 2)]
    assert verify(KEYS, opens.rpartition("/")[2], Counts.OPENS) == Claim(1, 0)
    assert "a.example" not in one
    assert "b.example" not in one


@pytest.mark.parametrize("mints", [mint, minter(KEYS)])
def test_only_who_agreed_has_a_token_in_her_links_and_none_in_the_image(
    file: Path, mints: Mint
) -> None:
    one, other = messages(file, "individual", mints)

    assert [url.count("/") for url in counted_urls(one)] == [5, 5, 5, 4]
    assert [url.count("/") for url in counted_urls(other)] == [4, 4, 4, 4]
    *links, opens = counted_urls(one)
    assert [url.rpartition("/")[0] for url in links] == counted_urls(other)[:3]
    assert opens == counted_urls(other)[3]
    assert {verify(KEYS, url.rpartition("/")[2], Counts.READER) for url in links} == {Claim(1, 1)}


def test_without_keys_nothing_is_counted(file: Path) -> None:
    one, _ = messages(file, "individual", mint, keys=None)
    assert counted_urls(one) == []
    assert A in one


def test_a_campaign_without_tracking_asks_the_ledger_nothing(file: Path) -> None:
    with Ledger.open(file) as ledger:
        campaign = ledger.campaign(ledger.record(counting_plan("none"), due=None, now=START))
        ledger.close()
        assert counted_of(ledger, campaign, KEYS) is NOTHING_COUNTED
