"""One lane: a row, a turn, a message, an outcome; and again, over a connection of its own.

Where nothing must be waited for, the next message is handed over from within the callback that
brought the last answer. The lane's own task is for what takes time: a relay that is away, a row
that is not there yet, a turn that lies ahead, the last answers.
"""

import asyncio

from newsletter.delivery import InDoubt, Outcome, Reply
from newsletter.dispatch.journal import Try
from newsletter.dispatch.lease import Lapsed
from newsletter.dispatch.model import Halt
from newsletter.dispatch.road import Road
from newsletter.dispatch.run import Run
from newsletter.ledger.model import CampaignState, ClaimedRow
from newsletter.transport.base import Handover, Patient, Stream


class Halted(Exception):
    """The run came to its end before this message's final dot."""


class Lane:
    """Keeps a connection of its own fed until the run is halted."""

    def __init__(self, run: Run, road: Road) -> None:
        self.run = self._run = run
        self.road = self._road = road
        self._stream: Stream | None = None
        self._served = False
        self._flows = False
        self._due: float | None = None
        """When the turn is that was taken for the next message, on the monotonic clock."""
        self._missed = False
        """Whether that turn went by."""
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self.open: dict[int, Handed] = {}
        """What was handed over and has no end yet, by the row's number."""

    @property
    def talking(self) -> bool:
        """Whether a dialogue is open: then it is let finish rather than cut."""
        return bool(self.open)

    async def work(self) -> None:
        """Go on until the run is halted or this task is cancelled."""
        self._task = asyncio.current_task()
        try:
            while not self._run.halted:
                if self._stream is None:
                    await self._road.gate.rest()
                if self._run.lease:
                    await self._run.lease.held(self._run.clock)
                if row := await self._next_row():
                    await self._begin(row)
                    await self._flow()
            await self._answers()
        finally:
            await self._hang_up()
            self._raise()

    # What must wait

    async def _next_row(self) -> ClaimedRow | None:
        """A row, with its turn if turns are leased; None if it is to be looked again."""
        road = self._road
        if not road.is_leased or self._due is not None:
            return await road.queue.take()
        if self._stream is None and len(road.queue) and not await self._dial():
            return None  # a turn that waits for a connection goes by
        row = await road.next_row()
        if row:
            self._due = self._run.clock.monotonic() + road.pacer.reserve()
        return row

    async def _begin(self, row: ClaimedRow) -> None:
        """Hand one row over once there is a connection, a turn and room; else put it back."""
        handed = self._missed = False
        try:
            stream = await self._ready()
            if stream:
                self._due = None
                handed = self._hand_over(stream, row)
        finally:
            if not handed and self._missed:
                self._road.queue.put_back_without_turn(row)
            elif not handed:
                self._road.queue.put_back(row)

    async def _ready(self) -> Stream | None:
        """A turn, and an open connection when it has come: no envelope is open while it waits."""
        run = self._run
        if self._due is None:
            self._due = run.clock.monotonic() + self._road.pacer.reserve()
        if self._stream and self._wait > run.options.idle_limit:
            await self._part()
            await run.clock.sleep(self._wait - run.options.idle_limit)
        if self._stream is None and not await self._dial():
            return None
        if self._wait > 0:
            await run.clock.sleep(self._wait)
        if self._road.is_leased and self._road.pacer.is_lost(self._due):
            self._due = None  # with those of the others it would be too many
            self._missed = True
            return None
        while self._stream and self.open and not self._stream.room:
            await self._news()
        if self._stream and self._served and not self._stream.usable:
            await self._part()  # it was closed while idle: no fault of this message
        return None if run.halted else self._stream

    @property
    def _wait(self) -> float:
        """Seconds until the turn that was taken."""
        return 0.0 if self._due is None else self._due - self._run.clock.monotonic()

    async def _dial(self) -> bool:
        answer = await self._road.gate.connect()
        if isinstance(answer, Halt):
            self._run.halt(answer)
            return False
        self._stream, self._served = answer, False
        if answer:
            answer.feeder = self
            if isinstance(answer, Patient):
                answer.intents = self
        elif self._wait <= 0:
            self._due = None  # turns that nobody could take are not made up for at a run
        return answer is not None

    async def _flow(self) -> None:
        """Let answers bring the next messages, until that ends: then what is wanted must wait."""
        self._flows = True
        self.refill()
        while self._flows and self.open:
            await self._news()
        self._flows = False
        self._raise()
        if self._stream and not self._stream.usable:
            await self._part()

    async def _answers(self) -> None:
        while self.open:
            await self._news()

    async def _news(self) -> None:
        self._wanted.clear()
        await self._wanted.wait()
        self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error:
            raise error

    async def _part(self) -> None:
        """Hang up once what is in the air was answered."""
        await self._answers()
        await self._hang_up()

    async def _hang_up(self) -> None:
        stream, self._stream = self._stream, None
        if stream:
            stream.feeder = None
            self._road.gate.closed()
            await stream.close()

    # What the connection calls

    def refill(self) -> None:
        """Hand over while there is room, a row, and a turn that is now."""
        run, stream = self._run, self._stream
        try:
            while self._flows and stream and stream.room and not run.halted:
                if self._road.is_leased and not self._road.has_turn_now:
                    self._flows = False
                    self._wanted.set()
                    return
                row = self._road.queue.pop()
                wait = self._road.pacer.reserve() if row else 0.0
                if row is None or wait > 0:
                    self._due = run.clock.monotonic() + wait if wait > 0 else None
                    self._flows = False
                    self._wanted.set()
                if row and (wait > 0 or not self._hand_over(stream, row)):
                    self._road.queue.put_back(row)
        except Exception as error:  # noqa: BLE001  raised by the lane's task
            self.fail(error)

    def rest(self) -> None:
        """Nothing more for now: the task looks."""
        if not (self._flows and self.open):
            self._wanted.set()
        if self._task and self._run.halted and not self.open:
            self._task.cancel()  # whatever it waits for is not needed any more

    def intend(self, stream: Patient, handover: Handover) -> None:
        """A final dot waits until what this round brought is in the journal."""
        if isinstance(handover, Handed):
            handover.stream = stream
            self._run.rounds.intend(handover)

    def fail(self, error: BaseException) -> None:
        """Nobody foresaw this: the lane ends with it."""
        self._flows = False
        self._error = self._error or error
        self._wanted.set()

    # One row

    def _hand_over(self, stream: Stream, row: ClaimedRow) -> bool:
        run = self._run
        try:
            message = run.letters.message_for(row, run.clock.now())
        except ValueError as error:
            why = f"the message for {row.address} cannot be made: {error}"
            run.halt(Halt(CampaignState.STOPPED, why))
            return False
        handed = Handed(self, row, bool(self.open))
        self.open[row.seq] = handed
        stream.hand_over(message, handed)
        return True

    def ended(self, row: ClaimedRow, outcome: Outcome) -> None:
        """One row has its outcome."""
        del self.open[row.seq]
        self._served = True
        try:
            self._run.settle(row, outcome, self._road)
        except Exception as error:  # noqa: BLE001  raised by the lane's task
            self.fail(error)

    def given_back(self, row: ClaimedRow) -> None:
        """One row was not tried."""
        del self.open[row.seq]
        self._road.queue.put_back(row)


