"""What each misbehaviour of a relay comes to, at the first, a middle and the last message."""

import asyncio
from dataclasses import dataclass
from typing import Literal

import pytest

from newsletter.delivery import Accepted, Deferred, InDoubt, Outcome, Phase, Refused
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.smtp import SmtpTransport
from tests.transport.relays import (
    GOOD,
    PIPELINING,
    Act,
    ScriptedRelay,
    Step,
    message_to,
    options_for,
    relay,
)
from tests.transport.row import Row

pytestmark = pytest.mark.slow  # a minute: every fault at every phase, three ways

MESSAGES = 3
SMALL = b"Subject: prova\r\n\r\nCiao\r\n"
BIG = b"Subject: prova\r\n\r\n" + (b"=C3=A0" * 12 + b"\r\n") * 100_000
TWO_AT_ONCE = "two replies at once"
GARBLED: dict[str, Step] = {
    "a reply byte by byte, too slow": (Act.DRIP, b"250-" + b"x" * 400 + b"\r\n250 ok\r\n"),
    "endless continuation lines": (b"250-more\r\n" * 9_000, Act.HANG),
    "a line of 100 kB": (b"250 " + b"x" * 100_000 + b"\r\n",),
    "words instead of a code": (b"OK, fine\r\n",),
    "code 999": (b"999 what\r\n",),
    "code 042": (b"042 what\r\n",),
    "two codes in one reply": (b"250-ok\r\n550 no\r\n",),
    TWO_AT_ONCE: (b"250 ok\r\n250 ok\r\n",),
    "silence": (Act.HANG,),
    "a drop": (Act.DROP,),
    "a reset": (Act.RESET,),
    "half a reply, then a drop": (b"250 2.0.0 o", Act.DROP),
}
BLURRED = {TWO_AT_ONCE, "a drop", "a reset", "half a reply, then a drop"}
"""Over a pipelined envelope one reply too many shows later, and a lost connection may take earlier
replies with it: the phase is another, the safe retry is the same."""
BEFORE_THE_DOT = {"MAIL": Phase.MAIL, "RCPT": Phase.RCPT, "DATA": Phase.DATA}


@dataclass(frozen=True)
class Spot:
    """The message at which the relay misbehaves, and how it is spoken to."""

    number: int
    way: Literal["plain", "pipelined", "announced"]

    @property
    def pipelined(self) -> bool:
        """Whether the relay offers PIPELINING."""
        return self.way != "plain"

    def __str__(self) -> str:
        """``middle, pipelined``."""
        return f"{('first', 'middle', 'last')[self.number]}, {self.way}"


MIDDLE = [Spot(1, "plain"), Spot(1, "pipelined"), Spot(1, "announced")]
SPOTS = [Spot(0, "plain"), Spot(0, "pipelined"), *MIDDLE, Spot(2, "plain"), Spot(2, "pipelined")]


@dataclass
class Ride:
    """What came of three messages, and what the relay made of them."""

    outcomes: list[Outcome]
    dots: list[bool]
    usable: list[bool]
    relay: ScriptedRelay


async def _ride(script: dict[str, Step], at: Spot, content: bytes) -> Ride:
    offer: dict[str, Step] = {"EHLO": (PIPELINING,)} if at.pipelined else {}
    async with relay(script | offer, at.number) as scripted:
        transport = SmtpTransport(options_for(scripted))
        messages = [
            message_to(f"reader{n}@soci.example", content if n == at.number else SMALL)
            for n in range(MESSAGES)
        ]
        ride = Ride([], [], [], scripted)
        await (_in_a_row if at.way == "announced" else _one_by_one)(ride, transport, messages)
        return ride


async def _one_by_one(
    ride: Ride, transport: SmtpTransport, messages: list[OutgoingMessage]
) -> None:
    connection = await transport.connect()
    for number, message in enumerate(messages):
        ride.dots.append(False)

        def before_dot(number: int = number) -> None:
            ride.dots[number] = True

        ride.outcomes.append(await connection.send(message, before_dot))
        await asyncio.sleep(0.002)  # a relay that closes is heard of after its answer
        ride.usable.append(connection.usable)
        if not connection.usable:
            await connection.close()
            connection = await transport.connect()
    await connection.close()


