"""Messages as chunks, several in the air: each has its own outcome, and the window is the doubt."""

import asyncio
from dataclasses import dataclass

import pytest

from newsletter.delivery import Accepted, Deferred, InDoubt, Outcome, Phase, Refused, Reply
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.chunked import ChunkedConnection
from newsletter.transport.smtp import SmtpTransport
from tests.transport.relays import (
    CHUNKING,
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

NO_ONE: Step = (b"550 5.1.1 no such user\r\n",)
BIG = b"Subject: prova\r\n\r\n" + (b"=C3=A0" * 12 + b"\r\n") * 100_000
FAULTS: dict[str, Step] = {
    "words instead of a code": (b"OK, fine\r\n",),
    "code 999": (b"999 what\r\n",),
    "two codes in one reply": (b"250-ok\r\n550 no\r\n",),
    "two replies at once": (b"250 ok\r\n250 ok\r\n",),
    "silence": (Act.HANG,),
    "a drop": (Act.DROP,),
    "a reset": (Act.RESET,),
    "half a reply, then a drop": (b"250 2.0.0 o", Act.DROP),
    "a positive reply that is none": (b"252 perhaps\r\n",),
    "421": (b"421 4.3.2 bye\r\n",),
    "421, then a drop": (b"421 4.3.2 bye\r\n", Act.DROP),
    "450": (b"450 4.2.1 later\r\n",),
    "550": NO_ONE,
}


def messages(
    count: int, content: bytes = b"Subject: prova\r\n\r\nCiao\r\n"
) -> list[OutgoingMessage]:
    """To so many readers, each with a content of its own."""
    return [message_to(f"r{n}@soci.example", b"X-N: %d\r\n" % n + content) for n in range(count)]


@dataclass
class Rode:
    """What came of a row of messages over one connection."""

    row: Row
    relay: ScriptedRelay
    chunking: bool
    """Whether the relay is still written to so."""

    @property
    def outcomes(self) -> list[Outcome]:
        """In the order of the messages."""
        return [self.row.outcomes[number] for number in sorted(self.row.outcomes)]


def ride(
    script: dict[str, Step],
    row: list[OutgoingMessage],
    *,
    at: int = 0,
    window: int = 4,
    offer: bytes = CHUNKING,
    full: bool = False,
) -> Rode:
    """Over one connection, until all is told."""

    async def run() -> Rode:
        async with relay({"EHLO": (offer,), **script}, at) as scripted:
            options = options_for(scripted, chunking_window=window)
            transport = SmtpTransport(options)
            connection = await transport.connect()
            done = await Row(connection, row, full).ride()
            await connection.close()
            return Rode(done, scripted, transport.habits.chunking)

    return asyncio.run(run())


def test_a_message_is_an_envelope_and_one_last_chunk_and_nothing_of_it_is_altered() -> None:
    row = [message_to("anna@soci.example", b"Subject: x\r\n\r\n.\r\n..two\r\nno end")]

    rode = ride({}, row)

    assert [type(outcome) for outcome in rode.outcomes] == [Accepted]
    assert rode.relay.accepted == [row[0].content]
    assert rode.relay.heard == [
        "EHLO [127.0.0.1]",
        "MAIL FROM:<news@alisei.test>",
        "RCPT TO:<anna@soci.example>",
        f"BDAT {len(row[0].content)} LAST",
        "QUIT",
    ]


@pytest.mark.slow
def test_every_message_arrives_in_order_whatever_the_window() -> None:
    row = messages(20)

    rode = ride({}, row, window=7)

    assert [type(outcome) for outcome in rode.outcomes] == [Accepted] * 20
    assert rode.relay.accepted == [message.content for message in row]
    assert rode.row.dots == list(range(20))


@pytest.mark.slow
@pytest.mark.parametrize("window", [2, 5])
def test_as_many_messages_leave_before_the_first_answer_as_the_window_holds(window: int) -> None:
    rode = ride({"BDAT": (Act.HANG,)}, messages(9), window=window)

    assert rode.row.dots == list(range(window))
    assert [type(outcome) for outcome in rode.outcomes] == [InDoubt] * window
    assert rode.row.left == list(range(window, 9))


@pytest.mark.slow
def test_an_outcome_is_told_before_the_intent_that_takes_its_place() -> None:
    rode = ride({}, messages(9), window=3)

    for number in range(3, 9):
        events = rode.row.events
        assert events.index(f"end {number - 3}") < events.index(f"dot {number}")


@pytest.mark.slow
@pytest.mark.parametrize(("window", "offer"), [(1, CHUNKING), (4, PIPELINING)])
def test_without_a_window_or_the_extension_messages_go_by_data(window: int, offer: bytes) -> None:
    rode = ride({}, messages(3), window=window, offer=offer)

    assert [type(outcome) for outcome in rode.outcomes] == [Accepted] * 3
    assert not [line for line in rode.relay.heard if line.startswith("BDAT")]


@pytest.mark.slow
@pytest.mark.parametrize("at", [0, 3, 7])
def test_a_reader_who_is_refused_in_the_air_is_the_only_one(at: int) -> None:
    rode = ride({"RCPT": NO_ONE}, messages(8), at=at)

    refused = [number for number, end in rode.row.outcomes.items() if isinstance(end, Refused)]
    assert refused == [at]
    assert rode.outcomes[at] == ride({"RCPT": NO_ONE}, messages(1)).outcomes[0]
    assert len(rode.relay.accepted) == 7
    assert rode.row.usable[7]


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "BDAT"])
def test_a_5yz_or_4yz_reply_is_judged_by_where_it_came(verb: str) -> None:
    phase = {"MAIL": Phase.MAIL, "RCPT": Phase.RCPT, "BDAT": Phase.DOT}[verb]
    refused = ride({verb: NO_ONE}, messages(6), at=2).outcomes
    deferred = ride({verb: (b"451 4.3.0 later\r\n",)}, messages(6), at=2).outcomes

    assert isinstance(refused[2], Refused)
    assert refused[2].phase is phase
    assert deferred[2] == Deferred(phase, Reply(451, "4.3.0 later"))
    assert [type(outcome) for outcome in deferred].count(Accepted) == 5


