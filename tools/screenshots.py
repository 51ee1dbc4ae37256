"""Pictures of an issue as readers see it: every language, two widths, light and dark.

    python -m tools.screenshots 2019-11-assemblea /tmp/proofs
    python -m tools.screenshots 2019-11-assemblea /tmp/proofs --readme docs/pictures/edition-it.png

Needs Chromium (``CHROMIUM`` names it, by default ``/usr/bin/chromium``) and Playwright. Nothing
is fetched: the addresses of images are answered from the newsletter's folder, or not at all.
"""

import argparse
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright
from playwright.sync_api import Page as Tab

from newsletter.edition.model import Edition, Publisher, Variant
from newsletter.edition.render import render_edition
from newsletter.edition.theme import load_theme
from newsletter.issue.loader import load_issue
from newsletter.values import Language

Scheme = Literal["light", "dark"]

WIDTHS = (700, 375)
SCHEMES: tuple[Scheme, Scheme] = ("light", "dark")
READERS = {
    "it": {"first_name": "Giulia", "name": "Giulia Ferri"},
    "en": {"first_name": "Ann", "name": "Ann Reid"},
    "fr-CA": {"first_name": "Marie", "name": "Marie Gagnon"},
    "zh-Hans": {"first_name": "王", "name": "王女士"},
    "ar": {"first_name": "ليلى", "name": "ليلى"},
}
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
PATIENCE = 120_000
"""Milliseconds that a busy machine may take for any one thing."""
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
STAND_INS = """
@font-face { font-family: "Palatino Linotype";
  src: local("TeX Gyre Pagella"), local("TeXGyrePagella-Regular"); }
@font-face { font-family: "Palatino Linotype"; font-weight: 700;
  src: local("TeX Gyre Pagella Bold"), local("TeXGyrePagella-Bold"); }
@font-face { font-family: "Palatino Linotype"; font-style: italic;
  src: local("TeX Gyre Pagella Italic"), local("TeXGyrePagella-Italic"); }
"""
"""Free fonts in the place of those that readers' machines have and this one may not."""

README_HEIGHT = 1100
GROUND = "#CFC6D4"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own, while the block runs."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=_OPTIONS, timeout=PATIENCE)
        yield browser
        browser.close()


def new_tab(browser: Browser, **wanted: Any) -> Tab:
    """A tab that waits long; it takes what ``Browser.new_page`` takes."""
    tab = browser.new_page(**wanted)
    tab.set_default_timeout(PATIENCE)
    return tab


@dataclass(frozen=True, slots=True)
class Page:
    """A language's page, its slots filled for a made-up reader."""

    language: str
    html: str


def publisher(root: Path) -> Publisher:
    """Who sends, as newsletter.toml says it."""
    settings = tomllib.loads((root / "newsletter.toml").read_text("utf-8"))
    sender = settings["sender"]
    return Publisher(
        name=settings["name"],
        organisation=sender["organisation"],
        postal_address=tuple(sender["postal_address"]),
        site_url=settings["site"]["url"],
        taglines={Language(tag): line for tag, line in sender.get("tagline", {}).items()},
    )


def pages(root: Path, folder: Path, look: str | None = None) -> Iterator[Page]:
    """Every language of an issue, all of its sections shown, in its own theme or another."""
    issue = load_issue(folder)
    theme = load_theme(root / "templates" / (look or issue.original.theme))
    for language in issue.languages:
        variant = Variant(language, issue.section_ids)
        yield filled(render_edition(issue, variant, theme, publisher(root)))


def filled(edition: Edition) -> Page:
    """The page with a value in the place of each slot."""
    html, language = edition.html, edition.variant.language
    for token, slot in edition.slots.items():
        value = READERS.get(language, {}).get(slot.name) or slot.default
        html = html.replace(token, escape(value or f"https://newsletter.example/{slot.name}"))
    return Page(language, html)


