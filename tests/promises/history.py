"""The promises as a machine of states: what may happen, and what must hold after each of it."""

import datetime as dt
import gc
import os
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from newsletter.campaign import Due
from newsletter.delivery import DeliveryState, Phase
from newsletter.errors import UsageError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId, CampaignState, DeliveryRow
from newsletter.values import Address
from tests.doubles import START
from tests.ledger.plans import make_plan, make_terms
from tests.promises.world import (
    GOOD,
    Deed,
    Harm,
    Meddling,
    Process,
    Report,
    Script,
    in_a_process,
)

S, C = DeliveryState, CampaignState
_LEFT_BEHIND = "no journal without a run"
"""What a kill between the last word and the journal's removal leaves: nothing is read from it."""
FINAL = {S.ACCEPTED, S.REFUSED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED, S.IN_DOUBT}
OVER = {C.FINISHED, C.CANCELLED}
MOST_READERS = 6

DEEDS = (
    GOOD,
    replace(GOOD, leaves=True),
    Deed(Phase.MAIL, "451 4.3.0 later"),
    Deed(Phase.MAIL, "421 4.3.2 bye"),
    Deed(Phase.RCPT, "450 4.2.0 greylisted"),
    Deed(Phase.RCPT, "421 4.7.28 too many"),
    Deed(Phase.DATA, "451 4.7.1 slow down"),
    Deed(Phase.DOT, "452 4.3.1 full"),
    Deed(Phase.DOT, "421 4.7.0 slow down"),
    Deed(Phase.MAIL),
    Deed(Phase.RCPT),
    Deed(Phase.DATA),
    Deed(Phase.BODY),
    Deed(Phase.DATA, "250 go ahead"),
    Deed(Phase.RCPT, "550 5.1.1 no such user"),
    Deed(Phase.RCPT, "550 5.2.1 disabled"),
    Deed(Phase.DOT, "550 5.1.1 no such user after all"),
    Deed(Phase.DOT, "554 5.7.1 content rejected"),
    Deed(Phase.DOT, "552 5.3.4 too big"),
    Deed(Phase.MAIL, "550 5.7.1 sender denied"),
    Deed(Phase.RCPT, "550 5.7.515 access denied"),
    Deed(Phase.DOT, "550 5.7.26 unauthenticated"),
    *[Deed(Phase.DOT, takes=True)] * 3,
    Deed(Phase.DOT, takes=False),
    Deed(Phase.DOT, "999 what", takes=True),
    Deed(Phase.DOT, "354 go ahead", takes=False),
)
LEAPS = tuple(
    dt.timedelta(seconds=seconds)
    for seconds in (-3_600, -60, 60, 300, 3_600, 5 * 3_600, 3 * 86_400)
)
harms = (
    st.none()
    | st.tuples(st.integers(70, 170), st.just(Harm.KILL))
    | st.tuples(st.integers(1, 300), st.sampled_from(Harm))
)
"""Where a run of a few readers sends, and anywhere."""
scripts = st.builds(
    Script,
    deeds=st.lists(st.sampled_from(DEEDS), max_size=7),
    away=st.sampled_from([0, 0, 0, 1, 3]),
    closed=st.sampled_from([False, False, False, True]),
    window=st.sampled_from([1, 1, 2, 3]),
    eager=st.booleans(),
    meddling=st.none() | st.tuples(st.integers(0, MOST_READERS), st.sampled_from(Meddling)),
    harm=harms,
)
any_number = st.integers(0, 1_000)
connections = st.integers(1, 3)
on_doubt = st.sampled_from(["hold", "resend"])


@dataclass
class Ground:
    """A folder with a ledger, for one history after the other: opening one takes long."""

    folder: Path
    ledger: Ledger
    steps: int = 0

    @property
    def boot(self) -> Path:
        """Where a process reads which start of the machine this is."""
        return self.folder / "boot_id"

    @classmethod
    def make(cls, folder: Path) -> "Ground":
        """A new one; a first run in this process, so that those forked from it begin warm."""
        ground = cls(folder, Ledger.open(folder / "ledger.db"))
        number = ground.ledger.record(make_plan(1, "first"), due=None, now=START)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        Process(ground.ledger, ground.boot, nowhere, Script(), START).run(number)
        os.close(nowhere)
        gc.freeze()
        return ground

    def restart(self) -> None:
        """The machine starts again."""
        self.boot.write_text(f"{uuid.uuid4()}\n")


