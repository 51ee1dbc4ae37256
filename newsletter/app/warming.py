"""The warm-up: how far each relay is, and which days a campaign will take."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.relays import relays_of
from newsletter.dispatch.limits import Relay
from newsletter.dispatch.quota import Spent, minute_of, oldest_that_counts
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.notes import Place
from newsletter.recipients import Recipients
from newsletter.sending_times import SendingTimes
from newsletter.warmup import Warmup

_SHOWN = 7


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar and its messages; None is no limit."""

    date: dt.date
    messages: int | None


@dataclass(frozen=True, slots=True)
class RelayWarmth:
    """One relay: today of its curve, and the days to come."""

    relay: str
    day: int
    """From 1; below that it has not begun."""
    days: int
    today: Day
    tried: int
    coming: tuple[Day, ...]


def warmth(app: App) -> tuple[RelayWarmth, ...]:
    """How far each relay with a warm-up is."""
    relays = [relay for relay in relays_of(app) if relay.quota.warmup]
    if not has_ledger(app):
        return tuple(_warmth(relay, Spent({}), app.clock()) for relay in relays)
    with open_ledger(app) as ledger:
        now = app.clock()
        return tuple(_warmth(relay, _spent(ledger, relay, now), now) for relay in relays)


def days_of(
    app: App,
    ledger: Ledger | None,
    recipients: Recipients,
    begins: dt.datetime,
    times: SendingTimes,
) -> tuple[Day, ...]:
    """The days that a campaign will take; none where no relay that it uses is warmed up."""
    relays = relays_of(app)
    if not any(relay.quota.warmup for relay in relays):
        return ()
    used = [(relay, count) for relay, count in _by_relay(relays, recipients) if count]
    if not any(relay.quota.warmup for relay, _ in used):
        return ()
    days: Counter[dt.date] = Counter()
    for relay, count in used:
        days.update(dict(_spread(app, ledger, relay, count, begins, times)))
    return tuple(Day(date, days[date]) for date in sorted(days))


def _by_relay(relays: Sequence[Relay], recipients: Recipients) -> Iterator[tuple[Relay, int]]:
    """How many recipients each relay has: the main one whoever no other one names."""
    main, *others = relays
    if not others:
        yield main, len(recipients)
        return
    domains = Counter(key.rpartition("@")[2] for key, *_ in recipients.rows())
    counts = [sum(domains[name] for name in relay.domains) for relay in others]
    yield main, len(recipients) - sum(counts)
    yield from zip(others, counts, strict=True)


def _spread(
    app: App,
    ledger: Ledger | None,
    relay: Relay,
    count: int,
    begins: dt.datetime,
    times: SendingTimes,
) -> Iterator[tuple[dt.date, int]]:
    now, zone = app.clock(), app.settings.schedule.zone
    warmup = relay.quota.warmup or Warmup(dt.date.min, (), zone)  # over before it began
    spent = _spent(ledger, relay, now) if ledger else Spent({})
    today = warmup.day_of(now) == warmup.day_of(begins)
    tried = spent.today(warmup, minute_of(now)) if today else 0

    def is_open(since: dt.datetime, until: dt.datetime) -> bool:
        try:
            return times.next_open(since) < until
        except ValueError:
            return False

    return warmup.spread(count, tried, begins, is_open)


def _warmth(relay: Relay, spent: Spent, now: dt.datetime) -> RelayWarmth:
    warmup = relay.quota.warmup
    if warmup is None:
        message = f"{relay.name} has no warm-up"
        raise ValueError(message)
    today = warmup.day_of(now)

    def coming() -> Iterator[Day]:
        for ahead in range(1, _SHOWN + 1):
            day = today + dt.timedelta(days=ahead)
            yield Day(day, warmup.most(day))
            if warmup.most(day) is None:
                return

    return RelayWarmth(
        relay.name,
        (today - warmup.start).days + 1,
        len(warmup.curve),
        Day(today, warmup.most(today)),
        spent.today(warmup, minute_of(now)),
        tuple(coming()),
    )


def _spent(ledger: Ledger, relay: Relay, now: dt.datetime) -> Spent:
    tried = ledger.tried(oldest_that_counts(minute_of(now)))
    return Spent(tried.get(Place(relay.name), {}))
