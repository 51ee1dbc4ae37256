"""The engine for several workers: each takes parts of the campaigns that are open, one at a time.

The ledger is the truth; a call only wakes. Beside its work each worker looks every second for
parts that wait and for those whose worker is gone; these it takes over whatever else it does.
"""

import asyncio
import contextlib
import datetime as dt
import os
import random
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from newsletter.dispatch.model import Share
from newsletter.dispatch.wakeups import Wakeups
from newsletter.errors import LedgerLocked, LedgerUnavailable, NewsletterError, TryLater
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.ledger.workers import Division

_LOOK_EVERY = 1.0
_LOOKS = 2.0
"""How often a second all workers but one look: any of them finds what that one has left."""
_SPREAD = 0.5
"""Seconds over which workers look for one that may be taken over now."""
_MOST_TAKEN_OVER = 4
"""Parts of the dead that one worker goes on with at once, beside its own; each has dialogues of
its own. With more it says what became of their readers, and leaves the rest to whoever is free."""
_CLOSING = 40.0
"""Seconds in which the other workers have finished what was open."""
P = ParamSpec("P")
T = TypeVar("T")
DoPart = Callable[[CampaignId, Share, asyncio.Event], Awaitable[None]]
"""Sends one part, by ``run_campaign``; the event ends it."""


