"""Counted links: they lead where the campaign says and nowhere else, and do nothing besides."""

import datetime as dt
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.app.clicking import Clicking, location
from newsletter.clicks import Counts, mint
from newsletter.consent import Told
from newsletter.errors import LedgerError
from newsletter.forgotten import Marks
from newsletter.ledger.clicks import Clicks
from newsletter.unsubscribe import Purpose, TokenKeys
from newsletter.values import Address
from tests.ledger.test_clicks import A, B, counting_plan
from tests.web.public import KEYS, NOON, House, public_house

R1 = Address("r1@reader.example")
HOUR = dt.timedelta(hours=1)
_FULL = LedgerError("the disk is full", cure="make room")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Three readers, of whom the first agreed to be counted; the second link leads to B."""
    with public_house(tmp_path, plan=counting_plan(opens=True)) as open_house:
        told = Told(NOON, "preferences", "Accetto", "it")
        open_house.register.set_tracking(R1, told, allowed=True)
        yield open_house


def link(number: int = 2, campaign: int = 1, keys: TokenKeys = KEYS) -> str:
    """A link's address."""
    return f"/c/{mint(keys, campaign, number, Counts.LINK)}"


def own_link(seq: int, number: int = 2, campaign: int = 1) -> str:
    """A link's address in one reader's message."""
    return f"{link(number)}/{mint(KEYS, campaign, seq, Counts.READER)}"


def counted(house: House) -> list[int]:
    """The links' counters."""
    return [each.clicks for each in house.ledger.clicks.of_campaign(house.campaign).links]


def named(house: House) -> list[int]:
    """How many readers are known to have followed each link."""
    return [each.named for each in house.ledger.clicks.of_campaign(house.campaign).links]


def is_lost(house: House, path: str) -> bool:
    """Whether an address gets the one answer to whatever is not here."""
    answer = house.client.ask(path)
    lost = house.client.ask("/x" * path.partition("?")[0].count("/"))
    assert lost.status == 404
    return (answer.status, answer.body) == (404, lost.body)


@pytest.mark.slow
def test_a_link_leads_on_at_once_and_is_counted_of_nobody(house: House) -> None:
    answer = house.client.ask(link(), headers={"Referer": "https://mail.example/inbox"})

    assert (answer.status, answer.headers["location"], answer.body) == (302, B, b"")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers
    assert (counted(house), named(house)) == ([0, 1], [0, 0])


@pytest.mark.slow
def test_only_a_reader_who_agreed_is_remembered_and_only_while_she_does(house: House) -> None:
    for seq in (1, 2, 3):
        assert house.client.ask(own_link(seq)).headers["location"] == B
    assert (counted(house), named(house)) == ([0, 3], [0, 1])

    told = Told(NOON + HOUR, "preferences", "", "it")
    house.register.set_tracking(R1, told, allowed=False)
    assert house.client.ask(own_link(1)).headers["location"] == B
    assert (counted(house), named(house)) == ([0, 4], [0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["none", "aggregate"])
def test_what_the_settings_say_today_holds_for_what_was_sent_before(
    tmp_path: Path, mode: str
) -> None:
    with public_house(tmp_path, plan=counting_plan(opens=True), tracking=mode) as house:
        told = Told(NOON, "preferences", "Accetto", "it")
        house.register.set_tracking(R1, told, allowed=True)
        opens = f"/o/{mint(KEYS, 1, 0, Counts.OPENS)}"
        assert house.client.ask(own_link(1)).headers["location"] == B
        assert house.client.ask(opens).status == 200

        found = house.ledger.clicks.of_campaign(house.campaign)
        counts = mode == "aggregate"
        assert (counted(house), named(house), found.opens) == ([0, counts], [0, 0], counts)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"Purpose": "prefetch"}),
        ("GET", {"X-Moz": "prefetch"}),
        ("GET", {"X-Purpose": "preview"}),
    ],
)
def test_programs_that_say_they_look_ahead_are_led_on_and_not_counted(
    house: House, method: str, headers: dict[str, str]
) -> None:
    assert house.client.ask(own_link(1), method, headers).headers["location"] == B
    assert house.client.ask(f"/o/{mint(KEYS, 1, 0, Counts.OPENS)}", method, headers).status == 200

    assert (counted(house), named(house)) == ([0, 0], [0, 0])
    assert house.ledger.clicks.of_campaign(house.campaign).opens == 0


