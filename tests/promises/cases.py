"""One row of the relay table, played through a whole run and a real ledger, and looked at."""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
from _pytest.mark import ParameterSet

from newsletter.delivery import DeliveryState
from newsletter.dispatch.model import RunResult
from newsletter.errors import RelayError
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Attempt, CampaignState
from newsletter.transport.smtp import SmtpTransport
from tests.crash.scale import FULL
from tests.promises.relay import Fate, Fault, FaultyRelay, no_fault, on_loopback
from tests.promises.rows import End, Row
from tests.promises.stage import Stage, moved_to_large, plan_of
from tests.transport.relays import options_for

S = DeliveryState
READERS = 5
PLACES = {"first": 0, "middle": 2, "last": READERS - 1}
WAYS = ("plain", "pipelined")
BEFORE_THE_DOT = {"mail", "rcpt", "data", "body"}
STOP_ENDS = {End.STOPS, End.STOPS_AT_A_READER}


@dataclass(frozen=True)
class Case:
    """A row, the message that it befalls, and how the relay is spoken to."""

    row: Row
    at: int
    way: str
    on_doubt: str = "hold"

    @property
    def touched(self) -> list[str]:
        """The recipients that it befalls, in order."""
        last = min(self.at + self.row.times, READERS)
        return [f"r{number + 1}@reader.example" for number in range(self.at, last)]

    @property
    def before(self) -> set[str]:
        """The recipients whose turn came earlier."""
        return {f"r{number + 1}@reader.example" for number in range(self.at)}

    @property
    def blurred(self) -> bool:
        """Whether replies may be taken for those to other commands that went with theirs."""
        return self.row.blurred and self.way == "pipelined"

    @property
    def seen_early(self) -> bool:
        """Whether the fault may be met while another message is answered: no try of this one."""
        return self.way == "pipelined" and self.at > 0 and self.row.code in {None, 421}

    def relay(self) -> FaultyRelay:
        """A relay that is well but for this."""
        offer = (*self.row.offer, *(("PIPELINING",) if self.way == "pipelined" else ()))
        fault = self.row.fault
        if not fault.at_entry:
            return FaultyRelay(
                offer, fate=_befalls(fault, range(self.at, self.at + self.row.times))
            )
        leaves = frozenset({self.at - 1}) if self.at else frozenset()
        first = 1 if self.at else 0
        lasts = 99 if self.row.end is End.STOPS else 1  # looking at a certificate connects again
        return FaultyRelay(
            offer, entry=_befalls(fault, range(first, first + lasts)), leaves_after=leaves
        )


def _befalls(fault: Fault, numbers: range) -> Fate:
    return lambda number: fault if number in numbers else None


def cases(rows: Iterable[Row], on_doubt: str = "hold") -> list[ParameterSet]:
    """Each row at each place, in each way."""
    return [
        pytest.param(Case(row, at, way, on_doubt), id=f"{row}, {place}, {way}")
        for row in rows
        for place, at in PLACES.items()
        if FULL or place == "middle" or not row.sister
        for way in WAYS
    ]


def play(
    case: Case, ledger: Ledger, tls: ssl.SSLContext | None = None, **options: object
) -> FaultyRelay:
    """Send, look, mend what is wrong, go on, and look again."""
    relay = case.relay()
    relay.tls = tls
    patience = {"timeout": case.row.patience, "dot_timeout": case.row.patience}

    async def both_acts() -> None:
        async with on_loopback(relay, small=bool(case.row.octets)):
            transport = SmtpTransport(options_for(relay.port, **(patience | options)))
            await act(case, Stage(ledger, relay, transport))

    asyncio.run(both_acts())
    return relay


async def act(case: Case, stage: Stage) -> None:
    """The two acts: the fault, and after it."""
    plan = plan_of(READERS, on_doubt=case.on_doubt, octets=case.row.octets)
    stage.record(moved_to_large(plan, case.at))
    result = await stage.run()
    look(case, stage, result)
    stage.relay.entry = stage.relay.fate = no_fault
    if result.state is not CampaignState.FINISHED:
        result = await stage.resume()
        stage.adds_up(on_doubt=case.on_doubt)
    assert result.state is CampaignState.FINISHED
    assert stage.who(S.ACCEPTED) | stage.who(S.REFUSED, S.IN_DOUBT) == {
        row.address for row in stage.ledger.deliveries(stage.number)
    }


