"""How long a campaign takes: at its rate, and under what relays and readers' domains take."""

import datetime as dt
import math
from collections import Counter
from dataclasses import dataclass

from newsletter.app.open import App
from newsletter.app.relays import limits_of, relays_of
from newsletter.dispatch.quota import Quota
from newsletter.recipients import Recipients
from newsletter.sending_times import SendingTimes
from newsletter.values import Rate

_FARTHEST = dt.timedelta(days=400)
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Lane:
    """Messages that leave under the same limits: all of them, a relay's, or a domain's.

    Of each window (minutes, messages) no more leave until it is over.
    """

    messages: int
    rate: Rate
    windows: tuple[tuple[int, int], ...] = ()

    @property
    def seconds(self) -> float:
        """How long they take where nothing is closed."""
        waits = [self.messages / self.rate.per_second]
        for minutes, limit in self.windows:
            full = max(self.messages - 1, 0) // limit
            waits.append(
                60 * minutes * full + (self.messages - limit * full) / self.rate.per_second
            )
        return max(waits)

    def done(self, begins: dt.datetime, times: SendingTimes, share: float = 1.0) -> dt.datetime:
        """When the last of a share of them leaves; ``ValueError`` if that is over a year away."""
        count = math.ceil(self.messages * share - _ROUNDING)
        ends = [times.after(begins, self._lasts(count))]
        ends += [
            self._within(window, limit, count, begins, times) for window, limit in self.windows
        ]
        return max(ends)

    def _lasts(self, count: int) -> dt.timedelta:
        return dt.timedelta(seconds=count / self.rate.per_second)

    def _within(
        self, minutes: int, limit: int, count: int, begins: dt.datetime, times: SendingTimes
    ) -> dt.datetime:
        window, farthest = dt.timedelta(minutes=minutes), begins + _FARTHEST
        while count > limit:
            begins = times.next_open(begins)
            if begins > farthest:
                message = f"not done before {farthest:%Y-%m-%d}"
                raise ValueError(message)
            count -= limit
            begins = max(begins + window, times.after(begins, self._lasts(limit)))
        return times.after(begins, self._lasts(count))


def lanes_of(app: App, recipients: Recipients, rate: Rate) -> tuple[Lane, ...]:
    """Those that a plan's messages go by: each takes what its limits allow, beside the others."""
    limits, relays = limits_of(app), relays_of(app)
    lanes = [Lane(len(recipients), rate, _windows(limits.quota))]
    main, *others = relays
    if not others and not limits.per_domain and not limits.domains:
        return (*lanes, Lane(len(recipients), _slower(rate, main.rate), _windows(main.quota)))
    domains = Counter(key.rpartition("@")[2] for key, *_ in recipients.rows())
    left = Counter(domains)
    for relay in others:
        count = sum(left.pop(name, 0) for name in relay.domains)
        lanes.append(Lane(count, _slower(rate, relay.rate), _windows(relay.quota)))
    lanes.append(Lane(left.total(), _slower(rate, main.rate), _windows(main.quota)))
    for name, count in domains.items():
        limit = limits.domains.get(name, limits.per_domain)
        lanes += [Lane(count, _slower(rate, limit))] if limit else []
    return tuple(lanes)


def _windows(quota: Quota) -> tuple[tuple[int, int], ...]:
    return tuple((minutes, limit) for minutes, limit, _ in quota.windows)


def _slower(rate: Rate, other: Rate | None) -> Rate:
    return min(rate, other or rate, key=lambda each: each.per_second)
