"""Wake-up calls end when the worker does, whatever their library makes of the word."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import psycopg
import pytest

from newsletter.dispatch import wakeups as module
from newsletter.dispatch.wakeups import OnCall, Wakeups
from newsletter.ledger.model import CampaignId


async def nobody(number: CampaignId, part: int) -> None:
    """Calls that do not come."""
    raise AssertionError(number, part)


class Hearing(Wakeups):
    """Hears in a way of its own; no server is asked."""

    def __init__(self, way: Callable[["Hearing"], Awaitable[None]]) -> None:
        super().__init__("postgresql://nowhere.test/none")
        self.way = way
        self.asked = 0

    async def _hear_until_lost(self, on_call: OnCall) -> None:
        del on_call
        await self.way(self)


async def hear_and_stop(hearing: Wakeups, meanwhile: Callable[[], Awaitable[object]]) -> None:
    """Stop once it hears; it must come to its end."""
    stop = asyncio.Event()
    running = asyncio.create_task(hearing.hear(nobody, stop))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stop.set()
    await meanwhile()
    await asyncio.wait_for(running, 60)


async def a_moment() -> None:
    """Long enough for several words."""
    await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Insist at once."""
    monkeypatch.setattr(module, "_INSIST_EVERY", 0.01)


@pytest.mark.slow
def test_a_word_to_end_that_is_lost_while_a_connection_opens_is_said_again() -> None:
    async def deaf(hearing: Hearing) -> None:
        while hearing.asked < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                hearing.asked += 1

    hearing = Hearing(deaf)
    asyncio.run(hear_and_stop(hearing, a_moment))
    assert hearing.asked == 2


@pytest.mark.slow
def test_what_was_being_opened_when_it_ended_is_closed_and_leaves_nobody_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A task of its pool that lost the word to end, as in Python 3.11, would hold a worker."""
    tried = asyncio.Event()

    async def away(*_: object, **__: object) -> None:
        tried.set()
        await asyncio.sleep(0.05)
        raise psycopg.OperationalError

    async def run() -> set[str]:
        hearing = Wakeups("postgresql://nowhere.test/none")
        await hear_and_stop(hearing, tried.wait)
        return {task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}}

    monkeypatch.setattr(psycopg.AsyncConnection, "connect", away)
    assert asyncio.run(run()) == set()


def test_who_answers_a_call_is_told_once_and_let_finish() -> None:
    done = asyncio.Event()

    async def busy(hearing: Hearing) -> None:
        with hearing._comes_to_an_end():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            hearing.asked += 1
            while not done.is_set():
                try:
                    await done.wait()
                except asyncio.CancelledError:
                    hearing.asked += 1

    async def finish() -> None:
        await a_moment()
        done.set()

    hearing = Hearing(busy)
    asyncio.run(hear_and_stop(hearing, finish))
    assert hearing.asked == 1
