"""What a forked child does: send a campaign, or run one command; then say how that ended."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from newsletter.app.sending import stopping
from newsletter.cli.main import run as run_command
from newsletter.delivery import RetryPolicy
from newsletter.dispatch.model import RunOptions
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import NewsletterError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.transport.options import Security, SmtpOptions
from newsletter.transport.smtp import SmtpTransport
from tests.crash import barrier, disk, hosts, traps
from tests.doubles import mint


@dataclass(frozen=True)
class Job:
    """One child's work, as it goes through a pipe. Without ``words`` it sends the campaign."""

    ledger: str = ""
    campaign: int = 1
    port: int = 0
    pipelining: bool = True
    window: int = 1
    words: tuple[str, ...] = ()
    """A command of the newsletter in the folder ``root``."""
    root: str = ""
    gate: str = ""
    """A file for which it waits, so that several begin at once."""
    trap: dict[str, Any] = field(default_factory=dict)
    fault: dict[str, Any] = field(default_factory=dict)
    freeze_at: int = 0
    """The statement within a transaction on PostgreSQL after which it freezes (SIGSTOP)."""
    host: str = ""
    """The host whose process it is, if not this one's."""
    told: str = ""
    """Where it writes how it ended."""

    def packed(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def work(packed: dict[str, Any], at_the_end: Callable[[], None]) -> None:
    """Do it; the process ends here."""
    job = Job(**packed)
    if job.host:
        hosts.enter(job.host)
    if job.gate:
        barrier.pass_through(Path(job.gate))
    counted = traps.install(**job.trap) if job.trap else None
    if job.freeze_at:
        traps.freeze_in_transaction(job.freeze_at)
    if job.fault:
        disk.install(**job.fault)
    told = _command(job) if job.words else _campaign(job)
    told["writes"] = disk.lift()
    if counted:
        told |= {"events": counted.events, "first": counted.first}
    if job.told:
        part = Path(f"{job.told}.part")
        part.write_text(json.dumps(told))
        part.replace(job.told)
    at_the_end()
    os._exit(0)


def _command(job: Job) -> dict[str, Any]:
    """Run it as the officer would, in her folder, with all that is printed kept."""
    os.chdir(job.root)
    sys.argv = ["newsletter"]
    with (
        Path(f"{job.told}.out").open("w", buffering=1, encoding="utf-8") as out,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        code = run_command(list(job.words))
    return {"code": code, "said": Path(f"{job.told}.out").read_text(encoding="utf-8")}


def _campaign(job: Job) -> dict[str, Any]:
    try:
        with Ledger.open(job.ledger) as ledger:
            ledger.resume(CampaignId(job.campaign), dt.datetime.now(dt.UTC))
            state = asyncio.run(_send(ledger, job))
    except NewsletterError as error:
        return {"error": type(error).__name__, "said": f"{error.message}\n{error.cure}"}
    return {"state": state}


async def _send(ledger: Ledger, job: Job) -> str:
    options = SmtpOptions(
        port=job.port,
        security=Security.NONE,
        pipelining=job.pipelining,
        chunking_window=job.window,
    )
    async with stopping() as stop:
        ended = await run_campaign(
            ledger,
            CampaignId(job.campaign),
            SmtpTransport(options),
            mint=mint,
            stop=stop,
            options=RunOptions(retry=QUICK),
        )
    return ended.state


QUICK = RetryPolicy(delays=(dt.timedelta(milliseconds=30),))
"""Retries come at once, so that a campaign with deferrals ends."""
