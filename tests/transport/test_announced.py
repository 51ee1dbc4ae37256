"""The next envelope behind the final dot: a round trip less, and not one promise less."""

import asyncio

from newsletter.delivery import Accepted, Deferred, InDoubt, Outcome, Phase, Refused, Reply
from newsletter.transport.base import OutgoingMessage
from tests.transport.relays import GOOD, message_to
from tests.transport.row import Row
from tests.transport.wire import Answer, Wire, connection_over

ANNA, BRUNO, CARLA = (message_to(f"{name}@soci.example") for name in ("anna", "bruno", "carla"))
BODY_AND_DOT = ANNA.content + b".\r\n"
END = b"\r\n.\r\n"


def answers_to(written: bytes) -> bytes:
    """What a good relay says to these octets: to the dot first, then to each command."""
    body, dot, commands = written.rpartition(END)
    verbs = ["DOT"] * bool(dot) + [
        line.split()[0].decode() for line in (commands if dot else body + commands).splitlines()
    ]
    return b"".join(GOOD[verb] for verb in verbs)


def good(written: bytes, wire: Wire) -> None:
    """A relay that takes everything."""
    wire.protocol.data_received(answers_to(written))


def at_the_dot(reply: bytes) -> Answer:
    """A relay that answers the first dot so, and everything else well."""

    def answer(written: bytes, wire: Wire) -> None:
        first = len([octets for octets in wire.written if END in octets]) == 1
        said = answers_to(written)
        wire.protocol.data_received(said.replace(GOOD["DOT"], reply) if first else said)

    return answer


def envelope(message: OutgoingMessage) -> bytes:
    """What announces it."""
    return f"MAIL FROM:<{message.sender}>\r\nRCPT TO:<{message.recipient}>\r\nDATA\r\n".encode()


def sent(
    answer: Answer, messages: list[OutgoingMessage], *, pipelining: bool = True
) -> tuple[list[Outcome], list[int], Wire]:
    """Messages in a row, each handed over as soon as there is room; what came of them."""

    async def row() -> tuple[Row, Wire]:
        wire = Wire(answer)
        connection = connection_over(wire, pipelining=pipelining)
        return await Row(connection, messages).ride(), wire

    rode, wire = asyncio.run(row())
    return [rode.outcomes[n] for n in sorted(rode.outcomes)], rode.dots, wire


def test_a_row_of_messages_takes_one_write_each() -> None:
    outcomes, dots, wire = sent(good, [ANNA, BRUNO, CARLA])

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert dots == [0, 1, 2]
    assert wire.written == [
        envelope(ANNA),
        BODY_AND_DOT + envelope(BRUNO),
        BODY_AND_DOT + envelope(CARLA),
        BODY_AND_DOT,
    ]


def test_where_the_relay_does_not_offer_it_nothing_is_announced() -> None:
    outcomes, _, wire = sent(good, [ANNA, BRUNO], pipelining=False)

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert len(wire.written) == 8


def test_a_message_refused_after_its_dot_leaves_the_announced_one_alone() -> None:
    outcomes, _, _ = sent(at_the_dot(b"554 5.7.1 no\r\n"), [ANNA, BRUNO])

    assert isinstance(outcomes[0], Refused)
    assert outcomes[0].phase is Phase.DOT
    assert isinstance(outcomes[1], Accepted)


def test_a_421_to_the_dot_ends_the_connection_and_the_announced_message_is_not_sent() -> None:
    outcomes, dots, wire = sent(at_the_dot(b"421 4.3.2 bye\r\n"), [ANNA, BRUNO])

    assert isinstance(outcomes[0], Deferred)
    assert dots == [0]
    assert wire.closing
    assert len(outcomes) == 1


def test_what_is_no_answer_to_the_dot_is_doubt_about_one_message_only() -> None:
    outcomes, dots, _ = sent(at_the_dot(b"what?\r\n"), [ANNA, BRUNO])

    assert isinstance(outcomes[0], InDoubt)
    assert dots == [0]


def test_one_answer_too_many_to_the_dot_never_opens_the_next_body() -> None:
    _, dots, wire = sent(at_the_dot(GOOD["DOT"] * 2), [ANNA, BRUNO])

    assert dots == [0]
    assert wire.closing


def test_a_421_behind_the_answer_to_the_dot_costs_the_announced_message_nothing() -> None:
    def leaves(written: bytes, wire: Wire) -> None:
        said = answers_to(written)
        wire.protocol.data_received(said if END not in written else GOOD["DOT"] + b"421 bye\r\n")

    outcomes, dots, _ = sent(leaves, [ANNA, BRUNO])

    assert [type(outcome) for outcome in outcomes] == [Accepted]  # then it is not usable
    assert dots == [0]


