"""A small IMAP server on loopback, over TLS: one folder, one account (RFC 3501)."""

import re
import shlex
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Stored:
    """A mail in the folder."""

    raw: bytes
    flags: set[str] = field(default_factory=set)


class ImapServer:
    """Serves one folder; ``mails`` are by number, from 1."""

    def __init__(self, context: ssl.SSLContext | None, password: str = "segreto") -> None:
        self.mails: dict[int, Stored] = {}
        self.validity = 7
        self.password = password
        self.commands: list[str] = []
        self.fetched: list[int] = []
        self._context = context
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, *mails: bytes) -> None:
        """Deliver mails."""
        for raw in mails:
            self.mails[max(self.mails, default=0) + 1] = Stored(raw)

    def seen(self) -> list[int]:
        """The numbers of mails that are marked as seen."""
        return sorted(uid for uid, mail in self.mails.items() if r"\Seen" in mail.flags)

    def _handler(self) -> type[socketserver.BaseRequestHandler]:
        served = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                context = served._context
                with suppress(OSError):  # a client that does not like the certificate
                    talk = self.request
                    if context:
                        talk = context.wrap_socket(talk, server_side=True)
                    with talk, talk.makefile("rwb") as stream:
                        served._serve(stream.readline, stream.write, stream.flush)

        return Handler

    def _serve(
        self,
        read: Callable[[], bytes],
        write: Callable[[bytes], object],
        flush: Callable[[], None],
    ) -> None:
        write(b"* OK ready\r\n")
        flush()
        while line := read().decode("ascii", "replace").strip():
            tag, _, command = line.partition(" ")
            self.commands.append(command)
            answer = self._answer(command)
            write(answer.replace(b"TAG ", tag.encode() + b" "))
            flush()
            if command.upper() == "LOGOUT":
                return

    def _answer(self, command: str) -> bytes:
        words = shlex.split(command.replace("\\", "\\\\"))
        match [word.upper() for word in words[:2]]:
            case ["UID", "SEARCH"] if "HEADER" in words:
                return self._search_header(words[-1])
            case ["UID", "SEARCH"]:
                return self._search(command)
            case ["UID", "FETCH"]:
                return self._fetch(words[2])
            case ["UID", "STORE"]:
                for uid in map(int, words[2].split(",")):
                    self.mails[uid].flags.add(r"\Seen")
                return b"TAG OK done\r\n"
            case ["LOGIN", *_] if words[2] != self.password:
                return b"TAG NO [AUTHENTICATIONFAILED] no\r\n"
            case [verb, *_]:
                return self._simple(verb)
        return b"TAG BAD what?\r\n"

    def _simple(self, verb: str) -> bytes:
        said = {
            "CAPABILITY": "* CAPABILITY IMAP4rev1\r\n",
            "SELECT": f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}]\r\n",
            "STATUS": f'* STATUS "INBOX" (UIDVALIDITY {self.validity})\r\n',
            "LOGOUT": "* BYE\r\n",
            "LOGIN": "",
            "NOOP": "",
        }
        return f"{said[verb]}TAG OK done\r\n".encode() if verb in said else b"TAG BAD what?\r\n"

    def _search(self, command: str) -> bytes:
        begin = int((re.search(r"UID (\d+):\*", command) or [0, 1])[1])
        found = [uid for uid in self.mails if uid >= begin] or [max(self.mails, default=0)]
        numbers = " ".join(str(uid) for uid in found if uid)  # n:* is never empty (RFC 3501, 9)
        return f"* SEARCH {numbers}\r\nTAG OK done\r\n".encode()

    def _search_header(self, wanted: str) -> bytes:
        """RFC 3501, 6.4.4: HEADER, for a Message-ID."""
        found = [uid for uid, mail in self.mails.items() if wanted.encode() in mail.raw]
        return f"* SEARCH {' '.join(map(str, found))}\r\nTAG OK done\r\n".encode()

    def _fetch(self, numbers: str) -> bytes:
        answer = b""
        for uid in map(int, numbers.split(",")):
            raw = self.mails[uid].raw
            self.fetched.append(uid)
            answer += f"* {uid} FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}\r\n".encode()
            answer += raw + b")\r\n"
        return answer + b"TAG OK done\r\n"
