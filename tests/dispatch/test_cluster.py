"""How often a worker looks for what others have left."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from newsletter.dispatch.cluster import Cluster
from newsletter.ledger.partitions import Company
from newsletter.ledger.workers import Division


def waits(company: Company, before: Company | None = None) -> list[float]:
    """Seconds that this worker waits until it looks again, of many tries."""
    workers = SimpleNamespace(conninfo="", company=before or company)
    ledger: Any = SimpleNamespace(workers=lambda _: workers)

    async def nothing(*_: object) -> None: ...

    def now() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    found = []
    for _ in range(200):
        workers.company = before or company
        worker = Cluster(ledger, nothing, now, print, timeout=10.0, division=Division())
        worker._until_next_look()
        workers.company = company
        found.append(worker._until_next_look())
    return found


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
