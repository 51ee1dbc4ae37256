"""A ledger, its campaigns and its relay as seen from outside, and what must hold at every step."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine, invariant

from newsletter.campaign import Due
from newsletter.delivery import DeliveryState
from newsletter.errors import UsageError
from newsletter.ledger.model import CampaignState, DeliveryRow
from newsletter.values import Address
from tests.doubles import START
from tests.ledger.plans import make_plan, make_terms
from tests.promises import forked
from tests.promises.chances import MOST_READERS
from tests.promises.forked import Report, carry_out
from tests.promises.ground import Ground, Known
from tests.promises.script import Harm, Script

S, C = DeliveryState, CampaignState
FINAL = {S.ACCEPTED, S.REFUSED, S.EXPIRED, S.SUPPRESSED, S.CANCELLED, S.IN_DOUBT}
OVER = {C.FINISHED, C.CANCELLED}


class World(RuleBasedStateMachine):
    """What is known of it, how things are done to it, and what must hold."""

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

    # How it happens

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

    def _run(self, one: Known, script: Script) -> None:
        suppressed = {each.address for each in self.ledger.suppressions()}
        before, cancelled = one.taken.copy(), one.cancelled
        report = carry_out(
            self.ledger,
            self.ground.boot,
            self.now,
            script,
            lambda process: forked.send(process, one.number),
        )
        self._learn(one, report)
        sent = (one.taken - before).keys()
        assert not sent & suppressed, "sent to somebody suppressed"
        assert not sent or not cancelled, "sent though it was cancelled"
        if report.ended != "usage":
            self._doubt_is_bounded(one, report.doubted)
            one.in_air = _in_air_after(one, script, report)
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

    def _clear_up(
        self, one: Known, harm: tuple[int, Harm] | None, *, for_ever: bool = False
    ) -> bool:
        """Nothing is sent, by a process that may be killed too; whether it ended."""
        report = carry_out(
            self.ledger,
            self.ground.boot,
            self.now,
            Script(harm=harm),
            lambda process: forked.clear_up(process, one.number, for_ever=for_ever),
        )
        assert not report.took
        assert report.ended or harm, "a process died by itself"
        self._count()
        self._adds_up(one)
        self._doubt_is_bounded(one, 0)
        if report.ended:
            one.in_air = 0
        return bool(report.ended)

    def _doubt_is_bounded(self, one: Known, lost: int) -> None:
        """A kill leaves no more in doubt than were in the air; the relay lost the others."""
        before, one.doubts = one.doubts, sum(self._tries_in_doubt(one).values())
        if one.in_air is not None:
            assert one.doubts - before <= one.in_air + lost, "more doubt than messages in the air"

    def _adds_up(self, one: Known) -> None:
        found = self.ledger.verify(one.number)
        assert not found, found

    def _interrupted(self, one: Known) -> bool:
        runs = self.ledger.runs(one.number)
        return bool(runs) and runs[-1].ended_at is None  # nobody sends meanwhile

    def _tries_in_doubt(self, one: Known) -> Counter[int]:
        """How often a run was left in doubt, by recipient; an officer's word is no run."""
        tries = self.ledger.attempts(one.number)
        return Counter(each.seq for each in tries if each.outcome == "in_doubt" and each.run)

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
            doubts = self._tries_in_doubt(one)
            for row in rows:
                self._holds(one, row)
                self._is_not_sent_for_ever(one, row, doubts[row.seq])
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

    def _is_not_sent_for_ever(self, one: Known, row: DeliveryRow, doubts: int) -> None:
        """Once in doubt as often as was chosen, it waits for an officer, not for another run."""
        assert doubts <= one.most(row.address), f"{row.address} was in doubt {doubts} times"
        if doubts == one.most(row.address):
            assert row.delivery.state in {S.IN_DOUBT, S.ACCEPTED}, "it would be sent once more"

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


def _in_air_after(one: Known, script: Script, report: Report) -> int | None:
    """How many messages the end of a run may have cut; two kills in a row cut one run's only."""
    if report.ended in set(C):
        return 0
    killed = not report.ended and script.harm and script.harm[1] is Harm.KILL
    if not killed or one.in_air is None:
        return None  # a torn journal, or none of a full disk
    window = script.window if script.eager else 1
    return max(one.in_air, window * one.connections)
