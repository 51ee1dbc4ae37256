"""All relays of a newsletter, and the limits under which a campaign is sent."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from newsletter.app.open import STAGING, App
from newsletter.app.relay import smtp_options, uses_staging_inbox
from newsletter.dispatch.limits import Limits, Relay
from newsletter.dispatch.quota import Quota
from newsletter.settings.options import NamedRelayOptions, RelayOptions
from newsletter.transport.options import SmtpOptions
from newsletter.transport.smtp import SmtpTransport
from newsletter.warmup import Warmup


def relays_of(app: App) -> tuple[Relay, ...]:
    """The main relay first, then those of some domains; only the staging inbox where it is used."""
    main = app.settings.main_relay
    others = [
        _relay(smtp_options(app, relay), relay, frozenset(relay.domains), warmup_of(app, relay))
        for relay in _others(app)
    ]
    return _told_apart(
        [_relay(smtp_options(app), main, frozenset(), warmup_of(app, main)), *others]
    )


def _told_apart(relays: Iterable[Relay]) -> tuple[Relay, ...]:
    """Two tables of the settings for one account are two relays: each has a pace of its own."""
    found: dict[str, Relay] = {}
    for each in relays:
        names = (each.name, *(f"{each.name} ({n})" for n in range(2, len(found) + 2)))
        name = next(one for one in names if one not in found)
        found[name] = replace(each, name=name)
    return tuple(found.values())


def warmup_of(app: App, relay: RelayOptions) -> Warmup | None:
    """The first days of a relay; the staging inbox needs none."""
    options, settings = relay.warmup, app.settings
    if options is None and relay is settings.main_relay:
        options = settings.warmup
    if options is None or uses_staging_inbox(app):
        return None
    return Warmup(options.start, options.curve, settings.schedule.zone)


def every_smtp_options(app: App) -> list[SmtpOptions]:
    """How each relay that a campaign may use is entered."""
    return [smtp_options(app), *(smtp_options(app, relay) for relay in _others(app))]


def limits_of(app: App) -> Limits:
    """What holds over all relays; on staging every reader is at one domain, and none is slow."""
    if app.profile == STAGING:
        return Limits()
    limits = app.settings.limits
    quota = Quota(limits.hour or 0, limits.day or 0)
    return Limits(limits.per_domain, dict(limits.domains), quota)


def limits_in_words(app: App) -> str:
    """Every limit besides the rate, for the plan; nothing where there is none."""
    limits = app.settings.limits
    parts = [f"≤ {limits.per_domain} a domain"] if limits.per_domain else []
    parts += [f"{domain} ≤ {rate}" for domain, rate in limits.domains.items()]
    parts += _quota_in_words("", limits.hour, limits.day)
    for relay in (app.settings.main_relay, *_others(app)):
        parts += [f"{relay.host} ≤ {relay.rate}"] if relay.rate else []
        parts += _quota_in_words(f"{relay.host} ", relay.hour, relay.day)
    parts += [f"{', '.join(relay.domains)} by {relay.host}" for relay in _others(app)]
    return ", ".join(parts)


def _quota_in_words(whose: str, hour: int | None, day: int | None) -> list[str]:
    parts = [f"{whose}≤ {hour} an hour"] if hour else []
    return parts + ([f"{whose}≤ {day} a day"] if day else [])


def _others(app: App) -> Iterator[NamedRelayOptions]:
    """The relays that have domains of their own."""
    settings = app.settings
    if uses_staging_inbox(app):
        return
    for name, relay in settings.relays.items():
        if relay.domains and name != settings.default_relay:
            yield relay


def _relay(
    options: SmtpOptions, relay: RelayOptions, domains: frozenset[str], warmup: Warmup | None
) -> Relay:
    """Two accounts at one host have a pace and a quota each."""
    whose = f"{options.username}@" if options.username else ""
    return Relay(
        name=f"{whose}{options.place}",
        transport=SmtpTransport(options),
        domains=domains,
        rate=relay.rate,
        connections=relay.connections,
        quota=Quota(relay.hour or 0, relay.day or 0, warmup),
    )
