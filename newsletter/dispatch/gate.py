"""The way to the relay: while it is away, all lanes wait together, longer each time."""

import asyncio
from collections.abc import Callable

from newsletter.dispatch.clock import Clock
from newsletter.dispatch.model import Halt, RunOptions
from newsletter.errors import RelayError, RelayUnavailable
from newsletter.ledger.model import CampaignState
from newsletter.transport.base import Stream, Transport
from newsletter.transport.single import stream_over

_MINUTE = 60


class Gate:
    """Opens connections one by one, and knows since when the relay has been away."""

    def __init__(self, transport: Transport, clock: Clock, options: RunOptions) -> None:
        self._transport = transport
        self._clock = clock
        self._options = options
        self._one_by_one = asyncio.Lock()
        self._backoff = 0.0
        self._not_before = clock.monotonic()
        self.away_since: float | None = None
        """Whoever hears an answer may say that it is not away: None."""
        self.others_work: Callable[[], bool] = lambda: False
        """Whether the run has other relays that go on: then it does not end for this one."""
        self.open = 0
        self.note = ""

    async def rest(self) -> None:
        """Wait as long as the last failure asks; hold no row meanwhile, others may send it."""
        while (wait := self._not_before - self._clock.monotonic()) > 0:
            await self._clock.sleep(wait)

    async def connect(self) -> Stream | Halt | None:
        """A connection; None when it is worth another try after ``rest``; else why it is not."""
        async with self._one_by_one:
            if self._clock.monotonic() < self._not_before:
                return None
            try:
                connection = await self._transport.connect()
            except RelayUnavailable as error:
                return self._failed(error)
            except RelayError as error:
                return Halt(CampaignState.STOPPED, error.message, error)
            self._succeeded()
            return stream_over(connection)

    def closed(self) -> None:
        """A connection is gone."""
        self.open -= 1

    def _succeeded(self) -> None:
        self.open += 1
        self._backoff = 0.0
        self.away_since = None
        self.note = ""

    def _failed(self, error: RelayUnavailable) -> Halt | None:
        now = self._clock.monotonic()
        since = self.away_since = self.away_since if self.away_since is not None else now
        out_of_patience = now - since >= self._options.patience.total_seconds()
        if out_of_patience and not self.others_work():
            why = f"the relay has been away for {_length(now - since)}: {error.message}"
            return Halt(CampaignState.WAITING, why, error)
        longer = max(self._options.first_backoff, self._backoff * 2)
        self._backoff = min(longer, self._options.last_backoff)
        self._not_before = now + self._backoff
        self.note = f"{error.message}; trying again in {_length(self._backoff)}"
        return None


def _length(seconds: float) -> str:
    return f"{seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"
