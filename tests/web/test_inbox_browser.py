"""The staging inbox's page in a real browser: nothing is asked for outside this machine."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from newsletter.inbox.maildir import Envelope, file_message, prepare
from newsletter.web.inbox import create_app
from tests.inbox.samples import sample
from tests.waiting import wait_until
from tests.web.pages import served
from tools.screenshots import chromium, new_tab

HOSTILE_PAGE = """<!doctype html><html><head>
<meta http-equiv="refresh" content="0;url=OUTSIDE/refresh">
<link rel="stylesheet" href="OUTSIDE/style.css"><link rel="prefetch" href="OUTSIDE/pre">
<style>@import url(OUTSIDE/import.css); body { background: url(OUTSIDE/bg.png) }
@font-face { font-family: x; src: url(OUTSIDE/font.woff) } p { font-family: x }</style>
<base href="OUTSIDE/base/"></head>
<body onload="document.title='owned'"><p>Ciao</p>
<img src="OUTSIDE/pixel.gif"><img src="relative.gif"><video src="OUTSIDE/v" autoplay></video>
<iframe src="OUTSIDE/frame"></iframe><object data="OUTSIDE/o"></object>
<script src="OUTSIDE/s.js"></script>
<script>top.location="OUTSIDE/top"; fetch("OUTSIDE/fetch"); top.document.title="owned"</script>
<form action="OUTSIDE/form"><input autofocus onfocus="this.form.submit()"></form>
</body></html>"""

pytestmark = [
    pytest.mark.debian,
    pytest.mark.slow,
]


def test_a_hostile_message_reaches_nothing_outside_and_runs_nothing(tmp_path: Path) -> None:
    prepare(tmp_path)
    envelope = Envelope("news@alisei.example", ("anna@soci.example",))
    with trap() as (outside, callers):
        html = HOSTILE_PAGE.replace("OUTSIDE", outside)
        name = file_message(tmp_path, envelope, sample(html=html))
        app = create_app(tmp_path, "127.0.0.1:2525", lambda _: None)
        with served(app) as client, chromium() as browser:
            page = new_tab(browser)
            for path in ("/", f"/message/{name}?tab=source", f"/page/{name}"):
                page.goto(client.origin + path)
                catch_up(browser)
                assert page.title() != "owned"
                assert page.url.startswith(client.origin)
            assert callers == []

            page.set_content(html)  # the same page without the policy: the trap does catch
            wait_until(lambda: callers)


def catch_up(browser: Browser) -> None:
    """What the browser was to ask for until now, it has asked for."""
    with trap() as (outside, callers):
        page = new_tab(browser)
        page.set_content(f'<img src="{outside}/later.gif">')
        wait_until(lambda: callers)
        page.close()


@contextmanager
def trap() -> Iterator[tuple[str, list[object]]]:
    """An address outside the page's origin, and who called there."""
    callers: list[object] = []

    class Door(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            callers.append(self.client_address)  # a connection alone tells who reads, and when

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", callers
        server.shutdown()
        thread.join()


def test_the_inbox_is_read_and_emptied_by_keyboard_and_fits_a_phone(tmp_path: Path) -> None:
    prepare(tmp_path)
    for number in range(3):
        envelope = Envelope("news@alisei.example", (f"reader{number}@soci.example",))
        file_message(tmp_path, envelope, sample(subject=f"Numero {number} " + "lungo" * 30))
    app = create_app(tmp_path, "127.0.0.1:2525", lambda _: None)

    with served(app) as client, chromium() as browser:
        window = {"width": 375, "height": 812}
        page = new_tab(browser, viewport=window, java_script_enabled=False)
        page.goto(client.origin)
        assert _fits(page)
        page.focus(".entry >> nth=1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/message/**")
        assert _fits(page)
        assert "Numero 1" in (page.text_content("main h2") or "")
        page.focus(".delete summary")
        page.keyboard.press("Enter")
        page.focus(".delete form button")
        page.keyboard.press("Enter")
        page.wait_for_url(client.origin + "/")
        assert "Nothing has arrived yet" in (page.text_content(".list") or "")


def _fits(page: Page) -> bool:
    box = page.locator("body").bounding_box()
    widest = page.locator(".bar").bounding_box()
    return bool(box and widest and box["width"] <= 375 and widest["width"] <= 375)
