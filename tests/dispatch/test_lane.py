"""What a lane promises where several messages are under way on one connection."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from newsletter.delivery import (
    Accepted,
    Blame,
    Deferred,
    DeliveryState,
    Outcome,
    Phase,
    Refused,
    Reply,
    RetryPolicy,
)
from newsletter.dispatch.journal import Journal, Try
from newsletter.dispatch.model import RunOptions, RunResult, Snapshot
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import LedgerError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.transport.base import OutgoingMessage, Transport
from newsletter.transport.smtp import SmtpTransport
from tests.dispatch.streams import FedRelay
from tests.doubles import START, FakeClock, InlineExecutor, accept, mint
from tests.ledger.plans import make_plan, make_terms
from tests.transport.relays import (
    CHUNKING,
    GOOD,
    PATIENT,
    PIPELINING,
    Act,
    ScriptedRelay,
    Step,
    options_for,
    relay,
)

TOO_BIG = Refused(Phase.DOT, Reply(552, "5.3.4 message too big"), Blame.MESSAGE)
LATER = Deferred(Phase.DOT, Reply(450, "4.2.0 later"))
QUICK = RetryPolicy(first_loss_delay=dt.timedelta(milliseconds=20))


@dataclass
class Bench:
    """A ledger, and a way to run a campaign over any transport."""

    ledger: Ledger
    clock: FakeClock = field(default_factory=FakeClock)
    seen: list[Snapshot] = field(default_factory=list)
    options: RunOptions = field(
        default_factory=lambda: RunOptions(executor=InlineExecutor(), jitter=lambda: 0.0)
    )

    def record(self, readers: int, rate: str = "100000/s", connections: int = 1) -> CampaignId:
        """A campaign that is ready."""
        plan = make_plan(readers, terms=make_terms(rate, connections))
        return self.ledger.record(plan, due=None, now=START)

    def run(self, number: CampaignId, fed: FedRelay, stop_after: float | None = None) -> RunResult:
        """On the clock that does not wait."""
        return asyncio.run(self._run(number, fed, stop_after))

    async def _run(self, number: CampaignId, fed: FedRelay, stop_after: float | None) -> RunResult:
        stop = asyncio.Event()
        if stop_after is not None:
            asyncio.create_task(self._stop(stop, stop_after)).add_done_callback(lambda _: None)
        return await self.over(fed, number, stop, self.clock)

    async def over(
        self,
        transport: Transport,
        number: CampaignId,
        stop: asyncio.Event | None = None,
        clock: FakeClock | None = None,
    ) -> RunResult:
        """Over a transport, by default on the clock on the wall."""
        return await run_campaign(
            self.ledger,
            number,
            transport,
            mint=mint,
            clock=clock,
            on_progress=self.seen.append,
            stop=stop,
            options=self.options,
        )

    async def _stop(self, stop: asyncio.Event, after: float) -> None:
        await self.clock.sleep(after)
        stop.set()

    def states(self, number: CampaignId) -> list[DeliveryState]:
        """Each recipient's, in order."""
        return [row.delivery.state for row in self.ledger.deliveries(number)]

    def attempts(self, number: CampaignId) -> list[int]:
        """How often each was tried, in order."""
        return [row.delivery.attempts for row in self.ledger.deliveries(number)]


@pytest.fixture
def bench(file: Path) -> Iterator[Bench]:
    """On SQLite."""
    with Ledger.open(file) as ledger:
        yield Bench(ledger)


@pytest.mark.slow
@pytest.mark.parametrize("window", [1, 2, 16])
def test_everybody_gets_one_message_whatever_the_window(bench: Bench, window: int) -> None:
    number, fed = bench.record(60, connections=2), FedRelay(bench.clock, window=window, seconds=1)
    result = bench.run(number, fed)
    assert result.state is CampaignState.FINISHED
    assert sorted(fed.accepted) == sorted(f"r{n}@reader.example" for n in range(1, 61))
    assert bench.attempts(number) == [1] * 60
    assert fed.open == 0
    assert bench.ledger.verify() == ()


@pytest.mark.slow
@pytest.mark.parametrize("window", [2, 16])
def test_no_message_is_begun_before_its_turn_though_there_is_room(
    bench: Bench, window: int
) -> None:
    fed = FedRelay(bench.clock, window=window, seconds=0.3)
    number = bench.record(12, "10/s")
    bench.run(number, fed)
    gaps = [later - earlier for earlier, later in zip(fed.begun, fed.begun[1:], strict=False)]
    assert min(gaps) > 0.09
    assert fed.begun[-1] - fed.begun[0] < 12 * 0.3 or window == 2


