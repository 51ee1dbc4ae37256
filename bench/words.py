"""Render, compile and fill, on the first issue, beside what others do for the same bytes.

A process of its own (``python -m bench.words ROUNDS``): it prints its timings as JSON.
"""

import datetime as dt
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar
from unittest import mock

from mjml import mjml2html
from premailer import Premailer

from bench.letter import Letter
from bench.prepare import CASES, page_of, prepare
from newsletter.app.compose import compile_page, full_variants
from newsletter.app.open import App, open_app
from newsletter.app.plan import PlanRequest
from newsletter.app.sending import plan_only, token_keys
from newsletter.dispatch.outgoing import Letters
from newsletter.edition import render
from newsletter.edition.inline import inline_css
from newsletter.edition.mjml import to_html
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import ClaimedRow, Want
from newsletter.unsubscribe import minter

READERS = 500
_BATCH_SECONDS = 0.1
Work = Callable[[], object]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Timing:
    """One piece of work: the median over the rounds of a call's time, in microseconds."""

    case: str
    sender: str
    microseconds: float


def measure(rounds: int) -> list[Timing]:
    """Every piece of work by turns, so that the neighbours' load falls on all of them."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place:
        folder = Path(place) / "newsletter"
        letter = prepare(folder, CASES["big"], READERS)
        app = open_app(folder, environ={})
        works = {**_pages(app), **_messages(app, letter)}
        with _rows(app) as (letters, rows):
            works["fill, with its tokens and Message-ID", "newsletter"] = _each(
                rows, lambda row: letters.message_for(row, dt.datetime.now(dt.UTC))
            )
            return [
                Timing(case, sender, 1e6 * seconds)
                for (case, sender), seconds in _timed(works, rounds).items()
            ]


def _pages(app: App) -> Mapping[tuple[str, str], Work]:
    """What happens once a variant."""
    case = CASES["big"]
    issue = app.load_issue(case.issue)
    theme = app.load_theme(issue.original.theme)
    variant = next(v for v in full_variants(issue) if v.language == case.language)
    mjml = _mjml_of(lambda: render.render_edition(issue, variant, theme, app.publisher))
    page, css = to_html(mjml), theme.inline_css
    edition = page_of(app, case).edition
    return {
        ("render", "newsletter"): lambda: render.render_edition(
            issue, variant, theme, app.publisher
        ),
        ("MJML to HTML alone", "mjml-python"): lambda: mjml2html(mjml),
        ("CSS inlined alone", "newsletter"): lambda: inline_css(page, css),
        ("CSS inlined alone", "premailer"): lambda: Premailer(
            page, css_text=css, cssutils_logging_level=60, allow_network=False
        ).transform(),
        ("compile", "newsletter"): lambda: compile_page(app, issue, edition),
    }


def _mjml_of(rendering: Work) -> str:
    """The MJML that a rendering hands on; nothing else shows it."""
    with mock.patch.object(render, "to_html", wraps=to_html) as handed:
        rendering()
    return str(handed.call_args.args[0])


def _messages(app: App, letter: Letter) -> Mapping[tuple[str, str], Work]:
    """What happens once a recipient."""
    compiled = page_of(app, CASES["big"]).compiled
    own = {
        "date": "Fri, 15 Nov 2019 12:00:00 +0000",
        "message_id": "<1.1.0123456789abcdef@alisei.example>",
        "unsubscribe_mailto": "mailto:newsletter@alisei.example?subject=unsubscribe",
    }
    ready = [letter.values_for(reader) | own for reader in letter.readers]
    return {
        ("fill", "newsletter"): _each(ready, compiled.fill),
        ("fill", "EmailMessage"): _each(
            letter.readers, lambda reader: letter.message_for(reader).as_bytes()
        ),
    }


@contextmanager
def _rows(app: App) -> Iterator[tuple[Letters, tuple[ClaimedRow, ...]]]:
    """Claimed rows of a recorded plan, and dispatch's own way to make their messages."""
    planned = plan_only(app, PlanRequest(CASES["big"].issue))
    token = minter(token_keys(app))
    now = dt.datetime.now(dt.UTC)
    with Ledger.open(app.root / "bench.db") as ledger:
        number = ledger.record(planned.plan, due=None, now=now)
        turn = ledger.begin_run(number, now)
        rows = ledger.exchange(turn, [], Want(READERS), now).rows
        yield Letters(ledger.campaign(number), ledger.variants(number), token), rows


def _each(items: Sequence[_Item], work: Callable[[_Item], object]) -> Work:
    """The work on the next item at each call."""
    following = cycle(items)
    return lambda: work(next(following))


def _timed(works: Mapping[tuple[str, str], Work], rounds: int) -> dict[tuple[str, str], float]:
    """Seconds a call: batches of about a tenth of a second each, the works by turns."""
    times = {name: max(1, round(_BATCH_SECONDS / _batch(work, 3))) for name, work in works.items()}
    taken: dict[tuple[str, str], list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(_batch(work, times[name]))
    return {name: median(each) for name, each in taken.items()}


def _batch(work: Work, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def main() -> None:
    """Print the timings as JSON."""
    print(json.dumps([asdict(timing) for timing in measure(int(sys.argv[1]))]))


if __name__ == "__main__":
    main()
