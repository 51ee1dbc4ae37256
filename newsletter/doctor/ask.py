"""Questions to the DNS, and answers as values: nothing that a server does raises."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename

from newsletter.errors import UsageError

_SECONDS = 5.0  # for one server
_LIFETIME = 12.0  # for one question


class Kind(StrEnum):
    """The records that are asked for."""

    TXT = "TXT"
    MX = "MX"
    A = "A"
    AAAA = "AAAA"
    PTR = "PTR"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one name and kind.

    ``records`` are texts: of TXT the strings put together, of MX ``10 mail.example``, of others
    an address or a name without the last dot. ``exists`` is False where there is no such name;
    ``fault`` says why nothing is known (no answer, SERVFAIL), and is empty otherwise.
    """

    records: tuple[str, ...] = ()
    exists: bool = True
    fault: str = ""


class Dns(Protocol):
    """Whom to ask."""

    def ask(self, name: str, kind: Kind) -> Answer:
        """One question; a text that is no name has no records."""
        ...


class SystemDns:
    """The resolvers of this machine, or one that is named: ``192.0.2.1`` or ``192.0.2.1:5353``.

    Each question is asked once; its answer is remembered.
    """

    def __init__(self, server: str = "") -> None:
        self._resolver = _resolver(server)
        self._known: dict[tuple[str, Kind], Answer] = {}

    def ask(self, name: str, kind: Kind) -> Answer:
        """As ``Dns`` says."""
        key = (name.rstrip(".").lower(), kind)
        if key not in self._known:
            self._known[key] = self._ask(name, kind)
        return self._known[key]

    def _ask(self, name: str, kind: Kind) -> Answer:
        try:
            asked = dns.name.from_text(name)
            found = self._resolver.resolve(asked, kind.value, search=False)
        except dns.resolver.NXDOMAIN:
            return Answer(exists=False)
        except dns.resolver.NoAnswer:
            return Answer()
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, UnicodeError):
            return Answer(exists=False)
        except dns.exception.DNSException as error:
            return Answer(fault=_why(error))
        return Answer(tuple(_text(each) for each in found))


class NoDns:
    """Nobody is asked: for ``--offline``."""

    def ask(self, name: str, kind: Kind) -> Answer:
        """Nothing is known."""
        del name, kind
        return Answer(fault="not asked: --offline")


def reverse_name(address: str) -> str:
    """The name under which an address's PTR stands; ``ValueError`` when it is no address."""
    try:
        return dns.reversename.from_address(address).to_text(omit_final_dot=True)
    except dns.exception.DNSException as error:
        message = f"{address!r} is not an address"
        raise ValueError(message) from error


def _resolver(server: str) -> dns.resolver.Resolver:
    try:
        resolver = dns.resolver.Resolver(configure=not server)
    except dns.resolver.NoResolverConfiguration as error:
        message = "this machine names no DNS server"
        raise UsageError(message, cure='say one: [doctor] resolver = "192.0.2.1"') from error
    if server:
        host, _, port = server.partition(":")
        resolver.nameservers = [host]
        resolver.port = int(port or 53)
    resolver.timeout, resolver.lifetime = _SECONDS, _LIFETIME
    resolver.retry_servfail = False
    return resolver


def _text(record: object) -> str:
    strings: Sequence[bytes] | None = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("utf-8", "replace")
    return str(record).rstrip(".")


def _why(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.exception.Timeout):
        return "no answer in time"
    said = str(error)
    return next((word for word in ("SERVFAIL", "REFUSED") if word in said), "no usable answer")
