"""The pages as Chromium paints them: nothing too faint, nothing too wide, no quirks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.look.pages import FIRST, ROOT, SPECIMEN, THEMES
from tools.screenshots import SCHEMES, Camera, Page, Scheme, chromium, pages

pytestmark = [
    pytest.mark.debian,
    pytest.mark.slow,
]

LEAST_CONTRAST = {"light": 5.59, "dark": 7.32}

FAINTEST = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let faintest = [99, ''];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const words = walker.currentNode.textContent.trim();
    if (!words || !element.getBoundingClientRect().width) continue;
    const pair = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    if (contrast < faintest[0]) faintest = [contrast, words];
  }
  return faintest;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def every_page() -> list[tuple[Path, Page]]:
    return [
        *((FIRST, page) for page in pages(ROOT, FIRST)),
        *((SPECIMEN, page) for look in THEMES for page in pages(ROOT, SPECIMEN, look)),
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 375, 700])
def test_every_page_is_legible_and_as_wide_as_the_screen(
    browser: Browser, width: int, scheme: Scheme
) -> None:
    for folder, page in every_page():
        tab = Camera(browser, ROOT, folder).open(page, width, scheme)
        contrast, words = tab.evaluate(FAINTEST)
        assert contrast >= LEAST_CONTRAST[scheme], (page.language, words)
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate("document.compatMode") == "CSS1Compat"
        tab.close()
