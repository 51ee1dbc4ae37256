"""Reconciling: deliveries in doubt settled by the relay's log, or by the officer's word."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from newsletter.app.agreement import Agreement, agree_to_number
from newsletter.app.log_reading import Judged, LogRead, read_log
from newsletter.app.memory import open_ledger
from newsletter.app.open import App
from newsletter.app.readers import parse_reader
from newsletter.app.status import next_step
from newsletter.app.steering import Ask, find_campaign
from newsletter.delivery import DeliveryState, Reply
from newsletter.dispatch.outgoing import message_ids
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, DeliveryRow, Progress
from newsletter.relay_log.verdict import Finding
from newsletter.values import Address

Word = Literal["accepted", "not accepted"]
"""What the officer says of a message in doubt."""


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """What is to be settled, and by whose word; without any, doubts are only listed."""

    which: str | None = None
    recipient: str | None = None
    word: Word | None = None
    """On the one recipient."""
    assumed: Word | None = None
    """On everybody in doubt; wants agreement."""
    logs: tuple[str, ...] = ()
    absent: Word | None = None
    """What to make of those who are surely not in the log; without it they stay in doubt."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery in doubt, and what to search the relay's log for."""

    row: DeliveryRow
    message_id: str


@dataclass(frozen=True, slots=True)
class Settled:
    """How many were settled, by what they now are."""

    accepted: int = 0
    not_accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How a campaign's doubts stand after the log's or the officer's word, if there was one."""

    progress: Progress
    doubts: tuple[Doubt, ...]
    """Those still in doubt."""
    settled: Settled
    next_command: str
    log: LogRead | None = None


@dataclass
class _Tally:
    """Settles deliveries one by one, and counts."""

    app: App
    ledger: Ledger
    number: CampaignId
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("accepted", "not_accepted", "refused"), 0)
    )

    def say(self, row: DeliveryRow, word: Word, note: str = "") -> None:
        """The relay took it, or it did not: then it waits for the next run."""
        accepted = word == "accepted"
        self.ledger.settle_doubt(
            self.number, row.seq, self.app.clock(), accepted=accepted, note=note
        )
        self.counts[word.replace(" ", "_")] += 1

    def refuse(self, row: DeliveryRow, words: str) -> None:
        """The relay refused it, in these words."""
        reply = Reply(550, f"{words}, by the relay's log")
        self.ledger.settle_refused(self.number, row.seq, self.app.clock(), reply)
        self.counts["refused"] += 1


def reconcile(
    app: App, request: ReconcileRequest, agreed: Agreement, ask: Ask | None
) -> Reconciled:
    """Settle deliveries in doubt, as was asked for; without a word, only list them.

    What was not accepted waits again, and is sent by the next `resume`. Raises ``UsageError``
    for words that do not go together, a reader who is not in doubt, a log that cannot be read;
    ``ApprovalMissing`` or ``PlanChanged`` when the number was not agreed to.
    """
    _refuse_confusion(request)
    address = parse_reader(request.recipient) if request.recipient else None
    with open_ledger(app, create=False) as ledger:
        number = find_campaign(ledger, request.which, tuple(CampaignState)).id
        tally = _Tally(app, ledger, number)
        log = read_log(app, ledger, number, request.logs) if request.logs else None
        if log:
            _heed(tally, log.judged, request.absent)
        elif request.word or request.assumed:
            rows = _in_doubt(ledger, number, address)
            if request.assumed:
                _agree(number, len(rows), request.assumed, agreed, ask)
            for row in rows:
                tally.say(row, request.word or request.assumed or "accepted")
        return _outcome(ledger, number, Settled(**tally.counts), log, request)


def _refuse_confusion(request: ReconcileRequest) -> None:
    """One word at a time, and each where it makes sense."""
    said = [bool(request.word), bool(request.assumed), bool(request.logs)]
    where = f" {request.which}" if request.which else ""
    if request.absent and not request.logs:
        raise UsageError(
            "--absent says what becomes of those who are not in a log: name it with --log",
            cure="nothing was changed",
            next_command="newsletter reconcile --help",
        )
    if sum(said) > 1:
        raise UsageError(
            "say one thing: --log, or --recipient with a word, or --assume-… for all",
            cure="nothing was changed",
            next_command="newsletter reconcile --help",
        )
    if request.word and not request.recipient:
        option = "--assume-accepted" if request.word == "accepted" else "--assume-not"
        raise UsageError(
            "--accepted and --not-accepted are about one reader: name her with --recipient",
            cure=f"or say {option} for all; nothing was changed",
            next_command=f"newsletter reconcile{where}",
        )
    if request.recipient is not None and not request.word:
        raise UsageError(
            "--recipient goes with --accepted or --not-accepted",
            cure="nothing was changed",
            next_command="newsletter reconcile --help",
        )


def _agree(number: CampaignId, count: int, word: Word, agreed: Agreement, ask: Ask | None) -> None:
    if not count:
        return
    option = "--assume-accepted" if word == "accepted" else "--assume-not"
    agree_to_number(
        count,
        agreed,
        ask,
        prompt=f"Type how many are in doubt to call them {word} ({count}): ",
        changed=f"{count} are in doubt",
        command=f"newsletter reconcile {number} {option} --recipients {count}",
    )


def _heed(tally: _Tally, judged: Sequence[Judged], absent: Word | None) -> None:
    """What the log proves is settled; what it only suggests waits for the officer's choice."""
    for each in judged:
        verdict = each.verdict
        match verdict.finding:
            case Finding.ACCEPTED:
                later = f"; later {verdict.fate}" if verdict.fate else ""
                tally.say(each.row, "accepted", f"{verdict.why}, by the relay's log{later}")
            case Finding.REFUSED:
                tally.refuse(each.row, verdict.why)
            case Finding.PUT_OFF:
                tally.say(each.row, "not accepted", f"{verdict.why}, by the relay's log")
            case Finding.ABSENT if absent:
                tally.say(each.row, absent, verdict.why)
            case _:
                pass


def _outcome(
    ledger: Ledger,
    number: CampaignId,
    settled: Settled,
    log: LogRead | None,
    request: ReconcileRequest,
) -> Reconciled:
    progress = ledger.progress(number)
    named = message_ids(progress.campaign)
    rows = ledger.deliveries(number, (DeliveryState.IN_DOUBT,))
    left = tuple(Doubt(row, named(row.seq)) for row in rows)
    following = next_step(progress)
    if left and following == f"newsletter reconcile {number}":
        following = _leads_on(number, log, request)
    return Reconciled(progress, left, settled, following, log)


def _leads_on(number: CampaignId, log: LogRead | None, request: ReconcileRequest) -> str:
    """What may settle the rest: by a log that lacks them, or by a word, which asks their number.

    To call them accepted mails nobody twice; it is the officer who types how many.
    """
    lacking = log and any(each.verdict.finding is Finding.ABSENT for each in log.judged)
    if lacking and not request.absent and "-" not in request.logs:
        logs = " ".join(f"--log {shlex.quote(each)}" for each in request.logs)
        return f"newsletter reconcile {number} {logs} --absent not-accepted"
    return f"newsletter reconcile {number} --assume-accepted"


def _in_doubt(ledger: Ledger, number: CampaignId, address: Address | None) -> list[DeliveryRow]:
    rows = list(ledger.deliveries(number, (DeliveryState.IN_DOUBT,), address))
    if address and not rows:
        raise UsageError(
            f"{address} is not in doubt in campaign {number}",
            cure="nothing was changed",
            next_command=f"newsletter status {number} --in-doubt",
        )
    return rows
