"""How many rows are claimed at a time."""

import asyncio

import pytest

from newsletter.delivery import Delivery, DeliveryState
from newsletter.dispatch.stock import Stock
from newsletter.ledger.model import ClaimedRow


def row(seq: int) -> ClaimedRow:
    """A claimed row."""
    return ClaimedRow(seq, "a@reader.example", 0, {}, (), Delivery(DeliveryState.CLAIMED))


@pytest.mark.parametrize(("per_second", "group"), [(5, 1), (100, 5), (1000, 50), (90_000, 200)])
def test_a_group_is_about_fifty_milliseconds_of_traffic(per_second: int, group: int) -> None:
    async def settle() -> int:
        stock = Stock()
        for _ in range(20):
            stock.measure(per_second, 1.0)
        return stock.group

    assert asyncio.run(settle()) == group


def test_every_idle_lane_is_asked_for_a_row() -> None:
    async def idle() -> int:
        stock = Stock()
        lanes = [asyncio.create_task(stock.take()) for _ in range(4)]
        await asyncio.sleep(0)
        appetite = stock.appetite
        for lane in lanes:
            lane.cancel()
        return appetite

    assert asyncio.run(idle()) == 5


def test_a_row_that_is_put_back_is_the_next_one() -> None:
    async def put_back() -> list[int]:
        stock = Stock()
        stock.add([row(1), row(2)])
        stock.put_back(await stock.take())
        return [(await stock.take()).seq, (await stock.take()).seq]

    assert asyncio.run(put_back()) == [1, 2]
