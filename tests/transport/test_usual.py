"""The short way for what a relay mostly answers hears what the long way hears."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.delivery import Reply
from newsletter.transport.dialogue import Dialogue, Owed, Usual
from newsletter.transport.reply import Lost

CODES = [250, 250, 250, 354]
GOOD = b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n"
ROUNDS = st.lists(
    st.sampled_from(
        [
            b"250 2.0.0 queued as A1\r\n" + GOOD,
            b"250 2.0.0 queued as B2\r\n" + GOOD,
            b"451 4.7.1 later\r\n" + GOOD,
            b"250-2.0.0 queued\r\n250 2.0.0 as C3\r\n" + GOOD,
            b"250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n550 5.1.1 no\r\n503 5.5.1 no\r\n",
            b"250 2.0.0 Ok\r\n250 2.0.0 one too many\r\n" + GOOD,
            b"250 2.0.0 Ok\r\n" + GOOD + b"421 4.3.2 closing\r\n",
            b"25O what\r\n" + GOOD,
            GOOD,
        ]
    ),
    min_size=1,
    max_size=6,
)


class _Wire(asyncio.Transport):
    """Takes whatever is written."""

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def abort(self) -> None:
        pass


class _Listener:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[Reply | str] = []

    def drained(self) -> None:
        pass

    def rest(self) -> None:
        pass

    def overheard(self) -> None:
        self.heard.append("overheard")

    def lost(self, loss: Lost) -> None:
        self.heard.append(f"lost: {loss}")

    def told(self, reply: Reply) -> None:
        self.heard.append(reply)

    def usual(self, first: Reply) -> None:
        self.heard.append(first)
        self.heard += [Reply(250, "2.1.0 Ok"), Reply(250, "2.1.5 Ok"), Reply(354, "go")]


@pytest.mark.slow
@given(rounds=ROUNDS, cuts=st.lists(st.integers(1, 60), max_size=8))
@example(rounds=[b"250 2.0.0 Ok\r\n" + GOOD, b"250 2.0.0 Ok\r\n" + GOOD], cuts=[67, 14])
def test_however_the_replies_are_cut_both_ways_hear_the_same(
    rounds: Sequence[bytes], cuts: Sequence[int]
) -> None:
    async def hear(*, short: bool) -> Sequence[Reply | str]:
        listener, dialogue = _Listener(), Dialogue(_Wire())
        dialogue.talker = listener
        owed: tuple[Owed, ...] = ((listener.told, 60.0),) * 4
        usual = Usual(b"250 ", CODES, listener.usual) if short else None
        for octets in rounds:
            try:
                dialogue.write(b"dot and envelope", owed, usual)
            except Lost as loss:
                listener.heard.append(f"cannot write: {loss}")
            for piece in _pieces(octets, cuts):
                dialogue.data_received(piece)
        dialogue.abandon("over")
        return listener.heard

    assert asyncio.run(hear(short=True)) == asyncio.run(hear(short=False))


def _pieces(octets: bytes, cuts: Sequence[int]) -> Sequence[bytes]:
    ends = sorted({min(cut, len(octets)) for cut in cuts} | {len(octets)})
    return [octets[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def test_the_short_way_is_taken_from_the_second_time_on() -> None:
    async def ways() -> Sequence[str]:
        taken: list[str] = []
        dialogue = Dialogue(_Wire())
        dialogue.talker = _Listener()
        owed: tuple[Owed, ...] = ((lambda _: taken.append("long"), 60.0),) * 4
        usual = Usual(b"250 ", CODES, lambda reply: taken.append(reply.text))
        for number in range(3):
            dialogue.write(b"dot and envelope", owed, usual)
            dialogue.data_received(b"250 queued as %d\r\n%b" % (number, GOOD))
        dialogue.abandon("over")
        return taken

    assert asyncio.run(ways()) == [*["long"] * 4, "queued as 1", "queued as 2"]
