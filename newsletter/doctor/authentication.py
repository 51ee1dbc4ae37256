"""SPF, DKIM and DMARC of a newsletter, and whether they fit together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.doctor import dmarc
from newsletter.doctor.ask import Dns
from newsletter.doctor.dkim import publication_of
from newsletter.doctor.examination import Result, State, bad, good, unknown, warning
from newsletter.doctor.spf import Spf, check_host, permissive, record_of
from newsletter.signing import RSA_BITS, Algorithm

_HARD = frozenset({Spf.FAIL, Spf.PERMERROR})


@dataclass(frozen=True, slots=True)
class OurKey:
    """The public half of a key that signs."""

    domain: str
    selector: str
    algorithm: Algorithm
    public: str
    bits: int


@dataclass(frozen=True, slots=True)
class Mailing:
    """Who the mail is from, and from where it leaves."""

    author: str
    """The domain of From."""
    envelope: str
    """The address of the return path."""
    addresses: tuple[str, ...]
    """From which the relay sends to the world; empty where that is not known."""
    keys: tuple[OurKey, ...] = ()

    @property
    def envelope_domain(self) -> str:
        """The domain that SPF is asked about."""
        return self.envelope.rpartition("@")[2]


def examine(dns: Dns, mailing: Mailing) -> tuple[Result, ...]:
    """Everything that receivers ask the DNS about who this mail is from."""
    spf = tuple(_spf(dns, mailing))
    dkim = tuple(_dkim(dns, mailing))
    return (*spf, *dkim, *_dmarc(dns, mailing, spf, dkim))


def _spf(dns: Dns, mailing: Mailing) -> Iterator[Result]:
    domain = mailing.envelope_domain
    record, fault = record_of(dns, domain)
    if fault and fault.result is Spf.TEMPERROR:
        yield unknown("spf", f"SPF of {domain}: {fault.words}")
        return
    if fault:
        cure = 'publish one: "v=spf1 include:your-relay.example -all"'
        if fault.result is Spf.PERMERROR:
            cure = "put their terms into one record"
        yield bad("spf", fault.words, cure)
        return
    for term in permissive(record):
        yield bad("spf.open", f"{domain} lets anybody send: {term}", "end the record in -all")
    if not mailing.addresses:
        yield from _without_address(dns, mailing)
    for address in mailing.addresses:
        yield _spf_of(dns, mailing, address)


def _without_address(dns: Dns, mailing: Mailing) -> Iterator[Result]:
    """The record alone: whether it can be evaluated at all."""
    domain = mailing.envelope_domain
    found = check_host(dns, "192.0.2.255", domain, mailing.envelope)
    if found.result is Spf.PERMERROR:
        yield bad("spf", f"SPF cannot be evaluated: {found.words}", _mend(found.words))
    elif found.result is Spf.TEMPERROR:
        yield unknown("spf", f"SPF of {domain}: {found.words}")
    else:
        cure = "say from where your relay sends: [doctor] sends_from"
        yield unknown("spf", f"{domain} has an SPF record; the relay's address is not known", cure)


def _spf_of(dns: Dns, mailing: Mailing, address: str) -> Result:
    domain = mailing.envelope_domain
    found = check_host(dns, address, domain, mailing.envelope)
    if found.result is Spf.PASS:
        return good("spf", f"{address} may send for {domain} ({found.words})")
    if found.result is Spf.TEMPERROR:
        return unknown("spf", f"SPF of {domain}: {found.words}")
    if found.result is Spf.PERMERROR:
        return bad("spf", f"SPF cannot be evaluated: {found.words}", _mend(found.words))
    words = f"{address} may not send for {domain}: {found.result} ({found.words})"
    return bad("spf", words, f"add your relay to the SPF record of {domain}")


def _mend(words: str) -> str:
    if "look-ups" in words or "do not exist" in words:
        return "leave out what is not needed; 10 look-ups are allowed, and 2 names that are gone"
    return "mend the record"


def _dkim(dns: Dns, mailing: Mailing) -> Iterator[Result]:
    if not mailing.keys:
        cure = "newsletter keys new; or be sure that your relay signs with your domain"
        yield warning("dkim", "mail is not signed here", cure)
    for key in mailing.keys:
        name = f"{key.selector}._domainkey.{key.domain}"
        found = publication_of(dns, name, key.algorithm, key.public)
        if not found.known:
            yield unknown("dkim", f"{name}: {found.words}")
        elif not found.right:
            cure = f"publish what newsletter keys dns {key.selector} prints"
            yield bad("dkim", f"{name}: {found.words}", cure)
        elif found.testing:
            cure = "take t=y out of the record: receivers treat the mail as unsigned"
            yield warning("dkim", f"{name}: {found.words}", cure)
        elif key.algorithm is Algorithm.RSA and key.bits < RSA_BITS:
            cure = "newsletter keys rotate: 2048 bits are what is expected now"
            yield warning("dkim", f"{key.selector} has {key.bits} bits", cure)
        else:
            yield good("dkim", f"{key.selector} signs with {key.algorithm}, and is published")


def _dmarc(
    dns: Dns, mailing: Mailing, spf: Sequence[Result], dkim: Sequence[Result]
) -> Iterator[Result]:
    found = dmarc.find(dns, mailing.author)
    cure = f'publish at _dmarc.{mailing.author}: "v=DMARC1; p=none; rua=mailto:…"'
    if found.fault:
        yield unknown("dmarc", found.fault)
        return
    policy = found.policy
    if policy is None:
        yield bad("dmarc", f"{mailing.author} has no DMARC record", cure)
        return
    if policy.fault:
        yield bad("dmarc", policy.fault, "mend the record; receivers ignore it as it is")
        return
    tag = "p" if policy.domain == mailing.author else "sp"
    says = policy.says(tag, policy.says("p"))
    if "rua" in policy.tags:
        yield good("dmarc", f"{policy.domain}: {tag}={says}")
    else:
        words = f"{policy.domain}: {tag}={says}, and reports go nowhere (no rua)"
        yield warning("dmarc", words, "add rua=mailto:…, to see who sends in your name")
    yield from _alignment(dns, mailing, policy, spf, dkim)


def _alignment(
    dns: Dns, mailing: Mailing, policy: dmarc.Policy, spf: Sequence[Result], dkim: Sequence[Result]
) -> Iterator[Result]:
    """Whether what passes also names the author's domain: one of the two must."""
    by_spf = dmarc.aligned(dns, mailing.envelope_domain, mailing.author, policy.says("aspf", "r"))
    mode = policy.says("adkim", "r")
    by_dkim = [dmarc.aligned(dns, key.domain, mailing.author, mode) for key in mailing.keys]
    spf_holds = by_spf and _holds(spf, "spf")
    dkim_holds = any(by_dkim) and any(each.state is State.GOOD for each in dkim)  # one will do
    unsure = (_unsure(spf, "spf") and by_spf) or (_unsure(dkim, "dkim") and any(by_dkim))
    if mailing.keys and not any(by_dkim):
        words = f"the signature is of {mailing.keys[0].domain}, From is of {mailing.author}"
        cure = "sign with From's domain: leave [dkim] domain out"
        yield (warning if spf_holds else bad)("dmarc.dkim", words, cure)
    if not by_spf:
        words = f"the return path is of {mailing.envelope_domain}, From is of {mailing.author}"
        cure = "set [sender] bounce_address to an address under From's domain"
        if dkim_holds:
            yield warning("dmarc.spf", f"{words}: only the signature is aligned", cure)
        else:
            yield bad("dmarc.spf", words, cure)
    if spf_holds or dkim_holds:
        which = " and ".join([*(["SPF"] if spf_holds else []), *(["DKIM"] if dkim_holds else [])])
        yield good("dmarc.alignment", f"{which} aligned with {mailing.author}")
    elif unsure:
        yield unknown("dmarc.alignment", "whether DMARC passes is not known")
    else:
        cure = "mend SPF or DKIM above: one of them must pass for From's domain"
        yield bad("dmarc.alignment", f"DMARC fails for {mailing.author}", cure)


def _holds(results: Sequence[Result], name: str) -> bool:
    states = [each.state for each in results if each.id == name]
    return State.GOOD in states and State.BAD not in states


def _unsure(results: Sequence[Result], name: str) -> bool:
    states = [each.state for each in results if each.id == name]
    return State.UNKNOWN in states
