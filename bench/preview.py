"""``python -m bench.preview ROUNDS``: from a save to the painted page, in Chromium.

The first issue of the working example, in four languages, is previewed by the real command. An
editor's save writes one changed paragraph; the page says when its two frames, light and dark,
were painted. Wall time of one machine's one clock, whatever else it does: look at a quiet one.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import Page, sync_playwright

from bench.figures import OURS, Timing

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ISSUE = "2019-11-assemblea"
PARAGRAPH = "in questo numero"
SAVES = 10  # a round
WARM = 5
BETWEEN = 900  # milliseconds: the other pages and the checks are made by then


def main() -> None:
    """Print the timings of all saves as JSON."""
    with tempfile.TemporaryDirectory() as folder, previewed(Path(folder)) as address:
        took = saved_and_painted(Path(folder), address, SAVES * int(sys.argv[1]))
    nine_of_ten = quantiles(took, n=10)[-1]
    timings = [
        Timing("from a save to the painted page, median", OURS, median(took) * 1e6),
        Timing("from a save to the painted page, nine of ten", OURS, nine_of_ten * 1e6),
    ]
    print(json.dumps([asdict(each) for each in timings]))


@contextmanager
def previewed(folder: Path) -> Iterator[str]:
    """The example's preview in a folder of its own; gives its address."""
    for name in ("issues", "templates", "subscribers"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "newsletter.toml", folder)
    words = ["newsletter", "preview", ISSUE, "--no-browser", "--port", "0", "--root", str(folder)]
    with subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as running:
        said = running.stdout.readline() if running.stdout else ""
        found = re.search(r"http://\S+", said)
        if not found:
            raise SystemExit(f"the preview did not begin: {said}")
        try:
            yield found[0]
        finally:
            running.terminate()


def saved_and_painted(folder: Path, address: str, saves: int) -> list[float]:
    """Seconds of each save, after a few that warm everything."""
    issue = folder / "issues" / ISSUE / "issue.toml"
    written = issue.read_text("utf-8")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.wait_for_selector("#findings .passed")
        changes = [written.replace(PARAGRAPH, f"{PARAGRAPH} ({at})", 1) for at in range(saves)]
        took = [_painted(page, issue, text) for text in [*changes[:WARM], *changes]]
        browser.close()
    return took[WARM:]


def _painted(page: Page, issue: Path, text: str) -> float:
    before = page.get_attribute("body", "data-painted")
    page.wait_for_timeout(BETWEEN)
    begin = time.time()
    issue.write_text(text, "utf-8")
    page.wait_for_selector(f'body:not([data-painted="{before}"])', state="attached")
    return int(page.get_attribute("body", "data-painted") or 0) / 1000 - begin


if __name__ == "__main__":
    main()