@dataclass
class Known:
    """What we know of one campaign, from outside."""

    number: CampaignId
    readers: tuple[str, ...]
    on_doubt: str
    connections: int
    scheduled: bool
    taken: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    sure: set[str] = field(default_factory=set)
    """Told 250 in a run that was not harmed."""
    seen_accepted: set[str] = field(default_factory=set)
    words: Counter[str] = field(default_factory=Counter)
    """How often an officer said of a doubt that it was not accepted."""
    vouched: set[str] = field(default_factory=set)
    """Of whom an officer said that they were."""
    cancelled: bool = False
    in_air: int = 0
    """How many messages may have been in the air when it was killed; 0 where the journal is bad."""

    def most(self, address: str) -> int:
        """How often the relay may have been given it."""
        return 1 + (self.on_doubt == "resend") + self.words[address]


class History(RuleBasedStateMachine):
    """Everything that may happen to a ledger, its campaigns and its relay."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.ledger = self.ground.ledger
        self.ground.restart()
        for path in self._journals():
            path.unlink()
        for each in self.ledger.suppressions():
            self.ledger.unsuppress(Address(each.address), START)
        self.now = START
        self.touched: set[int] = set()
        self.told_of = False
        """Whether the suppressions may have changed."""
        self.known: dict[int, Known] = {}
        self.must: set[str] = set()
        """Who is suppressed."""
        self.may: set[str] = set()
        """Who might be: the process died with the word in its mouth."""

    def teardown(self) -> None:
        """The relay is well and everybody is patient: nobody is lost."""
        self.everybody_ends_somewhere()

    # What happens

    @initialize(readers=st.integers(1, MOST_READERS), connections=connections, on_doubt=on_doubt)
    def first(self, readers: int, connections: int, on_doubt: str) -> None:
        """There is a campaign."""
        self.record(readers, connections, on_doubt, 0)

    @rule(
        readers=st.integers(1, MOST_READERS),
        connections=connections,
        on_doubt=on_doubt,
        hours=st.sampled_from([0, 1]),
    )
    def another(self, readers: int, connections: int, on_doubt: str, hours: int) -> None:
        """Another campaign, for now or for later."""
        self.record(readers, connections, on_doubt, hours)

    def record(self, readers: int, connections: int, on_doubt: str, hours: int) -> None:
        """Freeze a plan."""
        terms = make_terms("50/s", connections, on_doubt)
        due = self._due(hours) if hours else None
        plan = make_plan(readers, f"issue-{len(self.known)}", terms)
        number = self.ledger.record(plan, due=due, now=self.now)
        addresses = tuple(each.person.address.text for each in plan.recipients)
        self.touched.add(int(number))
        self.known[int(number)] = Known(number, addresses, on_doubt, connections, bool(hours))
        self._count()

    def _due(self, hours: float) -> Due:
        instant = self.now + dt.timedelta(hours=hours)
        return Due(instant, f"{instant:%Y-%m-%d %H:%M}", "UTC")

    @rule(which=any_number, script=scripts)
    def run(self, which: int, script: Script) -> None:
        """A process takes a campaign; now and then one that it may not take."""
        one = self._one(which)
        if self._state(one) in {C.PAUSED, C.STOPPED, C.MISSED} and which % 5:
            self._say(lambda: self.ledger.resume(one.number, self.now))
        self._run(one, script)

    @rule(which=any_number, script=scripts)
    def resume_and_run(self, which: int, script: Script) -> None:
        """The officer says go on."""
        one = self._one(which)
        self._say(lambda: self.ledger.resume(one.number, self.now))
        self._run(one, script)

    @rule(which=any_number, first=scripts, then=scripts)
    def resume_and_run_twice(self, which: int, first: Script, then: Script) -> None:
        """And the next run takes over at once, whatever became of the first."""
        self.resume_and_run(which, first)
        self.run(which, then)

    @rule(which=any_number, harm=harms, finally_=st.sampled_from([False, False, True]))
    def pause_or_cancel(self, which: int, harm: tuple[int, Harm] | None, *, finally_: bool) -> None:
        """The officer pauses or cancels; after a kill, what was left is judged first."""
        one = self._one(which)
        interrupted = self._interrupted(one)
        if interrupted and not self._clear_up(one, harm):
            return
        if finally_ and self._say(lambda: self.ledger.cancel(one.number, self.now)):
            one.cancelled = True
        if not finally_ and not interrupted:
            self._say(lambda: self.ledger.pause(one.number, self.now))

    @rule(which=any_number, states=st.sets(st.sampled_from([S.REFUSED, S.EXPIRED, S.DEFERRED])))
    def retry(self, which: int, states: set[DeliveryState]) -> None:
        """``retry --failed``, ``--deferred``."""
        one = self._one(which)
        self._say(lambda: self.ledger.retry(one.number, states, self.now))

    @rule(which=any_number, whom=any_number, accepted=st.booleans())
    def reconcile(self, which: int, whom: int, *, accepted: bool) -> None:
        """The officer's word on a doubt."""
        one = self._one(which)
        doubts = list(self.ledger.deliveries(one.number, [S.IN_DOUBT]))
        if not doubts:
            return
        row = doubts[whom % len(doubts)]
        self._say(
            lambda: self.ledger.settle_doubt(one.number, row.seq, self.now, accepted=accepted)
        )
        if accepted:
            one.vouched.add(row.address)
        else:
            one.words[row.address] += 1

    @rule(reader=st.integers(1, MOST_READERS), away=st.booleans())
    def suppress(self, reader: int, *, away: bool) -> None:
        """A reader leaves, or comes back."""
        address = Address.parse(f"r{reader}@reader.example")
        if away:
            self.ledger.suppress(address, "unsubscribed", "", "", self.now)
            self.must.add(address.text)
        else:
            self.ledger.unsuppress(address, self.now)
            self.must.discard(address.text)
        self._count()

    @rule(leap=st.sampled_from(LEAPS))
    def time_passes(self, leap: dt.timedelta) -> None:
        """Or the clock is set back."""
        self.now += leap
        self._count()

    @rule(which=any_number, again=st.booleans())
    def look_at_the_schedule(self, which: int, *, again: bool) -> None:
        """What a worker does when the time went by; or the officer gives it another."""
        one = self._one(which)
        campaign = self.ledger.campaign(one.number)
        late = campaign.due and self.now - campaign.due.instant > dt.timedelta(hours=2)
        if again:
            self._say(lambda: self.ledger.reschedule(one.number, self._due(0.5), self.now))
        elif campaign.state is C.SCHEDULED and late:
            self._say(lambda: self.ledger.mark_missed(one.number, self.now))

    @rule(which=any_number, at=any_number, how=st.sampled_from(["lost", "cut", "spoilt", "power"]))
    def harm_a_journal(self, which: int, at: int, how: str) -> None:
        """Lost, cut off, one octet altered; or a power cut took its last lines."""
        journals = self._journals()
        if not journals:
            return
        path = journals[which % len(journals)]
        content = path.read_bytes()
        for one in self.known.values():
            one.in_air = 0
        match how:
            case "lost":
                path.unlink()
            case "cut" if content:
                cut = at % len(content)
                path.write_bytes(content[:cut] + (b"x" if content[:cut].endswith(b"\n") else b""))
            case "spoilt" if content:
                spot = at % len(content)
                path.write_bytes(
                    content[:spot] + bytes([content[spot] ^ 0x15]) + content[spot + 1 :]
                )
            case "power":
                lines = content.splitlines(keepends=True)
                path.write_bytes(b"".join(lines[: at % (len(lines) + 1)]))
                self.ground.restart()
        self._count()

    # How it happens

    def _run(self, one: Known, script: Script) -> None:
        suppressed = {each.address for each in self.ledger.suppressions()}
        before, cancelled = one.taken.copy(), one.cancelled
        clean = one.in_air > 0 or not self._interrupted(one)
        report = in_a_process(
            self.ledger, self.ground.boot, self.now, script, lambda process: process.run(one.number)
        )
        self._learn(one, report)
        sent = (one.taken - before).keys()
        assert not sent & suppressed, "sent to somebody suppressed"
        assert not sent or not cancelled, "sent though it was cancelled"
        if report.ended != "usage":
            killed = not report.ended and script.harm and script.harm[1] is Harm.KILL
            window = script.window if script.eager else 1
            one.in_air = max(one.in_air, window * one.connections) if clean and killed else 0
        self._adds_up(one)
        if report.ended in set(C):
            self._ended(one, report)

    def _learn(self, one: Known, report: Report) -> None:
        """What the relay remembers, and what the process was told before it ended or died."""
        for address, message_id in report.took:
            one.taken[address] += 1
            one.ids.setdefault(address, set()).add(message_id)
        whole = report.ended in set(C)
        (self.must if whole else self.may).update(report.dead)
        if whole:
            one.sure.update(report.accepted)
        one.cancelled = one.cancelled or report.cancelled
        self.now = report.now or self.now
        self._count()

    def _ended(self, one: Known, report: Report) -> None:
        """A run that ended says how the campaign stands, and leaves nothing in the air."""
        progress = self.ledger.progress(one.number)
        assert str(progress.campaign.state) == report.ended
        assert progress.interrupted_at is None
        assert not progress.count(S.CLAIMED)
        assert not self.ledger.journal_path(one.number).exists()

    def _clear_up(self, one: Known, harm: tuple[int, Harm] | None) -> bool:
        """Nothing is sent; a kill left no more in doubt than were in the air. Whether it ended."""
        before, in_air = self._doubted(one), one.in_air
        script = Script(harm=harm)
        work = lambda process: process.clear_up(one.number)  # noqa: E731  said once
        report = in_a_process(self.ledger, self.ground.boot, self.now, script, work)
        assert not report.took
        assert report.ended or harm, "a process died by itself"
        self._count()
        self._adds_up(one)
        if not report.ended:
            return False
        one.in_air = 0
        if in_air:
            assert len(self._doubted(one) - before) <= in_air, "more doubt than messages"
        return True

    def _adds_up(self, one: Known) -> None:
        found = [each for each in self.ledger.verify(one.number) if each.rule != _LEFT_BEHIND]
        assert not found, found

    def _interrupted(self, one: Known) -> bool:
        return self.ledger.progress(one.number).interrupted_at is not None

    def _doubted(self, one: Known) -> set[str]:
        return {row.address for row in self._rows(one) if row.delivery.doubted}

    def _say(self, word: Callable[[], object]) -> bool:
        """An officer's word; False where it makes no sense now."""
        self._count()
        try:
            word()
        except UsageError:
            return False
        return True

    def _one(self, which: int) -> Known:
        """A campaign that is not over, more often than not; there is always one."""
        going = [one for one in self.known.values() if self._state(one) not in OVER]
        if not going:
            self.record(1 + which % MOST_READERS, 1 + which % 3, ("hold", "resend")[which % 2], 0)
            going = [list(self.known.values())[-1]]
        chosen = going if which % 8 else list(self.known.values())
        one = chosen[which // 8 % len(chosen)]
        self.touched.add(int(one.number))
        return one

    def _state(self, one: Known) -> CampaignState:
        return self.ledger.campaign(one.number).state

    def _rows(self, one: Known) -> list[DeliveryRow]:
        return list(self.ledger.deliveries(one.number))

    def _journals(self) -> list[Path]:
        return sorted(self.ground.folder.glob("*.journal"))

    def _count(self) -> None:
        self.ground.steps += 1
        self.told_of = True

    # What must hold

    @invariant()
    def everybody_is_in_one_state_and_nobody_had_it_twice(self) -> None:
        """For each campaign that was touched, each recipient."""
        for number in self.touched:
            one = self.known[number]
            rows = self._rows(one)
            assert tuple(row.address for row in rows) == one.readers, "the audience is frozen"
            for row in rows:
                self._holds(one, row)
            one.seen_accepted = {r.address for r in rows if r.delivery.state is S.ACCEPTED}
        self.touched.clear()

    def _holds(self, one: Known, row: DeliveryRow) -> None:
        who, state, doubted = row.address, row.delivery.state, row.delivery.doubted
        times = one.taken[who]
        assert times <= one.most(who), f"{who} has it {times} times"
        assert times <= 1 or doubted, f"{who} has it twice and nothing says so"
        assert len(one.ids.get(who, ())) <= 1, "another Message-ID"
        if state is S.ACCEPTED:
            assert times or who in one.vouched, f"{who} is accepted but the relay never had it"
        elif state not in {S.IN_DOUBT, S.CLAIMED}:
            assert not times or doubted, f"the relay took {who}'s, who is {state}"
        if who in one.sure | one.seen_accepted:
            assert state is S.ACCEPTED, f"{who} had it and is now {state}"

    @invariant()
    def nobody_else_is_suppressed(self) -> None:
        """Those who left, and those whom the relay does not know."""
        if not self.told_of:
            return
        self.told_of = False
        actual = {each.address for each in self.ledger.suppressions()}
        assert self.must <= actual <= self.must | self.may

    def everybody_ends_somewhere(self) -> None:
        """Resumed until nothing is left to try, each is in a final state."""
        for one in self.known.values():
            for _ in range(60):
                campaign = self.ledger.campaign(one.number)
                if self._interrupted(one) and campaign.state in OVER:
                    self._clear_up(one, None)
                if campaign.state in OVER:
                    break
                if campaign.state is C.SCHEDULED and campaign.due:
                    self.now = max(self.now, campaign.due.instant)
                self._say(lambda one=one: self.ledger.resume(one.number, self.now))  # type: ignore[misc]  # mypy infers no type for the default
                self._run(one, Script())
                progress = self.ledger.progress(one.number)
                self.now = max(self.now, progress.next_retry_at or self.now)
            self._adds_up(one)
            assert self.ledger.campaign(one.number).state in OVER
            assert {row.delivery.state for row in self._rows(one)} <= FINAL
        self.touched.update(self.known)
        self.everybody_is_in_one_state_and_nobody_had_it_twice()
        self.nobody_else_is_suppressed()
