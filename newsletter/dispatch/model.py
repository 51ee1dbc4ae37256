"""The words of a run: how it is to be done, how it goes, how it ended."""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

from newsletter.delivery import DeliveryState, Reply, RetryPolicy
from newsletter.dispatch.identity import NOBODY, Identity
from newsletter.dispatch.limits import Limits
from newsletter.errors import NewsletterError
from newsletter.ledger.model import CampaignId, CampaignState, Progress
from newsletter.ledger.notes import NO_TIME, Until
from newsletter.sending_times import SendingTimes


@dataclass(frozen=True, slots=True)
class Share:
    """What a worker is to do of a campaign that several share."""

    part: int
    worker: str
    """A name of its own among all workers."""
    timeout: float
    """Seconds of silence after which the others think a worker gone."""
    only_judge: bool = False
    """Whether it is to say only what became of those in the hands of whoever had it before."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no further message is begun."""

    state: CampaignState
    why: str
    error: Exception | None = None
    """A ``RelayError`` goes into the result; any other is raised once all is cleared up."""
    by_signal: bool = False
    until: Until = NO_TIME


def stopped_by_you() -> Halt:
    """Somebody at the terminal said stop: the campaign waits for a word."""
    return Halt(CampaignState.PAUSED, "stopped by you", by_signal=True)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run behaves; the terms frozen with the campaign (rate, connections) are not here."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """Overruled by the campaign's terms in what they say of doubt and of retries."""
    wait_for_retries: dt.timedelta = dt.timedelta(minutes=2)
    """A run stays for retries that come due so soon; else it ends, the campaign waiting."""
    patience: dt.timedelta = dt.timedelta(minutes=15)
    """How long a relay that does not answer is waited for before the run ends."""
    largest_group: int = 2000
    """Rows claimed at a time, at most; a group is about 50 ms of traffic."""
    ledger_patience: float = 300.0
    """Seconds for which a database that is busy or restarts is waited for, outcomes in hand."""
    first_backoff: float = 5.0
    last_backoff: float = 300.0
    """Seconds between attempts to connect: doubled from the first to the last."""
    closing: float = 30.0
    """Seconds that open dialogues have to finish once the run is to stop."""
    idle_limit: float = 20.0
    """Seconds that a connection may wait for its turn; beyond, it is closed first."""
    progress_every: float = 0.25
    share: Share | None = None
    """The part that a worker is to do; None for the whole campaign."""
    group_seconds: float = 0.05
    """So much traffic is a group; where several share a database, larger ones spare it."""
    suppress: bool = True
    """Whether an address that does not exist is suppressed; not for a staging inbox's."""
    jitter: Callable[[], float] = random.random
    limits: Limits = field(default_factory=Limits)
    """What holds over all relays, besides the rate of the campaign's terms."""
    times: SendingTimes = field(default_factory=SendingTimes)
    """When messages may be sent; by default at any time."""
    identity: Identity = NOBODY
    """Who vouches for the messages."""
    when_stopped: Callable[[], Halt] = stopped_by_you
    """How the campaign stands once the run was told to stop: RUNNING leaves it to the others."""
    executor: Executor | None = None
    """Where the ledger is called; by default one thread of the run's own."""


@dataclass(frozen=True, slots=True)
class SlowPlace:
    """A domain (or, without one, a relay) that is given less than it could be, and why."""

    relay: str
    domain: str
    waiting: int
    """Recipients who wait for a turn."""
    per_second: float
    """Messages a second that it gets now."""
    words: str
    """What it said; nothing where only its limit holds it back."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a run goes, for people to watch. The counts add up to the recipients."""

    campaign: CampaignId
    recipients: int
    counts: Mapping[DeliveryState, int]
    """Rows in a lane's hands count as what they were, queued or deferred."""
    started_at: dt.datetime
    now: dt.datetime
    per_second: float
    """Attempts a second over the last ten seconds or so."""
    rate: float
    """Attempts a second that the terms allow, less while the relay throttles."""
    last_reply: Reply | None
    next_retry_at: dt.datetime | None
    connections: int
    note: str
    """What holds it up, in a sentence, or nothing."""
    stopping: bool
    deferrals: int = 0
    """How often a try in this run was put off."""
    slow: tuple[SlowPlace, ...] = ()
    """Relays and domains that are slow, the most waiting first."""
    part: int | None = None
    """Where the run is for a part of the campaign, its number; the counts are the part's."""

    def count(self, *states: DeliveryState) -> int:
        """Recipients in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def left(self) -> int:
        """Recipients still to be tried, retries included."""
        return self.count(DeliveryState.QUEUED, DeliveryState.DEFERRED)

    @property
    def eta(self) -> dt.datetime | None:
        """When the queue will be done at this speed; None while nothing moves."""
        queued = self.count(DeliveryState.QUEUED)
        speed = min(self.per_second or self.rate, self.rate)
        return self.now + dt.timedelta(seconds=queued / speed) if speed > 0 else None


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended: the campaign's state after it, the reason, the counts."""

    campaign: CampaignId
    state: CampaignState
    why: str
    error: NewsletterError | None
    """The relay's refusal, with its cure, where that is why."""
    progress: Progress
    stopped_by_signal: bool
    recovered: int
    """Rows that an interrupted run before had left and that were put back or settled."""