async def _in_a_row(ride: Ride, transport: SmtpTransport, messages: list[OutgoingMessage]) -> None:
    """Each is announced; what was not tried goes over another connection."""
    outcomes: dict[int, Outcome] = {}
    ride.dots, ride.usable = [False] * MESSAGES, [False] * MESSAGES
    left = list(range(MESSAGES))
    while left:
        connection = await transport.connect()
        row = await Row(connection, [messages[number] for number in left]).ride()
        await connection.close()
        for place, outcome in row.outcomes.items():
            outcomes[left[place]] = outcome
            ride.dots[left[place]] = place in row.dots
            ride.usable[left[place]] = row.usable[place]
        left = [left[place] for place in row.left]
    ride.outcomes = [outcomes[number] for number in range(MESSAGES)]


def ride(script: dict[str, Step], at: Spot, content: bytes = SMALL) -> Outcome:
    """The outcome of the message at which the relay misbehaves; the others must be accepted."""
    rode = asyncio.run(_ride(script, at, content))
    others = [outcome for number, outcome in enumerate(rode.outcomes) if number != at.number]
    assert all(isinstance(outcome, Accepted) for outcome in others), others
    outcome = rode.outcomes[at.number]
    taken = len(rode.relay.accepted) == MESSAGES
    if isinstance(outcome, Accepted):
        assert taken
    if isinstance(outcome, (Deferred, Refused)):
        assert not taken, "a message that the relay took would be sent again"
    if isinstance(outcome, InDoubt):
        assert rode.dots[at.number], "doubt without the intent recorded"
    return outcome


at_each = pytest.mark.parametrize("at", SPOTS, ids=str)
each_way = pytest.mark.parametrize("at", MIDDLE, ids=str)


@at_each
@pytest.mark.parametrize("verb", BEFORE_THE_DOT)
@pytest.mark.parametrize("fault", GARBLED)
def test_what_is_no_answer_before_the_dot_is_a_safe_retry(verb: str, fault: str, at: Spot) -> None:
    outcome = ride({verb: GARBLED[fault]}, at)

    if at.way == "announced" and isinstance(outcome, Accepted):
        return  # seen before its turn, so it went over another connection
    assert isinstance(outcome, Deferred)
    if at.pipelined and fault in BLURRED:
        assert outcome.phase in BEFORE_THE_DOT.values()
        return
    assert outcome.phase is BEFORE_THE_DOT[verb]
    assert outcome.reply is None
    assert outcome.detail


@pytest.mark.parametrize(
    ("fault", "at"),
    [
        pytest.param(fault, at, id=f"{fault}, {at}")
        for fault in GARBLED
        for at in SPOTS
        if (fault, at.way) != (TWO_AT_ONCE, "announced")  # the second answers the next envelope
    ],
)
def test_what_is_no_answer_after_the_dot_is_in_doubt(fault: str, at: Spot) -> None:
    outcome = ride({"DOT": GARBLED[fault]}, at)

    assert isinstance(outcome, InDoubt)
    assert outcome.detail


@at_each
@pytest.mark.parametrize("verb", [*BEFORE_THE_DOT, "DOT"])
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
def test_a_4yz_reply_defers_wherever_it_comes(verb: str, code: int, at: Spot) -> None:
    outcome = ride({verb: (f"{code} 4.7.0 not now\r\n".encode(),)}, at)

    assert isinstance(outcome, Deferred)
    assert outcome.reply is not None
    assert (outcome.phase.name, outcome.reply.code) == (verb, code)


@at_each
@pytest.mark.parametrize("verb", [*BEFORE_THE_DOT, "DOT"])
@pytest.mark.parametrize("said", ["550 5.1.1 no such user", "552 5.3.4 too big", "554 5.7.1 no"])
def test_a_5yz_reply_refuses_wherever_it_comes(verb: str, said: str, at: Spot) -> None:
    outcome = ride({verb: (f"{said}\r\n".encode(),)}, at)

    assert isinstance(outcome, Refused)
    assert str(outcome.reply) == said
    assert outcome.phase.name == verb


@at_each
def test_a_reset_in_the_body_is_a_safe_retry(at: Spot) -> None:
    outcome = ride({"BODY": (Act.RESET,)}, at, BIG)

    assert isinstance(outcome, Deferred)
    assert outcome.phase is Phase.BODY


