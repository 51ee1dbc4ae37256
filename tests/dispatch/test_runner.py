"""What a run promises, with a relay that follows a script and a clock that does not wait."""

import asyncio
import datetime as dt
import errno
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from newsletter.delivery import (
    Accepted,
    Blame,
    Deferred,
    DeliveryState,
    InDoubt,
    Outcome,
    Phase,
    Refused,
    Reply,
)
from newsletter.dispatch.journal import read_journal
from newsletter.dispatch.model import RunOptions, RunResult, Snapshot
from newsletter.dispatch.runner import run_campaign
from newsletter.errors import (
    LedgerError,
    LedgerLocked,
    RelayError,
    RelayUnavailable,
    UsageError,
)
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState
from newsletter.transport.base import OutgoingMessage
from newsletter.values import Address
from tests.doubles import (
    START,
    Answer,
    FakeClock,
    InlineExecutor,
    ScriptedTransport,
    accept,
    following,
    mint,
)
from tests.ledger.plans import make_plan, make_terms

LATER = Deferred(Phase.RCPT, Reply(450, "4.2.0 try later"))
UNKNOWN = Refused(Phase.RCPT, Reply(550, "5.1.1 no such user"), Blame.READER)
SPAM = Refused(Phase.DOT, Reply(554, "5.7.1 content rejected"), Blame.MESSAGE)
NOT_US = Refused(Phase.MAIL, Reply(550, "5.7.515 access denied"), Blame.US)
LOST = InDoubt("connection lost")
DROPPED = Deferred(Phase.BODY, None, "connection reset")


@dataclass
class Bench:
    """A ledger, a clock and a way to run a campaign of so many readers."""

    ledger: Ledger
    clock: FakeClock = field(default_factory=FakeClock)
    options: RunOptions = field(
        default_factory=lambda: RunOptions(
            executor=InlineExecutor(), jitter=lambda: 0.0, progress_every=1.0
        )
    )
    seen: list[Snapshot] = field(default_factory=list)

    def record(
        self, readers: int, rate: str = "10/s", connections: int = 1, on_doubt: str = "hold"
    ) -> CampaignId:
        """A campaign that is ready."""
        terms = make_terms(rate, connections, on_doubt)
        return self.ledger.record(make_plan(readers, terms=terms), due=None, now=START)

    def relay(
        self, answer: Answer = accept, seconds: float = 0.0, refusals: Iterable[Exception] = ()
    ) -> ScriptedTransport:
        """A relay on the same clock."""
        return ScriptedTransport(self.clock, answer, seconds=seconds, refusals=refusals)

    def run(
        self, number: CampaignId, relay: ScriptedTransport, stop_after: float | None = None
    ) -> RunResult:
        """Run it to its end, or have it stopped at a time."""
        return asyncio.run(self._run(number, relay, stop_after))

    async def _run(
        self, number: CampaignId, relay: ScriptedTransport, stop_after: float | None
    ) -> RunResult:
        stop = asyncio.Event()
        stopper = asyncio.create_task(self._stop(stop, stop_after))
        try:
            return await run_campaign(
                self.ledger,
                number,
                relay,
                mint=mint,
                clock=self.clock,
                on_progress=self.seen.append,
                stop=stop,
                options=self.options,
            )
        finally:
            stopper.cancel()

    async def _stop(self, stop: asyncio.Event, after: float | None) -> None:
        if after is not None:
            await self.clock.sleep(after)
            stop.set()

    def states(self, number: CampaignId) -> list[DeliveryState]:
        """Each recipient's, in order."""
        return [row.delivery.state for row in self.ledger.deliveries(number)]


@pytest.fixture
def bench(file: Path) -> Iterator[Bench]:
    """On SQLite."""
    with Ledger.open(file) as ledger:
        yield Bench(ledger)


