"""When messages may leave: inside the window, if there is one, and outside the quiet hours. Pure.

Each of the two counts on the clocks of its own zone. Holidays close the window only: quiet hours
are quiet every day.
"""

import datetime as dt
from dataclasses import dataclass

from newsletter.hours import Hours

_FARTHEST = dt.timedelta(days=400)


@dataclass(frozen=True, slots=True)
class SendingTimes:
    """A window, quiet hours, or both; without either it is at any time."""

    window: Hours | None = None
    quiet: Hours | None = None

    def __str__(self) -> str:
        """``the window Mon-Fri 08:00-18:00 Europe/Rome and the quiet hours 22:00-07:00 …``."""
        parts = [f"the window {self.window}"] if self.window else []
        parts += [f"the quiet hours {self.quiet}"] if self.quiet else []
        return " and ".join(parts)

    @property
    def is_limited(self) -> bool:
        """Whether there is any moment at which nothing may leave."""
        return self.window is not None or self.quiet is not None

    def are_open(self, at: dt.datetime) -> bool:
        """Whether a message may leave at this instant."""
        return (self.window is None or self.window.are_open(at)) and not self._are_quiet(at)

    def closed_by(self, at: dt.datetime) -> str:
        """What holds messages back at this instant, in words; nothing if they may leave."""
        if self.window and not self.window.are_open(at):
            return f"outside the window {self.window}"
        return f"in the quiet hours {self.quiet}" if self._are_quiet(at) else ""

    def next_open(self, at: dt.datetime) -> dt.datetime:
        """The first instant from ``at`` on at which a message may leave, in UTC.

        ``ValueError`` when there is none for over a year.
        """
        limit, opens = at + _FARTHEST, at.astimezone(dt.UTC)
        while opens < limit:
            opens = self.window.next_open(opens) if self.window else opens
            if self.quiet is None or not self.quiet.are_open(opens):
                return opens
            ends = self.quiet.next_close(opens)
            if ends is None:
                break
            opens = ends
        message = f"{self}: no time is left to send before {limit:%Y-%m-%d}"
        raise ValueError(message)

    def next_close(self, at: dt.datetime) -> dt.datetime | None:
        """The first instant from ``at`` on at which none may leave, in UTC; None if never."""
        ends = [self.window.next_close(at)] if self.window else []
        ends += [self._next_quiet(at)]
        return min((end for end in ends if end is not None), default=None)

    def after(self, at: dt.datetime, open_for: dt.timedelta) -> dt.datetime:
        """When they will have been open for so long since ``at``, in UTC.

        ``ValueError`` where that is over a year away.
        """
        left, limit = open_for, at + _FARTHEST
        while (opens := self.next_open(at)) < limit:
            closes = self.next_close(opens)
            if closes is None or closes - opens >= left:
                return opens + left
            left, at = left - (closes - opens), closes
        message = f"{self}: not done before {limit:%Y-%m-%d}"
        raise ValueError(message)

    def _are_quiet(self, at: dt.datetime) -> bool:
        return self.quiet is not None and self.quiet.are_open(at)

    def _next_quiet(self, at: dt.datetime) -> dt.datetime | None:
        if self.quiet is None:
            return None
        try:
            return self.quiet.next_open(at)
        except ValueError:
            return None
