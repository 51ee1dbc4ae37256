"""What every transport keeps: one suite over all of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.delivery import Accepted
from newsletter.errors import NewsletterError, UsageError
from newsletter.transport.base import Transport
from newsletter.transport.eml import EmlTransport, eml_name
from newsletter.transport.smtp import SmtpTransport
from tests.transport.relays import message_to, options_for, relay


@dataclass
class Bench:
    """A transport, and a way to see what it took."""

    transport: Transport
    taken: Callable[[], list[bytes]]


@asynccontextmanager
async def smtp_bench(_folder: Path) -> AsyncIterator[Bench]:
    """SMTP to a relay on loopback."""
    async with relay() as scripted:
        yield Bench(SmtpTransport(options_for(scripted)), lambda: scripted.accepted)


@asynccontextmanager
async def eml_bench(folder: Path) -> AsyncIterator[Bench]:
    """Files in a folder."""
    files = folder / "dry-run"
    yield Bench(
        EmlTransport(files), lambda: [path.read_bytes() for path in sorted(files.glob("*.eml"))]
    )


Opening = Callable[[Path], AbstractAsyncContextManager[Bench]]
every_transport = pytest.mark.parametrize("opening", [smtp_bench, eml_bench], ids=["smtp", "eml"])
CONTENT = b"Subject: prova\r\n\r\nperch=C3=A9 no\r\n"


@every_transport
def test_the_very_bytes_arrive_in_order(opening: Opening, tmp_path: Path) -> None:
    async def ride() -> list[bytes]:
        async with opening(tmp_path) as bench:
            connection = await bench.transport.connect()
            for number in range(3):
                content = b"X-Number: %d\r\n" % number + CONTENT
                message = message_to(f"reader{number}@soci.example", content)
                assert isinstance(await connection.send(message, lambda: None), Accepted)
                assert connection.usable
            await connection.close()
            return bench.taken()

    assert asyncio.run(ride()) == [b"X-Number: %d\r\n" % n + CONTENT for n in range(3)]


@every_transport
def test_the_intent_is_recorded_once_for_each_message(opening: Opening, tmp_path: Path) -> None:
    async def ride() -> int:
        dots: list[int] = []
        async with opening(tmp_path) as bench:
            connection = await bench.transport.connect()
            for _ in range(4):
                await connection.send(message_to("anna@soci.example"), lambda: dots.append(1))
            await connection.close()
        return len(dots)

    assert asyncio.run(ride()) == 4


@every_transport
def test_an_intent_that_cannot_be_recorded_sends_nothing(opening: Opening, tmp_path: Path) -> None:
    def before_dot() -> None:
        message = "the ledger is gone"
        raise NewsletterError(message)

    async def ride() -> list[bytes]:
        async with opening(tmp_path) as bench:
            connection = await bench.transport.connect()
            with pytest.raises(NewsletterError, match="the ledger is gone"):
                await connection.send(message_to("anna@soci.example"), before_dot)
            await connection.close()
            await asyncio.sleep(0.02)
            return bench.taken()

    assert asyncio.run(ride()) == []


@every_transport
def test_several_connections_send_side_by_side(opening: Opening, tmp_path: Path) -> None:
    async def ride() -> list[bytes]:
        async with opening(tmp_path) as bench:

            async def lane(name: str) -> None:
                connection = await bench.transport.connect()
                for number in range(5):
                    message = message_to(f"{name}{number}@soci.example", CONTENT)
                    assert isinstance(await connection.send(message, lambda: None), Accepted)
                await connection.close()

            await asyncio.gather(*(lane(name) for name in "abcd"))
            return bench.taken()

    assert asyncio.run(ride()) == [CONTENT] * 20


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("anna@soci.example", "0007-anna@soci.example.eml"),
        ("../../etc/passwd@x.test", "0007-.._.._etc_passwd@x.test.eml"),
        ('"a b"@x.test', "0007-_a_b_@x.test.eml"),
        ("pelé@x.test", "0007-pel_@x.test.eml"),
    ],
)
def test_a_file_is_named_by_number_and_address_and_stays_in_its_folder(
    address: str, name: str
) -> None:
    assert eml_name(7, address) == name


def test_two_dry_runs_never_mix(tmp_path: Path) -> None:
    async def ride() -> None:
        connection = await EmlTransport(tmp_path).connect()
        await connection.send(message_to("anna@soci.example"), lambda: None)
        with pytest.raises(UsageError, match="earlier dry run"):
            await EmlTransport(tmp_path).connect()

    asyncio.run(ride())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(NewsletterError, match="cannot write"):
        asyncio.run(EmlTransport(tmp_path / "file" / "in").connect())