@pytest.mark.slow
def test_everybody_gets_one_message_on_either_database(ledger: Ledger) -> None:
    bench = Bench(ledger)
    number, relay = bench.record(30, connections=3), bench.relay()
    result = bench.run(number, relay)
    assert result.state is CampaignState.FINISHED
    assert sorted(relay.accepted) == sorted(f"r{n}@reader.example" for n in range(1, 31))
    assert result.progress.counts == {DeliveryState.ACCEPTED: 30}
    assert not result.progress.incomplete
    assert relay.open == 0
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_messages_leave_evenly_at_the_rate_however_many_connections(bench: Bench) -> None:
    number, relay = bench.record(20, "5/s", connections=4), bench.relay(seconds=0.5)
    bench.run(number, relay)
    times = [at for at, _ in relay.tried]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert min(gaps) >= 0.179
    assert times[-1] == pytest.approx(3.8, abs=0.05)


@pytest.mark.slow
def test_a_message_is_filled_for_its_reader_with_a_stable_message_id(bench: Bench) -> None:
    number, relay = bench.record(1), bench.relay(following([DROPPED]))
    bench.run(number, relay)
    (_, first), (_, again) = relay.tried
    assert first.recipient == "r1@reader.example"
    assert first.sender == "bounces@list.example"
    assert b"Ciao Nome1" in first.content
    assert first.message_id == again.message_id
    assert first.message_id.startswith(f"<{number}.1.")
    assert first.message_id.endswith("@list.example>")


@pytest.mark.slow
def test_a_run_to_the_staging_inbox_suppresses_nobody(bench: Bench) -> None:
    number, relay = bench.record(2), bench.relay(following([UNKNOWN]))
    bench.options = replace(bench.options, suppress=False)
    bench.run(number, relay)
    assert bench.ledger.progress(number).count(DeliveryState.REFUSED) == 1
    assert bench.ledger.suppressions() == ()


@pytest.mark.slow
def test_a_deferral_is_tried_again_when_it_comes_due_on_either_database(ledger: Ledger) -> None:
    bench = Bench(ledger)
    number, relay = bench.record(2), bench.relay(following([LATER]))
    result = bench.run(number, relay)
    assert result.state is CampaignState.FINISHED
    assert relay.tried[-1][0] == pytest.approx(60, abs=2)
    assert [row.delivery.attempts for row in bench.ledger.deliveries(number)] == [2, 1]


@pytest.mark.slow
def test_a_run_does_not_stay_for_late_retries_but_says_when_they_come(bench: Bench) -> None:
    number, relay = bench.record(1), bench.relay(following([LATER, LATER]))
    result = bench.run(number, relay)
    assert result.state is CampaignState.WAITING
    assert result.why.startswith("only retries are left, the next at 2026-12-03 09:06")
    assert bench.ledger.due(bench.clock.now()) == ()
    bench.clock.advance(301)
    assert [one.id for one in bench.ledger.due(bench.clock.now())] == [number]
    assert bench.run(number, relay).state is CampaignState.FINISHED


@pytest.mark.slow
def test_a_lost_connection_before_the_dot_is_opened_anew_and_the_row_tried_again(
    bench: Bench,
) -> None:
    number, relay = bench.record(3), bench.relay(following([DROPPED]))
    result = bench.run(number, relay)
    assert result.progress.counts == {DeliveryState.ACCEPTED: 3}
    assert relay.connections == 2


@pytest.mark.slow
def test_doubt_is_held_and_listed(bench: Bench) -> None:
    number, relay = bench.record(3), bench.relay(following([LOST]))
    result = bench.run(number, relay)
    assert result.state is CampaignState.FINISHED
    assert bench.states(number)[0] is DeliveryState.IN_DOUBT
    assert len(relay.tried) == 3
    assert result.progress.incomplete


@pytest.mark.slow
def test_doubt_is_sent_once_more_with_the_same_id_where_the_officer_chose_it(
    bench: Bench,
) -> None:
    number, relay = bench.record(1, on_doubt="resend"), bench.relay(following([LOST]))
    bench.run(number, relay)
    ids = {message.message_id for _, message in relay.tried}
    (row,) = bench.ledger.deliveries(number)
    assert (len(relay.tried), len(ids)) == (2, 1)
    assert (row.delivery.state, row.delivery.doubted) == (DeliveryState.ACCEPTED, True)