class Handed:
    """One row that a connection has in its hands."""

    __slots__ = ("_behind", "_dotted", "_lane", "_road", "_row", "_run", "stream")
    stream: Patient
    """Where it waits for its intent."""

    def __init__(self, lane: Lane, row: ClaimedRow, behind: bool) -> None:
        self._lane = lane
        self._run, self._road = lane.run, lane.road
        self._row = row
        self._behind = behind
        self._dotted = False

    def before_dot(self) -> None:
        """Record the intent; one that only stood in line is not begun once the run is halted.

        Outcomes that wait to be written go with it, in one write; ``OSError`` stops the dot.
        """
        if self._behind and self._run.halted:
            raise Halted
        self._run.journal.dot(self.attempt)
        if self._run.lapsed:
            raise Lapsed
        self._dotted = True

    @property
    def attempt(self) -> Try:
        """What the journal calls it."""
        return self._row.seq, self._row.delivery.attempts + 1

    def stands(self) -> bool:
        """Whether it is to go now: it has no end yet, and the run goes on, or it had begun."""
        if self._lane.open.get(self._row.seq) is not self:
            return False
        if self._behind and self._run.halted:
            self.stream.hold_back(Halted())
            return False
        return True

    def proceed(self) -> None:
        """The journal has it."""
        if self._run.lapsed:
            self.stream.hold_back(Lapsed())
            return
        self._dotted = True
        try:
            self.stream.proceed()
        except Exception as error:  # noqa: BLE001  raised by the lane's task: others go on
            self._lane.fail(error)

    def hold_back(self, error: OSError) -> None:
        """The journal took nothing."""
        self.stream.hold_back(error)

    def settled(self, outcome: Outcome) -> None:
        """The answer, or what silence means."""
        self._lane.ended(self._row, outcome)

    def untried(self, reply: Reply | None) -> None:
        """It goes to another connection; the relay's 421 counts all the same."""
        if reply:
            self._road.complained(reply)
        self._lane.given_back(self._row)

    def cut(self, error: BaseException) -> None:
        """Ended without an answer: after the dot that is doubt, whatever it was."""
        if self._dotted:
            reason = str(error) or "the run was stopped while it waited for the answer"
            self._lane.ended(self._row, InDoubt(reason))
        else:
            self._lane.given_back(self._row)
        if isinstance(error, OSError) and not self._dotted:
            self._run.cannot_write(error)  # of before_dot: the network's are outcomes
        elif not isinstance(error, (Halted, Lapsed, asyncio.CancelledError)):
            self._lane.fail(error)
