"""SPF (RFC 7208): may an address send for a domain? Evaluated as a receiver does."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.doctor.ask import Answer, Dns, Kind, reverse_name

_MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
_MOST_VOID = 2
_MOST_HOSTS = 10
_TERM = re.compile(
    r"(?P<sign>[+?~-]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    r"(?::(?P<value>[^\s/]*(?:/(?!/|\d)[^\s/]*)*))?(?P<size>(?:/\d{1,3})?(?://\d{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(\S*)")
_MACRO = re.compile(r"%(?:\{([slodiphcrtv])(\d*)(r?)([.+,/_=-]*)\}|(.)|$)", re.IGNORECASE)

_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Spf(StrEnum):
    """A receiver's result (RFC 7208, 2.6)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 a result, not a secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


_BY_SIGN = {"": Spf.PASS, "+": Spf.PASS, "-": Spf.FAIL, "~": Spf.SOFTFAIL, "?": Spf.NEUTRAL}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result, why, and how many look-ups it took."""

    result: Spf
    words: str
    lookups: int = 0


class _Ended(Exception):
    """The evaluation ends with an error."""

    def __init__(self, result: Spf, words: str) -> None:
        super().__init__(words)
        self.result, self.words = result, words


def record_of(dns: Dns, domain: str) -> tuple[str, Verdict | None]:
    """A domain's one SPF record, or why there is none to go by."""
    answer = dns.ask(domain, Kind.TXT)
    if answer.fault:
        return "", Verdict(Spf.TEMPERROR, answer.fault)
    found = [text for text in answer.records if text.lower() == "v=spf1" or _begins(text)]
    if not found:
        return "", Verdict(Spf.NONE, f"{domain} has no SPF record")
    if len(found) > 1:
        return "", Verdict(Spf.PERMERROR, f"{domain} has {len(found)} SPF records: one is allowed")
    return found[0], None


def check_host(dns: Dns, ip: str, domain: str, sender: str) -> Verdict:
    """What a receiver says of mail from ``ip`` with this envelope sender."""
    check = _Check(dns, ipaddress.ip_address(ip), sender)
    try:
        result, words = check.evaluate(domain)
    except _Ended as ended:
        return Verdict(ended.result, ended.words, check.lookups)
    return Verdict(result, words, check.lookups)


def _begins(text: str) -> bool:
    return text[:7].lower() == "v=spf1 "