@pytest.mark.slow
def test_a_421_closes_the_connection_slows_down_and_the_run_goes_on(bench: Bench) -> None:
    busy = Deferred(Phase.MAIL, Reply(421, "4.7.0 too many messages"))
    number, relay = bench.record(5, "10/s"), bench.relay(following([busy]))
    result = bench.run(number, relay)
    assert result.progress.accepted == 5
    assert relay.connections == 2
    assert relay.tried[2][0] - relay.tried[1][0] == pytest.approx(0.2, abs=0.03)
    assert 5 <= min(snapshot.rate for snapshot in bench.seen) < 7


@pytest.mark.slow
def test_a_refusal_of_us_stops_the_run_and_nobody_is_suppressed_for_it(bench: Bench) -> None:
    number, relay = bench.record(5), bench.relay(following([NOT_US]))
    result = bench.run(number, relay)
    assert result.state is CampaignState.STOPPED
    assert "5.7.515 access denied" in result.why
    assert bench.states(number) == [DeliveryState.QUEUED] * 5
    assert len(relay.tried) == 1
    assert bench.ledger.suppressions() == ()
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_a_reader_who_does_not_exist_is_refused_and_suppressed(bench: Bench) -> None:
    number, relay = bench.record(2), bench.relay(following([UNKNOWN]))
    result = bench.run(number, relay)
    assert bench.states(number) == [DeliveryState.REFUSED, DeliveryState.ACCEPTED]
    assert list(dict(bench.ledger.suppression_reasons())) == ["r1@reader.example"]
    assert result.progress.incomplete


def test_three_refusals_of_the_message_alike_pause_the_campaign(bench: Bench) -> None:
    number, relay = bench.record(9), bench.relay(following([SPAM, accept_one(), SPAM, SPAM, SPAM]))
    result = bench.run(number, relay)
    assert result.state is CampaignState.PAUSED
    assert result.why == "the relay refused the message 3 times: 554 5.7.1 content rejected"
    assert len(relay.tried) == 5


def test_a_message_that_is_too_big_for_the_relay_is_tried_on_one_reader_only(
    bench: Bench,
) -> None:
    big = Refused(Phase.DOT, Reply(552, "5.3.4 message too big"), Blame.MESSAGE)
    number, relay = bench.record(5), bench.relay(lambda _: big)
    assert bench.run(number, relay).state is CampaignState.PAUSED
    assert len(relay.tried) == 1


@pytest.mark.slow
def test_a_relay_that_is_away_is_waited_for_and_no_row_is_touched(bench: Bench) -> None:
    away = [RelayUnavailable("no route")] * 4
    number, relay = bench.record(3, connections=2), bench.relay(refusals=away)
    result = bench.run(number, relay)
    assert result.progress.counts == {DeliveryState.ACCEPTED: 3}
    assert bench.clock.monotonic() == pytest.approx(5 + 10 + 20 + 40, abs=2)
    assert len(bench.ledger.attempts(number)) == 3
    assert any("no route; trying again in" in snapshot.note for snapshot in bench.seen)


@pytest.mark.slow
def test_a_relay_that_stays_away_ends_the_run_and_the_campaign_waits(bench: Bench) -> None:
    bench.options = replace(bench.options, patience=dt.timedelta(minutes=1))
    number, relay = bench.record(3), bench.relay(refusals=[RelayUnavailable("no route")] * 99)
    result = bench.run(number, relay)
    assert result.state is CampaignState.WAITING
    assert "no route" in result.why
    assert isinstance(result.error, RelayUnavailable)
    assert bench.states(number) == [DeliveryState.QUEUED] * 3
    assert [one.id for one in bench.ledger.due(bench.clock.now())] == [number]
    assert bench.run(number, bench.relay()).state is CampaignState.FINISHED


def test_a_relay_that_cannot_be_used_stops_the_campaign_with_the_cure(bench: Bench) -> None:
    wrong = RelayError("wrong password", cure="set NEWSLETTER_RELAY__PASSWORD")
    number, relay = bench.record(3, connections=3), bench.relay(refusals=[wrong] * 3)
    result = bench.run(number, relay)
    assert (result.state, result.why, result.error) == (
        CampaignState.STOPPED,
        "wrong password",
        wrong,
    )
    assert bench.states(number) == [DeliveryState.QUEUED] * 3


