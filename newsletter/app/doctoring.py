"""`doctor`: is the ground firm? Each examination in turn, and the providers' rules by them."""

import asyncio
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.app.key_ring import signing_keys
from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.relay import uses_staging_inbox
from newsletter.app.relays import every_smtp_options
from newsletter.app.tokens import token_keys
from newsletter.doctor.ask import Dns, NoDns, SystemDns
from newsletter.doctor.authentication import Mailing, OurKey, examine
from newsletter.doctor.examination import Result, State, bad, good, unknown, warning
from newsletter.doctor.machine import examine_clock, examine_disk, examine_sync
from newsletter.doctor.names import addresses_of, examine_mx, examine_ptr
from newsletter.doctor.oneclick import examine_one_click, not_asked
from newsletter.doctor.providers import Line, rules_kept
from newsletter.doctor.relay import examine_relay
from newsletter.errors import NewsletterError
from newsletter.transport.options import SmtpOptions
from newsletter.unsubscribe import Purpose, mint


@dataclass(frozen=True, slots=True)
class Examined:
    """Everything that was looked at, and what the large providers make of it."""

    domain: str
    results: tuple[Result, ...]
    rules: tuple[Line, ...]

    def count(self, state: State) -> int:
        """How many results are in this state."""
        return sum(each.state is state for each in self.results)

    @property
    def is_bad(self) -> bool:
        """Whether mail would be refused, or cannot leave."""
        return self.count(State.BAD) > 0


def examine_ground(app: App, *, offline: bool = False) -> Examined:
    """Relay, DNS, one-click address, machine and ledger; nothing is sent, nothing is changed.

    ``offline`` looks at this machine alone. ``SigningError`` for a key that is not fit.
    """
    dns: Dns = NoDns() if offline else SystemDns(app.settings.doctor.resolver)
    clicks, date = ((not_asked(),), "") if offline else examine_one_click(_dummy_url(app))
    results = (
        *_relays(app, offline=offline),
        *examine(dns, mailing_of(app, dns)),
        *_names(app, dns),
        *clicks,
        examine_clock(app.clock(), date),
        examine_disk(app.state_folder),
        examine_sync(app.state_folder),
        _ledger(app),
    )
    return Examined(_author(app), results, rules_kept(results))


def mailing_of(app: App, dns: Dns) -> Mailing:
    """Who this newsletter's mail is from, and from where it leaves as far as is known."""
    sender = app.settings.sender
    return Mailing(
        _author(app), sender.bounce_address or sender.address, _addresses(app, dns), _keys(app)
    )


def _author(app: App) -> str:
    return app.settings.sender.address.rpartition("@")[2]


def _keys(app: App) -> tuple[OurKey, ...]:
    return tuple(
        OurKey(
            key.domain,
            key.selector,
            key.algorithm,
            key.public,
            key.bits,
        )
        for key in signing_keys(app)
    )


def _addresses(app: App, dns: Dns) -> tuple[str, ...]:
    """From where the relay sends: as the settings say, else its own public address."""
    said = app.settings.doctor.sends_from
    if said:
        return said
    if uses_staging_inbox(app):
        return ()
    hosts = [options.host for options in every_smtp_options(app)]
    found = [address for host in hosts for address in addresses_of(dns, host)]
    return tuple(each for each in dict.fromkeys(found) if not _is_here(each))


def _is_here(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _relays(app: App, *, offline: bool) -> Iterator[Result]:
    if uses_staging_inbox(app):
        yield warning("relay", "no relay is named: mail goes to the staging inbox", "[relay] host")
        return
    if offline:
        yield unknown("relay", "not asked: --offline")
        return
    for options in every_smtp_options(app):
        yield from _relay(app, options)


def _relay(app: App, options: SmtpOptions) -> tuple[Result, ...]:
    return asyncio.run(examine_relay(options, app.clock()))


def _names(app: App, dns: Dns) -> Iterator[Result]:
    sender = app.settings.sender
    yield examine_mx(dns, _author(app), "author")
    others = {"answers": sender.reply_to, "bounces": sender.bounce_address}
    for what, address in others.items():
        if address and address.rpartition("@")[2] != _author(app):
            yield examine_mx(dns, address.rpartition("@")[2], what)
    for address in _addresses(app, dns):
        yield from examine_ptr(dns, address)


def _dummy_url(app: App) -> str:
    """A genuine link that names nobody."""
    token = mint(token_keys(app), 0, 0, Purpose.UNSUBSCRIBE)
    return f"{app.settings.site.url.rstrip('/')}/u/{token}"


def _ledger(app: App) -> Result:
    try:
        if not has_ledger(app):
            return good("ledger", "there is none yet; the first campaign makes it")
        with open_ledger(app) as ledger:
            wrong = ledger.verify()
    except NewsletterError as error:
        return bad("ledger", error.message, error.cure)
    if wrong:
        return bad("ledger", f"{len(wrong)} things do not add up", "newsletter ledger verify")
    return good("ledger", "every count adds up")
