"""The one thread that calls the ledger, so that the loop never waits for a disk."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """Passes questions to the ledger, one at a time."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def call(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask, and let others work until the answer comes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: ask(*args, **kwargs))


@asynccontextmanager
async def open_desk(executor: Executor | None) -> AsyncIterator[Desk]:
    """A desk with a thread of its own, unless it is given one."""
    if executor:
        yield Desk(executor)
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger") as own:
        yield Desk(own)