@pytest.mark.slow
def test_what_was_handed_over_and_not_begun_goes_to_the_next_connection_unharmed(
    bench: Bench,
) -> None:
    fed = FedRelay(bench.clock, lambda n, m: None if n == 30 else accept(m), seconds=0.01)
    number = bench.record(40)
    result = bench.run(number, fed)
    assert fed.untried == ["r31@reader.example"]
    assert bench.states(number)[29] is DeliveryState.IN_DOUBT
    assert result.progress.counts == {DeliveryState.ACCEPTED: 39, DeliveryState.IN_DOUBT: 1}
    assert bench.attempts(number) == [1] * 40
    assert fed.connections == 2


@pytest.mark.slow
def test_a_lost_connection_leaves_as_many_in_doubt_as_its_window_holds(bench: Bench) -> None:
    fed = FedRelay(
        bench.clock, lambda n, m: None if n == 40 else accept(m), 4, seconds=0.01, eager=True
    )
    number = bench.record(60)
    result = bench.run(number, fed)
    assert result.progress.count(DeliveryState.IN_DOUBT) == 4
    assert result.progress.accepted == 56
    assert bench.ledger.verify() == ()


def test_once_the_run_is_halted_the_message_behind_is_not_begun(bench: Bench) -> None:
    fed = FedRelay(bench.clock, lambda _, __: TOO_BIG)
    number = bench.record(5)
    assert bench.run(number, fed).state is CampaignState.PAUSED
    assert fed.numbered == 1
    assert bench.states(number)[1:] == [DeliveryState.QUEUED] * 4
    assert bench.attempts(number) == [1, 0, 0, 0, 0]
    assert fed.open == 0


@pytest.mark.slow
def test_stopping_waits_for_the_answers_to_all_that_is_in_the_air(bench: Bench) -> None:
    fed = FedRelay(bench.clock, window=8, seconds=0.5, eager=True)
    number = bench.record(50, "10/s")
    result = bench.run(number, fed, stop_after=2.0)
    assert result.stopped_by_signal
    assert result.progress.count(DeliveryState.IN_DOUBT) == 0
    assert result.progress.accepted == len(fed.accepted) == len(fed.begun)
    assert result.progress.count(DeliveryState.QUEUED) == 50 - len(fed.begun)


@pytest.mark.slow
def test_answers_that_do_not_come_in_the_time_for_closing_are_all_in_doubt(bench: Bench) -> None:
    fed = FedRelay(bench.clock, window=3, seconds=4_000, eager=True)
    number = bench.record(5)
    result = bench.run(number, fed, stop_after=1.0)
    assert bench.clock.monotonic() == pytest.approx(31, abs=1)
    assert result.progress.counts == {DeliveryState.IN_DOUBT: 3, DeliveryState.QUEUED: 2}
    assert fed.open == 0


def test_an_error_that_nobody_foresaw_leaves_no_dotted_message_to_be_sent_again(
    bench: Bench,
) -> None:
    def fail(number: int, message: OutgoingMessage) -> Outcome | None:
        if number == 4:
            return Accepted(None)  # type: ignore[arg-type]  # a fault in our own program
        return accept(message)

    fed = FedRelay(bench.clock, fail, window=3, eager=True)
    number = bench.record(9)
    with pytest.raises(AttributeError):
        bench.run(number, fed)
    states = bench.states(number)
    assert states[:3] == [DeliveryState.ACCEPTED] * 3
    assert DeliveryState.QUEUED not in states[3 : len(fed.begun)]
    assert fed.open == 0


