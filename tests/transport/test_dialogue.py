"""Replies as octets: read alike however they are cut, and never anything else."""

import asyncio
import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery import Reply
from newsletter.transport.dialogue import Dialogue
from newsletter.transport.reply import Lost, read_reply, storable

LINES = st.lists(st.text("abc 2.-", max_size=12), min_size=1, max_size=4)


@pytest.mark.slow
@given(code=st.integers(200, 599), lines=LINES, rest=st.binary(max_size=9))
def test_a_reply_is_whole_only_with_its_last_octet(
    code: int, lines: list[str], rest: bytes
) -> None:
    *some, last = lines
    octets = b"".join(f"{code}-{line}\r\n".encode() for line in some)
    octets += f"{code} {last}\r\n".encode()

    for cut in range(len(octets)):
        assert read_reply(octets[:cut]) is None
    whole = read_reply(octets + rest)
    assert whole is not None
    assert whole[0].code == code
    assert whole[1] == rest


@pytest.mark.slow
@given(st.binary(max_size=60))
def test_any_octets_are_a_reply_or_incomplete_or_lost(octets: bytes) -> None:
    with contextlib.suppress(Lost):
        whole = read_reply(octets)
        if whole:
            assert 200 <= whole[0].code <= 599
            whole[0].text.encode()


@given(st.binary(max_size=60))
def test_a_stored_text_holds_no_control_character_and_no_surrogate(octets: bytes) -> None:
    assert storable(octets).isprintable()


@pytest.mark.parametrize(
    "octets",
    [b"25\r\n", b"\r\n", b"2500 x\r\n", b"+OK\r\n", b"250_x\r\n", b"150 x\r\n", b"600 x\r\n"],
)
def test_what_has_no_three_digits_is_lost(octets: bytes) -> None:
    with pytest.raises(Lost, match="makes no sense"):
        read_reply(octets)


def test_an_enhanced_code_that_each_line_repeats_is_kept_once() -> None:
    whole = read_reply(b"550-5.1.1 the account\r\n550-5.1.1 does not\r\n550 5.1.1 exist\r\n")

    assert whole == (Reply(550, "5.1.1 the account does not exist"), b"")


def test_a_reply_to_whoever_was_just_cancelled_is_passed_over() -> None:
    async def cancel_in_the_round_in_which_it_comes() -> bool:
        ours, theirs = socket.socketpair()
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=ours
        )
        dialogue = Dialogue(transport)
        asking = asyncio.create_task(dialogue.ask(b"QUIT", 5))
        await asyncio.sleep(0)
        asking.cancel()
        dialogue.data_received(b"221 2.0.0 bye\r\n")
        await asyncio.gather(asking, return_exceptions=True)
        theirs.close()
        return asking.cancelled() and not dialogue.alive

    assert asyncio.run(cancel_in_the_round_in_which_it_comes())
