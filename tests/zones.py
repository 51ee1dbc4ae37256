"""A DNS server on loopback, UDP and TCP, that answers from a zone written in a test."""

import asyncio
import threading
from collections.abc import Iterable, Mapping
from typing import Self, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Iterable[str] | str]
"""For a name and a type its records; ``!servfail``, ``!silent`` and ``!refused`` are faults."""

_LARGEST_UDP = 1232
_FAULTS = {"!servfail": dns.rcode.SERVFAIL, "!refused": dns.rcode.REFUSED}


class ZoneServer:
    """Answers as an authority and as a resolver would; counts what it was asked."""

    def __init__(self, zone: Zone) -> None:
        self.zone = dict(zone)
        self.asked: list[tuple[str, str]] = []
        self.port = 0
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        assert self._loop
        assert self._end
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def _live(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        transport, _ = await self._loop.create_datagram_endpoint(
            lambda: _Udp(self), ("127.0.0.1", self.port)
        )
        self._ready.set()
        await self._end.wait()
        transport.close()
        server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = self.answer(await reader.readexactly(length))
            if answer:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, octets: bytes, largest: int = 65_535) -> bytes | None:
        """The answer to one question; None for a server that is silent."""
        question = dns.message.from_wire(octets)
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        response = dns.message.make_response(question, recursion_available=True)
        found = self.zone.get((name, kind))
        if found == "!silent":
            return None
        if isinstance(found, str):
            response.set_rcode(_FAULTS[found])
        elif found is not None:
            rows = [str(each) for each in found]
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, *rows))
        elif alias := self.zone.get((name, "CNAME")):
            self._follow(response, asked.name, next(iter(alias)), kind)
        elif not any(each == name or each.endswith(f".{name}") for each, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        wire = response.to_wire(max_size=65_535)
        if len(wire) > largest:
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        return wire

    def _follow(
        self, response: dns.message.Message, name: dns.name.Name, target: str, kind: str
    ) -> None:
        response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target))
        rows = self.zone.get((target.rstrip("."), kind))
        if rows and not isinstance(rows, str):
            response.answer.append(dns.rrset.from_text(target, 60, "IN", kind, *rows))


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: ZoneServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport
        answer = self._server.answer(data, _LARGEST_UDP)
        if answer:
            self._transport.sendto(answer, addr)


def txt(text: str) -> list[str]:
    """A TXT record as a zone file writes it: strings of at most 255 octets."""
    chunks = [text[at : at + 255] for at in range(0, len(text), 255)] or [""]
    quoted = ['"' + chunk.replace("\\", "\\\\").replace('"', '\\"') + '"' for chunk in chunks]
    return [" ".join(quoted)]