@dataclass
class _Check:
    dns: Dns
    ip: _Ip
    sender: str
    lookups: int = 0
    voids: int = 0
    within: list[str] = field(default_factory=list)

    def evaluate(self, domain: str) -> tuple[Spf, str]:
        """The first mechanism that matches decides (RFC 7208, 4.6.2)."""
        record, fault = record_of(self.dns, domain)
        if fault:
            if fault.result is Spf.NONE and not self.within:
                return fault.result, fault.words
            raise _Ended(Spf.PERMERROR if fault.result is Spf.NONE else fault.result, fault.words)
        terms = record.split()[1:]
        parsed = [self._parsed(term, domain) for term in terms]
        for match in parsed:
            if match and self._matches(match, domain):
                return _BY_SIGN[match["sign"]], f"{match[0]} of {domain}"
        return self._redirected(terms, domain)

    def _redirected(self, terms: list[str], domain: str) -> tuple[Spf, str]:
        targets = [t.partition("=")[2] for t in terms if t.lower().startswith("redirect=")]
        if not targets:
            return Spf.NEUTRAL, f"nothing of {domain} matches, and it ends without all"
        if len(targets) > 1:
            raise _Ended(Spf.PERMERROR, f"{domain} redirects twice")
        self._count(f"redirect={targets[0]}")
        self.within.append(domain)
        return self.evaluate(self._expanded(targets[0], domain))

    def _parsed(self, term: str, domain: str) -> re.Match[str] | None:
        """A mechanism; None for a modifier."""
        match = _TERM.fullmatch(term)
        if match is None:
            if _MODIFIER.fullmatch(term):
                return None
            raise _Ended(Spf.PERMERROR, f"{domain}: {term!r} is no term of SPF")
        name, value = match["name"].lower(), match["value"]
        wants = name in {"include", "exists", "ip4", "ip6"}
        if (wants and not value) or (name == "all" and value):
            raise _Ended(Spf.PERMERROR, f"{domain}: {term!r} is not complete")
        if name in {"ip4", "ip6"}:
            _network(match, domain)
        return match

    def _matches(self, match: re.Match[str], domain: str) -> bool:
        name = match["name"].lower()
        if name == "all":
            return True
        if name in {"ip4", "ip6"}:
            network = _network(match, domain)
            return self.ip.version == network.version and self.ip in network
        self._count(match[0])
        target = self._expanded(match["value"], domain) if match["value"] else domain
        if name == "include":
            return self._included(target)
        if name == "exists":
            return bool(self._ask(target, Kind.A).records)
        if name == "ptr":
            return self._reversed(target)
        hosts = self._mail_hosts(target) if name == "mx" else [target]
        return any(self._is_of(host, match["size"]) for host in hosts)

    def _included(self, domain: str) -> bool:
        if domain in self.within or len(self.within) > _MOST_LOOKUPS:
            raise _Ended(Spf.PERMERROR, f"include:{domain} includes itself")
        self.within.append(domain)
        result, _ = self.evaluate(domain)
        self.within.pop()
        return result is Spf.PASS

    def _mail_hosts(self, domain: str) -> list[str]:
        rows = self._ask(domain, Kind.MX).records
        if len(rows) > _MOST_HOSTS:
            raise _Ended(Spf.PERMERROR, f"mx:{domain} has more than {_MOST_HOSTS} hosts")
        return [row.split()[-1].rstrip(".") for row in rows]

    def _is_of(self, host: str, size: str) -> bool:
        four, _, six = size.removeprefix("/").partition("//") if size else ("", "", "")
        if size.startswith("//"):
            four, six = "", size[2:]
        kind = Kind.A if self.ip.version == 4 else Kind.AAAA  # noqa: PLR2004 IP's versions
        prefix = (four or "32") if kind is Kind.A else (six or "128")
        for row in self._ask(host, kind).records:
            if self.ip in ipaddress.ip_network(f"{row}/{prefix}", strict=False):
                return True
        return False

    def _reversed(self, target: str) -> bool:
        names = self._ask(reverse_name(str(self.ip)), Kind.PTR).records[:_MOST_HOSTS]
        mine = [n for n in names if n.lower() == target or n.lower().endswith(f".{target}")]
        return any(self._is_of(name, "") for name in mine)

    def _ask(self, name: str, kind: Kind) -> Answer:
        answer = self.dns.ask(name, kind)
        if answer.fault:
            raise _Ended(Spf.TEMPERROR, f"{name}: {answer.fault}")
        if not answer.records:
            self.voids += 1
            if self.voids > _MOST_VOID:
                words = f"more than {_MOST_VOID} names do not exist ({name} is the last)"
                raise _Ended(Spf.PERMERROR, words)
        return answer

    def _count(self, term: str) -> None:
        self.lookups += 1
        if self.lookups > _MOST_LOOKUPS:
            words = f"more than {_MOST_LOOKUPS} look-ups ({term} is the 11th)"
            raise _Ended(Spf.PERMERROR, words)

    def _expanded(self, text: str, domain: str) -> str:
        """Macros (RFC 7208, 7), those that a newsletter's own record can hold."""

        def value(match: re.Match[str]) -> str:
            letter, digits, turned, marks, plain = match.groups()
            if letter is None:
                known = {"%": "%", "_": " ", "-": "%20"}
                if plain not in known:
                    raise _Ended(Spf.PERMERROR, f"{domain}: {text!r} holds a broken macro")
                return known[plain]
            parts = re.split("[" + re.escape(marks or ".") + "]", self._macro(letter, domain))
            parts = parts[::-1] if turned else parts
            return ".".join(parts[-int(digits) :] if digits else parts)

        return _MACRO.sub(value, text).rstrip(".").lower()

    def _macro(self, letter: str, domain: str) -> str:
        local, _, host = self.sender.rpartition("@")
        version = "in-addr" if self.ip.version == 4 else "ip6"  # noqa: PLR2004 same
        known = {"s": self.sender, "l": local, "o": host, "d": domain, "v": version, "h": host}
        plain = self.ip.version == 4  # noqa: PLR2004 same
        address = str(self.ip) if plain else ".".join(self.ip.exploded.replace(":", ""))
        return known.get(letter.lower(), address)


def _network(match: re.Match[str], domain: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    text = match["value"] + match["size"]
    kind = ipaddress.IPv4Network if match["name"].lower() == "ip4" else ipaddress.IPv6Network
    try:
        return kind(text, strict=False)
    except ValueError:
        raise _Ended(Spf.PERMERROR, f"{domain}: {match[0]!r} is no network") from None


def permissive(record: str) -> Iterator[str]:
    """The terms of a record that let anybody send."""
    for term in record.split()[1:]:
        if term.lower() in {"all", "+all", "?all", "ip4:0.0.0.0/0", "ip6:::/0"}:
            yield term
