"""Stand-ins for the world: a clock that does not wait, a relay that follows a script."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from typing import Any

from newsletter.delivery import Accepted, Deferred, InDoubt, Outcome, Phase, Refused, Reply
from newsletter.transport.base import OutgoingMessage
from newsletter.unsubscribe import Purpose

START = dt.datetime(2026, 12, 3, 9, 0, tzinfo=dt.UTC)
_SPINS = 25
"""Rounds of the event loop in which nobody else moved, before time may jump."""

Answer = Callable[[OutgoingMessage], Outcome]


def mint(campaign: int, seq: int, purpose: Purpose) -> str:
    """A token that can be read: no secret is needed here."""
    return f"{purpose}-{campaign}-{seq}"


class FakeClock:
    """Time that jumps to the next sleeper as soon as everybody sleeps."""

    def __init__(self, start: dt.datetime = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._watcher: asyncio.AbstractEventLoop | None = None
        """The loop in which somebody sees to it that time goes on."""
        self._spins = 0
        self._next = 0.0

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        return self._start + dt.timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self._elapsed += seconds
        self._wake()

    async def sleep(self, seconds: float) -> None:
        """Let others work; once nobody does, the earliest sleeper moves time."""
        target = self._elapsed + max(seconds, 0.0)
        await asyncio.sleep(0)
        if target <= self._elapsed:
            return
        loop = asyncio.get_running_loop()
        sleeper = target, loop.create_future()
        self._sleepers.append(sleeper)
        if self._watcher is not loop:
            self._watcher, self._spins = loop, 0
            loop.call_soon(self._watch, loop)
        try:
            await sleeper[1]
        finally:
            self._sleepers.remove(sleeper)

    def all_sleep(self) -> bool:
        """Whether nobody moved for long enough."""
        return self._spins > _SPINS

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once in each round of the loop, for all sleepers."""
        if self._watcher is not loop:
            return
        waiting = [target for target, woken in self._sleepers if not woken.done()]
        if not waiting:
            self._watcher = None
            return
        first = min(waiting)
        self._spins = self._spins + 1 if first == self._next else 0
        self._next = first
        if self.all_sleep():
            self._elapsed = max(self._elapsed, first)
            self._wake()
        loop.call_soon(self._watch, loop)

    def _wake(self) -> None:
        for target, woken in self._sleepers:
            if target <= self._elapsed and not woken.done():
                woken.set_result(None)


class InlineExecutor(Executor):
    """Runs what it is given at once, in the loop's own thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is already done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  whatever it is belongs to the caller
            future.set_exception(error)
        return future


def accept(message: OutgoingMessage) -> Outcome:
    """A relay that takes everything."""
    return Accepted(Reply(250, f"2.0.0 Ok: queued as {message.recipient[:8]}"))


def following(outcomes: Iterable[Outcome]) -> Answer:
    """A relay that gives these answers in turn and then takes everything."""
    script = iter(outcomes)
    return lambda message: next(script, None) or accept(message)


class ScriptedTransport:
    """A relay in memory. ``refusals`` are raised by ``connect``, one each, before it works."""

    def __init__(
        self,
        clock: FakeClock,
        answer: Answer = accept,
        *,
        seconds: float = 0.0,
        refusals: Iterable[Exception] = (),
    ) -> None:
        self.clock = clock
        self.answer = answer
        self.seconds = seconds
        self.refusals = list(refusals)
        self.look_after_dot = False
        """Whether the script is asked only once the dot was written."""
        self.connections = 0
        self.open = 0
        self.tried: list[tuple[float, OutgoingMessage]] = []
        self.accepted: list[str] = []

    async def connect(self) -> "ScriptedConnection":
        """A dialogue, or the next refusal."""
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        self.connections += 1
        self.open += 1
        return ScriptedConnection(self)


class ScriptedConnection:
    """One dialogue; a loss or a 421 ends it."""

    def __init__(self, relay: ScriptedTransport) -> None:
        self._relay = relay
        self.usable = True

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """The script's answer, after the dot where it belongs there."""
        self._relay.tried.append((self._relay.clock.monotonic(), message))
        if self._relay.look_after_dot:
            before_dot()
        outcome = self._relay.answer(message)
        if _reaches_dot(outcome) and not self._relay.look_after_dot:
            before_dot()
        if isinstance(outcome, Accepted):
            self._relay.accepted.append(message.recipient)
        await self._relay.clock.sleep(self._relay.seconds)
        reply = getattr(outcome, "reply", None)
        self.usable = reply is not None and reply.code != 421
        return outcome

    async def close(self) -> None:
        """Gone."""
        self.usable = False
        self._relay.open -= 1


def _reaches_dot(outcome: Outcome) -> bool:
    match outcome:
        case Accepted() | InDoubt():
            return True
        case Deferred(phase=phase) | Refused(phase=phase):
            return phase is Phase.DOT


class QuickClock:
    """Real time, so many times faster: for a real dialogue with back-offs that nobody waits for."""

    def __init__(self, times: float, start: dt.datetime = START) -> None:
        self._times = times
        self._start = start
        self._begun = time.monotonic()

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        return self._start + dt.timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (time.monotonic() - self._begun) * self._times

    async def sleep(self, seconds: float) -> None:
        """Wait so many of its seconds."""
        await asyncio.sleep(max(seconds, 0.0) / self._times)