@pytest.mark.slow
def test_stopping_finishes_the_open_dialogues_and_puts_the_rest_back(bench: Bench) -> None:
    number, relay = bench.record(50, connections=2), bench.relay(seconds=0.35)
    result = bench.run(number, relay, stop_after=1.0)
    assert result.state is CampaignState.PAUSED
    assert result.stopped_by_signal
    assert result.progress.accepted == len(relay.tried) == len(relay.accepted)
    assert 3 <= len(relay.tried) < 12
    assert result.progress.count(DeliveryState.QUEUED) == 50 - len(relay.tried)
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_a_stopped_run_carries_on_where_it_was_on_either_database(ledger: Ledger) -> None:
    bench = Bench(ledger)
    number, relay = bench.record(20, connections=2), bench.relay()
    bench.run(number, relay, stop_after=1.0)
    bench.ledger.resume(number, bench.clock.now())
    result = bench.run(number, relay)
    assert result.state is CampaignState.FINISHED
    assert len(relay.accepted) == len(set(relay.accepted)) == 20


@pytest.mark.slow
def test_a_dialogue_that_does_not_end_is_cut_and_its_reader_is_in_doubt(bench: Bench) -> None:
    number, relay = bench.record(2), bench.relay(seconds=4000)
    result = bench.run(number, relay, stop_after=1.0)
    assert bench.clock.monotonic() == pytest.approx(31, abs=1)
    assert bench.states(number) == [DeliveryState.IN_DOUBT, DeliveryState.QUEUED]
    assert result.state is CampaignState.PAUSED
    assert bench.ledger.verify() == ()


def during(messages: int, act: Callable[[], object]) -> Answer:
    """A relay that accepts, and something else happens after so many messages."""
    count = 0

    def answer(message: OutgoingMessage) -> Outcome:
        nonlocal count
        count += 1
        if count == messages:
            act()
        return accept(message)

    return answer


def accept_one() -> Outcome:
    """An acceptance for a script."""
    return Accepted(Reply(250, "2.0.0 Ok"))


@pytest.mark.slow
def test_a_pause_from_elsewhere_is_seen_within_a_group(bench: Bench) -> None:
    number = bench.record(50)
    relay = bench.relay(
        during(5, lambda: bench.ledger.pause(number, bench.clock.now(), "by a colleague"))
    )
    result = bench.run(number, relay)
    assert (result.state, result.why) == (CampaignState.PAUSED, "by a colleague")
    assert len(relay.tried) <= 7
    assert result.progress.accepted == len(relay.tried)
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_a_cancellation_from_elsewhere_spares_the_rest(bench: Bench) -> None:
    number = bench.record(50)
    relay = bench.relay(during(5, lambda: bench.ledger.cancel(number, START)))
    result = bench.run(number, relay)
    assert result.state is CampaignState.CANCELLED
    assert result.progress.count(DeliveryState.CANCELLED) == 50 - len(relay.tried)
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_a_reader_who_unsubscribes_during_the_run_gets_nothing(bench: Bench) -> None:
    number, last = bench.record(30), Address("r30@reader.example")
    relay = bench.relay(
        during(3, lambda: bench.ledger.suppress(last, "unsubscribed", "", "", START))
    )
    result = bench.run(number, relay)
    assert "r30@reader.example" not in relay.accepted
    assert result.progress.counts == {DeliveryState.ACCEPTED: 29, DeliveryState.SUPPRESSED: 1}


def test_a_campaign_of_suppressed_readers_only_ends_without_a_connection(bench: Bench) -> None:
    number, relay = bench.record(3), bench.relay()
    for reader in range(1, 4):
        address = Address(f"r{reader}@reader.example")
        bench.ledger.suppress(address, "unsubscribed", "", "", START)
    assert bench.run(number, relay).state is CampaignState.FINISHED
    assert relay.connections == 0


