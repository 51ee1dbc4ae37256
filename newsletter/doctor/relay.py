"""The relay: whether it lets us in, under which certificate, and what it offers."""

import datetime as dt
from collections.abc import Iterator

from newsletter.doctor.examination import Result, bad, good, unknown, warning
from newsletter.errors import RelayError, RelayUnavailable
from newsletter.transport.options import RelayFacts, SmtpOptions
from newsletter.transport.smtp import probe

_SOON = dt.timedelta(days=14)
_OFFERS = {
    "pipelining": "each message takes two round trips more",
    "size": "a message that is too large is refused only after it was sent",
}


async def examine_relay(options: SmtpOptions, now: dt.datetime) -> tuple[Result, ...]:
    """Go in as a campaign would, and out again; nothing is sent."""
    try:
        facts = await probe(options)
    except RelayUnavailable as error:
        return (unknown("relay", error.message, error.cure),)
    except RelayError as error:
        return (bad("relay", error.message, error.cure),)
    return (good("relay", _entered(facts)), *_tls(facts, options, now), *_offers(facts))


def _entered(facts: RelayFacts) -> str:
    login = ", logged in" if facts.logged_in else ", without a login"
    limit = f", messages up to {facts.size_limit} octets" if facts.size_limit else ""
    return f"{facts.place} lets us in{login}{limit}"


def _tls(facts: RelayFacts, options: SmtpOptions, now: dt.datetime) -> Iterator[Result]:
    if not facts.tls:
        if options.on_loopback:
            yield good("relay.tls", "no TLS, and none is needed: it is on this machine")
        else:
            yield bad("relay.tls", "mail goes to the relay in clear text", 'security = "starttls"')
        return
    if facts.tls in {"TLSv1", "TLSv1.1"}:
        yield warning("relay.tls", f"only {facts.tls}", "have the relay offer TLS 1.2 or 1.3")
    until = facts.certificate_until
    if until is None:
        yield good("relay.tls", facts.tls)
    elif until - now < _SOON:
        words = f"the certificate ends on {until:%Y-%m-%d}"
        yield warning("relay.tls", words, "have it renewed before then, or sending stops")
    else:
        yield good("relay.tls", f"{facts.tls}, certificate valid until {until:%Y-%m-%d}")


def _offers(facts: RelayFacts) -> Iterator[Result]:
    missing = [name for name in _OFFERS if name not in facts.extensions]
    for name in missing:
        yield warning("relay.offers", f"no {name.upper()}", f"nothing to mend: {_OFFERS[name]}")
    if not missing:
        more = ", CHUNKING" if facts.chunking else ""
        yield good("relay.offers", f"PIPELINING, SIZE{more}")
