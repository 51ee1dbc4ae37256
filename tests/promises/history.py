"""The promises as a machine of states: what may happen to a ledger, its campaigns and its relay."""

import datetime as dt
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from newsletter.delivery import DeliveryState
from newsletter.values import Address
from tests.promises.chances import (
    LEAPS,
    MISHAPS,
    MOST_READERS,
    any_number,
    connections,
    deaths,
    ends,
    harms,
    mishaps,
    on_doubt,
    scripts,
)
from tests.promises.ground import Known
from tests.promises.script import Harm, Script
from tests.promises.world import C, S, World


class History(World):
    """Everything that may happen, one thing after the other."""

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
        self._go_on(self._one(which), script)

    @rule(which=any_number, first=scripts, between=st.none() | mishaps, then=scripts)
    def resume_and_run_twice(
        self, which: int, first: Script, between: tuple[int, int, str] | None, then: Script
    ) -> None:
        """And the next run takes over at once, whatever became of the first and its journal."""
        one = self._one(which)
        self._go_on(one, first)
        if between:
            self.harm_a_journal(*between)
        self._go_on(one, then)

    @rule(which=any_number, first=deaths, end=ends, then=scripts)
    def die_and_lose_the_end(
        self, which: int, first: Script, end: tuple[int, str], then: Script
    ) -> None:
        """What left last is not in the journal any more: its silence proves nothing."""
        one = self._one(which)
        self._go_on(one, first)
        path = self.ledger.journal_path(one.number)
        if path.exists():
            at, how = end
            content = path.read_bytes()
            whole = content.count(b"\n") - at % 2 if how == "power" else len(content) - at
            self._harm(path, max(1, whole - 1), how)
        self._go_on(one, then)

    def _go_on(self, one: Known, script: Script) -> None:
        self._say(lambda: self.ledger.resume(one.number, self.now))
        self._run(one, script)

    @rule(which=any_number, harm=harms, finally_=st.sampled_from([False, False, True]))
    def pause_or_cancel(self, which: int, harm: tuple[int, Harm] | None, *, finally_: bool) -> None:
        """The officer pauses or cancels; after a kill, what was left is judged first."""
        one = self._one(which)
        interrupted = self._interrupted(one)
        if interrupted and not self._clear_up(one, harm, for_ever=finally_):
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

    @rule(which=any_number, at=any_number, how=st.sampled_from(MISHAPS))
    def harm_a_journal(self, which: int, at: int, how: str) -> None:
        """Lost, cut off, one octet altered; or a power cut took its last lines."""
        journals = self._journals()
        if journals:
            self._harm(journals[which % len(journals)], at, how)

    def _harm(self, path: Path, at: int, how: str) -> None:
        content = path.read_bytes()
        for one in self.known.values():
            one.in_air = one.in_air and None
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
