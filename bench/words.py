"""Compile and fill, on the first issue, beside what others do for the same bytes.

A process of its own (``python -m bench.words ROUNDS``): it prints its timings as JSON.
"""

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import dkim

from bench.figures import OURS, Timing
from bench.letter import Letter
from bench.prepare import CASES, page_of, prepare
from bench.turns import Work, Works, timed, work
from newsletter.app.compose import compile_page
from newsletter.app.open import App, open_app
from newsletter.app.plan import PlanRequest
from newsletter.app.sending import plan_only
from newsletter.app.tokens import token_keys
from newsletter.dispatch.outgoing import Letters
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import ClaimedRow, Want
from newsletter.signing import OVERSIGNED, Algorithm, Signer, SigningKey, new_key
from newsletter.unsubscribe import minter

READERS = 500
_FILL = "fill, with tokens and Message-ID"
_SIGN = "sign, RSA 2048"
_FEW = 20  # readers are enough for what takes milliseconds each
_Item = TypeVar("_Item")


def measure(rounds: int) -> list[Timing]:
    """Every piece of work by turns, so that the neighbours' load falls on all of them."""
    with TemporaryDirectory(prefix="newsletter-bench-") as place:
        folder = Path(place) / "newsletter"
        letter = prepare(folder, CASES["big"], READERS)
        app = open_app(folder, environ={}, profile="production")
        with _rows(app) as (letters, rows):
            works = {**_pages(app), **_messages(app, letter, letters, rows)}
            return timed({**works, **_signatures(letters, rows)}, rounds)


def _pages(app: App) -> Works:
    """What happens once a variant, after its page is rendered (`render` has that)."""
    case = CASES["big"]
    issue = app.load_issue(case.issue)
    edition = page_of(app, case).edition
    return {("compile", OURS): work(lambda: compile_page(app, issue, edition))}


def _messages(app: App, letter: Letter, letters: Letters, rows: Sequence[ClaimedRow]) -> Works:
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


def _signatures(letters: Letters, rows: Sequence[ClaimedRow]) -> Works:
    """The same messages signed: by us, by what others sign with, and the signature alone."""
    now = dt.datetime.now(dt.UTC)
    few = [letters.message_for(row, now).content for row in rows[:_FEW]]
    pem = new_key(Algorithm.RSA)
    key = SigningKey.read(pem, "alisei.example", "bench")
    signer, edwards = Signer((key,)), SigningKey.read(new_key(Algorithm.ED25519), "a.example", "e")
    second = Signer((edwards,))
    seconds, digest, headers = int(now.timestamp()), bytes(32), [h.encode() for h in OVERSIGNED]

    def sign_as_others_do(message: bytes) -> bytes:
        domain = b"alisei.example"
        return bytes(dkim.sign(message, b"bench", domain, pem, include_headers=headers))

    return {
        (_SIGN, OURS): _each(few, lambda each: signer.sign(each, seconds, relaxed=True)),
        (_SIGN, "dkimpy"): _each(few[:2], sign_as_others_do),
        (_SIGN, "RSA alone"): _each(few, lambda _: key.sign_hash(digest)),
        ("sign, Ed25519", OURS): _each(few, lambda each: second.sign(each, seconds, relaxed=True)),
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


def _each(items: Sequence[_Item], do: Callable[[_Item], object]) -> Work:
    """The work on every item at each call."""

    def all_of_them() -> None:
        for item in items:
            do(item)

    return work(all_of_them, len(items))


def main() -> None:
    """Print the timings as JSON."""
    print(json.dumps([asdict(timing) for timing in measure(int(sys.argv[1]))]))


if __name__ == "__main__":
    main()
