"""Makes the newsletter folder of one case, and the letter for the peers: a process of its own.

Its imports are heavy; a child's peak memory is never below its parent's at the fork, so the
process that starts the senders must not have them.
"""

import argparse
import csv
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.letter import Letter, Reader
from newsletter.app.compose import compile_page, full_variants, sample_values
from newsletter.app.open import App, open_app
from newsletter.app.start import EXAMPLE_ISSUE, copy_example
from newsletter.campaign import Page
from newsletter.edition.render import render_edition

SMALL_ISSUE = "small"
PEERS = 500
"""How many readers a letter has when nothing else is said."""
_SMALL = Path(__file__).parent / "small"
_COLUMNS = ("email", "first_name", "last_name", "language", "interests", "country", "timezone")
_FIRST = ("Anna", "Marco", "Giulia", "Zoë", "Paolo", "Wei", "Chiara", "Luca", "Sara", "Andrea")
_LAST = ("Rossi", "Bianchi", "D'Amico", "Ferrari", "Müller", "Esposito", "Baker", "Liu", "Riva")


@dataclass(frozen=True, slots=True)
class Case:
    """A size of message: the issue, and the language of its readers."""

    issue: str
    language: str


CASES: Mapping[str, Case] = {
    "big": Case(EXAMPLE_ISSUE, "it"),
    "small": Case(SMALL_ISSUE, "en"),
}


def prepare(folder: Path, case: Case, count: int, peers: int = PEERS) -> Letter:
    """The example newsletter with ``count`` made-up readers in place of its own.

    All of them see the same full page, so that every message has one known size. The letter has
    the first ``peers`` of them.
    """
    copy_example(folder)
    shutil.copytree(_SMALL / "issue", folder / "issues" / SMALL_ISSUE)
    shutil.copytree(_SMALL / "theme", folder / "templates" / "small")
    _write_list(folder / "subscribers", case, count)
    readers = tuple(_reader(number, case.language) for number in range(peers))
    return _letter(open_app(folder, environ={}), case, readers)


def _reader(number: int, language: str) -> Reader:
    return {
        "email": f"reader{number}@list{number % 20}.example",
        "first_name": _FIRST[number % len(_FIRST)],
        "last_name": _LAST[number // len(_FIRST) % len(_LAST)],
        "language": language,
        "interests": "china|canada",
        "country": "IT",
        "timezone": "Europe/Rome",
    }


def _write_list(folder: Path, case: Case, count: int) -> None:
    for example in folder.glob("*.csv"):
        example.unlink()
    with (folder / "members.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_reader(number, case.language).values() for number in range(count))


def page_of(app: App, case: Case) -> Page:
    """The case's one page, rendered and compiled."""
    issue = app.load_issue(case.issue)
    variant = next(v for v in full_variants(issue) if v.language == case.language)
    theme = app.load_theme(issue.original.theme)
    edition = render_edition(issue, variant, theme, app.publisher)
    return Page(edition, compile_page(app, issue, edition))


def _letter(app: App, case: Case, readers: tuple[Reader, ...]) -> Letter:
    page, sender = page_of(app, case), app.settings.sender
    sample = sample_values(app, app.load_issue(case.issue), page)
    return Letter(
        issue=case.issue,
        sender_name=sender.name,
        sender_address=sender.address,
        reply_to=sender.reply_to or "",
        list_id=sender.list_id,
        site=app.settings.site.url,
        subject=page.edition.subject,
        html=page.edition.html,
        text=page.edition.text,
        slots={mark: slot.name for mark, slot in page.edition.slots.items()},
        octets=len(page.compiled.fill({**sample, **readers[0]})),
        readers=readers,
    )


def main() -> None:
    """``python -m bench.prepare CASE COUNT PEERS FOLDER LETTER``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case", choices=CASES)
    parser.add_argument("count", type=int)
    parser.add_argument("peers", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("letter", type=Path)
    wanted = parser.parse_args()
    prepare(wanted.folder, CASES[wanted.case], wanted.count, wanted.peers).save(wanted.letter)


if __name__ == "__main__":
    main()