@pytest.mark.slow
def test_the_snapshots_always_add_up_to_the_audience(bench: Bench) -> None:
    number, relay = bench.record(30), bench.relay(following([LATER, UNKNOWN, LOST, DROPPED]))
    result = bench.run(number, relay)
    assert {sum(snapshot.counts.values()) for snapshot in bench.seen} == {30}
    last = {state: count for state, count in bench.seen[-1].counts.items() if count}
    assert last == result.progress.counts
    assert any(snapshot.per_second == pytest.approx(10, abs=1) for snapshot in bench.seen)


def test_a_paused_campaign_is_not_run(bench: Bench) -> None:
    number = bench.record(3)
    bench.ledger.pause(number, START)
    with pytest.raises(UsageError, match="is paused"):
        bench.run(number, bench.relay())


@pytest.mark.slow
def test_two_processes_cannot_send_at_once(bench: Bench) -> None:
    number = bench.record(3)
    with bench.ledger.sending(START), pytest.raises(LedgerLocked, match="has been sending since"):
        bench.run(number, bench.relay())


def test_a_journal_that_cannot_be_written_stops_before_the_dot(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, relay = bench.record(5), bench.relay()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("newsletter.dispatch.journal.Journal.dot", full)
    with pytest.raises(LedgerError, match="No space left on device"):
        bench.run(number, relay)
    assert relay.accepted == []
    assert bench.ledger.campaign(number).state is CampaignState.STOPPED
    assert bench.states(number) == [DeliveryState.QUEUED] * 5


class FullLedger(Ledger):
    """A ledger whose disk is full after so many transactions of a run."""

    left = 3

    def exchange(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN201, D102
        if not self.left:
            message = "database or disk is full"
            raise LedgerError(message)
        self.left -= 1
        return super().exchange(*args, **kwargs)


@pytest.mark.slow
def test_an_outcome_that_the_ledger_cannot_store_stops_at_once_and_the_journal_keeps_it(
    location: str, tmp_path: Path
) -> None:
    with FullLedger.open(location, state=tmp_path) as full:
        bench = Bench(full)
        number, relay = bench.record(30), bench.relay()
        with pytest.raises(LedgerError, match="disk is full"):
            bench.run(number, relay)
    sent = len(relay.accepted)
    assert 0 < sent < 10
    with Ledger.open(location, state=tmp_path) as mended:
        after = Bench(mended)
        result = after.run(number, after.relay())
        assert result.progress.counts == {DeliveryState.ACCEPTED: 30}
        assert result.recovered > 0
        assert len(relay.accepted) == sent
        assert mended.verify() == ()


@pytest.mark.slow
def test_the_ledger_is_called_from_one_thread_that_is_not_the_loops(bench: Bench) -> None:
    threads: set[int] = set()

    class Watched(Ledger):
        def exchange(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202
            threads.add(threading.get_ident())
            return super().exchange(*args, **kwargs)

    bench.ledger.__class__ = Watched
    bench.options = replace(bench.options, executor=None)
    number = bench.record(3)
    bench.run(number, bench.relay())
    assert len(threads) == 1
    assert threading.get_ident() not in threads


@pytest.mark.slow
def test_retries_of_one_reader_never_hold_up_the_others(bench: Bench) -> None:
    def answer(message: OutgoingMessage) -> Outcome:
        return LATER if message.recipient.startswith("r1@") else accept(message)

    bench.options = replace(bench.options, wait_for_retries=dt.timedelta(0))
    number, relay = bench.record(20), bench.relay(answer)
    result = bench.run(number, relay)
    assert result.state is CampaignState.WAITING
    assert result.progress.counts == {DeliveryState.ACCEPTED: 19, DeliveryState.DEFERRED: 1}
    assert bench.clock.monotonic() < 3


@pytest.mark.slow
def test_a_row_is_claimed_in_the_ledger_before_its_message_leaves(bench: Bench, file: Path) -> None:
    number = bench.record(5)
    seen = []

    def look(message: OutgoingMessage) -> Outcome:
        with Ledger.open(file) as other:
            (row,) = other.deliveries(number, address=Address(message.recipient))
        seen.append(row.delivery.state)
        return accept(message)

    bench.run(number, bench.relay(look))
    assert seen == [DeliveryState.CLAIMED] * 5


def test_the_journal_has_the_dot_before_the_relay_can_accept(bench: Bench) -> None:
    number = bench.record(3)
    dots = []

    def look(message: OutgoingMessage) -> Outcome:
        replay = read_journal(bench.ledger.journal_path(number))
        assert replay
        dots.append(len(replay.dots))
        return accept(message)

    relay = bench.relay(look)
    relay.look_after_dot = True
    bench.run(number, relay)
    assert dots == [1, 2, 3]
    assert not bench.ledger.journal_path(number).exists()


@pytest.mark.slow
def test_a_frozen_process_that_comes_back_stops_and_writes_nothing(
    bench: Bench, file: Path
) -> None:
    number = bench.record(20)

    def overtake() -> None:
        with Ledger.open(file) as other:
            other.begin_run(number, START)

    with pytest.raises(LedgerLocked, match="another process took over"):
        bench.run(number, bench.relay(during(3, overtake)))
    assert bench.ledger.progress(number).accepted <= 3
    assert bench.ledger.campaign(number).state is CampaignState.RUNNING


@pytest.mark.slow
def test_a_message_that_cannot_be_made_stops_the_run_and_names_the_reader(
    bench: Bench,
) -> None:
    plan = make_plan(3)
    first, second, _ = plan.recipients
    odd = replace(second.person, address=Address("bad\naddress@reader.example"))
    recipients = (first, replace(second, person=odd))
    number = bench.ledger.record(replace(plan, recipients=recipients), due=None, now=START)
    result = bench.run(number, bench.relay())
    assert result.state is CampaignState.STOPPED
    assert "cannot be made" in result.why
    assert bench.states(number) == [DeliveryState.ACCEPTED, DeliveryState.QUEUED]


@pytest.mark.slow
def test_an_error_that_nobody_foresaw_ends_the_run_and_loses_nothing(bench: Bench) -> None:
    number = bench.record(9)

    def fail() -> None:
        message = "a bug"
        raise RuntimeError(message)

    relay = bench.relay(during(4, fail))
    with pytest.raises(RuntimeError, match="a bug"):
        bench.run(number, relay)
    assert bench.ledger.campaign(number).state is CampaignState.STOPPED
    assert bench.ledger.progress(number).accepted == 3
    assert bench.ledger.verify() == ()
    assert relay.open == 0


@pytest.mark.slow
def test_an_error_that_nobody_foresaw_after_the_dot_is_doubt_and_not_a_second_message(
    bench: Bench,
) -> None:
    number = bench.record(9)

    def fail() -> None:
        message = "a bug"
        raise RuntimeError(message)

    relay = bench.relay(during(4, fail))
    relay.look_after_dot = True
    with pytest.raises(RuntimeError, match="a bug"):
        bench.run(number, relay)
    assert bench.states(number)[3] is DeliveryState.IN_DOUBT
    bench.ledger.resume(number, START)
    bench.run(number, bench.relay())
    tried = [message.recipient for _, message in relay.tried]
    assert len(tried) == len(set(tried)) == 4
    assert bench.ledger.progress(number).accepted == 8
    assert bench.ledger.verify() == ()


@pytest.mark.slow
def test_a_run_that_is_cut_off_is_carried_on_without_a_second_message(bench: Bench) -> None:
    number, relay = bench.record(10, connections=2), bench.relay(seconds=0.5)

    async def cut_off() -> None:
        running = asyncio.create_task(bench._run(number, relay, None))
        await bench.clock.sleep(0.9)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cut_off())
    assert bench.ledger.progress(number).interrupted_at is not None
    result = bench.run(number, relay)
    assert result.state is CampaignState.FINISHED
    assert result.recovered > 0
    assert len(relay.accepted) == len(set(relay.accepted)) == 10
    assert 1 <= result.progress.count(DeliveryState.IN_DOUBT) <= 2
    assert bench.ledger.verify() == ()
