"""A link that opens nothing costs what one that opens something does: no clock tells them apart.

Times are not measured: what is counted is the work, each hashing and each question to the ledger.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from newsletter.app.clicking import Clicking
from newsletter.app.door import Door
from newsletter.clicks import Counts
from newsletter.clicks import mint as mint_click
from newsletter.ledger.ledger import Ledger
from newsletter.unsubscribe import Purpose, TokenKeys, mint
from tests.doubles import START
from tests.ledger.test_clicks import counting_plan

KEYS = TokenKeys.of("list.example", "sixteen octets at least")
OTHERS = TokenKeys.of("list.example", "another secret altogether")
UNKNOWN = TokenKeys("list.example", {9: b"sixteen octets at least"}, 9)
_HASHING = ("blake2b", "compare_digest", "hmac_digest", "update", "digest")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One campaign with counted links."""
    folder: Path = tmp_path_factory.mktemp("work")
    with Ledger.open(folder / "ledger.db") as opened:
        opened.record(counting_plan(opens=True), due=None, now=START)
        yield opened


def work_of(do: Callable[[], object]) -> Counter[str]:
    """How often what takes time is called: hashing, comparing, asking the ledger."""
    seen: Counter[str] = Counter()

    def look(frame: FrameType, what: str, called: object) -> None:
        name = getattr(called, "__name__", "")
        if what == "c_call" and any(each in name for each in _HASHING):
            seen[name] += 1
        del frame

    def asked(*words: object) -> None:
        seen[str(words[2])] += 1

    event.listen(Engine, "before_cursor_execute", asked)
    sys.setprofile(look)
    try:
        do()
    finally:
        sys.setprofile(None)
        event.remove(Engine, "before_cursor_execute", asked)
    return seen


@pytest.mark.parametrize("purpose", Purpose)
def test_whatever_is_wrong_with_a_readers_link_costs_as_much(
    ledger: Ledger, purpose: Purpose
) -> None:
    door = Door(ledger, KEYS)
    right = mint(KEYS, 1, 1, purpose)
    wrong = [mint(keys, 1, 1, purpose) for keys in (OTHERS, UNKNOWN)]
    wrong += [
        mint(KEYS, 1, 99, purpose),
        mint(KEYS, 99, 1, purpose),
        right[:-1] + "BA"[right[-1] == "B"],
    ]
    assert door.open(right, purpose)
    usual = work_of(lambda: door.open(right, purpose))

    assert sum(usual.values()) >= 3
    for token in wrong:
        assert door.open(token, purpose) is None
        assert work_of(lambda token=token: door.open(token, purpose)) == usual  # type: ignore[misc]


@pytest.mark.parametrize("own", [False, True])
def test_whatever_is_wrong_with_a_counted_link_costs_as_much(ledger: Ledger, own: bool) -> None:
    clicking = Clicking(ledger.clicks, KEYS, "individual", lambda: START)
    right, reader = mint_click(KEYS, 1, 1, Counts.LINK), mint_click(KEYS, 1, 1, Counts.READER)
    foreign = mint_click(KEYS, 99, 1, Counts.READER)
    assert clicking.target(right, reader if own else None)
    usual = work_of(lambda: clicking.target(right, reader if own else None))

    assert sum(usual.values()) >= 3
    wrong = [mint_click(keys, 1, 1, Counts.LINK) for keys in (OTHERS, UNKNOWN)]
    wrong += [mint_click(KEYS, 1, 99, Counts.LINK), mint_click(KEYS, 99, 1, Counts.LINK)]
    pairs = [(token, reader if own else None) for token in wrong]
    pairs += [(right, foreign), (right, wrong[0])] if own else []
    for link, whose in pairs:
        assert clicking.target(link, whose) is None
        assert work_of(lambda pair=(link, whose): clicking.target(*pair)) == usual  # type: ignore[misc]
