"""The warm-up: how far each relay is, and which days a campaign will take."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.relays import relays_of
from newsletter.dispatch.limits import Relay
from newsletter.dispatch.quota import Spent, minute_of, oldest_that_counts
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.notes import Place
from newsletter.sending_times import SendingTimes

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
    app: App, ledger: Ledger | None, count: int, begins: dt.datetime, times: SendingTimes
) -> tuple[Day, ...]:
    """The days that so many messages through the main relay will take; none without a warm-up."""
    relay = relays_of(app)[0]
    warmup, now = relay.quota.warmup, app.clock()
    if warmup is None:
        return ()
    spent = _spent(ledger, relay, now) if ledger else Spent({})
    today = warmup.day_of(now) == warmup.day_of(begins)
    tried = spent.today(warmup, minute_of(now)) if today else 0

    def is_open(since: dt.datetime, until: dt.datetime) -> bool:
        try:
            return times.next_open(since) < until
        except ValueError:
            return False

    return tuple(Day(*each) for each in warmup.spread(count, tried, begins, is_open))


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
