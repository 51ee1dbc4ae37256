"""What an interrupted run left: each claimed row is settled or put back before anything is sent."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from newsletter.delivery import InDoubt, Outcome, RetryPolicy, advance, suppresses
from newsletter.dispatch.journal import Replay, Try, read_journal
from newsletter.errors import LedgerError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.lock import this_process
from newsletter.ledger.model import (
    Campaign,
    CampaignId,
    CampaignState,
    ClaimedRow,
    Settlement,
    Turn,
    Want,
)

_AFTER_THE_DOT = "the process ended after the final dot and before the answer was written down"
_UNKNOWN = "the process ended, and no journal tells whether the message had left"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What becomes of the rows: outcomes to write, and rows that were surely not sent."""

    settlements: tuple[Settlement, ...]
    unsent: tuple[int, ...]


def recover(
    left: Iterable[tuple[int, ClaimedRow]],
    replay: Replay | None,
    ledger: str,
    boot: str,
    policy: RetryPolicy,
    now: dt.datetime,
) -> Recovery:
    """Judge each row by the journal: answered, surely not sent, or in doubt.

    Silence proves that a message did not leave only if the journal is this run's, whole, and
    written since the machine started: a power cut may take its last lines.
    """
    settlements, unsent = [], []
    for run, row in left:
        mine = replay if replay and _wrote(replay, ledger, run) else None
        verdict = _judge(mine, (row.seq, row.delivery.attempts + 1), boot, now)
        if verdict is None:
            unsent.append(row.seq)
        else:
            settlements.append(_settle(row, *verdict, policy))
    return Recovery(tuple(settlements), tuple(unsent))


def clear_up(
    ledger: Ledger, number: CampaignId, now: dt.datetime, *, for_ever: bool = False
) -> int:
    """Settle or put back what a killed run left, without sending anything; how many rows.

    For an officer who cancels (``for_ever``) or pauses instead of resuming. Who is in doubt stays
    so in a campaign that never goes on, even if it would have been sent once more. Raises
    ``LedgerLocked`` while a process sends: then there is nothing to clear up.
    """
    with ledger.sending(now):
        turn = ledger.begin_run(number, now, to_send=False)
        campaign = ledger.campaign(number)
        policy = policy_of(campaign, RetryPolicy())
        if for_ever or campaign.state is CampaignState.CANCELLED:
            policy = replace(policy, on_doubt="hold")
        count = write_recovery(ledger, turn, policy, now)
        remove_journals(ledger, number)
        ledger.end_run(turn, CampaignState.PAUSED, "interrupted", now)
        return count


def write_recovery(ledger: Ledger, turn: Turn, policy: RetryPolicy, now: dt.datetime) -> int:
    """Judge every row that is left, and write it; how many."""
    left = ledger.leftovers(turn.campaign, turn.part)
    if left:
        boot, replays = this_process().boot, _replays(ledger, turn.campaign)
        for run in {run for run, _ in left}:
            mine = [each for each in left if each[0] == run]
            found = recover(mine, replays.get(run), ledger.identity, boot, policy, now)
            ledger.exchange(turn, found.settlements, Want(0), now)
            ledger.release(turn, found.unsent)
    if turn.part is None:
        remove_journals(ledger, turn.campaign, but=ledger.journal_path(turn.campaign))
    return len(left)


def remove_journals(ledger: Ledger, number: CampaignId, but: Path | None = None) -> None:
    """Nobody is claimed any more: they tell nothing that the ledger does not."""
    for path in ledger.journals(number):
        if path != but:
            remove_journal(path)


def _replays(ledger: Ledger, number: CampaignId) -> Mapping[int, Replay]:
    """What each journal on this machine tells, by the run that wrote it."""
    found = (read_journal(path) for path in ledger.journals(number))
    return {replay.heading.run: replay for replay in found if replay}


def remove_journal(path: Path) -> None:
    """The ledger has all that it told; ``LedgerError`` when it will not go."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        message = f"the journal {path} cannot be removed: {error.strerror or error}"
        raise LedgerError(message, cure="remove it: the ledger has all of it") from error


def policy_of(campaign: Campaign, policy: RetryPolicy) -> RetryPolicy:
    """The policy, with what the campaign's terms say of doubt and of retries."""
    terms = campaign.terms
    delays = tuple(dt.timedelta(seconds=seconds) for seconds in terms.retry_schedule)
    give_up = dt.timedelta(seconds=terms.give_up_after)
    return replace(
        policy,
        on_doubt="resend" if terms.on_doubt == "resend" else "hold",
        delays=delays or policy.delays,
        give_up_after=give_up or policy.give_up_after,
    )


def _wrote(replay: Replay, ledger: str, run: int) -> bool:
    return replay.heading.ledger == ledger and replay.heading.run == run


def _judge(
    replay: Replay | None, attempt: Try, boot: str, now: dt.datetime
) -> tuple[dt.datetime, Outcome] | None:
    """When and what came of it; None when the message surely did not leave."""
    if replay is None:
        return now, InDoubt(_UNKNOWN)
    if attempt in replay.outcomes:
        return replay.outcomes[attempt]
    if attempt in replay.dots:
        return now, InDoubt(_AFTER_THE_DOT)
    whole = not replay.torn and boot and replay.heading.boot == boot
    return None if whole else (now, InDoubt(_UNKNOWN))


def _settle(row: ClaimedRow, at: dt.datetime, outcome: Outcome, policy: RetryPolicy) -> Settlement:
    after = advance(row.delivery, outcome, policy, at, 0.0)
    return Settlement(row.seq, at, outcome, after, dead_address=suppresses(outcome))