@pytest.mark.slow
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_get_follows_a_link(house: House, method: str) -> None:
    answer = house.client.ask(link(), method)
    assert answer.status == 405
    assert "location" not in answer.headers
    assert counted(house) == [0, 0]


@pytest.mark.slow
def test_the_image_that_counts_opens_is_the_same_for_all_and_small(house: House) -> None:
    answer = house.client.ask(f"/o/{mint(KEYS, 1, 0, Counts.OPENS)}")

    assert (answer.status, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.body[:6] == b"GIF89a"
    assert len(answer.body) < 50
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert house.ledger.clicks.of_campaign(house.campaign).opens == 1


@pytest.mark.slow
def test_regression_open_redirect_no_address_of_ours_leads_to_what_a_stranger_names(
    house: House,
) -> None:
    evil = "https://evil.example/"
    tried = [
        f"{link()}?url={evil}",
        f"{link()}?u={evil}&target={evil}&next={evil}#{evil}",
    ]
    assert [house.client.ask(each).headers["location"] for each in tried] == [B, B]
    token = link().removeprefix("/c/")
    for path in (
        f"/c/{evil}",
        "/c//evil.example",
        "/c/https:%2F%2Fevil.example",
        f"/c/?url={evil}",
        f"/c/{token}/{evil}",
        f"/c/{token}//evil.example",
        f"/c/{token}%2F..%2F..%2F%2Fevil.example",
        f"/c/{token}@evil.example",
        f"/c/{token}%0d%0aLocation:%20{evil}",
    ):
        answer = house.client.ask(path)
        assert answer.status == 404, path
        assert "location" not in answer.headers


@pytest.mark.slow
def test_regression_token_of_another_list_or_campaign_leads_nowhere(house: House) -> None:
    other = house.ledger.record(counting_plan(), due=None, now=NOON)
    for path in (
        link(keys=TokenKeys.of("stampa.example", "sixteen octets at least")),
        link(keys=TokenKeys.of("list.example", "another secret altogether")),
        link(number=3),
        link(campaign=3),
        link(number=0),
        link(number=2**40 - 1, campaign=2**40 - 1),
        own_link(1, campaign=other),
        f"{link()}/{link(1).removeprefix('/c/')}",
        f"/c/{mint(KEYS, 1, 1, Counts.READER)}",
        f"/c/{mint(KEYS, 1, 0, Counts.OPENS)}",
        f"/o/{link().removeprefix('/c/')}",
        f"/o/{mint(KEYS, other, 0, Counts.OPENS)}",
        f"/o/{mint(KEYS, 1, 1, Counts.LINK)}",
    ):
        assert is_lost(house, path), path
    assert counted(house) == [0, 0]


@pytest.mark.slow
def test_regression_altered_target_changes_nothing_but_finds_nothing(house: House) -> None:
    token = link().removeprefix("/c/")
    for at, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        assert is_lost(house, f"/c/{token[:at]}{other}{token[at + 1 :]}")
    for path in (f"{token}A", token[:-1], token.swapcase(), f"{token}="):
        assert is_lost(house, f"/c/{path}")
    assert counted(house) == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("purpose", Purpose)
def test_regression_a_click_never_unsubscribes_and_no_other_token_clicks(
    house: House, purpose: Purpose
) -> None:
    for path in (link(), own_link(1), f"/c/{house.token(purpose)}", f"/o/{house.token(purpose)}"):
        house.client.ask(path)
    reader = mint(KEYS, 1, 1, Counts.READER)
    assert house.client.ask(f"{link()}/{house.token(purpose)}").status == 404
    assert house.client.ask(f"/u/{reader}").status == 404
    assert house.leave(reader).status == 404
    assert house.leave(link().removeprefix("/c/")).status == 404
    assert house.client.ask(f"/p/{reader}").status == 404
    assert house.client.ask(f"/v/{reader}").status == 404

    assert house.suppressed == []


@pytest.mark.slow
def test_random_tokens_get_the_one_answer(house: House) -> None:
    for _ in range(50):
        token, other = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        for path in (f"/c/{token}", f"/c/{token}/{other}", f"/o/{token}", f"{link()}/{token}"):
            assert is_lost(house, path)
    assert counted(house) == [0, 0]


@pytest.mark.slow
def test_a_client_that_clicks_too_often_waits_as_on_other_pages(tmp_path: Path) -> None:
    with public_house(tmp_path, plan=counting_plan(opens=True), rate="2/day") as house:
        statuses = [house.client.ask(link()).status for _ in range(3)]
        opened = [house.client.ask(f"/o/{mint(KEYS, 1, 0, Counts.OPENS)}").status] * 2

        assert statuses == [302, 302, 429]
        assert counted(house) == [0, 2]
        assert opened == [200, 200], "a page is not torn by what is not counted"
        assert house.ledger.clicks.of_campaign(house.campaign).opens == 0


@pytest.mark.slow
def test_a_forgotten_readers_link_leads_on(house: House) -> None:
    told = Told(NOON + HOUR, "officer", "", "it")
    house.client.ask(own_link(1))
    house.ledger.forget(R1, [], Marks(b"a secret"), told)

    assert house.client.ask(own_link(1)).headers["location"] == B
    assert (counted(house), named(house)) == ([0, 2], [0, 0])


class _Tired(Clicks):
    """A ledger that can be read and not be written; it notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def target(self, campaign: int, n: int) -> str | None:
        self.asked.append((campaign, n))
        return A if (campaign, n) == (1, 1) else None

    def count(self, *_: object) -> None:
        raise _FULL

    def count_opened(self, *_: object) -> None:
        raise _FULL


def test_who_follows_a_link_gets_there_though_it_cannot_be_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clicking = Clicking(_Tired(), KEYS, "individual", lambda: NOON)
    token = mint(KEYS, 1, 1, Counts.LINK)
    assert clicking.target(token) == A
    clicking.count(token)
    clicking.count_opened(mint(KEYS, 1, 0, Counts.OPENS))
    assert "could not be counted" in caplog.text
    assert token not in caplog.text


def test_a_wrong_token_is_as_much_work_as_a_right_one() -> None:
    clicks = _Tired()
    clicking = Clicking(clicks, KEYS, "individual", lambda: NOON)
    right, reader = mint(KEYS, 1, 1, Counts.LINK), mint(KEYS, 1, 1, Counts.READER)
    wrong = mint(TokenKeys.of("list.example", "another secret altogether"), 1, 1, Counts.LINK)
    for link_, reader_ in ((right, None), (wrong, None), (right, reader), (right, wrong)):
        clicking.target(link_, reader_)
    assert clicks.asked == [(1, 1), (0, 0), (1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("url", "there"),
    [
        ("https://a.example/x?y=1&z=%20#t", "https://a.example/x?y=1&z=%20#t"),
        ("https://a.example/è?q=ü", "https://a.example/%C3%A8?q=%C3%BC"),
        ("https://città.example:8443/x", "https://xn--citt-3na.example:8443/x"),
        ("HTTPS://A.example/X", "https://A.example/X"),
        ("https://a.example/x y", "https://a.example/x%20y"),
        ("https://a.example/\r\nSet-Cookie: a=b", "https://a.example/Set-Cookie:%20a=b"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example", None),
        ("https:///x", None),
        ("https://[a", None),
        ("https://" + "è" * 70 + ".example", None),
    ],
)
def test_an_address_goes_into_the_header_whole_and_in_ascii_or_not_at_all(
    url: str, there: str | None
) -> None:
    assert location(url) == there
