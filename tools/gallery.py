"""The pictures in docs/: every kind of section, light and wide beside dark and narrow.

    python -m tools.gallery

Writes `docs/pictures/sections/KIND.png` from the specimen in Italian, and `docs/pictures/plain.png`
of the plain theme. Needs what `tools.screenshots` needs.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator
from playwright.sync_api import Page as Tab

from newsletter.issue.loader import load_issue
from tools.screenshots import (
    GROUND,
    STAND_INS,
    Camera,
    Page,
    Scheme,
    chromium,
    pages,
    readme,
)

ROOT = Path(__file__).parent.parent
SPECIMEN = ROOT / "newsletter" / "app" / "specimen"
PICTURES = ROOT / "docs" / "pictures"
SHOWN: tuple[tuple[int, Scheme], ...] = ((700, "light"), (375, "dark"))
PAPER = {"light": "#FFFFFF", "dark": "#1A1429"}
MARGIN, GAP, COLOURS = 32, 24, 96
CELL = "xpath=ancestor-or-self::*[contains(@class, 'pad')][1]"
"""The cell of a section's words, which is as wide as the column."""


def italian(look: str) -> Page:
    """The specimen's page in Italian, in a theme."""
    return next(page for page in pages(ROOT, SPECIMEN, look) if page.language == "it")


def kinds() -> Iterator[tuple[str, str]]:
    """Each section's id and kind."""
    sections = load_issue(SPECIMEN).original.sections
    return ((name, section.kind) for name, section in sections.items())


def on_paper(cell: Locator, scheme: Scheme) -> Image.Image:
    """A section with paper above and below."""
    with Image.open(BytesIO(cell.screenshot())) as shot:
        sheet = Image.new("RGB", (shot.width, shot.height + 2 * MARGIN), PAPER[scheme])
        sheet.paste(shot.convert("RGB"), (0, MARGIN))
    return sheet


def beside(panels: list[Image.Image]) -> Image.Image:
    """Panels in a row, on the ground of all our pictures."""
    width = sum(panel.width for panel in panels) + GAP * (len(panels) + 1)
    height = max(panel.height for panel in panels) + 2 * GAP
    sheet, left = Image.new("RGB", (width, height), GROUND), GAP
    for panel in panels:
        sheet.paste(panel, (left, GAP))
        left += panel.width + GAP
    return sheet


def draw_kinds(tabs: list[tuple[Tab, Scheme]]) -> None:
    """One picture for each kind, with few colours so that it stays light."""
    for name, kind in kinds():
        panels = [on_paper(tab.locator(f"#{name}").locator(CELL), how) for tab, how in tabs]
        file = PICTURES / "sections" / f"{kind}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        sheet = beside(panels).quantize(COLOURS, dither=Image.Dither.NONE)
        sheet.save(file, optimize=True)
        print(f"{file}: {file.stat().st_size / 1024:.0f} KB")


def main() -> None:
    """Draw every picture anew."""
    with chromium() as browser:
        camera, page = Camera(browser, ROOT, SPECIMEN), italian("alisei")
        tabs = [(camera.open(page, width, scheme), scheme) for width, scheme in SHOWN]
        for tab, _ in tabs:
            tab.add_style_tag(content=STAND_INS)
            tab.evaluate("document.fonts.ready")
        draw_kinds(tabs)
        readme(camera, italian("plain"), PICTURES / "plain.png")


if __name__ == "__main__":
    main()
