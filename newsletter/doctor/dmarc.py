"""DMARC (RFC 9989, which obsoletes 7489): the policy for a domain, found by walking up the tree."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from newsletter.doctor.ask import Dns, Kind
from newsletter.signed import tags_of

_POLICIES = frozenset({"none", "quarantine", "reject"})
_MOST_STEPS = 8  # RFC 9989, 4.10
_KEPT_LABELS = 7
_URI = re.compile(r"mailto:[^@\s,]+@[^@\s,!]+(?:![0-9]+[kmgt]?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a record says, where it stands, and what is wrong with it."""

    domain: str
    tags: Mapping[str, str]
    fault: str = ""

    def says(self, tag: str, default: str = "") -> str:
        """A tag's value in lower case."""
        return self.tags.get(tag, default).strip().lower()


@dataclass(frozen=True, slots=True)
class Found:
    """The policy that holds for a domain, its organizational domain, or why nothing is known."""

    policy: Policy | None
    organisation: str
    fault: str = ""


def find(dns: Dns, domain: str) -> Found:
    """The policy for mail whose From is of this domain (RFC 9989, 4.10)."""
    walked: list[Policy] = []
    for name in _walk(domain):
        answer = dns.ask(f"_dmarc.{name}", Kind.TXT)
        if answer.fault:
            return Found(None, domain, f"_dmarc.{name}: {answer.fault}")
        records = [text for text in answer.records if _is_dmarc(text)]
        if len(records) > 1:
            words = f"_dmarc.{name} has {len(records)} records: receivers then use none"
            return Found(Policy(name, {}, words), domain)
        if records:
            walked.append(_read(name, records[0]))
            if walked[-1].says("psd") == "n":
                break
            if walked[-1].says("psd") == "y" and name != domain:
                break
    organisation = _organisation(domain, walked)
    own = [policy for policy in walked if policy.domain == domain]
    above = [policy for policy in walked if policy.domain == organisation]
    suffix = [policy for policy in walked if policy.says("psd") == "y"]
    return Found(next(iter([*own, *above, *suffix]), None), organisation)


def organisation_of(dns: Dns, domain: str) -> str:
    """The organizational domain, by which relaxed alignment compares."""
    return find(dns, domain).organisation


def aligned(dns: Dns, one: str, other: str, mode: str) -> bool:
    """Whether two domains are aligned: the same, or relaxed (``r``) of one organization."""
    one, other = one.lower(), other.lower()
    if one == other or mode == "s":
        return one == other
    return organisation_of(dns, one) == organisation_of(dns, other)


def _walk(domain: str) -> Iterator[str]:
    labels = domain.lower().rstrip(".").split(".")
    yield ".".join(labels)
    rest = labels[1:] if len(labels) <= _MOST_STEPS else labels[-_KEPT_LABELS:]
    while rest:
        yield ".".join(rest)
        rest = rest[1:]


def _organisation(domain: str, walked: list[Policy]) -> str:
    for policy in walked:
        if policy.says("psd") == "n":
            return policy.domain
        if policy.says("psd") == "y" and policy.domain != domain:
            labels = domain.split(".")
            return ".".join(labels[-len(policy.domain.split(".")) - 1 :])
    return walked[-1].domain if walked else domain


def _is_dmarc(text: str) -> bool:
    return bool(re.match(r"v\s*=\s*DMARC1\s*(;|$)", text))


def _read(name: str, text: str) -> Policy:
    tags = tags_of(text)
    if tags is None:
        return Policy(name, {}, f"_dmarc.{name} is not a list of tag=value")
    return Policy(name, tags, _fault(name, {tag: value.strip() for tag, value in tags.items()}))


def _fault(name: str, tags: Mapping[str, str]) -> str:
    where = f"_dmarc.{name}"
    if "p" not in tags:
        return f"{where} has no p="
    for tag in ("p", "sp", "np"):
        if tag in tags and tags[tag].lower() not in _POLICIES:
            return f"{where} says {tag}={tags[tag]}: use none, quarantine or reject"
    for tag in ("adkim", "aspf"):
        if tags.get(tag, "r").lower() not in {"r", "s"}:
            return f"{where} says {tag}={tags[tag]}: use r or s"
    for tag in ("rua", "ruf"):
        for uri in tags[tag].split(",") if tag in tags else ():
            if not _URI.fullmatch(uri.strip()):
                return f"{where}: {tag} is not mailto:address"
    return ""
