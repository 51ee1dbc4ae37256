"""Preferences: what is shown is how things stand, and only what the form changes is changed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.consent import Change, ConsentTo, Membership, Told
from newsletter.unsubscribe import Purpose
from newsletter.values import Address
from tests.web.public import NOON, House, public_house

R1 = Address("r1@reader.example")
SHOWN = ["soci", "eventi", "stampa"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Three readers who were mailed as members of ``soci``; two lists are open."""
    with public_house(tmp_path) as open_house:
        yield open_house


def page(house: House) -> str:
    """The first reader's form."""
    return house.client.ask(f"/p/{house.token(Purpose.PREFERENCES)}").text


def ticked(text: str) -> set[str]:
    """What is ticked or chosen in a form."""
    return set(re.findall(r'value="([^"]+)"[^>]* checked', text))


def save(house: House, **fields: str | list[str]) -> str:
    """Send the form as a browser does."""
    body: dict[str, str | list[str]] = {"spoken": "it", "shown": SHOWN, "language": "it"}
    body["asked"] = "tracking"
    answer = house.send(f"/p/{house.token(Purpose.PREFERENCES)}", body | fields)
    assert answer.status == 200
    return answer.text


@pytest.mark.slow
def test_the_form_shows_how_things_stand(house: House) -> None:
    text = page(house)

    assert ticked(text) == {"soci", "it"}
    assert re.findall(r'name="list" value="(\w+)"', text) == SHOWN
    assert "Newsletter dei &lt;soci&gt;" in text
    assert "Una al mese" in text
    assert "r•••••@reader.example" in text
    assert "r1@" not in text


@pytest.mark.slow
def test_looking_changes_nothing(house: House) -> None:
    page(house)
    house.client.ask(f"/p/{house.token(Purpose.PREFERENCES)}", "HEAD")

    said = house.register.preferences_of(R1)
    assert (said.lists, said.language, said.tracking) == ({}, None, None)
    assert list(house.register.events()) == []


@pytest.mark.slow
def test_what_is_saved_is_shown_and_counts(house: House) -> None:
    text = save(house, list=["eventi"], language="zh-Hans", tracking="yes")

    assert ticked(text) == {"eventi", "zh-Hans", "yes"}
    assert 'lang="zh-Hans"' in text
    said = house.register.preferences_of(R1)
    assert said.lists == {"soci": Membership.LEFT, "eventi": Membership.JOINED}
    assert said.language == "zh-Hans"
    assert said.tracking is True
    assert [each.address.text for each in house.register.joined()] == [R1.text]
    assert dict(house.register.joined().__next__().fields)["first_name"] == "Nome1"


@pytest.mark.slow
def test_consent_to_be_counted_keeps_its_wording_and_can_be_taken_back(house: House) -> None:
    save(house, list=["soci"], tracking="yes")
    save(house, list=["soci"])

    events = list(house.register.events(R1, ConsentTo.TRACKING))
    assert [event.change for event in events] == [Change.GIVEN, Change.WITHDRAWN]
    assert events[0].told.wording == "Accetto che si registri quali link seguo nella newsletter"
    assert events[0].told.source == "preferences"
    assert events[0].told.at == NOON
    assert house.register.preferences_of(R1).tracking is False


@pytest.mark.slow
def test_saving_without_a_change_says_nothing_new(house: House) -> None:
    save(house, list=["soci"])
    save(house, list=["soci"])

    assert list(house.register.events()) == []


@pytest.mark.slow
def test_only_lists_that_were_shown_change_and_unknown_ones_do_not_exist(house: House) -> None:
    save(house, shown=["eventi"], list=["eventi", "segreta", "stampa"])

    assert house.register.preferences_of(R1).lists == {"eventi": Membership.JOINED}
    save(house, shown=["segreta", "soci"], list=["segreta", "soci"])
    assert "segreta" not in house.register.preferences_of(R1).lists


@pytest.mark.slow
def test_a_list_that_was_left_can_be_joined_again(house: House) -> None:
    save(house)
    assert ticked(page(house)) == {"it"}
    save(house, list=["soci"])

    assert ticked(page(house)) == {"soci", "it"}


def test_nonsense_in_a_form_is_harmless(house: House) -> None:
    save(house, list=["soci"], language="xx-\x00<b>", shown=["soci"] * 150, spoken="klingon")

    assert house.register.preferences_of(R1).lists == {}


@pytest.mark.slow
def test_who_left_for_good_comes_back_only_by_a_mail_to_her_address(house: House) -> None:
    house.leave(house.token())
    assert ticked(page(house)) == {"it"}
    assert "non inviamo nulla" in page(house)

    text = save(house, list=["soci", "eventi"])

    assert "Le abbiamo scritto" in text
    assert house.suppressed == [R1.text]
    house.wait_for(lambda: len(house.asked) == 1)
    address, _, token = house.asked[0]
    assert address == R1.text
    assert house.client.post(f"/confirm/{token}", {}).status == 200
    assert house.suppressed == []
    assert ticked(page(house)) == {"soci", "eventi", "it"}


@pytest.mark.slow
@pytest.mark.parametrize("reason", ["complained", "bounced", "manual"])
def test_who_complained_or_bounced_does_not_come_back_by_a_form(house: House, reason: str) -> None:
    house.ledger.suppress(R1, reason, "feedback", "", NOON)

    text = save(house, list=["soci"])

    assert "ci scriva" in text
    house.settle()
    assert house.asked == []
    assert house.suppressed == [R1.text]


@pytest.mark.slow
def test_a_link_for_something_else_opens_no_preferences(house: House) -> None:
    for purpose in (Purpose.UNSUBSCRIBE, Purpose.BROWSER):
        answer = house.client.ask(f"/p/{house.token(purpose)}")
        posted = house.client.post(f"/p/{house.token(purpose)}", {"tracking": "yes"})
        assert (answer.status, posted.status) == (404, 404)
        assert answer.body == posted.body
    assert list(house.register.events()) == []


@pytest.mark.slow
def test_one_client_may_not_ask_without_end(tmp_path: Path) -> None:
    with public_house(tmp_path, rate="2/h") as house:
        path = f"/p/{house.token(Purpose.PREFERENCES)}"
        statuses = [house.client.ask(path).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert int(house.client.ask(path).headers["retry-after"]) > 0
        assert house.client.ask("/p/" + "A" * 32).status == 404
        assert house.client.ask(f"/u/{house.token()}").status == 200


@pytest.mark.slow
def test_where_nobody_is_counted_by_name_nothing_is_asked_and_nothing_is_changed(
    tmp_path: Path,
) -> None:
    with public_house(tmp_path, tracking="aggregate") as house:
        assert "tracking" not in page(house)
        house.register.set_tracking(R1, Told(NOON, "officer"), allowed=True)
        save(house, list=["soci"])
        save(house, list=["soci"], tracking="yes", asked="")

        assert "tracking" not in page(house)
        assert house.register.preferences_of(R1).tracking is True


@pytest.mark.slow
def test_a_form_that_did_not_ask_is_no_answer(house: House) -> None:
    save(house, list=["soci"], tracking="yes")
    save(house, list=["soci"], asked="")

    assert house.register.preferences_of(R1).tracking is True