class Camera:
    """A browser that sees the newsletter's own images and nothing else of the network."""

    def __init__(self, browser: Browser, root: Path, issue: Path, *, images: bool = True) -> None:
        self.browser, self.root, self.issue, self.images = browser, root, issue, images

    def open(self, page: Page, width: int, scheme: Scheme) -> Tab:
        """The page in a tab of its own, loaded; whoever opens it closes it."""
        window = {"width": width, "height": 800}
        tab = new_tab(self.browser, viewport=window, color_scheme=scheme)
        tab.route("**/*", self._answer)
        tab.set_content(page.html, wait_until="load")
        return tab

    def shoot(self, page: Page, width: int, scheme: Scheme) -> bytes:
        """The whole page as PNG."""
        tab = self.open(page, width, scheme)
        tab.add_style_tag(content=STAND_INS)
        tab.evaluate("document.fonts.ready")
        picture = tab.screenshot(full_page=True)
        tab.close()
        return picture

    def _answer(self, route: Route) -> None:
        path = self._file(urlsplit(route.request.url).path)
        if self.images and path and path.is_file():
            route.fulfill(path=path)
        else:
            route.abort()

    def _file(self, path: str) -> Path | None:
        match path.strip("/").split("/"):
            case ["images", "themes", theme, *rest]:
                return self.root.joinpath("templates", theme, *rest)
            case ["images", _, *rest]:
                return self.issue.joinpath(*rest)
        return None


def side_by_side(light: bytes, dark: bytes) -> Image.Image:
    """A wide light page and a narrow dark one, cut at the same height."""
    left, right = (Image.open(BytesIO(data)).convert("RGB") for data in (light, dark))
    gap = 32
    size = (left.width + right.width + 3 * gap, README_HEIGHT + 2 * gap)
    sheet = Image.new("RGB", size, GROUND)
    sheet.paste(left.crop((0, 0, left.width, README_HEIGHT)), (gap, gap))
    sheet.paste(right.crop((0, 0, right.width, README_HEIGHT)), (left.width + 2 * gap, gap))
    return sheet


def readme(camera: Camera, page: Page, file: Path) -> None:
    """The README's picture, with few colours so that it stays light."""
    sheet = side_by_side(camera.shoot(page, 700, "light"), camera.shoot(page, 375, "dark"))
    file.parent.mkdir(parents=True, exist_ok=True)
    sheet.quantize(160, dither=Image.Dither.NONE).save(file, optimize=True)
    print(f"{file}: {file.stat().st_size / 1024:.0f} KB")


def proofs(camera: Camera, page: Page, folder: Path) -> None:
    """One PNG for each width and scheme."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        for scheme in SCHEMES:
            file = folder / f"{page.language}-{width}-{scheme}.png"
            file.write_bytes(camera.shoot(page, width, scheme))
            print(file)


def main() -> None:
    """Shoot what the command line asks for."""
    parser = argparse.ArgumentParser(description="Pictures of an issue as readers see it.")
    parser.add_argument("issue", help="a folder under issues/, or a path")
    parser.add_argument("out", type=Path)
    parser.add_argument("--language", action="append", help="only this one (may be repeated)")
    parser.add_argument("--theme", help="in this theme instead of the issue's own")
    parser.add_argument("--images-off", action="store_true")
    parser.add_argument("--readme", type=Path, help="also write the README's picture here")
    asked = parser.parse_args()
    root = Path.cwd()
    folder = (
        Path(asked.issue).resolve() if Path(asked.issue).is_dir() else root / "issues" / asked.issue
    )
    with chromium() as browser:
        camera = Camera(browser, root, folder, images=not asked.images_off)
        for page in pages(root, folder, asked.theme):
            if not asked.language or page.language in asked.language:
                proofs(camera, page, asked.out)
            if asked.readme and page.language == "it":
                readme(camera, page, asked.readme)


if __name__ == "__main__":
    main()
