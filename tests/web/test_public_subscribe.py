"""Joining by the form: nobody is joined unasked, and nobody learns who is a reader."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.consent import Membership
from newsletter.ledger.joining import GOOD_FOR
from newsletter.settings.lists import ListOptions
from newsletter.values import Address
from tests.web.pages import Answer
from tests.web.public import NOON, House, public_house

NEW = Address("nuova@soci.example")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Two lists are open."""
    with public_house(tmp_path) as open_house:
        yield open_house


def apply(house: House, email: str = NEW.text, **fields: str | list[str]) -> Answer:
    """Send the form."""
    body: dict[str, str | list[str]] = {"email": email, "list": ["eventi"], "language": "en"}
    return house.send("/subscribe", body | fields)


def token_of(house: House) -> str:
    """What the first mail carried."""
    house.wait_for(lambda: bool(house.asked))
    return house.asked[0][2]


@pytest.mark.slow
def test_nothing_is_joined_before_the_mail_is_answered(house: House) -> None:
    assert apply(house).status == 200

    token = token_of(house)
    assert house.asked[0][:2] == (NEW.text, "en")
    assert list(house.register.joined()) == []
    asked = house.client.ask(f"/confirm/{token}")  # whatever follows links does not confirm
    house.client.ask(f"/confirm/{token}", "HEAD")
    assert asked.status == 200
    assert list(house.register.joined()) == []

    assert house.client.post(f"/confirm/{token}", {}).status == 200
    (joined,) = house.register.joined()
    assert (joined.address, joined.list_name, joined.language) == (NEW, "eventi", "en")


@pytest.mark.slow
def test_the_proof_of_consent_says_who_when_from_where_and_to_which_words(house: House) -> None:
    apply(house)
    token = token_of(house)
    house.now[0] += dt.timedelta(hours=3)
    house.client.post(f"/confirm/{token}", {})

    (event,) = house.register.events(NEW)
    assert event.told.at == NOON + dt.timedelta(hours=3)
    assert event.told.source == "form"
    assert event.told.wording.startswith("I agree to receive Notizie")
    assert event.told.ip == ""


@pytest.mark.slow
def test_a_link_confirms_once_within_two_days_and_says_the_same_again(house: House) -> None:
    apply(house)
    token = token_of(house)
    first = house.client.post(f"/confirm/{token}", {})
    again = house.client.post(f"/confirm/{token}", {})
    assert (first.status, first.body) == (again.status, again.body)

    apply(house, "tardi@soci.example")
    house.wait_for(lambda: len(house.asked) == 2)
    late = house.asked[1][2]
    house.now[0] += GOOD_FOR + dt.timedelta(seconds=1)
    assert house.client.ask(f"/confirm/{late}").status == 404
    assert house.client.post(f"/confirm/{late}", {}).status == 404


@pytest.mark.slow
def test_the_answer_does_not_tell_who_is_a_reader(house: House) -> None:
    apply(house)
    house.client.post(f"/confirm/{token_of(house)}", {})
    house.ledger.suppress(Address("lamenta@soci.example"), "complained", "feedback", "", NOON)

    answers = [
        apply(house, email)
        for email in (NEW.text, "mai@vista.example", "lamenta@soci.example", "mai@vista.example")
    ]

    assert len({(a.status, a.body, tuple(sorted(set(a.headers) - {"date"}))) for a in answers}) == 1
    house.settle()
    assert [who for who, _, _ in house.asked] == [NEW.text, "mai@vista.example"]


@pytest.mark.slow
def test_a_form_fills_nobodys_mailbox(house: House) -> None:
    statuses = [apply(house).status for _ in range(12)]

    assert statuses == [200] * 10 + [429] * 2
    house.settle()
    assert len(house.asked) == 1


@pytest.mark.slow
def test_who_unsubscribed_may_come_back_by_confirming_and_who_complained_may_not(
    house: House,
) -> None:
    back, gone = Address("torna@soci.example"), Address("basta@soci.example")
    house.ledger.suppress(back, "unsubscribed", "one-click", "", NOON)
    house.ledger.suppress(gone, "complained", "feedback", "", NOON)

    apply(house, gone.text)
    apply(house, back.text)
    house.wait_for(lambda: bool(house.asked))
    assert {*house.suppressed} == {gone.text, back.text}
    house.client.post(f"/confirm/{house.asked[0][2]}", {})

    assert house.suppressed == [gone.text]
    assert house.register.preferences_of(back).lists == {"eventi": Membership.JOINED}


@pytest.mark.slow
@pytest.mark.parametrize(
    "email",
    ["", "anna", "anna@", "a b@c.example", "a@b@c.example", '"><script>@x.example', "a" * 999],
)
def test_what_is_no_address_is_told_beside_the_field(house: House, email: str) -> None:
    answer = apply(house, email)

    assert answer.status == 422
    assert 'aria-invalid="true"' in answer.text
    assert "<script>" not in answer.text
    house.settle()
    assert house.asked == []


@pytest.mark.slow
def test_only_open_lists_can_be_joined(house: House) -> None:
    assert apply(house, list=["soci", "segreta"]).status == 422
    apply(house, list=["soci", "stampa"])
    house.client.post(f"/confirm/{token_of(house)}", {})

    assert [each.list_name for each in house.register.joined()] == ["stampa"]


def test_a_program_that_fills_in_every_field_is_answered_and_ignored(house: House) -> None:
    assert apply(house, website="https://spam.example").body == apply(house, "x@y.example").body
    house.wait_for(lambda: bool(house.asked))
    house.settle()
    assert [who for who, _, _ in house.asked] == ["x@y.example"]


@pytest.mark.slow
def test_where_no_list_is_open_the_form_has_one_of_its_own(tmp_path: Path) -> None:
    with public_house(tmp_path, lists={"soci": ListOptions()}) as house:
        page = house.client.ask("/subscribe").text
        assert 'name="list"' not in page
        house.send("/subscribe", {"email": NEW.text})
        house.client.post(f"/confirm/{token_of(house)}", {})
        assert [each.list_name for each in house.register.joined()] == ["web"]


@pytest.mark.slow
def test_a_link_can_open_the_form_in_a_language(house: House) -> None:
    page = house.client.ask("/subscribe?lang=zh-Hans", headers={"Accept-Language": "en"})

    assert page.headers["content-language"] == "zh-Hans"
    assert house.client.ask("/subscribe?lang=%00").status == 200


@pytest.mark.slow
def test_a_token_that_nobody_was_mailed_confirms_nothing(house: House) -> None:
    for token in ("x", "A" * 32, "%00", "a" * 4_000, "%F0%9F%92%A9"):
        assert house.client.ask(f"/confirm/{token}").status == 404
        assert house.client.post(f"/confirm/{token}", {}).status == 404


@pytest.mark.slow
@pytest.mark.parametrize(
    "email",
    [
        "nicol\u00f2@soci.example",
        "\ufffd\ufffd@soci.example",
        "anna@soci",
        "a@b.example c@d.example",
    ],
)
def test_an_address_that_no_list_could_hold_is_asked_for_once_more(
    house: House, email: str
) -> None:
    assert apply(house, email).status == 422
    assert house.asked == []
