"""The public pages in a real browser: by keyboard, without script, for everybody."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from newsletter.clicks import Counts, mint
from newsletter.ledger.model import CampaignId
from newsletter.unsubscribe import Purpose
from tests.ledger.test_clicks import counting_plan
from tests.look.axe import violations
from tests.web.pages import served
from tests.web.public import KEYS, House, public_house
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


def test_a_counted_link_tells_its_target_nothing_of_where_its_reader_came_from(
    tmp_path: Path, browser: Browser
) -> None:
    seen: list[tuple[str, bool, bool]] = []

    async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        """A site of its own: a mail program's page with a link, and what the link leads to."""
        request = Request(scope, receive)
        seen.append((request.url.path, "referer" in request.headers, bool(request.cookies)))
        link = request.query_params.get("link", "")
        await HTMLResponse(f'<a href="{link}">leggi</a>')(scope, receive, send)

    with served(elsewhere) as other:
        there = f"{other.origin}/bando?a=1"
        plan = counting_plan("aggregate", urls=(there, there))
        with public_house(tmp_path, plan=plan, tracking="aggregate") as house:
            page = new_tab(browser)
            link = f"{house.client.origin}/c/{mint(KEYS, 1, 1, Counts.LINK)}"
            page.goto(f"{other.origin}/mail?link={quote(link)}")
            page.click("text=leggi")
            page.wait_for_url(there)

            assert page.context.cookies() == []
            assert [
                each.clicks for each in house.ledger.clicks.of_campaign(CampaignId(1)).links
            ] == [1]
            page.close()
    assert [each for each in seen if each[0] != "/favicon.ico"] == [
        ("/mail", False, False),
        ("/bando", False, False),
    ]