def worker_name() -> str:
    """Of its own among all workers, whichever machine they are on."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(2)}"


@dataclass
class Cluster:
    """One worker."""

    ledger: Ledger
    do_part: DoPart
    clock: Callable[[], dt.datetime]
    say: Callable[[str], None]
    timeout: float
    division: Division
    name: str = field(default_factory=worker_name)

    def __post_init__(self) -> None:
        """It has one hand for calls and parts that wait, and some for those of the dead."""
        self._workers = self.ledger.workers(self.division)
        self._wakeups = Wakeups(self._workers.conninfo)
        self._hand = asyncio.Lock()
        self._lookers = 0
        """Workers that look too, as far as is known: when nobody has a part any more, they are
        still there, and nothing can be left by anybody."""
        self._something_left = False
        """At the last look; whoever takes it over may die meanwhile, or have its hands full."""
        self._doing: set[tuple[CampaignId, int]] = set()
        self._others: set[asyncio.Task[bool]] = set()

    def open_within(self, connection: Any, number: CampaignId) -> None:
        """For the ledger: open a campaign and call the workers in its transaction."""
        self._workers.open_within(connection, number, self.clock(), self._wakeups.ring)

    def open_up(self, number: CampaignId) -> None:
        """Let all workers have a campaign; one that is open already stays so."""
        self._workers.open_up(number, self.clock(), self._wakeups.ring)

    @property
    def company(self) -> int:
        """How many workers had parts in their hands when this one looked last."""
        return self._workers.company.busy

    # A worker's life

    async def work(self, stop: asyncio.Event) -> None:
        """Take parts of any campaign until ``stop``; what is open then is finished."""
        await self._insist(stop, lambda: self._workers.prepare(self._wakeups.prepare))
        hearing = asyncio.create_task(
            self._wakeups.hear(lambda n, p: self._answer(n, p, stop), stop)
        )
        try:
            while not stop.is_set():
                with contextlib.suppress(LedgerUnavailable):
                    await self._look(stop)
                await _wait(stop, self._until_next_look())
        finally:
            await asyncio.gather(hearing, *self._others, return_exceptions=True)
            async with self._hand:
                pass

    def _until_next_look(self) -> float:
        """Seconds; no longer than it takes until one that is silent may be taken over."""
        company = self._workers.company
        self._lookers = company.busy or max(0, self._lookers - 1)
        shared = 0.0 if self._something_left else (self._lookers - 1) / _LOOKS
        seconds = max(_LOOK_EVERY, shared) * random.uniform(0.8, 1.2)  # noqa: S311 spread only
        if company.first_gone_in is None:
            return seconds
        return min(seconds, company.first_gone_in + random.uniform(0.0, _SPREAD))  # noqa: S311

    async def _answer(self, number: CampaignId, part: int, stop: asyncio.Event) -> None:
        async with self._hand:
            if not stop.is_set():
                await self._do(number, part, stop)

    async def _look(self, stop: asyncio.Event) -> None:
        found = await _aside(self._workers.open_parts, self.clock(), self.timeout)
        self._something_left = any(each.left for each in found)
        for each in found:
            if stop.is_set() or (each.campaign, each.number) in self._doing:
                continue
            if each.left:
                await self._take_over(each.campaign, each.number, stop)
            elif not self._hand.locked():
                self._begin(self._answer(each.campaign, each.number, stop))
                return

    async def _take_over(self, number: CampaignId, part: int, stop: asyncio.Event) -> None:
        """Go on with it; or, with full hands, judge who was in the hands of the dead."""
        if len(self._others) < _MOST_TAKEN_OVER:
            self._begin(self._do(number, part, stop))
        else:
            await self._do(number, part, stop, only_judge=True)

    def _begin(self, work: Awaitable[object]) -> None:
        task: asyncio.Task[bool] = asyncio.ensure_future(work)  # type: ignore[arg-type]
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    # One campaign, by whoever sends it

    async def take_part(self, number: CampaignId, stop: asyncio.Event) -> None:
        """Do parts of one campaign until it runs no more; ``stop`` pauses it for everybody."""
        while not stop.is_set():
            campaign = await self._insist(stop, lambda: self.ledger.campaign(number))
            if campaign is None or campaign.state is not CampaignState.RUNNING:
                break
            if not await self._one_of(number, stop):
                await _wait(stop, _LOOK_EVERY)
        if stop.is_set():
            await self._insist(None, lambda: self._pause(number))
        await self._all_given_back(number)

    async def _one_of(self, number: CampaignId, stop: asyncio.Event) -> bool:
        """Do one part, if any may be taken."""
        with contextlib.suppress(LedgerUnavailable):
            found = await _aside(self._workers.open_parts, self.clock(), self.timeout, number)
            for each in found:
                if await self._do(number, each.number, stop):
                    return True
        return False

    def _pause(self, number: CampaignId) -> None:
        if self.ledger.campaign(number).state is CampaignState.RUNNING:
            self.ledger.pause(number, self.clock(), "stopped by you")

    async def _all_given_back(self, number: CampaignId) -> None:
        """Wait for the other workers' last words, so that what is shown is the end."""
        loop = asyncio.get_running_loop()
        limit = loop.time() + max(_CLOSING, 2 * self.timeout)
        while loop.time() < limit:
            with contextlib.suppress(LedgerUnavailable):
                if not await _aside(self._workers.held, number):
                    return
            await asyncio.sleep(_LOOK_EVERY / 4)

    # One part

    async def _do(
        self, number: CampaignId, part: int, stop: asyncio.Event, *, only_judge: bool = False
    ) -> bool:
        """Whether it was taken; whatever befalls it, the worker goes on."""
        self._doing.add((number, part))
        try:
            await self.do_part(number, Share(part, self.name, self.timeout, only_judge), stop)
        except TryLater:
            return False
        except (LedgerLocked, LedgerUnavailable) as error:
            self.say(f"campaign {number}, part {part}: {error.message}")
            return False
        except NewsletterError as error:
            self.say(f"campaign {number}, part {part}: {error.message}")
            await _wait(stop, _LOOK_EVERY)
            return False
        except Exception as error:  # noqa: BLE001  nobody foresaw it: it is told, not lost
            self.say(f"campaign {number}, part {part}: {type(error).__name__}: {error}")
            await _wait(stop, _LOOK_EVERY)
            return False
        finally:
            self._doing.discard((number, part))
        return True

    async def _insist(self, stop: asyncio.Event | None, ask: Callable[[], T]) -> T | None:
        """Ask until the server answers, or ``stop`` is set."""
        while True:
            try:
                return await _aside(ask)
            except LedgerUnavailable:
                if stop is None or stop.is_set():
                    return None
                await _wait(stop, _LOOK_EVERY)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _aside(ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the ledger in a thread: while it is away, signs of life must go on."""
    return await asyncio.to_thread(ask, *args, **kwargs)
