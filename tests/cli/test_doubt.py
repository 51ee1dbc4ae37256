"""What is in doubt is held, listed and settled by the officer's word, and never by itself."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA
from tests.cli.relay import parsed

pytestmark = pytest.mark.slow  # real messages over real SMTP


@pytest.fixture
def doubted() -> list[str]:
    """The Message-ID of the message that is in doubt, once there is one."""
    return []


@pytest.fixture
def dropping(doubted: list[str]) -> Iterator[int]:
    """A relay that hangs up after the final dot of Anna's first message; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(peer: socket.socket) -> None:
        with peer, peer.makefile("rwb", buffering=0) as wire, suppress(OSError):
            wire.write(b"220 relay.example\r\n")
            reader = b""
            while line := wire.readline():
                word = line[:4].upper()
                if word == b"RCPT":
                    reader = line
                wire.write(b"354 go on\r\n" if word == b"DATA" else b"250 fine\r\n")
                if word == b"DATA":
                    text = b"".join(iter(wire.readline, b".\r\n"))
                    if not doubted and ANNA.encode() in reader:
                        doubted.append(str(parsed(text)["Message-ID"]))
                        return
                    wire.write(b"250 taken\r\n")

    def listen() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=talk, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_who_is_in_doubt_is_held_listed_and_settled_by_word(
    newsroom: Newsroom, dropping: int, doubted: list[str]
) -> None:
    newsroom.edit("newsletter.toml", f"port = {newsroom.relay.port}", f"port = {dropping}")
    sent = newsroom.run("send", ISSUE, "--yes", follow=False)
    assert sent.code == 6
    assert "next: newsletter reconcile 1" in sent.said
    listed = newsroom.run("reconcile", follow=False)
    assert listed.code == 6
    assert ANNA in listed.said
    assert f"      Message-ID {doubted[0]}\n" in listed.said
    told = newsroom.run("reconcile", "--format", "json", follow=False).object
    assert [doubt["message_id"] for doubt in told["doubts"]] == doubted
    settled = newsroom.run("reconcile", "--recipient", ANNA, "--not-accepted", follow=False)
    assert settled.code == 0
    assert "next: newsletter resume 1" in settled.said
    assert newsroom.run("resume", follow=False).code == 0
    assert newsroom.run("ledger", "verify", follow=False).code == 0


def test_a_word_on_somebody_who_is_not_in_doubt_changes_nothing(newsroom: Newsroom) -> None:
    newsroom.run("send", ISSUE, "--yes", follow=False)
    refused = newsroom.run("reconcile", "--recipient", ANNA, "--accepted", follow=False)
    assert refused.code == 2
    assert f"{ANNA} is not in doubt in campaign 1" in refused.said