def test_a_journal_that_cannot_be_written_begins_nothing_behind_either(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    fed = FedRelay(bench.clock)
    number = bench.record(5)
    monkeypatch.setattr("newsletter.dispatch.journal.Journal.dot", full)
    with pytest.raises(LedgerError, match="No space left"):
        bench.run(number, fed)
    assert fed.accepted == []
    assert bench.states(number) == [DeliveryState.QUEUED] * 5


@pytest.mark.slow
def test_the_journal_names_the_attempt_whose_dot_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the number of an earlier one its silence would prove that it did not leave."""
    told: list[Try] = []
    write = Journal.dot

    def dot(journal: Journal, *attempts: Try) -> None:
        told.extend(attempts)
        write(journal, *attempts)

    monkeypatch.setattr(Journal, "dot", dot)
    fed = FedRelay(bench.clock, lambda n, m: LATER if n <= 2 else accept(m), window=1)
    number = bench.record(1)
    while bench.states(number) != [DeliveryState.ACCEPTED]:
        bench.run(number, fed)
        bench.clock.advance(600)
    assert told == [(1, 1), (1, 2), (1, 3)]


# Over real sockets


def ride(
    bench: Bench, number: CampaignId, script: dict[str, Step], at: int = 0
) -> tuple[RunResult, ScriptedRelay]:
    """A campaign over SMTP, to a relay that offers PIPELINING."""

    async def run() -> tuple[RunResult, ScriptedRelay]:
        async with relay({"EHLO": (PIPELINING,), **script}, at) as scripted:
            transport = SmtpTransport(options_for(scripted.port, **PATIENT))
            return await bench.over(transport, number), scripted

    bench.options = replace(bench.options, retry=QUICK)
    return asyncio.run(run())


@pytest.mark.slow
def test_over_smtp_a_campaign_takes_one_connection_and_each_reader_one_message(
    bench: Bench,
) -> None:
    number = bench.record(30)
    result, scripted = ride(bench, number, {})
    assert result.progress.counts == {DeliveryState.ACCEPTED: 30}
    assert len(scripted.accepted) == 30
    assert scripted.connections == 1
    assert scripted.heard[-1] == "QUIT"


@pytest.mark.slow
def test_a_relay_that_closes_after_each_message_costs_nobody_an_attempt(bench: Bench) -> None:
    number = bench.record(6)

    async def run() -> tuple[RunResult, int]:
        dropping = {"EHLO": (PIPELINING,), "DOT": (GOOD["DOT"], Act.DROP)}
        async with relay(dropping) as scripted:
            scripted.always = True
            transport = SmtpTransport(options_for(scripted.port, **PATIENT))
            return await bench.over(transport, number), scripted.connections

    result, connections = asyncio.run(run())
    assert result.progress.counts == {DeliveryState.ACCEPTED: 6}
    assert bench.attempts(number) == [1] * 6
    assert connections == 6


@pytest.mark.slow
def test_a_relay_that_offers_chunks_and_does_not_know_them_costs_nobody_an_attempt(
    bench: Bench,
) -> None:
    number = bench.record(9)

    async def run() -> RunResult:
        async with relay({"EHLO": (CHUNKING,), "BDAT": (b"502 5.5.1 what?\r\n",)}) as scripted:
            scripted.always = True
            options = options_for(scripted.port, chunking_window=4, **PATIENT)
            return await bench.over(SmtpTransport(options), number)

    assert asyncio.run(run()).progress.counts == {DeliveryState.ACCEPTED: 9}
    assert bench.attempts(number) == [1] * 9
    assert bench.ledger.verify() == ()


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_relay_that_always_drops_costs_an_attempt_each_time_so_the_waits_grow(
    bench: Bench, verb: str
) -> None:
    number = bench.record(2)

    async def run() -> int:
        stop = asyncio.Event()
        async with relay({"EHLO": (PIPELINING,), verb: (Act.DROP,)}) as scripted:
            scripted.always = True
            running = asyncio.create_task(
                bench.over(SmtpTransport(options_for(scripted.port, **PATIENT)), number, stop)
            )
            while scripted.connections < 5:  # noqa: ASYNC110 - a relay tells nobody
                await asyncio.sleep(0.005)
            stop.set()
            await running
            return scripted.connections

    bench.options = replace(bench.options, retry=QUICK, progress_every=0.01)
    connections = asyncio.run(run())
    assert sum(bench.attempts(number)) >= connections - 1


@pytest.mark.slow
def test_a_message_that_is_too_big_is_tried_on_one_reader_only_though_the_next_was_announced(
    bench: Bench,
) -> None:
    number = bench.record(5)
    result, scripted = ride(bench, number, {"DOT": (b"552 5.3.4 message too big\r\n",)})
    assert result.state is CampaignState.PAUSED
    assert scripted.accepted == []
    assert bench.attempts(number) == [1, 0, 0, 0, 0]