@pytest.mark.parametrize("said", [b"500 5.5.1 what?\r\n", b"502 5.5.1 not here\r\n"])
def test_a_relay_that_offers_chunks_and_does_not_know_them_is_given_none_any_more(
    said: bytes,
) -> None:
    rode = ride({"BDAT": (said,)}, messages(9))

    assert rode.row.untried == [0]
    assert [type(outcome) for outcome in rode.outcomes] == [Accepted] * 3
    assert not rode.chunking


def test_an_intent_that_cannot_be_recorded_puts_nothing_on_the_wire() -> None:
    rode = ride({}, messages(1), full=True)

    assert [type(error) for error in rode.row.cuts] == [OSError]
    assert rode.relay.heard == ["EHLO [127.0.0.1]", "QUIT"]


@pytest.mark.slow
def test_a_chunk_that_the_kernel_never_took_whole_is_a_safe_retry() -> None:
    row = messages(3, BIG)

    rode = ride({"BODY": (Act.HANG,)}, row)

    assert rode.relay.accepted == []
    assert [type(outcome) for outcome in rode.outcomes] == [Deferred]
    assert rode.row.left == [1, 2]


@pytest.mark.slow
def test_a_reset_in_a_chunk_is_a_safe_retry() -> None:
    rode = ride({"BODY": (Act.RESET,)}, messages(1, BIG))

    assert isinstance(rode.outcomes[0], Deferred)
    assert rode.outcomes[0].phase is Phase.BODY


def test_a_relay_that_takes_a_chunk_after_refusing_its_envelope_is_not_believed() -> None:
    rode = ride({"RCPT": NO_ONE, "BDAT": (GOOD["BDAT"],)}, messages(2))

    assert isinstance(rode.outcomes[0], InDoubt)
    assert not rode.chunking


def test_an_answer_too_many_never_makes_the_recipients_250_an_acceptance() -> None:
    rode = ride({"MAIL": (GOOD["MAIL"] * 2,), "BDAT": (b"554 5.7.1 no\r\n",)}, messages(2))

    assert isinstance(rode.outcomes[0], InDoubt)
    assert not rode.chunking
    assert rode.relay.accepted == [rode.row.messages[1].content]
    assert not isinstance(rode.outcomes[1], (Deferred, Refused))


def test_answers_to_the_envelope_that_make_no_sense_end_the_chunks_for_this_relay() -> None:
    assert not ride({"MAIL": (b"what?\r\n",)}, messages(2)).chunking


def test_closing_cuts_off_what_is_in_the_air() -> None:
    async def run() -> Row:
        async with relay({"EHLO": (CHUNKING,), "BDAT": (Act.HANG,)}) as scripted:
            options = options_for(scripted, chunking_window=3, dot_timeout=9)
            connection = await SmtpTransport(options).connect()
            assert isinstance(connection, ChunkedConnection)
            row = Row(connection, messages(5))
            row.refill()
            connection.feeder = None
            await connection.close()
            return row

    row = asyncio.run(run())
    assert row.dots == [0, 1, 2]
    assert len(row.cuts) == 3


@pytest.mark.slow
@pytest.mark.parametrize("at", [0, 3, 7])
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "BDAT"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_makes_a_message_that_was_taken_be_sent_again(
    fault: str, verb: str, at: int
) -> None:
    row = messages(8)

    rode = ride({verb: FAULTS[fault]}, row, at=at)

    taken = {content.split()[1] for content in rode.relay.accepted}
    for number, outcome in rode.row.outcomes.items():
        was_taken = b"%d" % number in taken
        if isinstance(outcome, Accepted):
            assert was_taken
        elif not isinstance(outcome, InDoubt):
            assert not was_taken, outcome
    assert not taken & {b"%d" % number for number in rode.row.left}
    doubts = [outcome for outcome in rode.outcomes if isinstance(outcome, InDoubt)]
    assert len(doubts) <= 4
