"""Several workers share a campaign: what of the settings says so, and how it is watched."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Callable

from newsletter.app.open import App
from newsletter.dispatch.cluster import Cluster, DoPart
from newsletter.dispatch.model import Snapshot
from newsletter.errors import LedgerUnavailable
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, Progress
from newsletter.ledger.workers import Division

_LOOK_EVERY = 1.0
_SHARE_OF_LOOKING = 10
"""A look that took long is not repeated before so many times as long."""
OnProgress = Callable[[Snapshot], None]


def is_shared(app: App) -> bool:
    """Whether the settings say that workers share each campaign."""
    return app.settings.engine.kind == "cluster"


def cluster_of(app: App, ledger: Ledger, do_part: DoPart, say: Callable[[str], None]) -> Cluster:
    """One of the workers; ``UsageError`` where the ledger is a file."""
    engine = app.settings.engine
    division = Division(engine.parts, engine.smallest_part)
    return Cluster(ledger, do_part, app.clock, say, engine.timeout, division)


async def take_part(
    app: App, cluster: Cluster, number: CampaignId, on_progress: OnProgress, stop: asyncio.Event
) -> None:
    """Open a campaign to all workers and be one of them, until it runs no more."""
    await asyncio.to_thread(cluster.open_up, number)
    watching = asyncio.create_task(_watch(app, cluster.ledger, number, on_progress))
    try:
        await cluster.take_part(number, stop)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(app: App, ledger: Ledger, number: CampaignId, on_progress: OnProgress) -> None:
    """What all workers have done together, seen in the ledger."""
    loop, started_at = asyncio.get_running_loop(), app.clock()
    before: Progress | None = None
    while True:
        begun = loop.time()
        with contextlib.suppress(LedgerUnavailable):
            progress = await asyncio.to_thread(ledger.progress, number)
            on_progress(_snapshot(progress, before, started_at, app.clock()))
            before = before or progress
        await asyncio.sleep(max(_LOOK_EVERY, _SHARE_OF_LOOKING * (loop.time() - begun)))


def _snapshot(
    progress: Progress, before: Progress | None, started_at: dt.datetime, now: dt.datetime
) -> Snapshot:
    seconds = (now - started_at).total_seconds()
    done = progress.accepted - before.accepted if before else 0
    return Snapshot(
        campaign=progress.campaign.id,
        recipients=progress.campaign.recipients,
        counts=progress.counts,
        started_at=started_at,
        now=now,
        per_second=done / seconds if seconds > 0 else 0.0,
        rate=progress.campaign.terms.rate.per_second,
        last_reply=progress.last_reply,
        next_retry_at=progress.next_retry_at,
        connections=0,
        note="",
        stopping=False,
    )
