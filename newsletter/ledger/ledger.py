"""Every question that is asked of the ledger, and every word that is told to it.

All methods are synchronous and short. A ``Ledger`` may be used from several threads, one call
at a time each; the runner calls it from one thread of its own, so that there is one writer.
Any method raises ``LedgerError`` when the database cannot be read or written.
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection

from newsletter.campaign import Due, Plan
from newsletter.consent import Told
from newsletter.delivery import Delivery, DeliveryState, Reply
from newsletter.errors import LedgerCopied, LedgerError, UsageError
from newsletter.forgotten import Marks, Traces
from newsletter.ledger import (
    addressees,
    checking,
    claiming,
    copying,
    doubts,
    forgetting,
    knowing,
    local_times,
    opening,
    pacing,
    recording,
    running,
    sharing,
    standing,
    steering,
    suppressions,
    tallying,
)
from newsletter.ledger.approvals import Approvals
from newsletter.ledger.clicks import Clicks
from newsletter.ledger.database import Database, create_private, parse_location
from newsletter.ledger.lock import is_held, locked, sending_lock, this_process
from newsletter.ledger.model import (
    AnswerCount,
    Attempt,
    Campaign,
    CampaignId,
    CampaignState,
    ClaimedRow,
    DeliveryRow,
    Discrepancy,
    DomainCount,
    Event,
    Grant,
    Part,
    Progress,
    Result,
    RunRecord,
    StoredVariant,
    Suppression,
    Turn,
    Want,
)
from newsletter.ledger.notes import NO_TIME, NOTHING, Notes, Place, StoredPace, Until
from newsletter.ledger.register import Register
from newsletter.ledger.residence import refuse_vanished
from newsletter.ledger.retention import Retention
from newsletter.ledger.returns import Returns
from newsletter.ledger.series import AllSeries
from newsletter.ledger.workers import Division, Workers, workers_of
from newsletter.values import Address, IssueSlug

EVENLY = Division()


class Ledger:
    """The memory: what was promised, tried and answered, and what readers told us."""

    def __init__(
        self, database: Database, state: Path, stem: str, residence: opening.Residing
    ) -> None:
        self._database = database
        self._state = state
        self._stem = stem
        self._residence = residence

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True, state: Path | None = None) -> Self:
        """Open a file, or ``postgresql://…``; make or migrate its schema if there is need.

        ``state`` is the folder of the lock, the journals and the backups: by default beside the
        file, or ``.newsletter`` for a server. A ledger of a newer program is refused; an older
        one is copied (SQLite), then migrated, while nobody sends.
        """
        url = parse_location(where)
        file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        folder = state or (file.parent if file else Path(".newsletter"))
        stem = file.name if file else "ledger"
        if file and file.is_dir():
            message = f"the ledger {file} is a folder"
            raise LedgerError(message, cure="name the file in it, as in folder/ledger.db")
        if file and not file.exists():
            refuse_vanished(file, folder / f"{stem}.id")
            if not create:
                message = f"there is no ledger at {file}"
                raise LedgerError(message, cure="the ledger begins with the first send")
            create_private(file)
        database = Database(url)
        residence = opening.residence_of(database, folder, stem, file)
        try:
            opening.bring_up_to_date(database, folder, stem, residence, create=create)
            return cls(database, folder, stem, residence)
        except BaseException:
            database.close()
            raise

    @property
    def identity(self) -> str:
        """A random name, under which it is locked; a journal says which one it belongs to.

        Whoever takes it over gives it another, and those who have it open hear that.
        """
        return opening.identity_of(self._database)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        """For ``with``."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    # Recording

    def record(
        self,
        plan: Plan,
        *,
        due: Due | None,
        now: dt.datetime,
        newest: int | None = None,
        opened: Callable[[Any, CampaignId], None] | None = None,
    ) -> CampaignId:
        """Freeze a plan as a campaign, all or nothing: ``scheduled`` if due, else ``ready``.

        ``newest`` is the number of the issue's newest campaign when the plan was made, 0 if there
        was none: ``PlanChanged`` when there is a newer one, whoever it reached. ``opened`` opens
        it to the workers (``Workers.open_within``) in the same transaction.
        """
        with self._database.write() as connection:
            if newest is not None:
                recording.refuse_newer(connection, plan.slug, newest)
            number = recording.record(connection, plan, due, now)
            if opened:
                opened(connection, number)
            return number

    # How things stand

    def campaigns(self) -> tuple[Campaign, ...]:
        """All campaigns, oldest first."""
        with self._database.read() as connection:
            return standing.campaigns(connection)

    def campaign(self, number: CampaignId) -> Campaign:
        """One campaign; ``UsageError`` if there is none of that number."""
        with self._database.read() as connection:
            return standing.campaign(connection, number)

    def latest_campaign(self, slug: IssueSlug | None = None) -> Campaign | None:
        """The newest campaign of an issue (or of any), if there is one."""
        with self._database.read() as connection:
            return standing.latest_campaign(connection, slug)

    def variants(self, number: CampaignId) -> tuple[StoredVariant, ...]:
        """The frozen pages of a campaign, by index."""
        with self._database.read() as connection:
            return recording.variants_of(connection, number)

    def progress(self, number: CampaignId) -> Progress:
        """How far a campaign is, in one picture."""
        with self._database.read() as connection:
            held = self._is_sent_from(connection)
            return standing.progress(connection, number, someone_sends=held)

    def speed(self, number: CampaignId, now: dt.datetime) -> float:
        """Attempts a second of late, whichever process makes them."""
        with self._database.read() as connection:
            return standing.speed(connection, number, now)

    def deliveries(
        self,
        number: CampaignId,
        states: Iterable[DeliveryState] | None = None,
        address: Address | None = None,
    ) -> Iterator[DeliveryRow]:
        """Recipients in the order of the audience, all or those in some states, or one."""
        wanted = None if states is None else tuple(states)
        key = address.key if address else None
        after = 0
        while True:
            with self._database.read() as connection:
                page = standing.deliveries(connection, number, wanted, key, after)
            if not page:
                return
            yield from page
            after = page[-1].seq

    def attempts(self, number: CampaignId, seq: int | None = None) -> tuple[Attempt, ...]:
        """Every try, by recipient and in order."""
        with self._database.read() as connection:
            return tuple(standing.attempts(connection, number, seq))

    def runs(self, number: CampaignId) -> tuple[RunRecord, ...]:
        """Every process's turn at a campaign, in order."""
        with self._database.read() as connection:
            return standing.runs(connection, number)

    def events(self, number: CampaignId | None) -> tuple[Event, ...]:
        """What was done to a campaign, in order; for None, to the suppressions."""
        with self._database.read() as connection:
            return standing.events(connection, number)

    def due(self, now: dt.datetime) -> tuple[Campaign, ...]:
        """What a worker is to take: scheduled and due, waiting with a retry due, interrupted."""
        with self._database.read() as connection:
            held = self._is_sent_from(connection)
            found = standing.due(connection, now)
        taken = {CampaignState.RUNNING, CampaignState.CANCELLED}
        return tuple(one for one in found if not (held and one.state in taken))

    def accepted_elsewhere(
        self, slug: IssueSlug, campaign: CampaignId | None = None
    ) -> Iterator[tuple[str, dt.datetime]]:
        """Address keys that another campaign of the issue reached or may have, and when; sorted."""
        with self._database.read() as connection:
            yield from standing.accepted_elsewhere(connection, slug, campaign)

    def addressed(self, slug: IssueSlug) -> Iterator[str]:
        """Address keys of everybody who had the issue, may have had it, or waits for it."""
        with self._database.read() as connection:
            yield from standing.addressed(connection, slug)

    def last_campaigns(self, profile: str) -> Mapping[str, CampaignId]:
        """For each list, the profile's last campaign that used it."""
        with self._database.read() as connection:
            return standing.last_campaigns(connection, profile)

    def audience(self, number: CampaignId) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each recipient's address key and lists, sorted by the keys."""
        with self._database.read() as connection:
            yield from standing.audience(connection, number)

    def zones(self, number: CampaignId) -> Mapping[str, int]:
        """How many recipients live in each time zone, as their lists have it."""
        with self._database.read() as connection:
            return local_times.zones(connection, number)

    def next_turn(self, number: CampaignId) -> dt.datetime | None:
        """When the first reader who was not tried yet is due; None if nobody waits for a time."""
        with self._database.read() as connection:
            return local_times.next_turn(connection, number)

    def domains(self, number: CampaignId) -> tuple[DomainCount, ...]:
        """Each recipient domain of a campaign, the largest first."""
        with self._database.read() as connection:
            return tuple(tallying.domains(connection, number))

    def answers(self, number: CampaignId) -> tuple[AnswerCount, ...]:
        """What was answered to whoever was not accepted, the most frequent first."""
        with self._database.read() as connection:
            return tuple(tallying.answers(connection, number))

    # What an officer says

    def pause(self, number: CampaignId, now: dt.datetime, reason: str = "") -> Campaign:
        """Stop before the next group, wherever it runs; ``UsageError`` if it cannot be."""
        with self._database.write() as connection:
            return steering.pause(connection, number, now, reason)

    def resume(self, number: CampaignId, now: dt.datetime) -> Campaign:
        """Make it ready to run again; ``LedgerLocked`` while a process sends it."""
        with self._database.write() as connection:
            before = steering.to_resume(connection, number)  # nobody begins a run from here on
            if before.state is CampaignState.RUNNING and self._is_sent_from(connection):
                raise locked(self._lock_path)
            return steering.resume(connection, before, now)

    def cancel(self, number: CampaignId, now: dt.datetime, reason: str = "") -> int:
        """Spare everybody who waits, for ever; how many were spared at once."""
        with self._database.write() as connection:
            return steering.cancel(connection, number, now, reason)

    def reschedule(
        self,
        number: CampaignId,
        due: Due,
        now: dt.datetime,
        instants: Mapping[str, dt.datetime] | None = None,
    ) -> Campaign:
        """Give a campaign that has not begun another time, by its readers' zones if it has any."""
        with self._database.write() as connection:
            return steering.reschedule(connection, number, due, now, instants or {})

    def mark_missed(self, number: CampaignId, now: dt.datetime) -> Campaign:
        """Say that its time went by; it is not sent by surprise."""
        with self._database.write() as connection:
            return steering.mark_missed(connection, number, now)

    def retry(self, number: CampaignId, states: Iterable[DeliveryState], now: dt.datetime) -> int:
        """Queue refused, expired or deferred deliveries again; never accepted or in doubt."""
        with self._database.write() as connection:
            return steering.retry(connection, number, states, now)

    def settle_doubt(
        self, number: CampaignId, seq: int, now: dt.datetime, *, accepted: bool, note: str = ""
    ) -> Delivery:
        """An officer's word on one delivery in doubt: accepted, or not (then it is queued)."""
        with self._database.write() as connection:
            return steering.settle_doubt(connection, number, seq, now, accepted=accepted, note=note)

    def settle_refused(
        self, number: CampaignId, seq: int, now: dt.datetime, reply: Reply
    ) -> Delivery:
        """The relay's log says that it refused one delivery in doubt, in these words."""
        with self._database.write() as connection:
            return steering.settle_refused(connection, number, seq, now, reply)

    def doubtful_times(
        self, number: CampaignId, longest: dt.timedelta
    ) -> tuple[doubts.DoubtfulTime, ...]:
        """When the messages in doubt may have left; no dialogue lasts longer than ``longest``."""
        with self._database.read() as connection:
            return doubts.doubtful_times(connection, number, longest)

    def acceptances(self, number: CampaignId) -> doubts.Acceptances:
        """When the relay took which of a campaign's messages."""
        with self._database.read() as connection:
            return doubts.acceptances(connection, number)

    # Suppressions

    def suppress(
        self, address: Address, reason: str, source: str, note: str, now: dt.datetime
    ) -> bool:
        """Never mail this address again; False if that was so before."""
        suppression = Suppression(address.text, reason, source, note, now)
        with self._database.write() as connection:
            return suppressions.suppress(connection, suppression, address.key)

    def suppress_all(self, gone: Iterable[tuple[Address, Suppression]]) -> None:
        """Never mail these addresses again: all of them, or on a fault none."""
        with self._database.write() as connection:
            for address, suppression in gone:
                suppressions.suppress(connection, suppression, address.key)

    def unsuppress(self, address: Address, now: dt.datetime) -> bool:
        """Let an address be mailed again; False if it was not suppressed."""
        with self._database.write() as connection:
            return suppressions.unsuppress(connection, address, now)

    def suppressions(self) -> tuple[Suppression, ...]:
        """All of them, oldest first."""
        with self._database.read() as connection:
            return suppressions.suppressions(connection)

    def suppression_reasons(self) -> Iterator[tuple[str, str]]:
        """Address key and reason of each, for planning."""
        with self._database.read() as connection:
            yield from suppressions.suppression_reasons(connection)

    @property
    def returns(self) -> Returns:
        """What came back: bounces, complaints, unsubscribes by mail."""
        return Returns(self._database)

    @property
    def series(self) -> AllSeries:
        """What is sent again and again."""
        return AllSeries(self._database)

    @property
    def approvals(self) -> Approvals:
        """Which content was approved."""
        return Approvals(self._database)

    @property
    def clicks(self) -> Clicks:
        """Which links are counted, and how often they were followed."""
        return Clicks(self._database)

    @property
    def retention(self) -> Retention:
        """What old campaigns let go, and what they keep."""
        return Retention(self._database)

    def register(self, marks: Marks) -> Register:
        """What readers themselves said; ``marks`` know again who was forgotten."""
        return Register(self._database, marks)

    def suppression_of(self, address: Address) -> Suppression | None:
        """Why and since when this address is never mailed; None where it is."""
        with self._database.read() as connection:
            return addressees.suppression_of(connection, address.key)

    def take_back(self, address: Address, made_at: dt.datetime, told: Told) -> bool:
        """Undo the unsubscribing of this very instant, on its reader's word; False if gone."""
        with self._database.write() as connection:
            return suppressions.take_back(connection, address, made_at, told)

    # Whom a link names

    def addressee(self, number: int, seq: int) -> addressees.Addressee | None:
        """The recipient of this number in this campaign, or None where there is none."""
        with self._database.read() as connection:
            return addressees.addressee(connection, CampaignId(number), seq)

    def lists_of(
        self, address: Address, numbers: Iterable[CampaignId]
    ) -> Mapping[CampaignId, tuple[str, ...]]:
        """For each of these campaigns that had this address, the lists that it was on."""
        with self._database.read() as connection:
            return addressees.lists_of(connection, address.key, numbers)

    def forget(
        self, address: Address, also: Sequence[Address], marks: Marks, told: Told
    ) -> Mapping[str, int]:
        """Leave nothing of an address but its mark, in no file of the ledger's; rows by table.

        ``also`` are other addresses that stand for the same reader. ``LedgerLocked`` while
        somebody sends; ``UsageError`` while a killed run's journal has it.
        """
        traces = Traces(address, *also)
        with sending_lock(self._lock_path, told.at), self._held_by_server():
            self._refuse_in_journals(traces)
            of_each = {each.key: marks.of(each.key) for each in (address, *also)}
            with self._database.erase() as connection:
                return forgetting.forget(connection, of_each, address.key, traces, told)

    def traces_of(self, address: Address, also: Sequence[Address]) -> Mapping[str, int]:
        """How many rows of each table tell of an address; changes nothing."""
        keys = [each.key for each in (address, *also)]
        with self._database.read() as connection:
            return forgetting.found(connection, keys, Traces(address, *also))

    def everything_of(
        self, address: Address, also: Sequence[Address]
    ) -> Mapping[str, tuple[knowing.Row, ...]]:
        """Every row that tells of an address, by table, as far as it is hers to read."""
        keys = [each.key for each in (address, *also)]
        with self._database.read() as connection:
            return knowing.everything(connection, keys, Traces(address, *also))

    def campaigns_naming(self, address: Address) -> tuple[int, ...]:
        """Campaigns whose pages name an address in the issue's own words."""
        with self._database.read() as connection:
            return forgetting.pages_with(connection, Traces(address))

    def _refuse_in_journals(self, traces: Traces) -> None:
        for path in sorted(self._state.glob(f"{self._stem}.campaign-*.journal")):
            if traces.are_in_octets(path.read_bytes()):
                message = f"{path.name}, which a killed run left behind, quotes this address"
                cure = "let the run be settled first"
                raise UsageError(message, cure=cure, next_command="newsletter resume")

    # What a run asks

    @contextmanager
    def sending(self, now: dt.datetime) -> Iterator[None]:
        """Be the one process that sends from this ledger; ``LedgerLocked`` names the other.

        ``LedgerCopied`` if it is a copy, whose original may send too.
        """
        with sending_lock(self._lock_path, now), self._held_by_server(), self._at_home(now):
            yield

    @property
    def someone_sends(self) -> bool:
        """Whether a process sends: one on this machine, or on PostgreSQL any."""
        with self._database.read() as connection:
            return self._is_sent_from(connection)

    def _is_sent_from(self, connection: Connection) -> bool:
        return is_held(self._lock_path) or self._database.is_locked(self.identity, connection)

    def workers(self, division: Division = EVENLY) -> Workers:
        """What workers ask who share its campaigns; ``UsageError`` for a ledger in a file."""
        return workers_of(self._database, self.identity, division, self._residence)

    def journal_path(self, number: CampaignId, part: int | None = None) -> Path:
        """Where the run of a campaign, or of a part of it, keeps its journal."""
        of_part = f".part-{part}" if part else ""
        return self._state / f"{self._stem}.campaign-{number}{of_part}.journal"

    def journals(self, number: CampaignId) -> tuple[Path, ...]:
        """Every journal of a campaign on this machine."""
        whole = self.journal_path(number)
        parts = self._state.glob(f"{self._stem}.campaign-{number}.part-*.journal")
        return tuple(path for path in (whole, *sorted(parts)) if path.exists())

    def begin_run(self, number: CampaignId, now: dt.datetime, *, to_send: bool = True) -> Turn:
        """Take a campaign that may run (or only clear up); ``UsageError`` says why it may not."""
        with self._database.write() as connection:
            turn = running.begin_run(connection, number, this_process(), now, to_send=to_send)
        self._residence.began(turn, now)
        return turn

    def leftovers(
        self, number: CampaignId, part: Part | None = None
    ) -> tuple[tuple[int, ClaimedRow], ...]:
        """What interrupted runs left claimed, in all or in a part of it: (the run, the row)."""
        with self._database.read() as connection:
            return claiming.leftovers(connection, number, part)

    def counts(self, turn: Turn) -> Mapping[DeliveryState, int]:
        """Recipients in each state, of whom the turn is for."""
        with self._database.read() as connection:
            return standing.counts(connection, turn.campaign, turn.part)

    def exchange(
        self,
        turn: Turn,
        results: Sequence[Result],
        want: Want,
        now: dt.datetime,
        notes: Notes = NOTHING,
    ) -> Grant:
        """Write outcomes, see what the officer says, claim the next rows: one transaction."""
        with self._database.write() as connection:
            ask = sharing.exchange if turn.part else running.exchange
            return ask(connection, turn, results, want, now, notes)

    def release(self, turn: Turn, seqs: Iterable[int]) -> None:
        """Put claimed rows that were not tried back where they came from."""
        with self._database.write() as connection:
            ask = sharing.release if turn.part else running.release
            ask(connection, turn, seqs)

    def end_run(
        self,
        turn: Turn,
        state: CampaignState,
        why: str,
        now: dt.datetime,
        until: Until = NO_TIME,
    ) -> CampaignState:
        """Close the run; the state that holds (an officer's pause or cancel outweighs)."""
        with self._database.write() as connection:
            ask = sharing.end_run if turn.part else running.end_run
            return ask(connection, turn, state, why, now, until)

    def recipients_tried(self, number: CampaignId) -> int:
        """Recipients for whom at least one attempt was made."""
        with self._database.read() as connection:
            return standing.recipients_tried(connection, number)

    def paces(self) -> tuple[StoredPace, ...]:
        """How fast each relay and each slow domain went, and what it said."""
        with self._database.read() as connection:
            return pacing.paces(connection)

    def tried(self, since_minute: int) -> Mapping[Place, Mapping[int, int]]:
        """Messages that were tried through each relay, by minute since 1970."""
        with self._database.read() as connection:
            return pacing.tried(connection, since_minute)

    # The ledger itself

    @property
    def copied(self) -> LedgerCopied | None:
        """Why it must not send from where it lies, being a copy; None where it may."""
        return self._residence.why_not()

    def refuse_copy(self) -> None:
        """``LedgerCopied`` where it must not send."""
        self._residence.refuse_copy()

    def prove_writable(self) -> None:
        """``LedgerError`` where nothing can be recorded; nothing is changed."""
        with self._database.write() as connection:
            opening.touch(connection)

    def move_into(self, other: "Ledger", now: dt.datetime) -> tuple[copying.CopiedTable, ...]:
        """Copy all of it into an empty ledger, proved row by row; from here nothing is sent then.

        ``LedgerLocked`` while anybody sends.
        """
        with self.sending(now):
            return copying.move(self._database, other._database, now)  # noqa: SLF001 one of us

    def take_over(self, now: dt.datetime) -> None:
        """Be the true ledger, being a copy: what its original was sending is in doubt here.

        Journals that were copied with it are another's from now on, so that they prove nothing.
        """
        with sending_lock(self._lock_path, now), self._held_by_server():
            self._residence.take_over(opening.new_identity())
            with self._database.write() as connection:
                recording.note_event(connection, None, now, "taken over", self.name)

    def verify(self, number: CampaignId | None = None) -> tuple[Discrepancy, ...]:
        """Prove that the states add up: every broken rule, of one campaign or of all."""
        with self._database.read() as connection:
            chosen = (
                standing.campaigns(connection)
                if number is None
                else (standing.campaign(connection, number),)
            )
            found = checking.verify(connection, chosen)
            open_runs = {
                one.id
                for one in chosen
                if any(run.ended_at is None for run in standing.runs(connection, one.id))
            }
        return found + tuple(
            Discrepancy("no journal without a run", f"{path} was left behind", one.id)
            for one in chosen
            if one.id not in open_runs
            for path in self.journals(one.id)
        )

    def backup(self, path: Path) -> Path:
        """Copy the whole ledger to ``path`` (SQLite), atomically, while others write."""
        if not self._database.is_sqlite:
            message = "a ledger on PostgreSQL is backed up by the server's own tools"
            raise LedgerError(message, cure="pg_dump the database")
        return opening.copy_whole(self._database, path)

    @property
    def name(self) -> str:
        """Where it lives, without a password."""
        return self._database.name

    @property
    def _lock_path(self) -> Path:
        return self._state / f"{self._stem}.lock"

    @contextmanager
    def _at_home(self, now: dt.datetime) -> Iterator[None]:
        """A new token at the beginning and at the end, so that copies made before are older."""
        self._residence.refuse_copy()
        self._residence.turn(now)
        try:
            yield
        finally:
            with contextlib.suppress(LedgerError):  # a full disk; the token of the beginning holds
                self._residence.turn()

    def _held_by_server(self) -> AbstractContextManager[None]:
        return self._database.advisory_lock(self.identity)
