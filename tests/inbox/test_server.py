"""The staging inbox as an SMTP server."""

import asyncio
import smtplib
import socket
import threading
from pathlib import Path

import pytest

from newsletter.delivery import Accepted
from newsletter.errors import NewsletterError
from newsletter.inbox.maildir import Envelope, file_message, message_files, split_envelope
from newsletter.inbox.server import InboxThread, StagingInbox
from newsletter.transport.smtp import SmtpTransport, probe
from tests.inbox.samples import sample
from tests.transport.relays import PATIENT, message_to, options_for
from tests.waiting import PATIENCE


def filed(folder: Path) -> list[tuple[Envelope, bytes]]:
    """What was filed, in the order of arrival."""
    return [split_envelope(path.read_bytes()) for path in reversed(message_files(folder))]


def test_a_message_is_filed_with_its_envelope_and_its_very_octets(tmp_path: Path) -> None:
    content = sample()

    async def ride() -> int:
        async with StagingInbox(tmp_path, port=0) as inbox:
            connection = await SmtpTransport(options_for(inbox.port, **PATIENT)).connect()
            for number in range(3):
                message = message_to(f"reader{number}@soci.example", content)
                assert isinstance(await connection.send(message, lambda: None), Accepted)
            await connection.close()
            return inbox.received

    assert asyncio.run(ride()) == 3
    assert filed(tmp_path) == [
        (Envelope("news@alisei.test", (f"reader{n}@soci.example",)), content) for n in range(3)
    ]


def test_the_envelope_stands_above_the_message_for_other_mail_programs(tmp_path: Path) -> None:
    file_message(tmp_path_prepared(tmp_path), Envelope("a@b.test", ("c@d.test",)), b"X: y\r\n\r\n")

    assert message_files(tmp_path)[0].read_bytes() == (
        b"Return-Path: <a@b.test>\r\nDelivered-To: c@d.test\r\n"
        b"X-Envelope-From: <a@b.test>\r\nX-Envelope-To: c@d.test\r\nX: y\r\n\r\n"
    )


def tmp_path_prepared(folder: Path) -> Path:
    """The folder, with a Maildir's parts."""
    for part in ("tmp", "new", "cur"):
        (folder / part).mkdir()
    return folder


def test_a_dot_at_the_start_of_a_line_arrives_as_written(tmp_path: Path) -> None:
    async def ride() -> None:
        async with StagingInbox(tmp_path, port=0) as inbox:
            connection = await SmtpTransport(options_for(inbox.port, **PATIENT)).connect()
            await connection.send(message_to("a@b.test", b".\r\n..x\r\n"), lambda: None)
            await connection.close()

    asyncio.run(ride())
    assert filed(tmp_path)[0][1] == b".\r\n..x\r\n"


def test_it_offers_size_8bitmime_and_smtputf8(tmp_path: Path) -> None:
    async def ride() -> None:
        async with StagingInbox(tmp_path, port=0) as inbox:
            facts = await probe(options_for(inbox.port, **PATIENT))
            assert facts.size_limit == 25 * 1024 * 1024
            assert facts.eight_bit
            assert facts.smtputf8

    asyncio.run(ride())


def test_it_lives_in_a_thread_for_code_without_a_loop(tmp_path: Path) -> None:
    with InboxThread(StagingInbox(tmp_path, port=0)) as inbox:
        with smtplib.SMTP("127.0.0.1", inbox.port, local_hostname="x.test") as client:
            client.sendmail("a@b.test", ["c@d.test", "e@f.test"], b"Subject: x\r\n\r\ny\r\n")
        assert inbox.received == 1

    assert filed(tmp_path)[0][0] == Envelope("a@b.test", ("c@d.test", "e@f.test"))
    assert "staging inbox" not in {thread.name for thread in threading.enumerate()}


