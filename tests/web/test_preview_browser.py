"""The live preview in a real browser: painted in place, read by keyboard, silent to the outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.look.axe import violations
from tests.web.pages import Client
from tests.web.previews import change, copy_example, line_of, mistaken, previewed
from tests.web.test_inbox_browser import ARGUMENTS, CHROMIUM, trap

NEWS = "in questo numero trova"
pytestmark = [pytest.mark.debian, pytest.mark.slow]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_example(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[Client]:
    with previewed(root) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as player:
        running = player.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, client: Client) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    look(opened, client)
    yield opened
    opened.close()
    assert errors == []


def look(page: Page, client: Client, query: str = "") -> None:
    page.goto(f"{client.origin}/{query}")
    page.wait_for_selector("body[data-painted]", state="attached")


def painted(page: Page) -> str:
    return page.get_attribute("body", "data-painted") or ""


def wait_for_paint(page: Page, before: str) -> None:
    page.wait_for_selector(f'body:not([data-painted="{before}"])', state="attached")


def test_a_save_is_painted_in_both_schemes_and_scroll_and_frames_stay(
    page: Page, root: Path
) -> None:
    page.evaluate("document.getElementById('page').scrollTop = 400")
    page.evaluate("for (const frame of document.querySelectorAll('iframe')) frame.mine = true")
    before = painted(page)
    change(root, NEWS, "QUI " + NEWS)
    try:
        wait_for_paint(page, before)
        for frame in page.frames[1:]:
            assert "QUI " + NEWS in frame.inner_text("body")
        assert page.evaluate("document.getElementById('page').scrollTop") == 400
        assert page.evaluate("[...document.querySelectorAll('iframe')].every((one) => one.mine)")
        assert "painted in" in page.inner_text("#saved")
    finally:
        before = painted(page)
        change(root, "QUI " + NEWS, NEWS)
        wait_for_paint(page, before)


def test_light_and_dark_stand_side_by_side_whatever_the_window_prefers(page: Page) -> None:
    grounds = [
        frame.evaluate("getComputedStyle(document.body).backgroundColor")
        for frame in page.frames[1:]
    ]
    assert grounds == ["rgb(244, 240, 243)", "rgb(18, 13, 30)"]
    page.click("text=Inverted")
    page.wait_for_selector(".window.inverted iframe")
    page.wait_for_selector(".window.dark", state="detached")
    inverted = page.frames[-1]
    inverted.wait_for_selector("img", state="attached")
    assert "invert" in inverted.evaluate("getComputedStyle(document.documentElement).filter")


def test_every_width_is_the_width_that_the_page_has(page: Page) -> None:
    page.click("text=Light")
    page.wait_for_selector(".window.dark", state="detached")
    for width in (320, 375, 600, 700):
        page.click(f".choice >> text='{width}'")
        assert page.frames[-1].evaluate("innerWidth") == width
    page.click("text=Full")
    assert page.frames[-1].evaluate("innerWidth") > 700


def test_a_mistake_lies_over_the_last_good_page_and_leads_to_its_line(
    page: Page, root: Path
) -> None:
    with mistaken(root):
        page.wait_for_selector("#mistake:not([hidden])")
        assert f"issue.toml:{line_of('subject')}" in page.inner_text("#mistake")
        assert NEWS in page.frames[1].inner_text("body")
        page.click("#mistake .link")
        assert page.inner_text(".lines .here code").startswith("subject = L")
    page.wait_for_selector("#mistake", state="hidden")


def test_a_click_on_the_page_leads_to_the_line_and_the_line_back_to_the_page(page: Page) -> None:
    place = page.frame_locator("iframe >> nth=0").get_by_text("Biomedicina").bounding_box()
    assert place
    page.evaluate(f"document.getElementById('page').scrollTop = {place['y'] - 400}")
    place = page.frame_locator("iframe >> nth=0").get_by_text("Biomedicina").bounding_box()
    assert place
    page.mouse.click(place["x"] + 5, place["y"] + 5)
    page.wait_for_selector(".lines .here")
    assert page.inner_text(".lines .here code").startswith('title = "Biomedicina"')
    page.keyboard.press("Enter")  # the line's number has the focus
    page.wait_for_selector(".window.light .ring:not([hidden])")
    ring = page.locator(".window.light .ring").bounding_box()
    again = page.frame_locator("iframe >> nth=0").get_by_text("Biomedicina").bounding_box()
    assert ring
    assert again
    assert abs(ring["y"] - again["y"]) < 4


def test_a_variant_a_reader_and_every_page_are_shown_and_kept_in_the_address(
    page: Page, client: Client
) -> None:
    page.click(".variants button[data-variant^='en--'] >> nth=0")
    page.wait_for_selector("#caption:has-text('en, all sections')")
    assert "variant=en--" in page.url
    page.click("#every")
    page.wait_for_selector("figure >> nth=15")
    assert page.get_attribute("#every", "aria-pressed") == "true"
    page.fill("#reader", "nobody@nowhere.example")
    page.keyboard.press("Enter")
    page.wait_for_selector("#mistake:not([hidden])")
    assert "is on no list" in page.inner_text("#mistake")
    look(page, client, "?tab=headers")
    assert "List-Unsubscribe" in page.inner_text(".words table")


def test_the_keyboard_reaches_and_moves_every_choice(page: Page) -> None:
    page.focus("input[name=tab][value=page]")
    for tab in ("text", "mjml", "toml", "headers", "message"):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.value") == tab
        page.wait_for_selector("#words:not([hidden])")
    page.focus(".skip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page"
    focused = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        focused.add(page.evaluate("document.activeElement.tagName"))
        assert page.evaluate("document.activeElement.closest('iframe')") is None
    assert {"BUTTON", "INPUT"} <= focused
    assert "IFRAME" not in focused


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "query", ["", "?every=yes", "?tab=text", "?tab=toml&line=3", "?tab=headers", "?tab=message"]
)
def test_axe_finds_nothing(browser: Browser, client: Client, scheme: str, query: str) -> None:
    page = browser.new_page(
        viewport={"width": 1280, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    look(page, client, query)
    page.wait_for_selector("#findings .passed")
    assert violations(page) == []
    page.close()


def test_axe_finds_nothing_where_a_mistake_stands(page: Page, root: Path) -> None:
    with mistaken(root):
        page.wait_for_selector("#mistake:not([hidden])")
        found = violations(page)
    page.wait_for_selector("#mistake", state="hidden")
    assert found == []


def test_it_fits_a_phone(browser: Browser, client: Client) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 812})
    look(page, client)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


def test_a_hostile_theme_runs_nothing_and_reaches_nothing_outside(
    browser: Browser, tmp_path: Path
) -> None:
    root = copy_example(tmp_path)
    with trap() as (outside, callers):
        bad = (
            f'<mj-raw><img src="{outside}/p.gif" onerror="top.document.title=1">'
            f'<iframe src="{outside}/f"></iframe><script>top.document.title = 1</script>'
            f'<meta http-equiv="refresh" content="0;url={outside}/r"></mj-raw>'
        )
        template = "templates/alisei/edition.mjml.j2"
        footer = '  <mj-section css-class="footer"'
        change(root, footer, f"{bad}\n{footer}", template)
        with previewed(root) as client:
            page = browser.new_page()
            look(page, client)
            page.wait_for_timeout(500)
            assert "Preview" in page.title()
            assert outside in page.frames[1].content()
            page.close()
        assert callers == []
