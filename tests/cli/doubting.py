"""A relay that leaves deliveries in doubt, for tests of how they are settled."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.cli.newsroom import ISSUE, Newsroom, Ran
from tests.cli.relay import parsed


@dataclass
class DroppingRelay:
    """Hangs up after the final dot of some readers' first messages, and takes all others."""

    victims: set[str]
    port: int = 0
    doubted: dict[str, str] = field(default_factory=dict)
    """Reader to Message-ID of the message that is in doubt."""
    taken: list[str] = field(default_factory=list)
    """Message-IDs that were answered 250, in order."""
    later: set[str] = field(default_factory=set)
    """Readers whose next message is put off after its final dot."""

    def talk(self, peer: socket.socket) -> None:
        """One connection."""
        with peer, peer.makefile("rwb", buffering=0) as wire, suppress(OSError):
            wire.write(b"220 relay.example\r\n")
            reader = ""
            while line := wire.readline():
                word = line[:4].upper()
                if word == b"RCPT":
                    reader = line.decode().partition("<")[2].partition(">")[0]
                wire.write(b"354 go on\r\n" if word == b"DATA" else b"250 fine\r\n")
                if word == b"DATA":
                    text = b"".join(iter(wire.readline, b".\r\n"))
                    message_id = str(parsed(text)["Message-ID"])
                    if reader in self.later:
                        self.later.remove(reader)
                        wire.write(b"451 4.7.1 later\r\n")
                        continue
                    if reader in self.victims - set(self.doubted):
                        self.doubted[reader] = message_id
                        return
                    self.taken.append(message_id)
                    wire.write(b"250 taken\r\n")


@contextmanager
def dropping(*victims: str) -> Iterator[DroppingRelay]:
    """The relay on a free port of loopback."""
    relay = DroppingRelay(set(victims))
    listener = socket.create_server(("127.0.0.1", 0))
    relay.port = listener.getsockname()[1]

    def listen() -> None:
        with suppress(OSError):
            while True:
                peer = listener.accept()[0]
                threading.Thread(target=relay.talk, args=(peer,), daemon=True).start()

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    try:
        yield relay
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which a close would not
        listening.join()
        listener.close()


def send_to(room: Newsroom, relay: DroppingRelay, *words: str) -> Ran:
    """Send the issue through the relay that drops."""
    room.edit("newsletter.toml", f"port = {room.relay.port}", f"port = {relay.port}")
    return room.run("send", ISSUE, "--yes", *words, follow=False)