def test_what_a_relay_says_after_its_421_makes_no_answer_before_it_doubtful() -> None:
    def talks_on(written: bytes, wire: Wire) -> None:
        said = answers_to(written).replace(GOOD["DOT"], GOOD["DOT"] + b"421 bye\r\n")
        wire.protocol.data_received(said)

    outcomes, dots, wire = sent(talks_on, [ANNA, BRUNO])

    assert [type(outcome) for outcome in outcomes] == [Accepted]
    assert dots == [0]
    assert wire.closing


def test_half_an_answer_to_the_announced_envelope_leaves_the_connection_usable() -> None:
    def halting(written: bytes, wire: Wire) -> None:
        said = answers_to(written)
        cut = len(GOOD["DOT"]) + 2 if END in written else len(said)
        wire.protocol.data_received(said[:cut])
        asyncio.get_running_loop().call_later(0.01, wire.protocol.data_received, said[cut:])

    outcomes, _, _ = sent(halting, [ANNA, BRUNO])

    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted]


def test_a_dot_with_an_envelope_behind_it_is_in_doubt_where_not_all_was_taken() -> None:
    def takes_a_part(written: bytes, wire: Wire) -> None:
        if END not in written:
            return good(written, wire)
        wire.protocol.pause_writing()
        asyncio.get_running_loop().call_soon(wire.protocol.connection_lost, OSError("reset"))
        return None

    outcomes, _, _ = sent(takes_a_part, [ANNA, BRUNO])

    assert isinstance(outcomes[0], InDoubt)


def test_an_announced_reader_who_is_refused_is_refused_at_rcpt() -> None:
    def knows_no_bruno(written: bytes, wire: Wire) -> None:
        if written == b"RSET\r\n":
            return wire.protocol.data_received(GOOD["RSET"])
        said = answers_to(written)
        if b"<bruno" in written:
            said = said.replace(GOOD["RCPT"] + GOOD["DATA"], b"550 5.1.1 no\r\n554 5.5.1 no\r\n")
        return wire.protocol.data_received(said)

    outcomes, dots, wire = sent(knows_no_bruno, [ANNA, BRUNO, CARLA])

    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted]
    assert dots == [0, 2]
    assert wire.written[-3:] == [b"RSET\r\n", envelope(CARLA), BODY_AND_DOT]


def test_closing_instead_of_sending_leaves_the_announced_message_unsent() -> None:
    def keeps_the_body_shut(written: bytes, wire: Wire) -> None:
        said = answers_to(written)
        wire.protocol.data_received(GOOD["DOT"] if END in written else said)

    async def ride() -> tuple[Row, list[bytes]]:
        wire = Wire(keeps_the_body_shut)
        connection = connection_over(wire, pipelining=True)
        row = Row(connection, [ANNA, BRUNO])
        row.refill()
        assert connection.usable
        await connection.close()
        assert wire.closing
        return row, wire.written

    row, written = asyncio.run(ride())
    assert written == [envelope(ANNA), BODY_AND_DOT + envelope(BRUNO)]
    assert isinstance(row.outcomes[0], Accepted)
    assert (row.untried, row.dots) == ([1], [0])


def test_what_was_announced_when_the_connection_went_was_not_tried() -> None:
    def hangs_up(written: bytes, wire: Wire) -> None:
        if END not in written:
            return good(written, wire)
        wire.protocol.data_received(GOOD["DOT"])
        return wire.protocol.connection_lost(None)

    async def ride() -> Row:
        return await Row(connection_over(Wire(hangs_up), pipelining=True), [ANNA, BRUNO]).ride()

    row = asyncio.run(ride())
    assert isinstance(row.outcomes[0], Accepted)
    assert row.untried == [1]


def test_a_421_instead_of_the_announced_envelope_is_told_though_it_costs_no_attempt() -> None:
    def leaves(written: bytes, wire: Wire) -> None:
        said = answers_to(written)
        wire.protocol.data_received(
            said if END not in written else GOOD["DOT"] + b"421 4.7.0 slow down\r\n"
        )

    async def ride() -> Row:
        return await Row(connection_over(Wire(leaves), pipelining=True), [ANNA, BRUNO]).ride()

    row = asyncio.run(ride())
    assert row.untried == [1]
    assert row.replies == [Reply(421, "4.7.0 slow down")]


def test_a_message_that_cannot_be_sent_is_not_announced() -> None:
    outcomes, _, wire = sent(good, [ANNA, message_to("pelé@soci.example"), CARLA])

    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted]
    assert len(wire.written) == 3
    assert wire.written[1] == BODY_AND_DOT + envelope(CARLA)


def test_an_intent_that_fails_sends_neither_message() -> None:
    async def ride() -> tuple[Row, list[bytes]]:
        wire = Wire(good)
        connection = connection_over(wire, pipelining=True)
        row = Row(connection, [ANNA, BRUNO], full=True)
        await row.ride()
        assert not connection.usable
        return row, wire.written

    row, written = asyncio.run(ride())
    assert written == [envelope(ANNA)]
    assert (row.outcomes, row.untried) == ({}, [1])
    assert [type(error) for error in row.cuts] == [OSError]
