"""Our pages look, pixel for pixel, as two others make them of the same MJML and style sheet."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from io import BytesIO

import css_inline
import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser

from bench.senders import PEERS
from newsletter.edition.inline import inline_css
from newsletter.edition.mjml import to_html
from newsletter.edition.model import Variant
from newsletter.edition.render import render_edition
from newsletter.values import Language
from tests.look.components import page_of_components
from tests.look.every_kind import issue_of_every_kind
from tests.look.pages import FIRST, ROOT, publisher, theme
from tools.screenshots import SCHEMES, Camera, Page, chromium

pytestmark = [pytest.mark.debian, pytest.mark.slow]

WIDTHS = (320, 375, 600, 700)
NPM = """
const mjml = require("mjml"); const toHtml = mjml.default || mjml;
let page = ""; process.stdin.on("data", (part) => { page += part; }).on("end", async () => {
  const made = await toHtml(page, { validationLevel: "strict", fonts: {} });
  console.log(JSON.stringify(made.html));
});
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def differing(
    browser: Browser, one: str, other: str, widths: Sequence[int] = WIDTHS
) -> dict[str, int]:
    """How many pixels differ, by width and scheme, where any do."""
    camera = Camera(browser, ROOT, FIRST)
    found = {}
    for width in widths:
        for scheme in SCHEMES:
            pair = [camera.shoot(Page("it", html), width, scheme) for html in (one, other)]
            if count := _pixels(*pair):
                found[f"{width} {scheme}"] = count
    return found


def _pixels(one: bytes, other: bytes) -> int:
    if one == other:
        return 0
    images = [Image.open(BytesIO(picture)).convert("RGB") for picture in (one, other)]
    if images[0].size != images[1].size:
        return images[0].width * images[0].height
    difference = ImageChops.difference(images[0], images[1]).convert("L")
    return sum(difference.histogram()[1:])


def by_css_inline(html: str, css: str) -> str:
    """The oracle: another inliner, another parser of HTML."""
    inliner = css_inline.CSSInliner(inline_style_tags=False, keep_style_tags=True, extra_css=css)
    return str(inliner.inline(html))


def test_a_pixel_that_differs_is_counted(browser: Browser) -> None:
    page = "<!doctype html><html><body style='margin:0'>{}</body></html>"
    square = "<div style='width:4px;height:3px;background:#A3133F'></div>"
    found = differing(browser, page.format(""), page.format(square), widths=(320,))
    assert found == {"320 light": 12, "320 dark": 12}


def test_every_component_looks_as_css_inline_has_it(browser: Browser) -> None:
    mjml, css = page_of_components(theme("alisei")), theme("alisei").inline_css
    html = to_html(mjml)
    assert inline_css(html, css).count("style=") > html.count("style=")
    assert differing(browser, inline_css(html, css), by_css_inline(html, css)) == {}


@pytest.mark.parametrize(
    ("look", "language"), [("alisei", "ar"), ("alisei", "zh-Hans"), ("plain", "it")]
)
def test_every_kind_of_section_looks_as_css_inline_has_it(
    browser: Browser, look: str, language: str
) -> None:
    issue = issue_of_every_kind(FIRST, language, look, "images/disc-china.png")
    variant = Variant(Language(language), issue.section_ids)
    edition = render_edition(issue, variant, theme(look), publisher())
    oracle = by_css_inline(to_html(edition.mjml), theme(look).inline_css)
    assert differing(browser, edition.html, oracle, widths=(375,)) == {}


@pytest.mark.skipif(
    not (shutil.which("node") and (PEERS / "node_modules" / "mjml").is_dir()),
    reason="npm's mjml is not there: python -m bench --only render --rounds 1 installs it",
)
def test_every_component_looks_as_npms_mjml_has_it(browser: Browser) -> None:
    css = theme("alisei").inline_css
    ours = inline_css(to_html(page_of_components(theme("alisei"))), css)
    sheet = f'<mj-style inline="inline">{css}</mj-style>'
    assert differing(browser, ours, by_npm(page_of_components(theme("alisei"), sheet))) == {}


def by_npm(mjml: str) -> str:
    """The page as npm's mjml makes it; it refuses what it does not know."""
    command = [shutil.which("node") or "node", "-e", NPM]
    done = subprocess.run(  # noqa: S603 the peer of the benchmark
        command, cwd=PEERS, input=mjml, capture_output=True, text=True, check=True
    )
    return str(json.loads(done.stdout))
