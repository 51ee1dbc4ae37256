"""A ledger that is a copy: refused where mail would leave, and taken over by the officer's word."""

from dataclasses import dataclass

from newsletter.app.memory import has_ledger, open_ledger
from newsletter.app.open import App
from newsletter.app.steering import Ask
from newsletter.delivery import DeliveryState
from newsletter.dispatch.recovery import clear_up
from newsletter.errors import ApprovalMissing
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId

_COMMAND = "newsletter ledger take-over"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of a copy: whether it was one, and who is in doubt in it now."""

    ledger: str
    was_copy: bool
    judged: int = 0
    """Recipients who were in the original's hands when it was copied."""
    in_doubt: tuple[CampaignId, ...] = ()
    """The campaigns in which somebody is in doubt now."""

    @property
    def next_command(self) -> str:
        """Settle the doubts first, if there are any."""
        if self.in_doubt:
            return f"newsletter reconcile {self.in_doubt[-1]}"
        return "newsletter status" if self.was_copy else ""


def take_over(app: App, ask: Ask | None, *, agreed: bool) -> TakenOver:
    """Make a copy the true ledger, once that was agreed to: whoever was claimed is in doubt.

    Otherwise ``ask`` wants the words "take over" typed; it is None where nobody can type.
    """
    with open_ledger(app, create=False) as ledger:
        found = ledger.copied
        if found is None:
            return TakenOver(ledger.name, was_copy=False)
        if not agreed:
            _ask(found.message, ask)
        return _take(app, ledger)


def settle_in(app: App, *, take_over: bool) -> None:
    """Before anything is recorded or sent: ``LedgerCopied`` from a copy, unless taken over now."""
    if not has_ledger(app):
        return
    with open_ledger(app) as ledger:
        found = ledger.copied
        if found and not take_over:
            raise found
        if found:
            _take(app, ledger)


def _take(app: App, ledger: Ledger) -> TakenOver:
    now = app.clock()
    ledger.take_over(now)
    judged, doubtful = 0, []
    for campaign in ledger.campaigns():
        if ledger.progress(campaign.id).interrupted_at is not None:
            judged += clear_up(ledger, campaign.id, now)
        if ledger.progress(campaign.id).count(DeliveryState.IN_DOUBT):
            doubtful.append(campaign.id)
    return TakenOver(ledger.name, was_copy=True, judged=judged, in_doubt=tuple(doubtful))


def _ask(why: str, ask: Ask | None) -> None:
    nothing = "nothing was changed"
    if ask is None:
        raise ApprovalMissing(
            f"nobody agreed: {why}", cure=nothing, next_command=f"{_COMMAND} --yes"
        )
    typed = ask(f"{why}\nType take over if that one will never send again: ")
    if typed.strip() != "take over":
        raise ApprovalMissing("not taken over", cure=nothing, next_command=_COMMAND)
