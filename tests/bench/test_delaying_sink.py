"""The benchmark's own relay: late, in order, and honest about its extensions."""

import asyncio
from collections.abc import Sequence

import pytest

from bench.delaying_sink import HOST, Sink

DELAY = 0.05


async def talk(extensions: Sequence[str], steps: Sequence[tuple[bytes, int]]) -> list[list[bytes]]:
    """What it answers to each step: octets that are written at once, and how many lines come."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Sink(DELAY, extensions), HOST, 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection(HOST, port)
    said = []
    for octets, lines in steps:
        writer.write(octets)
        said.append([(await reader.readline()).rstrip() for _ in range(lines)])
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()
    return said


GREETING = (b"", 1)
ENVELOPE = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"


@pytest.mark.slow
def test_it_takes_messages_with_data_and_the_next_envelope_in_one_write() -> None:
    body = b"Subject: x\r\n\r\nDATA\r\nQUIT\r\n..\r\n.\r\n"
    steps = [
        GREETING,
        (ENVELOPE + b"DATA\r\n", 3),
        (body + ENVELOPE + b"DATA\r\n", 4),
        (body[:9], 0),
        (body[9:-3], 0),
        (body[-3:] + b"QUIT\r\n", 2),
    ]
    said = asyncio.run(talk(["pipelining"], steps))
    codes = [[line[:3].decode() for line in lines] for lines in said]
    envelope = ["250", "250", "354"]
    assert codes == [["220"], envelope, ["250", *envelope], [], [], ["250", "221"]]


@pytest.mark.slow
def test_it_takes_chunks_that_come_in_pieces() -> None:
    steps = [
        GREETING,
        (ENVELOPE + b"BDAT 6\r\n.\r\n", 2),
        (b".\r\nBDAT 0 LAST\r\n" + ENVELOPE + b"BDAT 2 LAST\r\n\r\nQUIT\r\n", 6),
    ]
    said = asyncio.run(talk(["pipelining", "chunking"], steps))
    assert [line[:3] for line in said[2]] == [b"250"] * 5 + [b"221"]


@pytest.mark.parametrize("extensions", [[], ["pipelining"], ["pipelining", "chunking"]])
def test_it_offers_what_it_was_told_to(extensions: list[str]) -> None:
    (_, said) = asyncio.run(
        talk(extensions, [GREETING, (b"EHLO a.example\r\n", 2 + len(extensions))])
    )
    offered = {line[4:].decode().lower() for line in said[1:]}
    assert offered == {*extensions, "8bitmime"}


@pytest.mark.slow
def test_what_is_written_at_once_costs_one_delay() -> None:
    async def seconds(steps: Sequence[tuple[bytes, int]]) -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await talk(["pipelining"], [GREETING, *steps])
        return loop.time() - began

    together = asyncio.run(seconds([(ENVELOPE * 4, 8)]))
    one_by_one = asyncio.run(seconds([(line + b"\r\n", 1) for line in (ENVELOPE * 4).split()[::2]]))
    assert one_by_one >= 9 * DELAY
    assert together < one_by_one / 2
