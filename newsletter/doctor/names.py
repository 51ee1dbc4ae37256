"""The domains that mail is from: where answers go (MX), and what a relay's address is called."""

import ipaddress
import re
from collections.abc import Iterator

from newsletter.doctor.ask import Dns, Kind, reverse_name
from newsletter.doctor.examination import Result, bad, good, unknown, warning

_GENERIC = re.compile(r"(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})|dynamic|dhcp|pool|dialup")


def examine_mx(dns: Dns, domain: str, what: str) -> Result:
    """Whether a domain takes mail; ``what`` says which one it is."""
    name = f"mx.{what}"
    answer = dns.ask(domain, Kind.MX)
    if answer.fault:
        return unknown(name, f"{domain}: {answer.fault}")
    hosts = [row.split()[-1].rstrip(".") for row in answer.records]
    if not hosts:
        if dns.ask(domain, Kind.A).records or dns.ask(domain, Kind.AAAA).records:
            return warning(name, f"{domain} has no MX, only an address", "publish an MX record")
        return bad(name, f"{domain} takes no mail: it has no MX", "publish an MX record")
    if hosts == [""]:
        words = f"{domain} says that it takes no mail (MX 0 .)"
        return bad(name, words, "publish the MX of a server that takes it")
    lost = [host for host in hosts if fault_of_host(dns, host)]
    if len(lost) == len(hosts):
        words = f"MX of {domain}: {lost[0]} {fault_of_host(dns, lost[0])}"
        return bad(name, words, "let the MX name a host that has an address")
    if lost:
        words = f"MX of {domain}: {lost[0]} {fault_of_host(dns, lost[0])}"
        return warning(name, words, "take it out, or give it an address")
    return good(name, f"{domain} takes mail at {hosts[0]}")


def fault_of_host(dns: Dns, host: str) -> str:
    """Why an MX's host is none; empty where it has an address, or nothing is known."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        found = [dns.ask(host, kind) for kind in (Kind.A, Kind.AAAA)]
        if any(each.records or each.fault for each in found):
            return ""
        return "has no address"
    return "is an address, not a name"


def addresses_of(dns: Dns, host: str) -> tuple[str, ...]:
    """The addresses of a host, or itself if it is one."""
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        return (*dns.ask(host, Kind.A).records, *dns.ask(host, Kind.AAAA).records)


def examine_ptr(dns: Dns, address: str) -> Iterator[Result]:
    """Whether an address has a name that leads back to it (RFC 8501; Gmail and Yahoo ask it)."""
    answer = dns.ask(reverse_name(address), Kind.PTR)
    cure = "have whoever gives you the address set its PTR to the relay's name"
    if answer.fault:
        yield unknown("ptr", f"{address}: {answer.fault}")
    elif not answer.records:
        yield bad("ptr", f"{address} has no name (PTR)", cure)
    else:
        name = answer.records[0]
        kind = Kind.AAAA if ":" in address else Kind.A
        back = {str(ipaddress.ip_address(each)) for each in dns.ask(name, kind).records}
        if address not in back:
            yield bad("ptr", f"{address} is called {name}, which does not lead back to it", cure)
        elif _GENERIC.search(name):
            yield warning("ptr", f"{address} is called {name}, like a household's line", cure)
        else:
            yield good("ptr", f"{address} is {name}, and back")
