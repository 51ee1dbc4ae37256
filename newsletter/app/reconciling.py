"""Reconciling: the officer's word on deliveries in doubt, one by one or all at once."""

from dataclasses import dataclass

from newsletter.app.memory import open_ledger
from newsletter.app.open import App
from newsletter.app.readers import parse_reader
from newsletter.app.status import next_step
from newsletter.app.steering import find_campaign
from newsletter.delivery import DeliveryState
from newsletter.dispatch.outgoing import message_ids
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, DeliveryRow, Progress
from newsletter.values import Address


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery in doubt, and what to search the relay's log for."""

    row: DeliveryRow
    message_id: str


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How a campaign's doubts stand after the officer's word, if she gave one."""

    progress: Progress
    doubts: tuple[Doubt, ...]
    """Those still in doubt."""
    settled: int
    accepted: bool | None
    next_command: str


def reconcile(
    app: App, which: str | None, recipient: str | None, *, accepted: bool | None
) -> Reconciled:
    """Settle one delivery in doubt, or all of a campaign; without a word, only list them.

    What was not accepted waits again, and is sent by the next `resume`. Raises ``UsageError``
    when the reader is not in doubt.
    """
    address = parse_reader(recipient) if recipient else None
    with open_ledger(app, create=False) as ledger:
        number = find_campaign(ledger, which, tuple(CampaignState)).id
        settled = 0
        if accepted is not None:
            for row in _in_doubt(ledger, number, address):
                ledger.settle_doubt(number, row.seq, app.clock(), accepted=accepted)
                settled += 1
        progress = ledger.progress(number)
        named = message_ids(progress.campaign)
        rows = ledger.deliveries(number, (DeliveryState.IN_DOUBT,))
        left = tuple(Doubt(row, named(row.seq)) for row in rows)
        return Reconciled(progress, left, settled, accepted, next_step(progress))


def _in_doubt(ledger: Ledger, number: CampaignId, address: Address | None) -> list[DeliveryRow]:
    rows = list(ledger.deliveries(number, (DeliveryState.IN_DOUBT,), address))
    if address and not rows:
        raise UsageError(
            f"{address} is not in doubt in campaign {number}",
            cure="nothing was changed",
            next_command=f"newsletter status {number} --in-doubt",
        )
    return rows
