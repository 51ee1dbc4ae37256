"""One click to leave, and what everybody else gets: a question, or the one answer."""

import base64
import datetime as dt
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.ledger.model import Suppression
from newsletter.unsubscribe import Purpose, TokenKeys, mint, verify
from newsletter.values import Address
from tests.web.public import KEYS, NOON, House, public_house

R1 = Address("r1@reader.example")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Three readers of Italian."""
    with public_house(tmp_path) as open_house:
        yield open_house


@pytest.mark.slow
def test_one_click_suppresses_at_once_without_redirect_or_cookie(house: House) -> None:
    answer = house.leave(house.token())

    assert answer.status == 200
    assert not {"location", "set-cookie"} & set(answer.headers)
    assert house.ledger.suppressions() == (
        Suppression(
            "r1@reader.example", "unsubscribed", "one-click", "campaign 1, message 1", NOON
        ),
    )


@pytest.mark.slow
def test_one_click_in_a_multipart_form_does_the_same(house: House) -> None:
    part = 'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click'
    body = f"--b\r\n{part}\r\n--b--\r\n"
    kind = {"Content-Type": "multipart/form-data; boundary=b"}

    answer = house.client.ask(f"/u/{house.token(seq=2)}", "POST", kind, body)

    assert answer.status == 200
    assert house.suppressed == ["r2@reader.example"]


@pytest.mark.slow
def test_pressing_again_changes_nothing_and_is_answered_alike(house: House) -> None:
    first = house.leave(house.token())
    house.now[0] += dt.timedelta(minutes=1)
    second = house.leave(house.token())

    assert (first.status, first.body) == (second.status, second.body)
    assert len(house.ledger.suppressions()) == 1
    assert house.ledger.suppressions()[0].at == NOON


@pytest.mark.slow
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_whoever_only_looks_changes_nothing(house: House, method: str) -> None:
    """Advisory of a peer: link scanners and prefetching mail programs unsubscribed readers."""
    for headers in ({}, {"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch"}):
        answer = house.client.ask(f"/u/{house.token()}", method, headers)
        assert answer.status == 200
    assert house.suppressed == []


@pytest.mark.slow
def test_the_question_shows_one_button_and_hides_the_address(house: House) -> None:
    page = house.client.ask(f"/u/{house.token()}").text

    assert page.count("<button") == 1
    assert "r•••••@reader.example" in page
    assert "r1@reader" not in page
    assert "<script" not in page


@pytest.mark.slow
def test_a_post_that_does_not_say_one_click_asks_the_question(house: House) -> None:
    several: list[dict[str, str]] = [{}, {"List-Unsubscribe": "no"}, {"list": "One-Click"}]
    for fields in several:
        answer = house.client.post(f"/u/{house.token()}", fields)
        assert "Vuole annullare" in answer.text
    assert house.suppressed == []


@pytest.mark.slow
def test_what_opens_nothing_gets_the_same_answer_whatever_is_wrong(house: House) -> None:
    genuine = house.token()
    wrong = [
        *(house.token(purpose) for purpose in (Purpose.PREFERENCES, Purpose.BROWSER)),
        mint(TokenKeys.of("other.example", "sixteen octets at least"), 1, 1, Purpose.UNSUBSCRIBE),
        mint(TokenKeys.of("list.example", "another secret of 16"), 1, 1, Purpose.UNSUBSCRIBE),
        *(mint(KEYS, campaign, seq, Purpose.UNSUBSCRIBE) for campaign, seq in ((2, 1), (1, 4))),
        mint(KEYS, 2**40 - 1, 2**40 - 1, Purpose.UNSUBSCRIBE),
        genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        genuine[:-1],
        genuine + "A",
        "%00",
        "a" * 5_000,
    ]
    for method in ("GET", "POST"):
        body = "List-Unsubscribe=One-Click" if method == "POST" else None
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answers = {
            (answer.status, answer.body, tuple(sorted(set(answer.headers) - {"date"})))
            for answer in (house.client.ask(f"/u/{t}", method, kind, body) for t in wrong)
        }
        assert len(answers) == 1
        assert next(iter(answers))[0] == 404
    assert house.suppressed == []


@pytest.mark.slow
def test_ten_thousand_random_tokens_open_nothing(house: House) -> None:
    form = bytes((2, 1))  # as ours begin: the hardest guess for us
    for _ in range(10_000):
        octets = form + (1).to_bytes(5, "big") + (1).to_bytes(5, "big") + secrets.token_bytes(12)
        token = base64.urlsafe_b64encode(octets).decode()
        assert all(verify(KEYS, token, purpose) is None for purpose in Purpose)
    for _ in range(200):
        assert house.client.ask(f"/u/{secrets.token_urlsafe(24)}").status == 404
    assert house.client.ask(f"/u/{house.token()}").status == 200


# The way back


def undo_of(house: House, token: str) -> str:
    """The proof on the page after the click, or nothing."""
    found = re.search(r'name="proof" value="([^"]+)"', house.leave(token).text)
    return found[1] if found else ""


@pytest.mark.slow
def test_who_pressed_by_mistake_may_take_it_back_from_the_page_that_follows(house: House) -> None:
    proof = undo_of(house, house.token())

    answer = house.client.post(f"/u/{house.token()}/undo", {"proof": proof})

    assert answer.status == 200
    assert "continua a ricevere" in answer.text
    assert house.suppressed == []


@pytest.mark.slow
def test_an_hour_later_or_without_the_proof_nothing_is_taken_back(house: House) -> None:
    token = house.token()
    proof = undo_of(house, token)

    for wrong in ("", "x", proof[:-1], undo_of(house, house.token(seq=2))):
        assert house.client.post(f"/u/{token}/undo", {"proof": wrong}).status == 404
    assert house.client.ask(f"/u/{token}/undo").status == 405
    house.now[0] += dt.timedelta(hours=1)
    assert undo_of(house, token) == ""
    assert house.client.post(f"/u/{token}/undo", {"proof": proof}).status == 404
    assert "r1@reader.example" in house.suppressed


@pytest.mark.slow
def test_only_what_this_very_link_did_can_be_taken_back(house: House) -> None:
    for reason, source in (("complained", "feedback"), ("unsubscribed", "officer")):
        house.ledger.suppress(R1, reason, source, "", NOON)
        assert undo_of(house, house.token()) == ""
        house.ledger.unsuppress(R1, NOON)


def test_a_proof_does_not_serve_for_a_later_click(house: House) -> None:
    token = house.token()
    proof = undo_of(house, token)
    assert house.client.post(f"/u/{token}/undo", {"proof": proof}).status == 200
    house.now[0] += dt.timedelta(seconds=1)
    house.leave(token)

    assert house.client.post(f"/u/{token}/undo", {"proof": proof}).status == 404
    assert house.suppressed == ["r1@reader.example"]
