"""The ledger may be busy, restart or be cut off: outcomes are held, nothing is repeated."""

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerCopied, LedgerUnavailable
from newsletter.ledger import running
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from tests.dispatch.test_runner import DROPPED, LATER, LOST, UNKNOWN, Bench, accept_one
from tests.doubles import START, following
from tests.ledger.databases import another_history, empty, run_statements


class BusyLedger(Ledger):
    """A ledger that fails a few times, before or after it did what it was asked to."""

    fails_from = 3
    failures = 3
    heard = False
    exchanges = 0

    def exchange(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN201, D102
        self.exchanges += 1
        busy = self.exchanges >= self.fails_from and self.failures
        if busy:
            self.failures -= 1
        if not busy or self.heard:
            grant = super().exchange(*args, **kwargs)
        if busy:
            message = "database is locked"
            raise LedgerUnavailable(message)
        return grant


class CutLedger(Ledger):
    """A ledger on a server that ends the session just before one of the commits."""

    server = ""
    cut_at = 4
    exchanges = 0

    def exchange(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN201, D102
        self.exchanges += 1
        if self.exchanges != self.cut_at:
            return super().exchange(*args, **kwargs)
        with self._database.write() as connection:
            running.exchange(connection, *args, **kwargs)
            session = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            run_statements(self.server, f"SELECT pg_terminate_backend({session}, 5000)")
        return None


class LaggingLedger(Ledger):
    """A ledger on a server for which a standby takes over that had not heard of the last claims."""

    server = ""
    lost_at = 3
    exchanges = 0

    def exchange(self, *args, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN201, D102
        self.exchanges += 1
        if self.exchanges != self.lost_at:
            return super().exchange(*args, **kwargs)
        lost = "UPDATE delivery SET state = 'waiting', run = NULL WHERE state = 'claimed'"
        run_statements(self.server, lost)
        another_history(self.server)
        message = "the server does not answer"
        raise LedgerUnavailable(message)


@pytest.mark.slow
@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("fails_from", [1, 2, 3, 5, 20])
def test_a_ledger_that_is_busy_is_waited_for_and_nobody_is_lost_or_repeated(
    location: str, tmp_path: Path, heard: bool, fails_from: int
) -> None:
    with BusyLedger.open(location, state=tmp_path) as busy:
        busy.heard, busy.fails_from = heard, fails_from
        bench = Bench(busy)
        number = bench.record(30, connections=3)
        relay = bench.relay(following([LATER, accept_one(), UNKNOWN, DROPPED, LOST]))
        result = bench.run(number, relay)
        assert busy.failures == 0
        assert result.state is CampaignState.FINISHED
        assert result.progress.accepted + len(relay.accepted) >= 2 * 28
        assert max(Counter(relay.accepted).values()) == 1
        assert busy.verify() == ()


@pytest.mark.slow
def test_a_ledger_that_stays_away_ends_the_run_and_the_journal_keeps_what_it_lacks(
    location: str, tmp_path: Path
) -> None:
    with BusyLedger.open(location, state=tmp_path) as away:
        away.failures = 10_000
        bench = Bench(away)
        number, relay = bench.record(30), bench.relay()
        with pytest.raises(LedgerUnavailable, match="database is locked"):
            bench.run(number, relay)
        assert 300 <= bench.clock.monotonic() <= 320
        assert any("database is locked; trying again" in snapshot.note for snapshot in bench.seen)
    sent = len(relay.accepted)
    assert sent > 0
    with Ledger.open(location, state=tmp_path) as mended:
        after = Bench(mended)
        again = after.relay()
        result = after.run(number, again)
        assert result.progress.counts == {DeliveryState.ACCEPTED: 30}
        assert len(again.accepted) == 30 - sent
        assert mended.verify() == ()


@pytest.mark.postgres
def test_a_server_that_drops_the_connection_in_a_transaction_is_asked_again(
    postgres: str, tmp_path: Path
) -> None:
    empty(postgres)
    with CutLedger.open(postgres, state=tmp_path) as cut:
        cut.server = postgres
        bench = Bench(cut)
        number, relay = bench.record(30, connections=3), bench.relay()
        assert bench.run(number, relay).progress.counts == {DeliveryState.ACCEPTED: 30}
        assert len(relay.accepted) == len(set(relay.accepted)) == 30
        assert cut.exchanges > cut.cut_at
        assert cut.verify() == ()


@pytest.mark.postgres
def test_a_standby_that_takes_over_in_the_middle_of_a_run_ends_it_for_it_may_lack_what_was_sent(
    postgres: str, tmp_path: Path
) -> None:
    empty(postgres)
    with LaggingLedger.open(postgres, state=tmp_path) as lagging:
        lagging.server = postgres
        bench = Bench(lagging)
        number, relay = bench.record(300, connections=3), bench.relay()
        with pytest.raises(LedgerCopied, match="another history"):
            bench.run(number, relay)
        assert 0 < len(relay.accepted) < 300
        assert max(Counter(relay.accepted).values()) == 1
        lagging.take_over(START)


@pytest.mark.slow
def test_an_officer_who_stops_a_run_does_not_wait_long_for_a_ledger_that_is_away(
    file: Path,
) -> None:
    with BusyLedger.open(file) as away:
        away.failures = 10_000
        bench = Bench(away)
        number = bench.record(30)
        with pytest.raises(LedgerUnavailable):
            bench.run(number, bench.relay(), stop_after=5.0)
        assert bench.clock.monotonic() < 60
