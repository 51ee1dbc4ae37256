"""One lane: a row, a connection, a turn, a message, an outcome; and again."""

from newsletter.delivery import InDoubt
from newsletter.dispatch.model import Halt
from newsletter.dispatch.run import Run
from newsletter.ledger.model import CampaignState, ClaimedRow
from newsletter.transport.base import Connection, OutgoingMessage


class Lane:
    """Sends one message at a time over a connection of its own, until the run is halted."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._connection: Connection | None = None
        self.talking = False
        """Whether a dialogue is open: then it is let finish rather than cut."""
        self._dotted = False

    async def work(self) -> None:
        """Go on until the run is halted or this task is cancelled."""
        try:
            while not self._run.halted:
                if self._connection is None:
                    await self._run.gate.rest()
                await self._deliver(await self._run.stock.take())
        finally:
            await self._hang_up()

    async def _deliver(self, row: ClaimedRow) -> None:
        """Try one row; it is settled, or put back if its final dot was surely not written."""
        self._dotted = False
        try:
            connection = await self._ready()
            message = self._fill(row) if connection else None
            if connection and message:
                await self._send(connection, row, message)
        finally:
            if row.seq in self._run.stock.in_hand and not self._dotted:
                self._run.stock.put_back(row)

    async def _ready(self) -> Connection | None:
        """An open connection and a turn, in that order: no envelope is open while it waits."""
        run = self._run
        if self._connection and run.pacer.delay > run.options.idle_limit:
            await self._hang_up()
            await run.clock.sleep(run.pacer.delay - run.options.idle_limit)
        if self._connection is None and not await self._dial():
            return None
        await run.pacer.turn()
        return None if run.halted else self._connection

    async def _dial(self) -> bool:
        answer = await self._run.gate.connect()
        if isinstance(answer, Halt):
            self._run.halt(answer)
            return False
        self._connection = answer
        return answer is not None

    def _fill(self, row: ClaimedRow) -> OutgoingMessage | None:
        try:
            return self._run.letters.message_for(row, self._run.clock.now())
        except ValueError as error:
            why = f"the message for {row.address} cannot be made: {error}"
            self._run.halt(Halt(CampaignState.STOPPED, why))
            return None

    async def _send(
        self, connection: Connection, row: ClaimedRow, message: OutgoingMessage
    ) -> None:
        self.talking, self._dotted = True, False

        def before_dot() -> None:
            self._run.dot(row)
            self._dotted = True

        try:
            outcome = await connection.send(message, before_dot)
        except BaseException as error:  # noqa: BLE001  raised again by _cut, the row settled
            await self._cut(row, error)
        else:
            self._run.gate.answered()
            self._run.settle(row, outcome)
            self._run.flush()
            if not connection.usable:
                await self._hang_up()
        finally:
            self.talking = False

    async def _cut(self, row: ClaimedRow, error: BaseException) -> None:
        """The dialogue ended without an outcome: after the dot that is doubt, whatever it was."""
        if self._dotted:
            reason = str(error) or "the run was stopped while it waited for the answer"
            self._run.settle(row, InDoubt(reason))
            self._run.flush()
        elif isinstance(error, OSError):  # of before_dot: the network's are outcomes
            self._run.cannot_write(error)
            await self._hang_up()
            return
        raise error

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            self._run.gate.closed()
            await connection.close()
