"""From TOML to a page and its text, warm, beside what others do with the same MJML.

A process of its own (``python -m bench.render ROUNDS [PEERS]``): it prints its timings as JSON.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from functools import partial
from itertools import count, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from mjml import mjml2html
from premailer import Premailer

from bench.figures import OURS, Timing
from bench.turns import Work, Works, timed, work
from newsletter.app.check import check_composition
from newsletter.app.compose import compose_issue
from newsletter.app.open import App, open_app
from newsletter.app.people import columns_of, read_lists
from newsletter.app.start import EXAMPLE_ISSUE, copy_example
from newsletter.edition.inline import inline_css
from newsletter.edition.mjml import to_html
from newsletter.edition.model import Edition, Variant
from newsletter.edition.render import render_edition
from newsletter.issue.model import Issue

PAGES = 15
_CHANGING = re.compile(r'(?m)^(intro = "(?:""\n?)?)(?:\d+ )?')
_NUMBERS = count(1)
ONE_LANGUAGE = "one-language"
_FROM_TOML = "TOML to a page of four sections and its text"
_ONE, _MANY = "a page of four sections and its text", f"{PAGES} pages of one issue"
_INLINED = "MJML to a page with its styles inlined"
_STYLES = "styles inlined alone"
_CHECK = "every rule of check, on all pages of an issue just rendered"


def measure(rounds: int, peers: Path | None) -> list[Timing]:
    """Every piece of work by turns; with npm's mjml where it is installed."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place:
        app = _newsletter(Path(place) / "newsletter")
        issue = app.load_issue(EXAMPLE_ISSUE)
        theme = app.load_theme(issue.original.theme)
        edition = render_edition(issue, _four(issue), theme, app.publisher)
        file = Path(place) / "page.mjml"
        file.write_text(_with_inlined(edition.mjml, theme.inline_css), encoding="utf-8")
        with _node(peers, file) if peers else nullcontext() as npm:
            works = {**_ours(app, issue), **_others(edition, theme.inline_css)}
            if npm:
                works[_INLINED, "npm mjml"] = npm
            return timed(works, rounds)


def _newsletter(folder: Path) -> App:
    """The example, and its issue once more in its first language alone."""
    copy_example(folder)
    source, copy = folder / "issues" / EXAMPLE_ISSUE, folder / "issues" / ONE_LANGUAGE
    source_images = source / "images"
    (copy / "images").mkdir(parents=True)
    for image in source_images.iterdir():
        (copy / "images" / image.name).write_bytes(image.read_bytes())
    (copy / "issue.toml").write_bytes((source / "issue.toml").read_bytes())
    return open_app(folder, environ={}, profile="production")


def _four(issue: Issue) -> Variant:
    return Variant(issue.language, issue.section_ids[:4])


def _fifteen(issue: Issue) -> list[Variant]:
    """Pages that differ in language or in one section that is not shown."""
    ids = issue.section_ids
    shown = [ids, *(tuple(each for each in ids if each != left) for left in ids)]
    every = (Variant(language, sections) for sections in shown for language in issue.languages)
    return list(islice(every, PAGES))


def _ours(app: App, issue: Issue) -> Works:
    theme, publisher = app.load_theme(issue.original.theme), app.publisher
    variants = _fifteen(issue)

    def many() -> list[Edition]:
        return [render_edition(issue, variant, theme, publisher) for variant in variants]

    return {
        (_FROM_TOML, OURS): Work(partial(_from_toml, app)),
        (_ONE, OURS): work(lambda: render_edition(issue, _four(issue), theme, publisher)),
        (_MANY, OURS): work(many),
        (_CHECK, OURS): Work(partial(_check, app)),
    }


def _from_toml(app: App, times: int) -> float:
    """From the file to the page; each time the officer wrote something else."""
    seconds = 0.0
    for _ in range(times):
        _write_something_else(app, ONE_LANGUAGE)
        began = time.process_time()
        issue = app.load_issue(ONE_LANGUAGE)
        theme = app.load_theme(issue.original.theme)
        render_edition(issue, _four(issue), theme, app.publisher)
        seconds += time.process_time() - began
    return seconds


def _check(app: App, times: int) -> float:
    """The rules alone; each time the officer wrote something else, in every language."""
    fields, seconds = columns_of(read_lists(app)), 0.0
    for _ in range(times):
        _write_something_else(app, EXAMPLE_ISSUE)
        made = compose_issue(app, app.load_issue(EXAMPLE_ISSUE))
        began = time.process_time()
        check_composition(app, made, fields)
        seconds += time.process_time() - began
    return seconds


def _write_something_else(app: App, issue: str) -> None:
    """Words in the introduction that were never there before, in every language."""
    number = next(_NUMBERS)
    for path in sorted((app.root / "issues" / issue).glob("issue*.toml")):
        text = _CHANGING.sub(rf"\g<1>{number} ", path.read_text(encoding="utf-8"), count=1)
        path.write_text(text, encoding="utf-8")


def _others(edition: Edition, css: str) -> Works:
    mjml, html = edition.mjml, to_html(edition.mjml)
    return {
        (_INLINED, OURS): work(lambda: inline_css(to_html(mjml), css)),
        (_INLINED, "mjml-python and premailer"): work(lambda: _premailed(mjml2html(mjml), css)),
        (_STYLES, OURS): work(lambda: inline_css(html, css)),
        (_STYLES, "premailer"): work(lambda: _premailed(html, css)),
    }


def _premailed(html: str, css: str) -> str:
    """What premailer does by itself, its caches on; quiet, and without a network."""
    asked = Premailer(html, css_text=css, cssutils_logging_level=60, allow_network=False)
    return str(asked.transform())


def _with_inlined(mjml: str, css: str) -> str:
    """The page as npm's mjml takes it: the sheet that is inlined stands in its head."""
    return mjml.replace("</mj-head>", f'<mj-style inline="inline">{css}</mj-style></mj-head>', 1)


@contextmanager
def _node(peers: Path, file: Path) -> Iterator[Work]:
    """What npm has, waiting in a process of its own for how often it shall render."""
    command = ["node", str(Path(__file__).with_name("mjml_page.cjs")), str(peers), str(file)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        into, out = process.stdin, process.stdout

        def seconds(times: int) -> float:
            print(times, file=into, flush=True)
            return float(out.readline() if out else "")

        yield Work(seconds)
        if into:
            into.close()


def main() -> None:
    """Print the timings as JSON."""
    rounds, *peers = sys.argv[1:]
    found = measure(int(rounds), Path(peers[0]) if peers else None)
    print(json.dumps([asdict(timing) for timing in found]))


if __name__ == "__main__":
    main()
