"""The demo: the main job on ALISEI's first issue, on this machine alone."""

import asyncio
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from newsletter.app.agreeing import agree
from newsletter.app.agreement import Agreement
from newsletter.app.check import CheckReport, check_issues
from newsletter.app.memory import open_ledger
from newsletter.app.open import App, open_app
from newsletter.app.plan import PlanRequest
from newsletter.app.plan_view import PlanView
from newsletter.app.preview import build_for_readers
from newsletter.app.sending import plan_only, record, run_here
from newsletter.app.start import EXAMPLE_ISSUE, copy_example
from newsletter.dispatch.model import Snapshot
from newsletter.errors import Incomplete, LedgerError, UsageError
from newsletter.report import Report, report_of

_MARK = ".newsletter-demo"
RATE = "60/s"
"""Slow enough to watch, fast enough not to wait."""


class Watch(Protocol):
    """Who watches the demo: lines, the plan, and the send as it goes."""

    def say(self, line: str) -> None:
        """Show one line."""

    def __call__(self, snapshot: Snapshot) -> None:
        """Show how the send goes."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo did, and the three commands to type next."""

    folder: Path
    checks: CheckReport
    plan: PlanView
    report: Report
    received: int
    """Messages that the SMTP server counted itself."""
    pages: int
    next_commands: tuple[str, ...]


def run_demo(folder: Path, watch: Watch, show_plan: Callable[[PlanView], None]) -> Demo:
    """Write the example anew and take it through check, build, plan, send, verify and report.

    The folder is replaced if an earlier demo made it; anything else in its place is refused.
    """
    _fresh_folder(folder)
    app = open_app(folder, environ=_own_environment())
    watch.say(f"checking {EXAMPLE_ISSUE}")
    checks = check_issues(app, [EXAMPLE_ISSUE])
    build = build_for_readers(app, EXAMPLE_ISSUE, None)
    watch.say(f"built {len(build.variants)} pages in {folder.name}/build/{EXAMPLE_ISSUE}")
    received, report, view = asyncio.run(_send(folder, watch, show_plan))
    return Demo(folder, checks, view, report, received, len(build.variants), _next())


def _next() -> tuple[str, ...]:
    return (
        f"newsletter preview {EXAMPLE_ISSUE}",
        "newsletter inbox",
        "newsletter report",
    )


def _own_environment(port: int | None = None) -> dict[str, str]:
    """The officer's own settings must not send a demo anywhere: only what is given here counts."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("NEWSLETTER_")}
    if port is None:
        return plain
    return plain | {
        "NEWSLETTER_RELAY__HOST": "127.0.0.1",
        "NEWSLETTER_RELAY__PORT": str(port),
        "NEWSLETTER_RELAY__SECURITY": "none",
        "NEWSLETTER_RATE": RATE,
    }


async def _send(
    folder: Path, watch: Watch, show_plan: Callable[[PlanView], None]
) -> tuple[int, Report, PlanView]:
    from newsletter.inbox.server import StagingInbox

    inbox = StagingInbox(folder / ".newsletter" / "inbox", port=0)
    async with inbox:
        watch.say(f"the staging inbox, a real SMTP server, answers on {inbox.address}")
        app = open_app(folder, environ=_own_environment(inbox.port))
        loop = asyncio.get_running_loop()
        planned = await loop.run_in_executor(None, plan_only, app, PlanRequest(EXAMPLE_ISSUE))
        show_plan(planned.view)
        agree(planned, Agreement(recipients=planned.view.recipients), None, "newsletter demo")
        number = await loop.run_in_executor(None, record, app, planned)
        report = await _run_and_prove(app, number, watch)
        return inbox.received, report, planned.view


async def _run_and_prove(app: App, number: int, watch: Watch) -> Report:
    from newsletter.ledger.model import CampaignId

    with open_ledger(app) as ledger:
        await run_here(app, ledger, CampaignId(number), watch)
        wrong = ledger.verify()
        if wrong:
            raise LedgerError(f"the ledger does not add up: {wrong[0].rule}: {wrong[0].detail}")
        report = report_of(ledger, CampaignId(number))
    if not report.complete:
        raise Incomplete("the demo's campaign is incomplete", next_command="newsletter status")
    return report


def _fresh_folder(folder: Path) -> None:
    if folder.exists():
        if not (folder / _MARK).exists():
            raise UsageError(
                f"{folder} is there and no demo made it",
                cure="name another folder; nothing was touched",
                next_command="newsletter demo --folder my-demo",
            )
        shutil.rmtree(folder)
    copy_example(folder)
    (folder / _MARK).write_text("made by `newsletter demo`, which may replace it\n")
