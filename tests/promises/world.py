"""A run in a process of its own that can be killed at any of its steps, and a relay that remembers.

A step is a statement of the ledger, a write to a file, or a move of the relay. The process is
forked, and its death is SIGKILL: what it leaves is what a machine would leave.
"""

import asyncio
import datetime as dt
import errno
import json
import os
import signal
import sqlite3
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from newsletter.delivery import Accepted, Outcome, Phase, Reply, outcome_of, suppresses
from newsletter.dispatch.model import RunOptions
from newsletter.dispatch.recovery import clear_up
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import LedgerError, RelayError, RelayUnavailable, UsageError
from newsletter.ledger import lock
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.transport.base import Feeder, Handover, OutgoingMessage
from newsletter.values import Address
from tests.doubles import FakeClock, InlineExecutor
from tests.promises.stage import mint

_write, _open, _replace, _unlink = os.write, os.open, os.replace, os.unlink
_connect = sqlite3.dbapi2.connect
_CLOSING = 421


@dataclass(frozen=True)
class Deed:
    """What the relay does with one message: where it ends, what is said, whether it is taken."""

    phase: Phase
    said: str = ""
    takes: bool = False
    leaves: bool = False

    def outcome_at(self, phase: Phase) -> Outcome:
        """What a transport must make of it."""
        reply = Reply(int(self.said[:3]), self.said[4:]) if self.said else None
        return outcome_of(phase, reply, "" if reply else "connection lost")


GOOD = Deed(Phase.DOT, "250 2.0.0 ok", takes=True)


class Harm(Enum):
    """What happens to the process at one of its steps."""

    KILL = "killed before the step"
    TEAR = "killed in the middle of the next write"
    FULL = "from this write on the disk is full"


class Meddling(Enum):
    """What happens beside a run, at one of its messages."""

    PAUSE = "an officer pauses"
    CANCEL = "an officer cancels"
    SUPPRESS = "the last reader unsubscribes"
    SIGNAL = "SIGTERM"
    AN_HOUR_ON = "the clock is set an hour ahead"
    AN_HOUR_BACK = "the clock is set an hour back"


@dataclass(frozen=True)
class Script:
    """One run: the relay's deeds in order (then all is well), and what else befalls it."""

    deeds: Sequence[Deed] = ()
    away: int = 0
    """How many times the relay cannot be reached at first."""
    closed: bool = False
    """Whether it then refuses us at the door."""
    window: int = 1
    """How many messages may be in the air on one connection."""
    eager: bool = False
    """Whether the dots of all of them are written at once."""
    meddling: tuple[int, Meddling] | None = None
    """At which message, what."""
    harm: tuple[int, Harm] | None = None
    """At which step, what."""


@dataclass
class Report:
    """What came of a run, as far as it could be told."""

    took: list[tuple[str, str]] = field(default_factory=list)
    """Recipients and Message-IDs, as the relay took them."""
    accepted: list[str] = field(default_factory=list)
    """Recipients for whom the process was told 250."""
    dead: list[str] = field(default_factory=list)
    """Recipients of whom the process was told that they do not exist."""
    cancelled: bool = False
    """Whether an officer cancelled meanwhile."""
    steps: int = 0
    now: dt.datetime | None = None
    ended: str = ""
    """The campaign's state, ``usage``, ``disk``, or nothing where the process died."""


class SteppedClock(FakeClock):
    """A clock that somebody may set while it runs."""

    set_by = 0.0

    def now(self) -> dt.datetime:
        """The wall's time."""
        return super().now() + dt.timedelta(seconds=self.set_by)


