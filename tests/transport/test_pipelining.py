"""An envelope in one write: the answers are judged as if each command had waited for its own."""

import asyncio
from dataclasses import dataclass

import pytest

from newsletter.delivery import (
    Accepted,
    Blame,
    Deferred,
    Outcome,
    Phase,
    Refused,
    Reply,
)
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

ALL_THREE = GOOD["MAIL"] + GOOD["RCPT"] + GOOD["DATA"]
NOBODY = b"554 5.5.1 no valid recipients\r\n"
REFUSED = b"550 5.1.1 no such user\r\n"


@dataclass
class Ride:
    """Two messages; the relay plays its script at the first."""

    outcomes: list[Outcome]
    usable: bool
    still_pipelining: bool
    relay: ScriptedRelay

    @property
    def others_taken(self) -> bool:
        """Whether the relay took the second message and nothing else."""
        return isinstance(self.outcomes[1], Accepted) and len(self.relay.accepted) == 1


def ride(script: dict[str, Step], **options: object) -> Ride:
    """What came of a message that the script is played at, and of the next one."""

    async def two() -> Ride:
        async with relay({"EHLO": (PIPELINING,), **script}) as scripted:
            transport = SmtpTransport(options_for(scripted, **options))
            connection = await transport.connect()
            first = await connection.send(message_to("anna@soci.example"), lambda: None)
            await asyncio.sleep(0.005)
            usable = connection.usable
            if not usable:
                await connection.close()
                connection = await transport.connect()
            second = await connection.send(message_to("bruno@soci.example"), lambda: None)
            await connection.close()
            return Ride([first, second], usable, transport.habits.pipelining, scripted)

    return asyncio.run(two())


def test_an_envelope_goes_out_before_its_first_answer_and_takes_three_in_one_packet() -> None:
    rode = ride({"MAIL": (), "RCPT": (), "DATA": (ALL_THREE,)})

    assert all(isinstance(outcome, Accepted) for outcome in rode.outcomes)
    assert rode.usable
    assert rode.still_pipelining


@pytest.mark.slow
def test_where_the_setting_is_off_each_command_waits_for_its_answer() -> None:
    rode = ride({"MAIL": (), "RCPT": (), "DATA": (ALL_THREE,)}, pipelining=False)

    assert isinstance(rode.outcomes[0], Deferred)
    assert rode.outcomes[0].phase is Phase.MAIL
    assert "DATA" not in rode.relay.heard[:3]


@pytest.mark.slow
def test_where_the_relay_does_not_offer_it_each_command_waits_for_its_answer() -> None:
    rode = ride({"EHLO": (GOOD["EHLO"],), "MAIL": (), "RCPT": (), "DATA": (ALL_THREE,)})

    assert isinstance(rode.outcomes[0], Deferred)
    assert rode.outcomes[0].phase is Phase.MAIL


@pytest.mark.slow
@pytest.mark.parametrize("verbs", [("MAIL", "RCPT"), ("RCPT", "DATA")])
def test_two_answers_in_one_packet_are_two_answers(verbs: tuple[str, str]) -> None:
    silent, speaking = verbs

    rode = ride({silent: (), speaking: (GOOD[silent] + GOOD[speaking],)})

    assert all(isinstance(outcome, Accepted) for outcome in rode.outcomes)
    assert rode.usable


@pytest.mark.slow
def test_answers_byte_by_byte_are_the_same_answers() -> None:
    rode = ride({verb: (Act.DRIP, GOOD[verb]) for verb in ("MAIL", "RCPT", "DATA", "DOT")})

    assert all(isinstance(outcome, Accepted) for outcome in rode.outcomes)
    assert rode.usable


@pytest.mark.parametrize("data", [NOBODY, b"503 5.5.1 need RCPT\r\n", b"451 4.3.0 no\r\n"])
def test_a_refused_recipient_is_refused_whatever_data_is_refused_with(data: bytes) -> None:
    rode = ride({"RCPT": (REFUSED,), "DATA": (data,)})

    said = Reply(550, "5.1.1 no such user")
    assert rode.outcomes[0] == Refused(Phase.RCPT, said, Blame.READER)
    assert rode.usable
    assert rode.still_pipelining
    assert rode.others_taken
    assert rode.relay.heard.count("RSET") == 1


