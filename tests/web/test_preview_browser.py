"""The live preview in a real browser: painted in place, read by keyboard, silent to the outside."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, Route

from tests.look.axe import violations
from tests.web.pages import Client
from tests.web.previews import change, copy_example, line_of, mistaken, previewed
from tests.web.test_inbox_browser import catch_up, trap
from tools.screenshots import chromium, new_tab

NEWS = "in questo numero trova"
WINDOW = {"width": 1280, "height": 900}
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
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, client: Client) -> Iterator[Page]:
    opened = new_tab(browser, viewport=WINDOW)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    look(opened, client)
    yield opened
    opened.close()
    assert errors == []


class Late:
    """Answers that are held back until they are let go."""

    def __init__(self) -> None:
        self.held: list[Route] = []
        self._open = False

    def hold(self, route: Route) -> None:
        """Hold one back; once they are let go, none is."""
        if self._open:
            route.continue_()
        else:
            self.held.append(route)

    def let_go(self) -> None:
        """Answer all."""
        self._open = True
        for route in self.held:
            route.continue_()


def box_of(part: Locator) -> FloatRect:
    found = part.bounding_box()
    assert found
    return found


def look(page: Page, client: Client, query: str = "") -> None:
    page.goto(f"{client.origin}/{query}")
    page.wait_for_selector("body[data-painted]", state="attached")


def wait_for_words(page: Page, words: str, frames: int = 2) -> None:
    """Until so many windows show these words."""
    page.wait_for_function(
        """([words, frames]) => [...document.querySelectorAll('iframe')].filter(
            (one) => one.contentDocument.body?.innerText.includes(words)).length === frames""",
        arg=[words, frames],
    )


def wait_for_schemes(page: Page, *schemes: str) -> None:
    """Until there is a window for each of these and no other, and nothing in them moves."""
    page.wait_for_function(
        """(schemes) => {
            const windows = [...document.querySelectorAll('.window')];
            const images = (one) => [...one.querySelector('iframe').contentDocument.images];
            return windows.length === schemes.length
              && windows.every((one, at) => one.classList.contains(schemes[at])
                && images(one).length && images(one).every((image) => image.complete));
        }""",
        arg=list(schemes),
    )


def scrolled(page: Page) -> int:
    found: int = page.evaluate("document.getElementById('page').scrollTop")
    return found


def scroll_to(page: Page, top: float) -> None:
    page.evaluate("top => { document.getElementById('page').scrollTop = top; }", top)


def cut_off(page: Page) -> list[int]:
    """How many pixels of each page lie below the end of its window."""
    found: list[int] = page.evaluate(
        """[...document.querySelectorAll('iframe')].map((one) => Math.ceil(
            one.contentDocument.documentElement.getBoundingClientRect().height)
            - one.clientHeight)"""
    )
    return found


def test_a_save_is_painted_in_both_schemes_and_scroll_and_frames_stay(
    page: Page, root: Path
) -> None:
    scroll_to(page, 400)
    page.evaluate("for (const frame of document.querySelectorAll('iframe')) frame.mine = true")
    change(root, NEWS, "QUI " + NEWS)
    try:
        wait_for_words(page, "QUI " + NEWS)
        page.wait_for_selector("#saved:has-text('painted in')")
        assert scrolled(page) == 400
        assert page.evaluate("[...document.querySelectorAll('iframe')].every((one) => one.mine)")
        assert cut_off(page) == [0, 0]
    finally:
        change(root, "QUI " + NEWS, NEWS)
        wait_for_words(page, "QUI", 0)


def test_a_window_grows_with_its_images_and_the_ring_keeps_to_what_is_pointed_at(
    browser: Browser, client: Client
) -> None:
    page, late = new_tab(browser, viewport=WINDOW), Late()
    page.route("**/images/**", late.hold)
    page.goto(client.origin)
    wait_for_words(page, NEWS)
    frame = page.frame_locator("iframe >> nth=0")
    title = frame.get_by_text("Biomedicina")
    scroll_to(page, box_of(title)["y"] - 400)
    before = box_of(title)
    page.mouse.move(before["x"] + 5, before["y"] + 5)
    page.mouse.down()  # on the title, and then the images above it come
    assert abs(box_of(page.locator(".window.light .ring"))["y"] - before["y"]) < 4
    late.let_go()
    wait_for_schemes(page, "light", "dark")
    page.wait_for_selector("body[data-painted]", state="attached")
    assert box_of(title)["y"] > before["y"] + 100
    assert cut_off(page) == [0, 0]
    ring = box_of(page.locator(".window.light .ring"))  # on what is under the pointer now
    assert ring["y"] - 4 <= before["y"] + 5 <= ring["y"] + ring["height"] + 4
    assert ring["y"] + ring["height"] < box_of(title)["y"]
    page.mouse.up()
    page.wait_for_selector(".lines .here")
    assert page.inner_text(".lines .here code").startswith('title = "Biomedicina"')
    page.close()


def test_what_she_scrolls_while_a_page_is_made_is_not_undone(page: Page) -> None:
    scroll_to(page, 900)
    late = Late()
    page.route("**/frame", late.hold)
    page.click("text=Inverted")
    page.wait_for_selector(".window.inverted", state="attached")
    assert scrolled(page) == 900
    scroll_to(page, 700)
    late.let_go()
    wait_for_schemes(page, "inverted")
    assert scrolled(page) == 700


def test_light_and_dark_stand_side_by_side_whatever_the_window_prefers(page: Page) -> None:
    grounds = [
        frame.evaluate("getComputedStyle(document.body).backgroundColor")
        for frame in page.frames[1:]
    ]
    assert grounds == ["rgb(244, 240, 243)", "rgb(18, 13, 30)"]
    page.click("text=Inverted")
    wait_for_schemes(page, "inverted")
    inverted = page.frames[-1]
    assert "invert" in inverted.evaluate("getComputedStyle(document.documentElement).filter")


def test_every_width_is_the_width_that_the_page_has(page: Page) -> None:
    page.click("text=Light")
    wait_for_schemes(page, "light")
    for width in (320, 375, 600, 700):
        page.click(f".choice >> text='{width}'")
        page.wait_for_function("wide => frames[0].innerWidth === wide", arg=width)
    page.click("text=Full")
    page.wait_for_function("frames[0].innerWidth > 700")


def test_a_mistake_lies_over_the_last_good_page_and_leads_to_its_line(
    page: Page, root: Path
) -> None:
    with mistaken(root):
        page.wait_for_selector("#mistake:not([hidden])")
        assert f"issue.toml:{line_of('subject')}" in page.inner_text("#mistake")
        assert NEWS in page.frames[1].inner_text("body")
        page.click("#mistake .link")
        page.wait_for_selector(".lines .here code:text('subject = L')")
    page.wait_for_selector("#mistake", state="hidden")


def test_a_click_on_the_page_leads_to_the_line_and_the_line_back_to_the_page(page: Page) -> None:
    title = page.frame_locator("iframe >> nth=0").get_by_text("Biomedicina")
    scroll_to(page, box_of(title)["y"] - 400)
    place = box_of(title)
    page.mouse.click(place["x"] + 5, place["y"] + 5)
    page.wait_for_selector(".lines .here")
    assert page.inner_text(".lines .here code").startswith('title = "Biomedicina"')
    page.keyboard.press("Enter")  # the line's number has the focus
    page.wait_for_selector(".window.light .ring:not([hidden])")
    assert abs(box_of(page.locator(".window.light .ring"))["y"] - box_of(title)["y"]) < 4


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
    page = new_tab(browser, viewport=WINDOW, color_scheme=scheme)
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
    page = new_tab(browser, viewport={"width": 375, "height": 812})
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
            page = new_tab(browser)
            look(page, client)
            catch_up(browser)
            assert "Preview" in page.title()
            assert outside in page.frames[1].content()
            page.close()
        assert callers == []