@at_each
def test_a_421_in_the_middle_of_the_body_is_a_safe_retry(at: Spot) -> None:
    outcome = ride({"BODY": (b"421 4.3.2 going down\r\n", Act.DROP)}, at, BIG)

    assert isinstance(outcome, Deferred)
    assert outcome.phase is Phase.BODY


@at_each
def test_a_relay_that_reads_no_more_is_given_up_before_the_dot(at: Spot) -> None:
    outcome = ride({"BODY": (Act.HANG,)}, at, BIG)

    assert isinstance(outcome, Deferred)
    assert outcome.phase is Phase.BODY


@at_each
@pytest.mark.parametrize("said", ["250 go ahead", "200 yes", "355 soon"])
def test_a_positive_reply_that_is_not_354_is_never_an_acceptance(said: str, at: Spot) -> None:
    outcome = ride({"DATA": (f"{said}\r\n".encode(),)}, at)

    assert isinstance(outcome, Deferred)
    assert outcome.phase is Phase.DATA


@at_each
@pytest.mark.parametrize("after", [(Act.RESET,), (Act.DROP,), (b"421 4.3.2 closing\r\n", Act.DROP)])
def test_250_then_the_end_of_the_connection_is_accepted(after: Step, at: Spot) -> None:
    outcome = ride({"DOT": (GOOD["DOT"], *after)}, at)

    assert isinstance(outcome, Accepted)
    assert outcome.reply.text == "2.0.0 queued as 4F2A"


@each_way
def test_250_and_421_in_one_packet_is_accepted_and_the_connection_is_left(at: Spot) -> None:
    rode = asyncio.run(_ride({"DOT": (GOOD["DOT"] + b"421 4.3.2 bye\r\n",)}, at, b"Ciao\r\n"))

    assert all(isinstance(outcome, Accepted) for outcome in rode.outcomes)
    assert rode.usable == [True, False, True]


@at_each
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ((Act.DRIP, b"250 2.0.0 ok\r\n"), "2.0.0 ok"),
        ((b"250 2.0.0 ok\n",), "2.0.0 ok"),
        ((b"250\r\n",), ""),
        ((b"250 2.0.0 perch\xe9 no\r\n",), "2.0.0 perch\\xe9 no"),
        ((b"250 2.0.0 \xc3\xa8 in coda\r\n",), "2.0.0 è in coda"),
        ((b"250 2.0.0 \x1b[31mred\x00\r\n",), "2.0.0 \\x1b[31mred\\x00"),
        ((b"250-2.0.0 queued\r\n250 2.0.0 as 4F2A\r\n",), "2.0.0 queued as 4F2A"),
    ],
)
def test_an_odd_250_is_accepted_and_its_text_can_be_stored(raw: Step, text: str, at: Spot) -> None:
    rode = asyncio.run(_ride({"DOT": raw}, at, b"Ciao\r\n"))

    outcome = rode.outcomes[at.number]
    assert isinstance(outcome, Accepted)
    assert outcome.reply.text == text
    outcome.reply.text.encode()  # no surrogate


@each_way
def test_a_long_reply_is_kept_up_to_a_thousand_characters(at: Spot) -> None:
    outcome = ride(
        {"RCPT": (b"".join(b"550-%d no\r\n" % n for n in range(900)) + b"550 no\r\n",)}, at
    )

    assert isinstance(outcome, Refused)
    assert len(outcome.reply.text) == 1_000
    assert outcome.reply.text.endswith("…")


@each_way
def test_after_a_refusal_the_dialogue_goes_on_with_rset(at: Spot) -> None:
    rode = asyncio.run(_ride({"RCPT": (b"550 5.1.1 no\r\n",)}, at, b"Ciao\r\n"))

    assert rode.usable == [True, True, True]
    assert rode.relay.connections == 1
    assert rode.relay.heard.count("RSET") == 1


@each_way
@pytest.mark.parametrize("rset", [(b"500 what?\r\n",), (Act.DROP,), (Act.HANG,)])
def test_where_rset_fails_a_fresh_connection_is_taken(rset: Step, at: Spot) -> None:
    rode = asyncio.run(_ride({"RCPT": (b"450 4.2.1 no\r\n",), "RSET": rset}, at, b"Ciao\r\n"))

    assert isinstance(rode.outcomes[1], Deferred)
    assert rode.usable == [True, False, True]
    assert len(rode.relay.accepted) == 2
