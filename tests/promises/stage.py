"""A campaign on a real ledger, sent to a relay on loopback by the clock of the impatient."""

import asyncio
import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace

from newsletter.campaign import Plan
from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import RunOptions, RunResult
from newsletter.dispatch.runner import run_campaign
from newsletter.edition.model import Variant
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.message import CompiledMessage
from newsletter.transport.base import Transport
from newsletter.values import Language, SectionId
from tests.doubles import START, QuickClock, mint
from tests.ledger.plans import make_plan, make_terms
from tests.promises.relay import FaultyRelay

TIMES_FASTER = 1_000.0
"""The runner's clock: a retry after a minute comes after 60 ms."""


NOT_YET = CampaignId(0)
LARGE_VARIANT = Variant(Language("it"), (SectionId("china"), SectionId("annexes")))


def plan_of(readers: int, *, on_doubt: str = "hold", connections: int = 1, octets: int = 0) -> Plan:
    """A plan whose last variant, in which nobody stands yet, has so many octets more."""
    plan = make_plan(readers, terms=make_terms("100000/s", connections, on_doubt))
    if not octets:
        return plan
    (variant,) = plan.variants
    *head, tail = variant.compiled.segments
    filler = b"\r\n" + (b"x" * 70 + b"\r\n") * (octets // 72)
    compiled = CompiledMessage((*head, tail + filler), variant.compiled.slots)
    large = replace(variant, compiled=compiled, variant=LARGE_VARIANT, readers=0)
    return replace(plan, variants=(variant, large))


def moved_to_large(plan: Plan, number: int) -> Plan:
    """The same, with one recipient in the last variant."""
    recipients = list(plan.recipients)
    recipients[number] = replace(recipients[number], variant=len(plan.variants) - 1)
    return replace(plan, recipients=tuple(recipients))


@dataclass
class Stage:
    """A ledger, a relay and the way between them."""

    ledger: Ledger
    relay: FaultyRelay
    transport: Transport
    clock: QuickClock = field(init=False)
    options: RunOptions = field(default_factory=lambda: RunOptions(progress_every=30.0))
    number: CampaignId = NOT_YET

    def __post_init__(self) -> None:
        """A day after the one before, whose paces bind this one no more."""
        day = START + dt.timedelta(days=len(self.ledger.campaigns()))
        self.clock = QuickClock(TIMES_FASTER, day)

    def record(self, plan: Plan) -> None:
        """The campaign, ready to go."""
        self.number = self.ledger.record(plan, due=None, now=self.clock.now())

    async def run(self) -> RunResult:
        """One turn at it."""
        return await run_campaign(
            self.ledger,
            self.number,
            self.transport,
            mint=mint,
            clock=self.clock,
            options=self.options,
            stop=asyncio.Event(),
        )

    async def resume(self) -> RunResult:
        """The officer says go on, a good while later."""
        self.clock = QuickClock(TIMES_FASTER, self.clock.now() + dt.timedelta(hours=1))
        self.ledger.resume(self.number, self.clock.now())
        return await self.run()

    def who(self, *states: DeliveryState) -> set[str]:
        """The recipients in these states."""
        return {row.address for row in self.ledger.deliveries(self.number, states)}

    def adds_up(self, *, on_doubt: str = "hold") -> None:
        """The ledger's counts are the relay's, nobody is lost, nobody has it twice unasked."""
        assert self.ledger.verify(self.number) == ()
        progress = self.ledger.progress(self.number)
        assert sum(progress.counts.values()) == progress.campaign.recipients
        times = Counter(self.relay.taken)
        accepted, held = self.who(DeliveryState.ACCEPTED), self.who(DeliveryState.IN_DOUBT)
        rows = self.ledger.deliveries(self.number)
        doubted = {row.address for row in rows if row.delivery.doubted}
        resent = doubted if on_doubt == "resend" else set()
        assert accepted <= set(times), "accepted, but the relay never had it"
        assert set(times) <= accepted | held | resent, "the relay has it, and nobody knows"
        twice = {address for address, count in times.items() if count > 1}
        assert twice <= resent, "sent twice though nobody chose it"
        assert max(times.values(), default=0) <= 2
        for address in twice:
            sent = zip(self.relay.taken, self.relay.ids, strict=True)
            assert len({sent_id for who, sent_id in sent if who == address}) == 1
