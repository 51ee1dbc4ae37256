"""The start of a run: take the campaign, clear up after one that was killed, set out the parts."""

from collections.abc import Mapping, Sequence

from newsletter.campaign import Terms
from newsletter.dispatch.allowance import Canary
from newsletter.dispatch.clock import Clock, RoundClock
from newsletter.dispatch.counted import counted_of
from newsletter.dispatch.desk import Desk
from newsletter.dispatch.journal import Heading, Journal
from newsletter.dispatch.lease import Lease
from newsletter.dispatch.limits import Relay
from newsletter.dispatch.meter import Meter
from newsletter.dispatch.model import RunOptions
from newsletter.dispatch.outgoing import Mint, letters_for
from newsletter.dispatch.quota import minute_of, oldest_that_counts
from newsletter.dispatch.recovery import policy_of, write_recovery
from newsletter.dispatch.roads import Roads
from newsletter.dispatch.run import Run
from newsletter.dispatch.stock import Stock
from newsletter.dispatch.threshold import Shares, Thresholds
from newsletter.errors import LedgerError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.lock import this_process
from newsletter.ledger.model import Campaign, Turn
from newsletter.ledger.notes import Place, StoredPace

Tried = Mapping[Place, Mapping[int, int]]


class Opening:
    """Takes the campaign, clears up after a run that was killed, and sets out the parts."""

    def __init__(
        self,
        ledger: Ledger,
        campaign: Campaign,
        desk: Desk,
        clock: Clock,
        options: RunOptions,
    ) -> None:
        self._ledger = ledger
        self._campaign = campaign
        self._desk = desk
        self._clock = clock
        self._options = options
        self._policy = policy_of(campaign, options.retry)

    async def open(self, relays: Sequence[Relay], mint: Mint) -> tuple[Turn, Run]:
        """Everything is ready and nothing was sent yet."""
        campaign, ledger, options = self._campaign, self._ledger, self._options
        variants = await self._desk.call(ledger.variants, campaign.id)
        counted = await self._desk.call(counted_of, ledger, campaign, options.identity.keys)
        lease = Lease(options.share.timeout) if options.share else None
        turn = await self._desk.call(self._take)
        recovered = await self._desk.call(
            write_recovery, ledger, turn, self._policy, self._clock.now()
        )
        counts = await self._desk.call(ledger.counts, turn)
        stock, clock = Stock(options.largest_group, options.group_seconds), RoundClock(self._clock)
        roads = Roads(relays, campaign, stock, clock, options)
        roads.remember(*await self._desk.call(self._memories, turn))
        run = Run(
            letters=letters_for(campaign, variants, mint, options.identity, counted),
            roads=roads,
            shares=Shares(_thresholds(campaign.terms)),
            stock=stock,
            journal=self._new_journal(turn),
            meter=Meter(counts),
            policy=self._policy,
            clock=clock,
            options=options,
            recovered=recovered,
            lease=lease,
        )
        return turn, run

    def _take(self) -> Turn:
        """All of the campaign, or a part of it."""
        number, now, share = self._campaign.id, self._clock.now(), self._options.share
        if share is None:
            return self._ledger.begin_run(number, now)
        workers = self._ledger.workers()
        return workers.take(number, share.part, now, worker=share.worker, timeout=share.timeout)

    def _memories(self, turn: Turn) -> tuple[Sequence[StoredPace], Tried, Canary | None]:
        """What earlier runs left: paces, what counts against quotas, how far the canary is."""
        ledger, campaign = self._ledger, self._campaign
        since = oldest_that_counts(minute_of(self._clock.now()))
        count = campaign.terms.canary
        first = 0 < count < campaign.recipients and campaign.canary_at is None
        first = first and (turn.part is None or turn.part.number == 1)
        canary = Canary(count, ledger.recipients_tried(campaign.id)) if first else None
        return ledger.paces(), ledger.tried(since), canary

    def _new_journal(self, turn: Turn) -> Journal:
        """Only now, when the old one was replayed, does it go."""
        part = turn.part.number if turn.part else None
        path = self._ledger.journal_path(turn.campaign, part)
        heading = Heading(self._ledger.identity, turn.campaign, turn.run, this_process().boot)
        try:
            return Journal.create(path, heading)
        except OSError as error:
            message = f"the journal {path} cannot be written: {error.strerror or error}"
            raise LedgerError(message, cure="make room, or give the right to write") from error


def _thresholds(terms: Terms) -> Thresholds:
    return Thresholds(terms.pause_refused, terms.pause_deferred, terms.pause_after)
