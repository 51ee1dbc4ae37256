"""One run in memory: what its lanes, its clerk and its ticker share."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from newsletter.delivery import (
    FRESH,
    Accepted,
    Outcome,
    Reply,
    RetryPolicy,
    advance,
    suppresses,
)
from newsletter.dispatch.clock import RoundClock
from newsletter.dispatch.hearsay import Word, alike, lately, unpacked
from newsletter.dispatch.journal import Journal
from newsletter.dispatch.lease import Lease
from newsletter.dispatch.meter import Meter
from newsletter.dispatch.model import Halt, RunOptions
from newsletter.dispatch.outgoing import Letters
from newsletter.dispatch.road import Road
from newsletter.dispatch.roads import Roads
from newsletter.dispatch.rounds import Rounds
from newsletter.dispatch.stock import Stock
from newsletter.dispatch.threshold import Shares
from newsletter.dispatch.watch import Watch
from newsletter.errors import LedgerError
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.model import Acceptance, CampaignState, ClaimedRow, Settlement

_new_tuple = tuple.__new__
"""A named tuple is made by it in a third of the time."""


@dataclass
class Run:
    """The parts of a run, and the two things that happen to them: an outcome, and the end."""

    letters: Letters
    roads: Roads
    shares: Shares
    stock: Stock
    journal: Journal
    meter: Meter
    policy: RetryPolicy
    clock: RoundClock
    options: RunOptions
    recovered: int = 0
    """Rows that an interrupted run before had left."""
    lease: Lease | None = None
    """For how long a part is ours; the whole of a campaign is, while we hold its lock."""
    watch: Watch = field(default_factory=Watch)
    taken: int = 0
    """Messages that were accepted when the other workers were last told."""
    halted: Halt | None = None
    halting: asyncio.Event = field(default_factory=asyncio.Event)
    rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        """What is written at the end of each round."""
        self.rounds = Rounds(self.journal, self.cannot_write)

    def halt(self, halt: Halt) -> None:
        """Begin no further message; the first reason counts, but an error outweighs it."""
        if self.halted is None or (halt.error and not self.halted.error):
            self.halted = halt
        self.halting.set()
        self.stock.call()

    @property
    def lapsed(self) -> bool:
        """Whether another worker may have the part: it reads of a dot, or none is written here."""
        return self.lease is not None and not self.lease.holds

    def settle(self, row: ClaimedRow, outcome: Outcome, road: Road) -> None:
        """Have an outcome kept, first by the journal, and see what it means for the run.

        The journal writes it at the end of this round of the event loop.
        """
        self.rounds.note()
        if row.delivery is FRESH and isinstance(outcome, Accepted):
            self._accept(row, outcome.reply, road)
        else:
            self._advance(row, outcome, self.clock.now())
            self._heed(row, outcome, road)

    def flush(self) -> None:
        """What was settled since the journal was last written is in it."""
        try:
            self.journal.flush()
        except OSError as error:
            self.cannot_write(error)

    def _accept(self, row: ClaimedRow, reply: Reply, road: Road) -> None:
        """The commonest life needs no state machine; a test holds that it says the same."""
        words = row.seq, self.clock.micros(), reply.code, reply.text
        told = _new_tuple(Acceptance, words)
        self.journal.accepted(told)
        self.stock.finish(told)
        road.accepted(row)
        meter = self.meter
        meter.at_once += 1
        meter.last_reply = reply
        self.shares.tries += 1
        self.watch.alike = 0

    def _advance(self, row: ClaimedRow, outcome: Outcome, now: dt.datetime) -> None:
        after = advance(row.delivery, outcome, self.policy, now, self.options.jitter())
        dead = suppresses(outcome) and self.options.suppress
        result = Settlement(row.seq, now, outcome, after, dead_address=dead)
        self.journal.outcome((row.seq, after.attempts), now, outcome)
        self.stock.finish(result)
        self.meter.settled(row, result)

    def told(self) -> str:
        """What the other workers are to hear of this one."""
        tries, refused, deferred = self.shares.lately
        taken, watch = self.shares.tries - self.shares.failed, self.watch
        took, self.taken = taken > self.taken, taken
        at = to_microseconds(self.clock.now())
        grievances = self.roads.grievances.fresh(at)
        word = Word(at, tries, refused, deferred, watch.kind, watch.alike, took, grievances)
        return word.packed()

    def hear(self, said: Sequence[str]) -> None:
        """What the others said."""
        words, now = tuple(unpacked(said)), to_microseconds(self.clock.now())
        self.shares.others = lately(words, self.shares.lately[0])
        self.watch.others = lambda kind: alike(words, kind, now)
        self.roads.overhear([each for word in words for each in word.grievances], now)

    def cannot_write(self, error: OSError) -> None:
        """The journal takes no more: what is accepted now could not be remembered."""
        message = f"the journal {self.journal.path} cannot be written: {error.strerror or error}"
        cure = "make room on the disk, then resume"
        self.halt(Halt(CampaignState.STOPPED, message, LedgerError(message, cure=cure)))

    def _heed(self, row: ClaimedRow, outcome: Outcome, road: Road) -> None:
        paced = road.heed(row, outcome)
        if why := self.shares.see(outcome, paced=paced):
            self.halt(Halt(CampaignState.PAUSED, why))
        if halt := self.watch.see(outcome, road.called):
            self.halt(halt)
