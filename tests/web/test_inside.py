"""The staging inbox shows the images that travelled inside a message, and nothing else of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from newsletter.inbox.maildir import Envelope, file_message, prepare
from newsletter.inbox.parts import take_apart
from newsletter.inbox.verify import Check, State, verify
from newsletter.message import EmbeddedImage, compile_message
from newsletter.web.inbox import create_app
from newsletter.web.inside import with_images_inside
from tests.issue.folder import PNG
from tests.message.make import OPTIONS, VALUES, make_edition
from tests.web.pages import Client, served
from tools.screenshots import PATIENCE, chromium, new_tab

IMAGE = EmbeddedImage("https://news.alisei.example/images/2019-11/a.png", PNG)
ENVELOPE = Envelope("news@alisei.example", ("anna@soci.example",))


def message(image: EmbeddedImage = IMAGE) -> bytes:
    edition = make_edition(html=f'<p>Ciao</p><img src="{image.url}" alt="">')
    return compile_message(replace(edition, slots={}), **OPTIONS, marks={}, embedded=(image,)).fill(
        VALUES
    )


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """An empty staging inbox."""
    prepare(tmp_path / "box")
    return tmp_path / "box"


@pytest.fixture
def client(box: Path) -> Iterator[Client]:
    """Its page."""
    with served(create_app(box, "127.0.0.1:2525", lambda _: None)) as running:
        yield running


@pytest.mark.slow
def test_the_page_asks_for_its_images_here_and_gets_them(box: Path, client: Client) -> None:
    name = file_message(box, ENVELOPE, message())
    page = client.ask(f"/page/{name}").text
    address = page.partition('<img src="')[2].partition('"')[0]
    assert address.startswith(f"/inside/{name}/")
    answer = client.ask(address)
    assert (answer.status, answer.body) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.slow
def test_nothing_but_an_image_is_given_out(box: Path, client: Client) -> None:
    page = message().replace(b"image/png", b"image/svg+xml")
    odd = page.replace(b"iVBORw0KGgo", b"PHN2Zz48L3N2Zz48")
    name = file_message(box, ENVELOPE, odd)
    inside = next(iter(take_apart(odd).embedded))
    assert client.ask(f"/inside/{name}/{inside}").status == 404
    assert client.ask(f"/inside/{name}/other@alisei.example").status == 404
    assert client.ask(f"/inside/none/{inside}").status == 404


def test_only_what_a_page_shows_is_asked_for_here() -> None:
    html = "<img src='cid:a@b.example'><a href=\"cid:x\">x</a><p style='background:url(cid:c%40d)'>"
    assert with_images_inside(html, "1.x") == (
        "<img src='/inside/1.x/a@b.example'><a href=\"cid:x\">x</a>"
        "<p style='background:url(/inside/1.x/c@d)'>"
    )


def test_a_message_is_examined_with_its_images() -> None:
    light = EmbeddedImage(IMAGE.url, PNG + bytes(20_000))
    passed = Check(State.PASSED, "1 image inside the message", "20 KB in all")
    assert passed in verify(message(light), ENVELOPE)
    heavy = EmbeddedImage(IMAGE.url, PNG + bytes(300_000))
    titles = [check.title for check in verify(message(heavy), ENVELOPE)]
    assert "1 image over 200 KB" in titles
    lost = message().replace(b"Content-ID: <", b"Content-ID: <x")
    states = {check.title: check.state for check in verify(lost, ENVELOPE)}
    assert states["1 image missing from the message"] is State.FAILED


@pytest.mark.debian
@pytest.mark.slow
def test_a_browser_shows_the_image_inside_the_sandboxed_page(box: Path, client: Client) -> None:
    name = file_message(box, ENVELOPE, message())
    with chromium() as browser:
        page = new_tab(browser)
        page.goto(f"{client.origin}/message/{name}")
        image = page.frame_locator("iframe").locator("img")
        expect(image).to_have_js_property("naturalWidth", 1, timeout=PATIENCE)
