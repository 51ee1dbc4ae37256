"""How many rows are claimed at a time."""

import asyncio

import pytest

from newsletter.delivery import Accepted, Delivery, DeliveryState, Reply
from newsletter.dispatch.domains import Domains
from newsletter.dispatch.limits import Limits
from newsletter.dispatch.pace import Pacer
from newsletter.dispatch.queue import Queue
from newsletter.dispatch.stock import Stock
from newsletter.ledger.model import ClaimedRow, Settlement
from newsletter.values import Rate
from tests.doubles import START, FakeClock


def row(seq: int) -> ClaimedRow:
    """A claimed row."""
    return ClaimedRow(seq, "a@reader.example", 0, {}, (), Delivery(DeliveryState.CLAIMED))


def queue_in(stock: Stock) -> Queue:
    """A queue of a relay that nothing holds back."""
    clock = FakeClock()
    pacer = Pacer(Rate.parse("1000000/s"), clock)
    return Queue(stock, pacer, Domains(Limits(), 0.0), clock, lambda: 0.0)


class Crowded(Queue):
    """A queue with lanes that are said to be idle."""

    lanes = 0

    @property
    def idle(self) -> int:
        """As it was said."""
        return self.lanes


def settled(seq: int) -> Settlement:
    """Its message was accepted."""
    reply = Reply(250, "2.0.0 Ok")
    return Settlement(seq, START, Accepted(reply), Delivery(DeliveryState.ACCEPTED, 1))


async def needed_soon(stock: Stock) -> bool:
    """Whether the ledger is to be asked now."""
    asking = asyncio.create_task(stock.needed())
    for _ in range(3):
        await asyncio.sleep(0)
    done = asking.done()
    asking.cancel()
    return done


@pytest.mark.parametrize(
    ("per_second", "group"), [(5, 1), (100, 5), (1000, 50), (30_000, 1500), (900_000, 2000)]
)
def test_a_group_is_about_fifty_milliseconds_of_traffic(per_second: int, group: int) -> None:
    async def settle() -> int:
        stock = Stock()
        for _ in range(20):
            stock.measure(per_second, 1.0)
        return stock.group

    assert asyncio.run(settle()) == group


@pytest.mark.parametrize(("exchange", "group"), [(0.001, 50), (0.02, 80), (0.05, 200), (3.0, 400)])
def test_on_a_slow_disk_a_group_lasts_four_exchanges_and_never_long(
    exchange: float, group: int
) -> None:
    async def settle() -> int:
        stock = Stock()
        for _ in range(20):
            stock.measure(1000, 1.0, exchange)
        return stock.group

    assert asyncio.run(settle()) == group


def test_every_idle_lane_is_asked_for_a_row() -> None:
    async def idle() -> int:
        stock = Stock()
        queue = queue_in(stock)
        lanes = [asyncio.create_task(queue.take()) for _ in range(4)]
        await asyncio.sleep(0)
        appetite = stock.appetite
        for lane in lanes:
            lane.cancel()
        return appetite

    assert asyncio.run(idle()) == 5


def test_a_row_that_is_put_back_is_the_next_one() -> None:
    async def put_back() -> list[int]:
        stock = Stock()
        queue = queue_in(stock)
        queue.add([row(1), row(2)])
        queue.put_back(await queue.take())
        return [(await queue.take()).seq, (await queue.take()).seq]

    assert asyncio.run(put_back()) == [1, 2]


def test_rows_that_run_low_are_followed_by_a_whole_group() -> None:
    async def appetites() -> list[int]:
        stock = Stock()
        queue = queue_in(stock)
        stock.group = 20
        found = [stock.appetite]
        queue.add(list(map(row, range(1, 21))))
        for _ in range(10):
            found.append(stock.appetite)
            stock.finish(settled((await queue.take()).seq))
        return [*found, stock.appetite]

    assert asyncio.run(appetites()) == [20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20]


