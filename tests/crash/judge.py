"""The promise, as one function: what the relay took beside what the ledger says."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from newsletter.delivery import DeliveryState
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, DeliveryRow
from tests.crash.stand import Seen

_ENDED = {DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT}


@dataclass(frozen=True)
class Verdict:
    """Who was lost, repeated or doubted; the promises are properties of it."""

    lost: set[str]
    """Accepted, says the ledger, but the relay never took it; or in no final state."""
    repeated: set[str]
    unflagged: set[str]
    """Repeated, and the ledger does not say that it was ever in doubt."""
    doubted: set[str]
    renamed: set[str]
    """Sent under two Message-IDs."""
    damage: tuple[str, ...]
    state: CampaignState


def judge(ledger: Path, seen: Seen, number: int = 1) -> Verdict:
    """Put the ledger beside the relay, once the campaign ran to its end."""
    with Ledger.open(ledger) as memory:
        return judge_memory(memory, seen, number)


def judge_memory(memory: Ledger, seen: Seen, number: int = 1) -> Verdict:
    """The same of a ledger that is open."""
    rows = list(memory.deliveries(CampaignId(number)))
    damage = tuple(
        f"{found.rule}: {found.detail}" for found in memory.verify() if "journal" not in found.rule
    )
    state = memory.campaign(CampaignId(number)).state
    repeated = {who for who, count in seen.took.items() if count > 1}
    doubted = _who(row for row in rows if row.delivery.doubted)
    return Verdict(
        lost=_who(row for row in rows if _is_lost(row, seen)),
        repeated=repeated,
        unflagged=repeated - doubted,
        doubted=doubted,
        renamed={who for who, ids in seen.ids.items() if len(ids) > 1},
        damage=damage,
        state=state,
    )


def hold_promise(verdict: Verdict, *, resends: bool = False) -> None:
    """Nobody lost; nobody twice, unless doubt is resent and the ledger says so."""
    assert not verdict.damage, verdict.damage
    assert verdict.state is CampaignState.FINISHED
    assert not verdict.lost, f"lost: {sorted(verdict.lost)[:5]}"
    assert not verdict.renamed
    assert resends or not verdict.repeated, f"twice: {sorted(verdict.repeated)[:5]}"
    assert not verdict.unflagged, f"twice and not flagged: {sorted(verdict.unflagged)[:5]}"


def _is_lost(row: DeliveryRow, seen: Seen) -> bool:
    if row.delivery.state not in _ENDED:
        return True
    return row.delivery.state is DeliveryState.ACCEPTED and not seen.took[row.address]


def _who(rows: Iterable[DeliveryRow]) -> set[str]:
    return {row.address for row in rows}
