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
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TypeVar
from unittest import mock

from mjml import mjml2html
from premailer import Premailer

from bench.figures import Timing
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
_FILL = "fill, with tokens and Message-ID"
_FEW = 20  # readers are enough for what takes milliseconds each
Work = Callable[[], object]
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class _Work:
    """Something that is done for so many readers, or once, at each call."""

    call: Work
    units: int = 1


_Works = Mapping[tuple[str, str], _Work]


def measure(rounds: int) -> list[Timing]:
    """Every piece of work by turns, so that the neighbours' load falls on all of them."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place:
        folder = Path(place) / "newsletter"
        letter = prepare(folder, CASES["big"], READERS)
        app = open_app(folder, environ={}, profile="production")
        with _rows(app) as (letters, rows):
            works = {**_pages(app), **_messages(app, letter, letters, rows)}
            return [
                Timing(case, sender, 1e6 * seconds)
                for (case, sender), seconds in _timed(works, rounds).items()
            ]


def _pages(app: App) -> _Works:
    """What happens once a variant."""
    case = CASES["big"]
    issue = app.load_issue(case.issue)
    theme = app.load_theme(issue.original.theme)
    variant = next(v for v in full_variants(issue) if v.language == case.language)
    mjml = _mjml_of(lambda: render.render_edition(issue, variant, theme, app.publisher))
    page, css = to_html(mjml), theme.inline_css
    edition = page_of(app, case).edition
    works: Mapping[tuple[str, str], Work] = {
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
    return {name: _Work(work) for name, work in works.items()}


def _mjml_of(rendering: Work) -> str:
    """The MJML that a rendering hands on; nothing else shows it."""
    with mock.patch.object(render, "to_html", wraps=to_html) as handed:
        rendering()
    return str(handed.call_args.args[0])


def _messages(app: App, letter: Letter, letters: Letters, rows: Sequence[ClaimedRow]) -> _Works:
    """What happens once a recipient: the whole way that dispatch goes, and its general fill."""
    compiled = page_of(app, CASES["big"]).compiled
    now = dt.datetime.now(dt.UTC)
    ready = [letters.values_for(row, now, letters.message_id(row.seq)) for row in rows]
    peer = letter.readers[:_FEW]
    return {
        (_FILL, "newsletter"): _each(rows, lambda row: letters.message_for(row, now)),
        (_FILL, "EmailMessage"): _each(peer, lambda each: letter.message_for(each).as_bytes()),
        ("fill by name, values given", "newsletter"): _each(ready, compiled.fill),
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


def _each(items: Sequence[_Item], work: Callable[[_Item], object]) -> _Work:
    """The work on every item at each call."""

    def all_of_them() -> None:
        for item in items:
            work(item)

    return _Work(all_of_them, len(items))


def _timed(works: _Works, rounds: int) -> dict[tuple[str, str], float]:
    """Seconds of CPU: batches of about a tenth of a second each, the works by turns."""
    times = {name: max(1, round(_BATCH_SECONDS / _batch(work, 1))) for name, work in works.items()}
    taken: dict[tuple[str, str], list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(_batch(work, times[name]) / work.units)
    return {name: median(each) for name, each in taken.items()}


def _batch(work: _Work, times: int) -> float:
    """Seconds of CPU a call."""
    began = time.process_time()
    for _ in range(times):
        work.call()
    return (time.process_time() - began) / times or 1e-9


def main() -> None:
    """Print the timings as JSON."""
    print(json.dumps([asdict(timing) for timing in measure(int(sys.argv[1]))]))


if __name__ == "__main__":
    main()
