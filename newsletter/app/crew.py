"""`newsletter worker` and `run-due` where workers share campaigns: open what is due, take parts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextvars import ContextVar

from newsletter.app import telling
from newsletter.app.open import App
from newsletter.app.sending import OnProgress, worker_of
from newsletter.app.telling import Witness
from newsletter.app.together import is_shared, take_part
from newsletter.dispatch.cluster import Cluster
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, Progress

_ENOUGH, _LEAST_OFTEN = 2.0, 4.0
"""So many workers look as often as they are told; of more, each does less often."""
_AT_WORK: ContextVar[Cluster | None] = ContextVar("worker", default=None)


def share_of_looking() -> float:
    """How much less often this worker may look for what is due, because others look as well."""
    worker = _AT_WORK.get()
    return min(max(1.0, worker.company / _ENOUGH), _LEAST_OFTEN) if worker else 1.0


@contextlib.asynccontextmanager
async def at_work(
    app: App, ledger: Ledger, stop: asyncio.Event, witness: Witness
) -> AsyncIterator[None]:
    """Take parts of whatever is open until ``stop``, where workers share; else nothing."""
    if not is_shared(app):
        yield
        return
    worker = worker_of(app, ledger, witness=witness)
    witness.tell(telling.note(f"this is worker {worker.name}"))
    token = _AT_WORK.set(worker)
    working = asyncio.create_task(worker.work(stop))
    try:
        yield
    finally:
        _AT_WORK.reset(token)
        stop.set()
        await working


async def run_shared(
    app: App, ledger: Ledger, number: CampaignId, on_progress: OnProgress, stop: asyncio.Event
) -> Progress:
    """Open a campaign to the workers: this one among them if it is one, else until it is done."""
    if worker := _AT_WORK.get():
        await asyncio.to_thread(worker.open_up, number)
    else:
        await take_part(app, worker_of(app, ledger), number, on_progress, stop)
    return ledger.progress(number)
