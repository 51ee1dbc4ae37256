"""What reaches the wire, in how many writes, and when the intent is recorded."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.delivery import Accepted, Deferred, Outcome, Phase, Refused
from tests.transport.relays import GOOD, message_to
from tests.transport.wire import Answer, Wire, connection_over

SMALL = b"Subject: prova\r\n\r\nCiao\r\n"
LARGE = b"x" * 70 + b"\r\n"
ways = pytest.mark.parametrize("pipelining", [False, True], ids=["plain", "pipelined"])


def sent(
    answer: Answer,
    *,
    pipelining: bool,
    content: bytes = SMALL,
    before_dot: Callable[[Wire], None] = lambda _wire: None,
) -> tuple[Outcome, Wire]:
    """One message over a wire that the test answers for."""

    async def one() -> tuple[Outcome, Wire]:
        wire = Wire(answer)
        connection = connection_over(wire, pipelining=pipelining)
        message = message_to("anna@soci.example", content)
        return await connection.send(message, lambda: before_dot(wire)), wire

    return asyncio.run(one())


def answers_to(written: bytes) -> bytes:
    """What a good relay says to these octets."""
    if written.endswith(b".\r\n"):
        return GOOD["DOT"]
    verbs = [line.split()[0].decode() for line in written.splitlines() if line]
    return b"".join(GOOD[verb] for verb in verbs if verb in {"MAIL", "RCPT", "DATA"})


def good(written: bytes, wire: Wire) -> None:
    """A relay that takes everything."""
    wire.protocol.data_received(answers_to(written))


@ways
def test_a_small_message_is_one_write_after_the_envelope(*, pipelining: bool) -> None:
    outcome, wire = sent(good, pipelining=pipelining)

    assert isinstance(outcome, Accepted)
    assert len(wire.written) == (2 if pipelining else 4)
    assert wire.written[-1] == SMALL + b".\r\n"


@ways
@pytest.mark.parametrize(("content", "body_first"), [(SMALL, False), (LARGE * 900, True)])
def test_the_intent_is_recorded_just_before_the_write_that_holds_the_dot(
    content: bytes, *, body_first: bool, pipelining: bool
) -> None:
    seen: list[bytes] = []

    outcome, wire = sent(
        good,
        pipelining=pipelining,
        content=content,
        before_dot=lambda wire: seen.append(wire.written[-1]),
    )

    assert isinstance(outcome, Accepted)
    assert seen == [wire.written[-2]]
    assert (seen[0] == content) is body_first


@ways
def test_a_dot_that_the_kernel_never_took_is_a_safe_retry(*, pipelining: bool) -> None:
    def takes_a_part_of_the_body(written: bytes, wire: Wire) -> None:
        if not written.endswith(b".\r\n"):
            return good(written, wire)
        wire.protocol.pause_writing()
        asyncio.get_running_loop().call_soon(wire.protocol.connection_lost, OSError("reset"))
        return None

    outcome, _ = sent(takes_a_part_of_the_body, pipelining=pipelining)

    assert outcome == Deferred(Phase.BODY, None, "connection lost: reset")


@ways
def test_a_dot_whose_write_failed_at_once_is_a_safe_retry(*, pipelining: bool) -> None:
    def refuses_the_dot(written: bytes, wire: Wire) -> None:
        if written.endswith(b".\r\n"):
            wire.closing = True
        else:
            good(written, wire)

    outcome, _ = sent(refuses_the_dot, pipelining=pipelining)

    assert isinstance(outcome, Deferred)
    assert outcome.phase is Phase.BODY


@ways
def test_the_kernel_is_waited_for_before_the_intent_is_recorded(*, pipelining: bool) -> None:
    seen: list[bool] = []

    def takes_the_body_slowly(written: bytes, wire: Wire) -> None:
        if written == LARGE * 900:
            wire.protocol.pause_writing()
            asyncio.get_running_loop().call_later(0.01, wire.protocol.resume_writing)
        good(written, wire)

    outcome, _ = sent(
        takes_the_body_slowly,
        pipelining=pipelining,
        content=LARGE * 900,
        before_dot=lambda wire: seen.append(wire.protocol.outlet.held),
    )

    assert isinstance(outcome, Accepted)
    assert seen == [False]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(1, 40), min_size=1, max_size=8), pipelining=st.booleans())
def test_answers_are_the_same_however_they_are_cut(cuts: list[int], *, pipelining: bool) -> None:
    def in_pieces(written: bytes, wire: Wire) -> None:
        loop, rest, turn = asyncio.get_running_loop(), answers_to(written), 0
        while rest:
            size = cuts[turn % len(cuts)]
            piece, rest = rest[:size], rest[size:]
            loop.call_soon(wire.protocol.data_received, piece)
            turn += 1

    outcome, _ = sent(in_pieces, pipelining=pipelining)

    assert isinstance(outcome, Accepted)
    assert outcome.reply.text == "2.0.0 queued as 4F2A"


def test_after_a_refusal_an_opened_body_gets_no_word() -> None:
    def opens_the_body_for_nobody(_written: bytes, wire: Wire) -> None:
        wire.protocol.data_received(GOOD["MAIL"] + b"550 5.1.1 no\r\n" + GOOD["DATA"])

    outcome, wire = sent(opens_the_body_for_nobody, pipelining=True)

    assert isinstance(outcome, Refused)
    assert len(wire.written) == 1
    assert wire.closing
