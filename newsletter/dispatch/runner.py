"""Keeping the promise: claim a group, send it, settle it, until nothing is left to try.

The ledger is called from one thread, so the loop never blocks; one transaction a group writes
the last outcomes and claims the next rows. Whatever ends the run, open dialogues are let finish,
what was not tried goes back, and the campaign says why.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from newsletter.dispatch.clerk import Clerk
from newsletter.dispatch.clock import Clock, SystemClock
from newsletter.dispatch.desk import Desk, open_desk
from newsletter.dispatch.lane import Lane
from newsletter.dispatch.limits import Relay
from newsletter.dispatch.model import Halt, RunOptions, RunResult, Snapshot
from newsletter.dispatch.opening import Opening
from newsletter.dispatch.outgoing import Mint
from newsletter.dispatch.pausing import closed, hold, nobody_now
from newsletter.dispatch.roads import relays_of
from newsletter.dispatch.run import Run
from newsletter.errors import LedgerLocked, RelayError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Campaign, CampaignId, CampaignState, Grant, Turn, Want
from newsletter.transport.base import Transport

_DRY_SECONDS = 0.05
"""Seconds for which a ledger that has nobody is not asked again for rows alone."""
_LOOK_EVERY = 1.0
"""Seconds after which the ledger is asked though nothing happened: a pause? a retry due?"""


def ignore(snapshot: Snapshot) -> None:
    """Nobody watches."""
    del snapshot


async def run_campaign(
    ledger: Ledger,
    number: CampaignId,
    transport: Transport | Sequence[Relay],
    *,
    mint: Mint,
    clock: Clock | None = None,
    on_progress: Callable[[Snapshot], None] = ignore,
    stop: asyncio.Event | None = None,
    options: RunOptions | None = None,
) -> RunResult:
    """Send a campaign until it is done, paused, stopped, or only later retries are left.

    With a share among the options it is that part of it, while other workers send others:
    ``TryLater`` if the part is done or somebody has it.

    Setting ``stop`` ends it cleanly: no new message, open dialogues get ``options.closing``
    seconds, the rest goes back, the campaign is paused. Raises ``LedgerLocked`` when another
    process sends, ``UsageError`` when the campaign may not run, ``LedgerError`` when outcomes
    cannot be stored (the journal has them for the next run). What the relay does raises
    nothing: it is in the result.
    """
    clock, options = clock or SystemClock(), options or RunOptions()
    with ledger.workers().sending() if options.share else ledger.sending(clock.now()):
        async with open_desk(options.executor) as desk:
            campaign = await desk.call(ledger.campaign, number)
            opening = Opening(ledger, campaign, desk, clock, options)
            turn, run = await opening.open(relays_of(transport), mint)
            runner = _Runner(ledger, campaign, desk, turn, run, on_progress)
            try:
                return await runner.finish(stop or asyncio.Event())
            finally:
                run.journal.close()


class _Runner:
    """One run, from its first claim to its last word."""

    def __init__(
        self,
        ledger: Ledger,
        campaign: Campaign,
        desk: Desk,
        turn: Turn,
        run: Run,
        on_progress: Callable[[Snapshot], None],
    ) -> None:
        self._ledger = ledger
        self._campaign = campaign
        self._desk = desk
        self._turn = turn
        self._run = run
        self._clerk = Clerk(ledger, desk, turn, run)
        self._on_progress = on_progress
        self._started_at = run.clock.now()

    async def finish(self, stop: asyncio.Event) -> RunResult:
        """Send until something says halt, then wind down and write the last word."""
        share = self._run.options.share
        if share and share.only_judge:  # that was done when it was opened
            self._run.halt(Halt(CampaignState.RUNNING, ""))
            return await self._close()
        roads = self._run.roads.all
        lanes = [Lane(self._run, road) for road in roads for _ in range(max(1, road.lanes))]
        working = {self._start(lane.work()): lane for lane in lanes}
        clerk = self._start(self._keep())
        others = [self._start(self._tick()), self._start(self._obey(stop))]
        others += [self._start(road.queue.watch_turns()) for road in roads]
        try:
            await self._run.halting.wait()
            await self._wind_down(working)
            await asyncio.wait({clerk})
        finally:
            await _cancel([*working, clerk, *others])
        return await self._close()

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(self._failed)
        return task

    def _failed(self, task: asyncio.Task[None]) -> None:
        """What nobody foresaw ends the run too, and is raised after it is cleared up."""
        if not task.cancelled() and (error := task.exception()):
            known = error if isinstance(error, Exception) else RuntimeError(str(error))
            self._run.halt(Halt(CampaignState.STOPPED, f"{type(error).__name__}: {error}", known))

    # Between the ledger and the lanes

    async def _keep(self) -> None:
        """Keep the lanes in rows, and the ledger in outcomes."""
        run, after = self._run, 0
        while not run.halted:
            if halt := closed(run):
                run.halt(halt)
                return
            await run.stock.needed()
            await run.roads.breathe(lambda: run.halted)
            if not run.halted:
                want = Want(run.roads.appetite(run.clock.now()), after)
                grant = await self._clerk.exchange(want)
                after = grant.last_seq or after
                self._heed(grant, wanted=want.count > 0)

    def _heed(self, grant: Grant, *, wanted: bool) -> None:
        run = self._run
        run.roads.add(grant.rows)
        dry_seconds = max(_DRY_SECONDS, run.roads.period)
        dry_until = run.clock.monotonic() + dry_seconds if grant.empty else 0.0
        run.stock.granted(some=bool(grant.rows), is_dry=lambda: run.clock.monotonic() < dry_until)
        run.meter.suppressed(grant.suppressed)
        if grant.state is not CampaignState.RUNNING:
            run.halt(Halt(CampaignState.RUNNING if self._turn.part else grant.state, ""))
        elif run.stock.is_quiet and (grant.empty or not wanted):
            self._decide(grant)
        elif grant.suppressed and not grant.rows:
            run.stock.call()
        if wanted:
            run.meter.next_retry_at = grant.next_retry_at

    def _decide(self, grant: Grant) -> None:
        """Nobody can be tried now: the end, or a short wait, or a long one."""
        run, campaign = self._run, self._campaign
        halt = (
            nobody_now(run, campaign, grant.next_retry_at) if grant.empty else hold(run, campaign)
        )
        if halt:
            run.halt(halt)

    # Beside it

    async def _tick(self) -> None:
        run, clock = self._run, self._run.clock
        while True:
            self._on_progress(self._snapshot())
            await clock.sleep(run.options.progress_every)
            silent = clock.monotonic() - self._clerk.asked_at
            if silent >= _LOOK_EVERY or run.roads.are_starving:
                run.stock.call()

    async def _obey(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._run.halt(self._run.options.when_stopped())

    def _snapshot(self) -> Snapshot:
        run, at, part = self._run, self._run.clock.monotonic(), self._turn.part
        return Snapshot(
            campaign=self._campaign.id,
            recipients=part.last - part.first + 1 if part else self._campaign.recipients,
            counts=dict(run.meter.counts),
            started_at=self._started_at,
            now=run.clock.now(),
            per_second=run.meter.per_second(at),
            rate=run.roads.per_second,
            last_reply=run.meter.last_reply,
            next_retry_at=run.meter.next_retry_at,
            connections=run.roads.open,
            note=run.roads.note or self._clerk.note,
            stopping=run.halted is not None,
            deferrals=run.meter.deferrals,
            slow=run.roads.slow_places(),
            part=part.number if part else None,
        )

    # The end

    async def _wind_down(self, working: dict[asyncio.Task[None], Lane]) -> None:
        """Lanes that talk get their time, the others end at once."""
        await _cancel([task for task, lane in working.items() if not lane.talking])
        limit = asyncio.create_task(self._run.clock.sleep(self._run.options.closing))
        pending = {task for task in working if not task.done()}
        while pending and not limit.done():
            await asyncio.wait({limit, *pending}, return_when=asyncio.FIRST_COMPLETED)
            pending = {task for task in pending if not task.done()}
        await _cancel([limit, *pending])

    async def _close(self) -> RunResult:
        """Write what came last, put back what was not tried, say why; then let the journal go."""
        run, halt = self._run, self._run.halted
        if halt is None:
            raise asyncio.CancelledError
        self._on_progress(self._snapshot())
        if isinstance(halt.error, LedgerLocked):  # another process has it: write nothing more
            raise halt.error
        run.flush()
        state = await self._clerk.end(halt)
        if halt.error and not isinstance(halt.error, RelayError):
            raise halt.error
        progress = await self._desk.call(self._ledger.progress, self._campaign.id)
        return RunResult(
            campaign=self._campaign.id,
            state=state,
            why=progress.campaign.reason,
            error=halt.error if isinstance(halt.error, RelayError) else None,
            progress=progress,
            stopped_by_signal=halt.by_signal,
            recovered=run.recovered,
        )


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel and wait; what they raise was heeded by their callback."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