class Process:
    """The forked process: counts its steps, dies at the one it is told, reports through a pipe."""

    def __init__(
        self, ledger: Ledger, boot: Path, pipe: int, script: Script, now: dt.datetime
    ) -> None:
        self.ledger = ledger
        self.boot = boot
        self.clock = SteppedClock(now)
        self.script = script
        self._pipe = pipe
        self._steps = 0
        self._armed = False

    def tell(self, kind: str, *what: str) -> None:
        """One line to whoever waits; it outlives this process."""
        line = json.dumps([kind, *what, self.clock.now().isoformat(), self._steps])
        _write(self._pipe, f"{line}\n".encode())

    def step(self, _what: object = None) -> None:
        """One step; perhaps the last."""
        self._steps += 1
        match self.script.harm:
            case (at, Harm.KILL) if self._steps == at:
                os.kill(os.getpid(), signal.SIGKILL)
            case (at, Harm.TEAR | Harm.FULL) if self._steps == at:
                self._armed = True

    def write(self, handle: int, data: bytes) -> int:
        """``os.write``, before and after which the process may die; or the disk is full."""
        self.step()
        if self._armed and self.script.harm and self.script.harm[1] is Harm.TEAR:
            _write(handle, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        if self._armed:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = _write(handle, data)
        self.step()
        return written

    def watch(self) -> None:
        """Make steps of what touches a file or a database, in this process alone."""
        lock._BOOT_ID = self.boot
        setattr(os, "write", self.write)  # noqa: B010  as below
        for name, real in (("open", _open), ("replace", _replace), ("unlink", _unlink)):
            setattr(os, name, self._stepping(real))
        for module in (sqlite3, sqlite3.dbapi2):
            setattr(module, "connect", self._connect)  # noqa: B010  mypy knows its overloads

    def _stepping(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return real(*args, **kwargs)

        return call

    def _connect(self, *args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = _connect(*args, **kwargs)
        connection.set_trace_callback(self.step)
        return connection

    def run(self, number: CampaignId) -> str:
        """One turn at the campaign."""
        stop = asyncio.Event()
        relay = SimulatedRelay(self, number, stop)
        options = RunOptions(executor=InlineExecutor(), jitter=lambda: 0.5, progress_every=20.0)
        work = run_campaign(
            self.ledger, number, relay, mint=mint, clock=self.clock, stop=stop, options=options
        )
        return str(asyncio.run(work).state)

    def clear_up(self, number: CampaignId) -> str:
        """What an officer's pause or cancel does after a kill."""
        clear_up(self.ledger, number, self.clock.now())
        return str(self.ledger.campaign(number).state)


class SimulatedRelay:
    """Follows the script; whom it takes it tells at once, to somebody who does not die."""

    def __init__(self, process: Process, number: CampaignId, stop: asyncio.Event) -> None:
        self.process = process
        self.number = number
        self.stop = stop
        self.messages = 0
        self._deeds = list(process.script.deeds)
        self._away = process.script.away
        self._closed = process.script.closed

    async def connect(self) -> "SimulatedConnection":
        """A dialogue, once it is not away any more."""
        self.process.step()
        await asyncio.sleep(0)
        if self._away:
            self._away -= 1
            raise RelayUnavailable("no relay answers")
        if self._closed:
            raise RelayError("wrong password", cure="correct it")
        script = self.process.script
        return SimulatedConnection(self, script.window, eager=script.eager)

    def begin(self) -> Deed:
        """The next message: what is to be done with it, and what happens beside it."""
        match self.process.script.meddling:
            case (at, meddling) if at == self.messages:
                self._meddle(meddling)
        self.messages += 1
        return self._deeds.pop(0) if self._deeds else GOOD

    def _meddle(self, meddling: Meddling) -> None:
        now = self.process.clock.now()
        match meddling:
            case Meddling.SIGNAL:
                self.stop.set()
            case Meddling.AN_HOUR_ON:
                self.process.clock.set_by += 3600
            case Meddling.AN_HOUR_BACK:
                self.process.clock.set_by -= 3600
            case _:
                self._say(self.process.ledger, meddling, now)

    def _say(self, other: Ledger, meddling: Meddling, now: dt.datetime) -> None:
        try:
            if meddling is Meddling.PAUSE:
                other.pause(self.number, now)
            elif meddling is Meddling.CANCEL:
                other.cancel(self.number, now)
                self.process.tell("cancelled")
            else:
                last = [row.address for row in other.deliveries(self.number)][-1]
                self.process.tell("suppressing", last)
                other.suppress(Address.parse(last), "unsubscribed", "", "", now)
        except UsageError:
            pass  # paused or cancelled before


@dataclass
class _Flight:
    """One message in the air."""

    message: OutgoingMessage
    handover: Handover
    dotted: bool = False


class SimulatedConnection:
    """One dialogue; several messages may be in the air, each answered in its turn.

    An ``eager`` one writes every dot at once, as with BDAT and a window; else the next message's
    is written when the one in front was answered.
    """

    def __init__(self, relay: SimulatedRelay, window: int, *, eager: bool) -> None:
        self.usable = True
        self.feeder: Feeder | None = None
        self._relay = relay
        self._process = relay.process
        self._window = window
        self._eager = eager
        self._air: list[_Flight] = []
        self._work: asyncio.Task[None] | None = None

    @property
    def room(self) -> bool:
        """Whether the window has a place."""
        return self.usable and len(self._air) < self._window

    def hand_over(self, message: OutgoingMessage, handover: Handover) -> None:
        """Take one; a task of its own talks."""
        flight = _Flight(message, handover)
        self._air.append(flight)
        if not self._eager or self._dot(flight):
            self._work = self._work or asyncio.create_task(self._talk())

    async def send(self, message: OutgoingMessage, before_dot: Callable[[], None]) -> Outcome:
        """Lanes hand over."""
        raise AssertionError(message, before_dot)

    async def close(self) -> None:
        """What is in the air is cut."""
        self.usable = False
        if self._work:
            self._work.cancel()
        air, self._air = self._air, []
        for flight in air:
            flight.handover.cut(asyncio.CancelledError())

    async def _talk(self) -> None:
        while self._air and self.usable:
            flight = self._air[0]
            deed = self._relay.begin()
            self._process.step()
            await self._process.clock.sleep(0.05)
            reaches = flight.dotted or deed.phase is Phase.DOT
            if reaches and not (flight.dotted or self._dot(flight)):
                return
            await self._answer(flight, deed, reaches=reaches)
        self._work = None

    async def _answer(self, flight: _Flight, deed: Deed, *, reaches: bool) -> None:
        process, outcome = self._process, deed.outcome_at(Phase.DOT if reaches else deed.phase)
        process.step()
        if reaches and (deed.takes or isinstance(outcome, Accepted)):
            self._takes(flight)
            process.step()
        await process.clock.sleep(0.05)
        process.step()
        reply = getattr(outcome, "reply", None)
        self.usable = not deed.leaves and reply is not None and reply.code != _CLOSING
        self._air.remove(flight)
        self._tell(flight, outcome)
        flight.handover.settled(outcome)
        if not self.usable:
            self._lose(reply if reply and reply.code == _CLOSING else None)
        if self.feeder and self.usable:
            self.feeder.refill()
        if self.feeder:
            self.feeder.rest()

    def _takes(self, flight: _Flight) -> None:
        self._process.tell("took", flight.message.recipient, flight.message.message_id)

    def _tell(self, flight: _Flight, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            self._process.tell("accepted", flight.message.recipient)
        if suppresses(outcome):
            self._process.tell("dead", flight.message.recipient)

    def _lose(self, reply: Reply | None) -> None:
        """Who stood behind goes elsewhere; whose dot was written may have been taken."""
        air, self._air = self._air, []
        for flight in air:
            if flight.dotted:
                if self._relay.begin().takes:
                    self._takes(flight)
                flight.handover.settled(outcome_of(Phase.DOT, None, "connection lost"))
            else:
                flight.handover.untried(reply)

    def _dot(self, flight: _Flight) -> bool:
        try:
            flight.handover.before_dot()
        except Exception as error:  # noqa: BLE001  told, as every stream does
            self.usable = False
            self._air.remove(flight)
            flight.handover.cut(error)
            self._lose(None)
            if self.feeder:
                self.feeder.rest()
            return False
        flight.dotted = True
        return True


def in_a_process(
    ledger: Ledger, boot: Path, now: dt.datetime, script: Script, work: Callable[[Process], str]
) -> Report:
    """Do it in a forked process and wait; raises ``AssertionError`` for what nobody foresaw."""
    ledger.close()  # no connection goes through a fork; the next question opens one
    inlet, outlet = os.pipe()
    child = os.fork()
    if not child:
        os.close(inlet)
        _live(Process(ledger, boot, outlet, script, now), work)
    os.close(outlet)
    with os.fdopen(inlet) as lines:
        told = [json.loads(line) for line in lines]
    os.waitpid(child, 0)
    return _report(told)


def _live(process: Process, work: Callable[[Process], str]) -> None:
    """The whole life of the child; nothing of the parent's is run after it."""
    try:
        process.watch()
        process.tell("ended", work(process))
    except UsageError:
        process.tell("ended", "usage")
    except LedgerError as error:
        full = process.script.harm is not None and process.script.harm[1] is Harm.FULL
        process.tell(*(("ended", "disk") if full else ("broke", repr(error))))
    except BaseException:  # noqa: BLE001  it goes to the parent, and this process ends
        process.tell("broke", traceback.format_exc())
    finally:
        os._exit(0)


def _report(told: list[list[Any]]) -> Report:
    report = Report()
    for kind, *what, now, steps in told:
        report.now, report.steps = dt.datetime.fromisoformat(now), steps
        match kind:
            case "took":
                report.took.append((what[0], what[1]))
            case "accepted":
                report.accepted.append(what[0])
            case "dead" | "suppressing":
                report.dead.append(what[0])
            case "cancelled":
                report.cancelled = True
            case "ended":
                report.ended = what[0]
            case "broke":
                raise AssertionError(what[0])
    return report