def test_a_need_that_was_met_meanwhile_does_not_ask_again() -> None:
    async def asked() -> list[bool]:
        stock = Stock()
        queue = queue_in(stock)
        stock.group = 4
        queue.add(list(map(row, range(1, 4))))
        await queue.take()
        await stock.needed()
        await queue.take()
        queue.add(list(map(row, range(4, 9))))
        met = await needed_soon(stock)
        stock.call()
        called = await needed_soon(stock)
        for _ in range(4):
            await queue.take()
        return [met, called, await needed_soon(stock), await needed_soon(stock)]

    assert asyncio.run(asked()) == [False, True, True, False]


def test_outcomes_that_pile_up_are_asked_for_though_there_are_rows() -> None:
    async def asked() -> list[bool]:
        stock = Stock()
        queue = queue_in(stock)
        stock.group = 2
        queue.add(list(map(row, range(1, 9))))
        stock.finish(settled((await queue.take()).seq))
        one = await needed_soon(stock)
        stock.finish(settled((await queue.take()).seq))
        return [one, await needed_soon(stock)]

    assert asyncio.run(asked()) == [False, True]


def test_a_burst_is_no_measure_of_the_traffic() -> None:
    async def after_a_burst() -> int:
        stock = Stock()
        stock.measure(40, 0.001)
        stock.measure(1, 0.999)
        return stock.group

    assert asyncio.run(after_a_burst()) == 1


@pytest.mark.parametrize("idle", [0, 4])
def test_at_most_one_and_a_half_groups_are_claimed_besides_those_in_hand(idle: int) -> None:
    async def most() -> int:
        stock = Stock()
        clock = FakeClock()
        pacer = Pacer(Rate.parse("1000000/s"), clock)
        queue = Crowded(stock, pacer, Domains(Limits(), 0.0), clock, lambda: 0.0)
        stock.group, queue.lanes = 20, idle
        highest = 0
        for seq in range(1, 200):
            queue.add([row(100 * seq + n) for n in range(stock.appetite)])
            highest = max(highest, len(queue))
            stock.finish(settled((await queue.take()).seq))
        return highest

    assert asyncio.run(most()) <= 30 + idle


def test_an_answer_that_was_lost_is_made_up_for_from_what_the_ledger_holds() -> None:
    async def agree(claimed: list[int]) -> tuple[int, list[int], list[int]]:
        stock = Stock()
        queue = queue_in(stock)
        queue.add(list(map(row, (1, 2, 3, 4))))
        for _ in range(3):
            taken = await queue.take()
            if taken.seq < 3:
                stock.finish(settled(taken.seq))
        written, rows = stock.agree({seq: row(seq) for seq in claimed})
        queue.add(rows)
        return written, [one.seq for one in stock.results], [one.seq for one in stock.rows()]

    assert asyncio.run(agree([1, 2, 3, 4])) == (0, [1, 2], [4])
    assert asyncio.run(agree([3, 4, 5, 6])) == (2, [], [4, 5, 6])


def test_a_row_that_was_settled_and_claimed_again_by_the_lost_answer_is_sent_again() -> None:
    async def agree() -> tuple[int, list[int]]:
        stock = Stock()
        queue = queue_in(stock)
        queue.add([row(1)])
        stock.finish(settled((await queue.take()).seq))
        again = row(1)._replace(delivery=Delivery(DeliveryState.CLAIMED, attempts=1))
        written, rows = stock.agree({1: again})
        return written, [one.delivery.attempts for one in rows]

    assert asyncio.run(agree()) == (1, [1])


def test_the_last_outcomes_are_written_at_once_though_they_are_no_group() -> None:
    async def asks() -> tuple[bool, bool]:
        stock = Stock()
        stock.group = 50
        queue = queue_in(stock)
        queue.add([row(1), row(2)])
        stock.granted(some=True, is_dry=lambda: True)
        queue.pop()
        queue.pop()
        stock.finish(settled(1))
        while_one_is_out = await needed_soon(stock)
        stock.finish(settled(2))
        return while_one_is_out, await needed_soon(stock)

    assert asyncio.run(asks()) == (False, True)
