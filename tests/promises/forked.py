"""A run, in a process of its own where it may be killed, and what came of it as far as was told."""

import asyncio
import datetime as dt
import gc
import json
import os
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsletter.dispatch import recovery
from newsletter.dispatch.model import RunOptions
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import LedgerError, UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from tests.doubles import InlineExecutor, mint
from tests.promises.mortal import Process, machine_started
from tests.promises.script import Harm, Script
from tests.promises.simulated import SimulatedRelay


@dataclass
class Report:
    """What came of a run, as far as it could be told."""

    took: list[tuple[str, str]] = field(default_factory=list)
    """Recipients and Message-IDs, as the relay took them."""
    accepted: list[str] = field(default_factory=list)
    """Recipients for whom the process was told 250."""
    dead: list[str] = field(default_factory=list)
    """Recipients of whom the process was told that they do not exist."""
    doubted: int = 0
    """How many were lost after their final dot while the process lived."""
    cancelled: bool = False
    """Whether an officer cancelled meanwhile."""
    now: dt.datetime | None = None
    ended: str = ""
    """The campaign's state, ``usage``, ``disk``, or nothing where the process died."""


def send(process: Process, number: CampaignId) -> str:
    """One turn at the campaign; its state after it."""
    stop = asyncio.Event()
    relay = SimulatedRelay(process, number, stop)
    options = RunOptions(executor=InlineExecutor(), jitter=lambda: 0.5, progress_every=20.0)
    work = run_campaign(
        process.ledger, number, relay, mint=mint, clock=process.clock, stop=stop, options=options
    )
    return str(asyncio.run(work).state)


def clear_up(process: Process, number: CampaignId, *, for_ever: bool) -> str:
    """What an officer's pause or cancel does after a kill; the campaign's state after it."""
    recovery.clear_up(process.ledger, number, process.clock.now(), for_ever=for_ever)
    return str(process.ledger.campaign(number).state)


def carry_out(
    ledger: Ledger, boot: Path, now: dt.datetime, script: Script, work: Callable[[Process], str]
) -> Report:
    """Do it: in a forked process where it may come to harm, else in this one, which is quicker.

    Raises ``AssertionError`` for what nobody foresaw.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        process = Process(ledger, boot, file.fileno(), script, now)
        if script.harm:
            _fork(process, work)
        else:
            with machine_started(boot):
                _tell_end(process, work)
        file.seek(0)
        return _report([json.loads(line) for line in file])


def _fork(process: Process, work: Callable[[Process], str]) -> None:
    process.ledger.close()  # no connection goes through a fork; the next question opens one
    child = os.fork()
    if not child:
        _live(process, work)
    os.waitpid(child, 0)


def _live(process: Process, work: Callable[[Process], str]) -> None:
    """The whole life of the child; nothing of the parent's is run after it."""
    try:
        gc.disable()
        process.watch()
        with machine_started(process.boot):
            _tell_end(process, work)
    except BaseException:  # noqa: BLE001  it goes to the parent, and this process ends
        process.tell("broke", traceback.format_exc())
    finally:
        os._exit(0)


def _tell_end(process: Process, work: Callable[[Process], str]) -> None:
    try:
        process.tell("ended", work(process))
    except UsageError:
        process.tell("ended", "usage")
    except LedgerError:
        if process.script.harm is None or process.script.harm[1] is not Harm.FULL:
            raise
        process.tell("ended", "disk")


def _report(told: list[list[Any]]) -> Report:
    report = Report()
    for kind, *what, now in told:
        report.now = dt.datetime.fromisoformat(now)
        match kind:
            case "took":
                report.took.append((what[0], what[1]))
            case "accepted":
                report.accepted.append(what[0])
            case "dead" | "suppressing":
                report.dead.append(what[0])
            case "doubted":
                report.doubted += 1
            case "cancelled":
                report.cancelled = True
            case "ended":
                report.ended = what[0]
            case "broke":
                raise AssertionError(what[0])
    return report
