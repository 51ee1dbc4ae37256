"""The clerk: the one who talks with the ledger during a run, and waits for it when it is busy."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from newsletter.dispatch.desk import Desk
from newsletter.dispatch.model import Halt
from newsletter.dispatch.recovery import remove_journal
from newsletter.dispatch.run import Run
from newsletter.errors import LedgerUnavailable
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState, Grant, Turn, Want

_FIRST_PAUSE = 0.1
_LAST_PAUSE = 5.0
T = TypeVar("T")


class Clerk:
    """Writes outcomes and claims rows, a group at a time, in one transaction each.

    A database that is busy or restarts is asked again, longer and longer: meanwhile the outcomes
    stay in memory and in the journal, and the lanes send what was claimed before. Any other
    failure is raised, at once.
    """

    def __init__(self, ledger: Ledger, desk: Desk, turn: Turn, run: Run) -> None:
        self._ledger = ledger
        self._desk = desk
        self._turn = turn
        self._run = run
        self._away_since: float | None = None
        self._pause = _FIRST_PAUSE
        self._measured_at = self.asked_at = run.clock.monotonic()
        self.note = ""
        """Why the ledger is waited for, in a sentence, or nothing."""

    async def exchange(self, want: Want) -> Grant:
        """Outcomes stay in the stock until they are committed."""
        return await self._insist(lambda: self._exchange(want))

    async def end(self, halt: Halt) -> CampaignState:
        """Write what came last, put back what was not tried, close the run.

        The journal goes before the run is closed: with nothing claimed it tells nothing that the
        ledger does not, and after it nobody would look for it.
        """
        run, turn = self._run, self._turn
        await self.exchange(Want(0))
        rest = [row.seq for row in run.stock.rows()]
        await self._insist(lambda: self._desk.call(self._ledger.release, turn, rest))
        run.journal.close()
        remove_journal(run.journal.path)
        now = run.clock.now()
        return await self._insist(
            lambda: self._desk.call(
                self._ledger.end_run, turn, halt.state, halt.why, now, halt.until
            )
        )

    async def _exchange(self, want: Want) -> Grant:
        run, stock = self._run, self._run.stock
        self.asked_at = run.clock.monotonic()
        if self._away_since is not None:
            await self._agree()
        asked = run.clock.monotonic()
        results, notes = list(stock.results), run.roads.notes(ending=run.halted is not None)
        asked_at = run.lease.now() if run.lease else 0.0
        if run.lease:
            claimed = stock.claimed - len(results)
            want = run.roads.wants(replace(want, claimed=claimed, said=run.told()))
        grant = await self._desk.call(
            self._ledger.exchange, self._turn, results, want, run.clock.now(), notes
        )
        if run.lease:
            run.lease.renew(asked_at)
            run.hear(grant.others)
        run.roads.noted(notes, results)
        run.roads.heed(grant)
        stock.written(len(results))
        now = run.clock.monotonic()
        stock.measure(len(results), now - self._measured_at, now - asked)
        self._measured_at = now
        self._forget(len(results))
        return grant

    async def _agree(self) -> None:
        """The connection may have been lost after the commit and before the answer.

        Another server that took over may have lost commits, too: it knows of nobody's claims.
        """
        turn = self._turn
        await self._desk.call(self._ledger.refuse_copy)
        left = await self._desk.call(self._ledger.leftovers, turn.campaign, turn.part)
        mine = {row.seq: row for run, row in left if run == turn.run}
        written, rows = self._run.stock.agree(mine)
        self._run.roads.add(rows)
        self._forget(written)

    def _forget(self, count: int) -> None:
        try:
            self._run.journal.forget(count)
        except OSError as error:
            self._run.cannot_write(error)

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                answer = await ask()
            except LedgerUnavailable as error:
                await self._wait(error)
            else:
                self._away_since, self._pause, self.note = None, _FIRST_PAUSE, ""
                return answer

    async def _wait(self, error: LedgerUnavailable) -> None:
        """Back off; once patience is at its end, it is an error like any other."""
        run, now = self._run, self._run.clock.monotonic()
        self._away_since = now if self._away_since is None else self._away_since
        patience = run.options.closing if run.halted else run.options.ledger_patience
        if now - self._away_since >= patience:
            raise error
        self.note = f"{error.message}; trying again"
        await run.clock.sleep(self._pause)
        self._pause = min(2 * self._pause, _LAST_PAUSE)