def look(case: Case, stage: Stage, result: RunResult) -> None:
    """What the table says, after the run that met with it."""
    stage.adds_up(on_doubt=case.on_doubt)
    end, touched = case.row.end, set(case.touched)
    dead = touched if end is End.DEAD else set()
    assert {each.address for each in stage.ledger.suppressions()} == dead
    assert (result.state, bool(result.why)) == campaign_after(case)
    assert_states(case, stage)
    assert_attempts(case, stage)
    if end in STOP_ENDS:
        assert case.row.end is End.STOPS_AT_A_READER or isinstance(result.error, RelayError)


def campaign_after(case: Case) -> tuple[CampaignState, bool]:
    """Its state, and whether it says why."""
    waiting = case.at + case.row.times < READERS
    match case.row.end:
        case End.STOPS | End.STOPS_AT_A_READER:
            return CampaignState.STOPPED, True
        case End.THREE_ALIKE | End.TOO_BIG if waiting:
            return CampaignState.PAUSED, True
        case _:
            return CampaignState.FINISHED, False


def assert_states(case: Case, stage: Stage) -> None:
    """Those before it had theirs; it befalls one (or three) and nobody else."""
    touched = set(case.touched)
    rest = {row.address for row in stage.ledger.deliveries(stage.number)} - touched
    match case.row.end:
        case End.STOPS | End.STOPS_AT_A_READER:
            assert stage.who(S.ACCEPTED) == case.before
            assert stage.who(S.QUEUED) == (rest | touched) - case.before
        case End.TOO_BIG | End.THREE_ALIKE if case.at + case.row.times < READERS:
            assert stage.who(S.REFUSED) == touched
            assert stage.who(S.ACCEPTED) == case.before
            assert stage.who(S.QUEUED) == rest - case.before
        case End.TOO_BIG | End.THREE_ALIKE | End.REFUSED | End.DEAD:
            assert (stage.who(S.REFUSED), stage.who(S.ACCEPTED)) == (touched, rest)
        case End.DOUBT if case.on_doubt == "hold" and not case.blurred:
            assert (stage.who(S.IN_DOUBT), stage.who(S.ACCEPTED)) == (touched, rest)
        case End.DOUBT:
            assert stage.who(S.ACCEPTED) >= rest
        case _:
            assert stage.who(S.ACCEPTED) == rest | touched


def assert_attempts(case: Case, stage: Stage) -> None:
    """Each attempt of whom it befalls: how it ended, in which phase, with which code."""
    for row in stage.ledger.deliveries(stage.number):
        tries = stage.ledger.attempts(stage.number, row.seq)
        if row.address in case.touched:
            assert_tries(case, tries)
        else:
            assert_others(case, tries)


def assert_others(case: Case, tries: tuple[Attempt, ...]) -> None:
    """One try; but where replies are lost or too many, the next message may meet with it too."""
    outcomes = [each.outcome for each in tries]
    if (case.row.end is End.ACCEPTED or case.blurred) and outcomes[:1] == ["deferred"]:
        assert tries[0].phase in BEFORE_THE_DOT
        assert tries[0].reply is None or tries[0].reply.code == 250
        outcomes = outcomes[1:]
    assert outcomes in ([], ["accepted"])


def assert_tries(case: Case, tries: tuple[Attempt, ...]) -> None:
    """The first is the fault's, a second the good relay's."""
    outcomes = [each.outcome for each in tries]
    match case.row.end:
        case End.STOPS:
            assert outcomes == []
            return
        case End.GOES_ON | End.ACCEPTED:
            assert outcomes == ["accepted"]
            return
        case End.DEFERRED if case.seen_early and outcomes == ["accepted"]:
            return
        case End.DEFERRED:
            assert outcomes == ["deferred", "accepted"]
        case End.DOUBT if case.blurred and outcomes == ["accepted"]:
            return
        case End.DOUBT:
            resent = ["accepted"] if case.on_doubt == "resend" else []
            assert outcomes == ["in_doubt", *resent]
        case _:
            assert outcomes == ["refused"]
    first = tries[0]
    code = first.reply.code if first.reply else None
    if case.row.blurred and case.row.end is End.DEFERRED:
        assert code in {case.row.code, None, 250}
        assert first.phase in BEFORE_THE_DOT
    else:
        assert (first.phase, code) == (case.row.phase, case.row.code)
