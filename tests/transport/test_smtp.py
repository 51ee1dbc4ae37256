"""One connection to a relay: what goes over the wire, and how it ends."""

import asyncio
import time

import pytest

from newsletter.delivery import Accepted, Blame, Deferred, Phase, Refused, Reply
from newsletter.errors import RelayError, RelayUnavailable
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.options import RelayFacts
from newsletter.transport.smtp import SmtpTransport, probe, refuse_larger
from tests.transport.relays import GOOD, Act, ScriptedRelay, Step, message_to, options_for, relay

ALL_EXTENSIONS = (
    b"250-relay.test\r\n250-SIZE 1000\r\n250-PIPELINING\r\n250-8BITMIME\r\n"
    b"250-SMTPUTF8\r\n250 CHUNKING\r\n"
)


async def _send_one(
    message: OutgoingMessage, script: dict[str, Step] | None = None
) -> tuple[object, ScriptedRelay]:
    async with relay(script) as scripted:
        connection = await SmtpTransport(options_for(scripted)).connect()
        outcome = await connection.send(message, lambda: None)
        await connection.close()
        return outcome, scripted


def test_the_relay_gets_the_very_bytes() -> None:
    content = b"Subject: x\r\n\r\n" + bytes(range(32, 127)) + b"\r\n"

    outcome, scripted = asyncio.run(_send_one(message_to("anna@soci.example", content)))

    assert isinstance(outcome, Accepted)
    assert scripted.accepted == [content]


def test_a_line_with_a_dot_is_stuffed_and_cannot_end_the_message() -> None:
    content = b".first\r\n.\r\n..two\r\nMAIL FROM:<x@y.test>\r\n"

    outcome, scripted = asyncio.run(_send_one(message_to("anna@soci.example", content)))

    assert isinstance(outcome, Accepted)
    assert scripted.accepted == [b"..first\r\n..\r\n...two\r\nMAIL FROM:<x@y.test>\r\n"]
    assert [line.split(":")[0] for line in scripted.heard].count("MAIL FROM") == 1


def test_the_intent_is_recorded_after_the_body_and_before_the_dot() -> None:
    async def ride() -> list[str]:
        seen: list[str] = []
        async with relay() as scripted:
            connection = await SmtpTransport(options_for(scripted)).connect()

            def before_dot() -> None:
                seen.append(f"{scripted.heard[-1]}, {len(scripted.accepted)} accepted")

            await connection.send(message_to("anna@soci.example"), before_dot)
            await connection.close()
        return seen

    assert asyncio.run(ride()) == ["DATA, 0 accepted"]


def test_when_the_intent_cannot_be_recorded_the_dot_is_not_written() -> None:
    async def ride() -> ScriptedRelay:
        async with relay() as scripted:
            connection = await SmtpTransport(options_for(scripted)).connect()

            def before_dot() -> None:
                message = "disk full"
                raise OSError(message)

            with pytest.raises(OSError, match="disk full"):
                await connection.send(message_to("anna@soci.example"), before_dot)
            assert not connection.usable
            await connection.close()
            await asyncio.sleep(0.02)
            return scripted

    assert asyncio.run(ride()).accepted == []


def test_a_cancelled_send_leaves_no_connection_that_could_finish_it() -> None:
    async def ride() -> ScriptedRelay:
        async with relay({"DATA": (Act.HANG,)}) as scripted:
            connection = await SmtpTransport(options_for(scripted, timeout=5)).connect()
            sending = connection.send(message_to("anna@soci.example"), lambda: None)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sending, 0.05)
            assert not connection.usable
            again = await connection.send(message_to("bruno@soci.example"), lambda: None)
            assert isinstance(again, Deferred)
            await connection.close()
            return scripted

    assert asyncio.run(ride()).accepted == []


def test_an_idle_connection_that_the_relay_closes_is_not_usable() -> None:
    async def ride() -> None:
        async with relay({"NOOP": (b"250 ok\r\n", Act.DROP)}) as scripted:
            connection = await SmtpTransport(options_for(scripted)).connect()
            await connection.check()
            await asyncio.sleep(0.05)
            assert not connection.usable
            outcome = await connection.send(message_to("anna@soci.example"), lambda: None)
            assert outcome == Deferred(Phase.MAIL, None, "the relay closed the connection")
            await connection.close()

    asyncio.run(ride())


@pytest.mark.slow
@pytest.mark.parametrize("goodbye", [(Act.HANG,), (Act.RESET,), (b"500 no\r\n",)])
def test_closing_never_takes_longer_than_a_second(goodbye: Step) -> None:
    async def ride() -> float:
        async with relay({"QUIT": goodbye}) as scripted:
            connection = await SmtpTransport(options_for(scripted, timeout=9)).connect()
            begun = time.monotonic()
            await connection.close()
            return time.monotonic() - begun

    assert asyncio.run(ride()) < 1.3


@pytest.mark.parametrize(
    "address", ["anna@soci.example SIZE=1", "anna@x.test>\r\nRCPT TO:<b@y.test", "<a@b.test>", ""]
)
def test_an_address_that_would_break_a_command_never_reaches_the_wire(address: str) -> None:
    outcome, scripted = asyncio.run(_send_one(message_to(address)))

    assert isinstance(outcome, Refused)
    assert not [line for line in scripted.heard if line.startswith(("MAIL", "RCPT"))]


