"""A final dot that waits for its intent: nothing leaves before, and what comes first counts."""

import asyncio
from collections.abc import Callable

from newsletter.delivery import Accepted, Deferred, InDoubt, Outcome, Phase
from newsletter.transport.base import Handover, Patient
from newsletter.transport.transaction import SmtpConnection
from tests.transport.relays import message_to
from tests.transport.row import Row
from tests.transport.test_announced import END, good
from tests.transport.wire import Answer, Wire, connection_over

ANNA, BRUNO = (message_to(f"{name}@soci.example") for name in ("anna", "bruno"))
Meanwhile = Callable[[SmtpConnection, Wire], None]


class Slow:
    """Gathers who waits; acts on each in the next round."""

    def __init__(self, act: Callable[[Patient], None]) -> None:
        self._act = act
        self.waits = asyncio.Event()

    def intend(self, stream: Patient, handover: Handover) -> None:
        """Not now."""
        del handover
        self.waits.set()
        asyncio.get_running_loop().call_soon(self._act, stream)


def rode(answer: Answer, act: Callable[[Patient], None], meanwhile: Meanwhile) -> tuple[Row, Wire]:
    """Two messages in a row; ``meanwhile`` happens while the first dot waits."""

    async def row() -> tuple[Row, Wire]:
        wire = Wire(answer)
        connection = connection_over(wire, pipelining=True)
        connection.intents = slow = Slow(act)
        going = asyncio.ensure_future(Row(connection, [ANNA, BRUNO]).ride())
        await slow.waits.wait()
        assert not any(END in octets for octets in wire.written)
        meanwhile(connection, wire)
        return await going, wire

    return asyncio.run(row())


def proceed(stream: Patient) -> None:
    stream.proceed()


def nothing(connection: SmtpConnection, wire: Wire) -> None:
    del connection, wire


def one(row: Row) -> Outcome:
    return row.outcomes[0]


def test_once_it_is_recorded_it_goes_and_the_next_envelope_with_it() -> None:
    row, wire = rode(good, proceed, nothing)
    assert [type(outcome) for outcome in row.outcomes.values()] == [Accepted, Accepted]
    assert len(wire.written) == 3


def test_a_connection_that_goes_before_it_was_recorded_leaves_no_doubt() -> None:
    def drop(connection: SmtpConnection, wire: Wire) -> None:
        del connection
        wire.protocol.connection_lost(None)

    row, wire = rode(good, proceed, drop)
    assert isinstance(one(row), Deferred)
    assert row.left == [1]
    assert not any(END in octets for octets in wire.written)


def test_what_cannot_be_recorded_is_cut_before_its_dot_and_the_next_one_untried() -> None:
    full = OSError(28, "No space left on device")
    row, wire = rode(good, lambda stream: stream.hold_back(full), nothing)
    assert row.cuts == [full]
    assert row.left == [1]
    assert not any(END in octets for octets in wire.written)


def test_a_goodbye_that_comes_while_it_waits_ends_it_without_a_dot() -> None:
    def close(connection: SmtpConnection, wire: Wire) -> None:
        del connection
        wire.protocol.data_received(b"421 4.3.2 closing\r\n")

    row, wire = rode(good, proceed, close)
    outcome = one(row)
    assert isinstance(outcome, Deferred)
    assert outcome.phase is Phase.BODY
    assert outcome.reply
    assert outcome.reply.code == 421
    assert not any(END in octets for octets in wire.written)


def test_a_loss_once_it_is_written_is_doubt_as_ever() -> None:
    def silent(written: bytes, wire: Wire) -> None:
        if END in written:
            wire.protocol.connection_lost(None)
        else:
            good(written, wire)

    row, _ = rode(silent, proceed, nothing)
    assert isinstance(one(row), InDoubt)