def test_a_port_in_use_is_named_with_a_cure(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(NewsletterError, match=f"port {port} on 127.0.0.1 is in use") as caught:
            InboxThread(StagingInbox(tmp_path, port=port)).start()

    assert "staging.port" in caught.value.cure


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(NewsletterError, match="cannot make the staging inbox"):
        asyncio.run(StagingInbox(tmp_path / "file", port=0).start())


def test_when_the_disk_does_not_take_a_message_it_is_deferred_not_lost(tmp_path: Path) -> None:
    async def ride() -> str:
        async with StagingInbox(tmp_path / "box", port=0) as inbox:
            (tmp_path / "box" / "tmp").rmdir()
            connection = await SmtpTransport(options_for(inbox.port, **PATIENT)).connect()
            outcome = await connection.send(message_to("a@b.test"), lambda: None)
            await connection.close()
            return str(outcome)

    assert "452" in asyncio.run(ride())


def test_stopping_ends_open_dialogues_and_a_second_start_takes_the_same_port(
    tmp_path: Path,
) -> None:
    async def ride() -> None:
        inbox = StagingInbox(tmp_path, port=0)
        await inbox.start()
        connection = await SmtpTransport(options_for(inbox.port, **PATIENT)).connect()
        await inbox.stop()
        async with asyncio.timeout(PATIENCE):
            while connection.usable:  # noqa: ASYNC110 - nothing else tells
                await asyncio.sleep(0.01)
        await connection.close()
        await inbox.start()
        await inbox.stop()

    asyncio.run(ride())


def test_a_message_over_the_limit_is_refused_and_not_filed(tmp_path: Path) -> None:
    huge = b"Subject: x\r\n\r\n" + (b"y" * 998 + b"\r\n") * 27_000

    with (
        InboxThread(StagingInbox(tmp_path, port=0)) as inbox,
        smtplib.SMTP("127.0.0.1", inbox.port, local_hostname="x.test") as client,
    ):
        client.ehlo()
        code, _ = client.docmd(f"MAIL FROM:<a@b.test> SIZE={len(huge)}")

    assert code == 552
    assert not message_files(tmp_path)


@pytest.mark.parametrize(
    ("written", "content"),
    [
        (b".\r\n", b""),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"x\r\n..\r\n...y\r\n.\r\n", b"x\r\n.\r\n..y\r\n"),
        (b"x" * 5_000 + b"\r\n.\r\n", b"x" * 5_000 + b"\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
    ],
)
@pytest.mark.parametrize("piece", [1, 3, 100_000])
def test_however_a_body_is_cut_up_it_arrives_whole(
    tmp_path: Path, written: bytes, content: bytes, piece: int
) -> None:
    after = b"MAIL FROM:<second@b.test>\r\nQUIT\r\n"  # at once, without waiting for the answer

    async def ride() -> bytes:
        async with StagingInbox(tmp_path, port=0) as inbox:
            reader, writer = await asyncio.open_connection("127.0.0.1", inbox.port)
            writer.write(b"EHLO x.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
            await reader.readuntil(b"354 ")
            octets = written + after
            step = max(piece, len(octets) // 50)
            for start in range(0, len(octets), step):
                writer.write(octets[start : start + step])
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
            return said

    said = asyncio.run(ride())

    assert [found for _, found in filed(tmp_path)] == [content]
    assert [line[:3] for line in said.split(b"\r\n")[1:-1]] == [b"250", b"250", b"221"]


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (b"DATA\r\n", b"503"),
        (b"EHLO x.test\r\nDATA\r\n", b"503"),
        (b"EHLO x.test\r\nMAIL FROM:<a@b.test>\r\nDATA\r\n", b"503"),
        (b"EHLO x.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA x\r\n", b"501"),
    ],
)
def test_data_out_of_place_is_refused(tmp_path: Path, commands: bytes, code: bytes) -> None:
    async def ride() -> bytes:
        async with StagingInbox(tmp_path, port=0) as inbox:
            reader, writer = await asyncio.open_connection("127.0.0.1", inbox.port)
            writer.write(commands + b"QUIT\r\n")
            said = await reader.read()
            writer.close()
            await writer.wait_closed()
            return said

    assert asyncio.run(ride()).split(b"\r\n")[-3].startswith(code)


@pytest.mark.slow
def test_a_body_that_grows_over_the_limit_is_refused_after_its_dot(tmp_path: Path) -> None:
    with (
        InboxThread(StagingInbox(tmp_path, port=0)) as inbox,
        smtplib.SMTP("127.0.0.1", inbox.port, local_hostname="x.test") as client,
    ):
        client.ehlo()
        client.mail("a@b.test")
        client.rcpt("c@d.test")
        code, _ = client.data((b"y" * 998 + b"\r\n") * 27_000)
        assert client.noop()[0] == 250

    assert code == 552
    assert not message_files(tmp_path)


def test_a_dialogue_that_ends_in_its_body_files_nothing(tmp_path: Path) -> None:
    async def ride() -> None:
        async with StagingInbox(tmp_path, port=0) as inbox:
            reader, writer = await asyncio.open_connection("127.0.0.1", inbox.port)
            writer.write(b"EHLO x.test\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
            await reader.readuntil(b"354 ")
            writer.write(b"Subject: half\r\n")
            writer.close()
            await writer.wait_closed()
            await asyncio.sleep(0.05)

    asyncio.run(ride())
    assert not message_files(tmp_path)