def test_a_non_ascii_reader_is_not_sendable_without_smtputf8() -> None:
    outcome, scripted = asyncio.run(_send_one(message_to("pelé@soci.example")))

    assert isinstance(outcome, Refused)
    assert outcome.blame is Blame.READER
    assert "SMTPUTF8" in outcome.reply.text
    assert not [line for line in scripted.heard if line.startswith("MAIL")]


def test_a_non_ascii_reader_is_sent_to_unaltered_where_the_relay_takes_it() -> None:
    script: dict[str, Step] = {"EHLO": (ALL_EXTENSIONS,)}

    outcome, scripted = asyncio.run(_send_one(message_to("pelé@soci.example"), script))

    assert isinstance(outcome, Accepted)
    assert "RCPT TO:<pelé@soci.example>" in scripted.heard
    assert any(line.endswith(" SMTPUTF8") for line in scripted.heard)


def test_a_message_larger_than_the_relay_takes_is_refused_before_the_wire() -> None:
    script: dict[str, Step] = {"EHLO": (ALL_EXTENSIONS,)}
    message = message_to("anna@soci.example", b"x" * 999 + b"\r\n")

    outcome, scripted = asyncio.run(_send_one(message, script))

    assert isinstance(outcome, Refused)
    assert outcome.reply.enhanced == "5.3.4"
    assert not [line for line in scripted.heard if line.startswith("MAIL")]


def test_the_size_is_declared_where_the_relay_asks_for_it() -> None:
    script: dict[str, Step] = {"EHLO": (ALL_EXTENSIONS,)}

    _, scripted = asyncio.run(_send_one(message_to("anna@soci.example", b"Ciao\r\n"), script))

    assert "MAIL FROM:<news@alisei.test> SIZE=6" in scripted.heard


def test_a_probe_tells_what_the_relay_offers_and_sends_nothing() -> None:
    async def ride() -> tuple[RelayFacts, ScriptedRelay]:
        async with relay({"EHLO": (ALL_EXTENSIONS,)}) as scripted:
            return await probe(options_for(scripted)), scripted

    facts, scripted = asyncio.run(ride())

    assert (facts.size_limit, facts.logged_in, facts.tls) == (1_000, False, "")
    assert facts.pipelining
    assert facts.eight_bit
    assert facts.smtputf8
    assert facts.chunking
    assert [line.split()[0] for line in scripted.heard] == ["EHLO", "NOOP", "QUIT"]


@pytest.mark.slow
@pytest.mark.parametrize("noop", [(b"421 4.3.2 no\r\n",), (Act.DROP,), (Act.HANG,)])
def test_a_probe_says_so_when_the_relay_fails_after_the_login(noop: Step) -> None:
    async def ride() -> None:
        async with relay({"NOOP": noop}) as scripted:
            await probe(options_for(scripted))

    with pytest.raises(RelayUnavailable, match="let us in, then"):
        asyncio.run(ride())


def test_a_plan_with_too_large_a_message_stops_before_the_first() -> None:
    facts = RelayFacts("relay.test:587", size_limit=1_000)

    refuse_larger(facts, 1_000)
    refuse_larger(RelayFacts("relay.test:587"), 10**9)
    with pytest.raises(RelayError, match="1001 octets"):
        refuse_larger(facts, 1_001)


def test_a_relay_that_refuses_ehlo_is_spoken_to_without_extensions() -> None:
    outcome, scripted = asyncio.run(
        _send_one(message_to("anna@soci.example"), {"EHLO": (b"502 5.5.1 what?\r\n",)})
    )

    assert isinstance(outcome, Accepted)
    assert scripted.heard[:3] == [
        "EHLO [127.0.0.1]",
        "HELO [127.0.0.1]",
        "MAIL FROM:<news@alisei.test>",
    ]


@pytest.mark.slow
def test_a_relay_that_speaks_unasked_between_messages_is_left() -> None:
    async def ride() -> None:
        chatty: Step = (GOOD["DOT"], Act.PAUSE, b"250 and one more\r\n")
        async with relay({"DOT": chatty}) as scripted:
            connection = await SmtpTransport(options_for(scripted)).connect()
            await connection.send(message_to("bruno@soci.example"), lambda: None)
            await asyncio.sleep(0.1)
            outcome = await connection.send(message_to("anna@soci.example"), lambda: None)
            assert isinstance(outcome, Deferred)
            assert not connection.usable
            assert len(scripted.accepted) == 1
            await connection.close()

    asyncio.run(ride())


@pytest.mark.slow
def test_a_421_said_between_messages_is_the_answer_to_the_next_one() -> None:
    async def ride() -> None:
        tired: Step = (GOOD["DOT"], Act.PAUSE, b"421 4.4.2 idle too long\r\n")
        async with relay({"DOT": tired}) as scripted:
            connection = await SmtpTransport(options_for(scripted)).connect()
            await connection.send(message_to("anna@soci.example"), lambda: None)
            await asyncio.sleep(0.1)
            assert not connection.usable
            outcome = await connection.send(message_to("bruno@soci.example"), lambda: None)
            assert outcome == Deferred(Phase.MAIL, Reply(421, "4.4.2 idle too long"))
            await connection.close()

    asyncio.run(ride())
