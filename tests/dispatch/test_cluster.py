"""How often a worker looks for what others have left, and what it takes first."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest

from newsletter.dispatch.cluster import Cluster
from newsletter.dispatch.model import Share
from newsletter.ledger.model import CampaignId
from newsletter.ledger.partitions import Company, Open
from newsletter.ledger.workers import Division

ONE = CampaignId(1)


@dataclass
class Books:
    """A ledger, as far as a worker looks at it."""

    company: Company = field(default_factory=lambda: Company(0))
    found: tuple[Open, ...] = ()
    conninfo: str = ""

    def workers(self, _: Division) -> "Books":
        """It is its own."""
        return self

    def open_parts(self, *_: object) -> tuple[Open, ...]:
        """What may be taken."""
        return self.found


@dataclass
class Worker:
    """One that looks when it is told to; the parts it took."""

    books: Books
    took: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)
    takes_long: bool = False

    def __post_init__(self) -> None:
        """Its parts are done at once, or when it goes home."""
        self.stop = asyncio.Event()
        books: Any = self.books
        self.cluster = Cluster(books, self._do, _now, print, timeout=10.0, division=Division())

    async def _do(self, number: CampaignId, share: Share, stop: asyncio.Event) -> None:
        assert number == ONE
        assert stop is self.stop
        (self.judged if share.only_judge else self.took).append(share.part)
        if self.takes_long and not share.only_judge:
            await stop.wait()

    async def look(self, company: Company, *found: Open) -> float:
        """Seconds until it looks again."""
        self.books.company, self.books.found = company, found
        await self.cluster._look(self.stop)
        if not self.takes_long:
            await asyncio.gather(*self.cluster._others)
        return self.cluster._until_next_look()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def waits(company: Company, *found: Open, before: Company | None = None) -> list[float]:
    """Of many workers: how long each waits until it looks again."""

    async def one() -> float:
        worker = Worker(Books())
        await worker.look(before or company)
        return await worker.look(company, *found)

    async def many() -> list[float]:
        return [await one() for _ in range(200)]

    return asyncio.run(many())


@pytest.mark.parametrize(
    ("company", "least", "most"),
    [
        (Company(0), 0.8, 1.2),
        (Company(3), 0.8, 1.2),
        (Company(9), 3.2, 4.8),
        (Company(9, first_gone_in=1.5), 1.5, 2.0),
        (Company(9, first_gone_in=30.0), 3.2, 4.8),
        (Company(0, first_gone_in=0.0), 0.0, 0.5),
    ],
)
def test_a_worker_looks_when_the_first_that_is_silent_may_be_taken_over(
    company: Company, least: float, most: float
) -> None:
    found = waits(company)
    assert least <= min(found) <= max(found) <= most
    assert max(found) - min(found) > (most - least) / 2, "they do not all look at once"


def test_when_nobody_has_a_part_any_more_they_do_not_all_look_oftener_at_once() -> None:
    assert min(waits(Company(0), before=Company(9))) >= 0.8 * 3.5


def test_while_something_was_left_each_looks_again_soon() -> None:
    """Whoever takes it over may be killed as well."""
    assert max(waits(Company(9), Open(ONE, 1, left=True))) <= 1.2
    assert min(waits(Company(9), Open(ONE, 1, left=False))) >= 3.2


def test_what_was_left_is_taken_over_beside_the_next_part_that_waits() -> None:
    parts = [Open(ONE, 7, left=True), Open(ONE, 8, left=True), Open(ONE, 1, left=False)]

    async def look() -> list[int]:
        worker = Worker(Books())
        await worker.look(Company(0), *parts, Open(ONE, 2, left=False))
        return worker.took

    assert sorted(asyncio.run(look())) == [1, 7, 8]


def test_a_worker_with_full_hands_judges_what_was_left_and_leaves_the_rest_to_others() -> None:
    async def look() -> Worker:
        worker = Worker(Books(), takes_long=True)
        await worker.look(Company(0), *(Open(ONE, n, left=True) for n in range(1, 8)))
        await asyncio.sleep(0)
        worker.stop.set()
        await asyncio.gather(*worker.cluster._others)
        return worker

    worker = asyncio.run(look())
    assert worker.took == [1, 2, 3, 4]
    assert worker.judged == [5, 6, 7]
