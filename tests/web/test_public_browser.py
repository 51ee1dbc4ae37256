"""The public pages in a real browser: by keyboard, without script, for everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from newsletter.unsubscribe import Purpose
from tests.look.axe import violations
from tests.web.public import House, public_house
from tools.screenshots import chromium, new_tab

LANGUAGES = ("it", "en", "fr-CA", "zh-Hans")

pytestmark = [pytest.mark.debian, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with chromium() as running:
        yield running


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A reader of each language."""
    with public_house(tmp_path, languages=LANGUAGES) as open_house:
        yield open_house


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open: in both schemes, and wider than a phone."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme} {line}" for line in violations(page)]
    if page.evaluate("document.documentElement.scrollWidth") > 375:
        found.append("it is wider than a phone")
    return found


@pytest.mark.parametrize("seq", [1, 2, 3, 4], ids=LANGUAGES)
def test_every_page_is_for_everybody(house: House, browser: Browser, seq: int) -> None:
    language = LANGUAGES[seq - 1]
    page = new_tab(browser, viewport={"width": 375, "height": 812}, locale=language)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    def look(name: str, *, words_alone: bool = False) -> None:
        """Pages of words alone differ in their words: one language stands for all."""
        assert page.get_attribute("html", "lang") == language
        assert (words_alone and seq > 1) or faults(page) == [], name

    page.goto(f"{house.client.origin}/p/{house.token(Purpose.PREFERENCES, seq)}")
    look("preferences")
    page.click("button")
    look("saved", words_alone=True)
    page.goto(f"{house.client.origin}/u/{house.token(seq=seq)}")
    look("question")
    page.click("button")
    look("left")
    page.click("button")
    look("stays", words_alone=True)
    page.goto(f"{house.client.origin}/subscribe")
    look("form")
    page.click("button")
    look("fault")
    page.fill("#email", "nuova@soci.example")
    page.click("button")
    look("applied", words_alone=True)
    house.wait_for(lambda: bool(house.asked))
    page.goto(f"{house.client.origin}/confirm/{house.asked[0][2]}")
    look("confirm")
    page.click("button")
    look("joined", words_alone=True)
    # Nothing was refused by the policy, nothing was missing; the empty form was told so (422).
    assert [line for line in said if "422" not in line] == []
    page.goto(f"{house.client.origin}/u/nothing")
    look("gone", words_alone=True)
    page.close()


def test_all_of_it_works_from_the_keyboard_and_without_script(
    house: House, browser: Browser
) -> None:
    page = new_tab(browser, java_script_enabled=False, locale="it")
    page.goto(f"{house.client.origin}/subscribe")
    for _ in range(2):  # past the link to the content
        page.keyboard.press("Tab")
    page.keyboard.type("nuova@soci.example")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Controlli la posta")
    house.wait_for(lambda: bool(house.asked))

    page.goto(f"{house.client.origin}/p/{house.token(Purpose.PREFERENCES)}")
    page.focus("#list-1")
    page.keyboard.press("Space")
    page.focus("#language-it")
    page.keyboard.press("ArrowDown")
    page.focus("#tracking")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Preferences saved")

    page.goto(f"{house.client.origin}/u/{house.token()}")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    house.wait_for(lambda: house.suppressed == ["r1@reader.example"])
    page.close()