@pytest.mark.parametrize("rcpt", [GOOD["RCPT"], b"503 5.5.1 need MAIL\r\n"])
@pytest.mark.parametrize("data", [NOBODY, GOOD["DATA"]])
def test_a_refused_sender_is_refused_whatever_follows(rcpt: bytes, data: bytes) -> None:
    rode = ride({"MAIL": (b"550 5.7.1 who?\r\n",), "RCPT": (rcpt,), "DATA": (data,)})

    assert rode.outcomes[0] == Refused(Phase.MAIL, Reply(550, "5.7.1 who?"), Blame.US)
    assert rode.usable is (data == NOBODY)
    assert rode.others_taken


@pytest.mark.parametrize("rcpt", [REFUSED, b"450 4.2.1 later\r\n", b"252 perhaps\r\n"])
def test_where_the_body_is_opened_for_nobody_not_even_a_dot_is_sent(rcpt: bytes) -> None:
    rode = ride({"RCPT": (rcpt,), "DATA": (GOOD["DATA"],)})

    assert isinstance(rode.outcomes[0], (Refused, Deferred))
    assert rode.outcomes[0].phase is Phase.RCPT
    assert not rode.usable
    assert not rode.still_pipelining
    assert rode.others_taken
    assert rode.relay.connections == 2


def test_a_refusal_that_came_whole_counts_though_the_connection_is_gone() -> None:
    rode = ride({"RCPT": (REFUSED, Act.DROP)})

    assert isinstance(rode.outcomes[0], Refused)
    assert rode.outcomes[0].phase is Phase.RCPT
    assert not rode.usable
    assert rode.others_taken


def test_a_421_between_the_answers_ends_the_connection_there() -> None:
    rode = ride({"RCPT": (b"421 4.3.2 going down\r\n", Act.DROP)})

    assert rode.outcomes[0] == Deferred(Phase.RCPT, Reply(421, "4.3.2 going down"))
    assert not rode.usable
    assert rode.still_pipelining
    assert rode.others_taken


def test_a_421_after_a_refusal_changes_nothing_about_the_refusal() -> None:
    rode = ride({"RCPT": (REFUSED,), "DATA": (b"421 4.7.0 too many errors\r\n", Act.DROP)})

    assert isinstance(rode.outcomes[0], Refused)
    assert not rode.usable
    assert rode.others_taken


def test_a_421_behind_354_in_one_packet_stops_before_the_dot() -> None:
    rode = ride({"DATA": (GOOD["DATA"] + b"421 4.3.2 bye\r\n", Act.DROP)})

    assert rode.outcomes[0] == Deferred(Phase.BODY, Reply(421, "4.3.2 bye"))
    assert rode.others_taken


def test_a_drop_between_the_answers_is_a_safe_retry_and_no_reason_to_go_slower() -> None:
    rode = ride({"RCPT": (Act.PAUSE, Act.DROP)})

    assert rode.outcomes[0] == Deferred(Phase.RCPT, None, "the relay closed the connection")
    assert rode.still_pipelining
    assert rode.others_taken


def test_one_answer_too_many_opens_no_body() -> None:
    rode = ride({"MAIL": (GOOD["MAIL"] * 2,)})

    assert isinstance(rode.outcomes[0], Deferred)
    assert not rode.usable
    assert not rode.still_pipelining
    assert rode.others_taken


@pytest.mark.slow
def test_a_relay_that_loses_what_is_written_at_once_is_spoken_to_one_by_one() -> None:
    rode = ride({"MAIL": (GOOD["MAIL"], Act.HANG)})

    assert rode.outcomes[0] == Deferred(Phase.RCPT, None, "no reply for 0.3 s")
    assert not rode.still_pipelining
    assert rode.others_taken
