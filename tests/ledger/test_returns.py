"""What came back is written once, and silences only whom it proves to be gone."""

import datetime as dt
from dataclasses import replace

import pytest

from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import Settlement, Want
from newsletter.returned import (
    Afterwards,
    Effect,
    Gravity,
    Kind,
    Proof,
    Reason,
    Returned,
    Thresholds,
)
from newsletter.values import Address, digest_of
from tests.doubles import START
from tests.ledger.plans import make_plan
from tests.ledger.test_ledger import UNKNOWN, settle

READER = Address("r1@reader.example")
DAY = dt.timedelta(days=1)
RULES = Thresholds(soft_limit=3, window=30 * DAY)


def bounce(
    number: int = 1,
    gravity: Gravity = Gravity.HARD,
    proof: Proof = Proof.SIGNED,
    campaign: int = 1,
    kind: Kind = Kind.BOUNCE,
) -> Returned:
    """Something that came back about the first reader of a campaign."""
    told = kind in {Kind.BOUNCE, Kind.DELAYED}
    return Returned(
        mark=digest_of(str(number).encode()),
        kind=kind,
        at=START,
        source="mailbox",
        proof=proof,
        address=READER.text,
        gravity=gravity if told else None,
        reason=Reason.NO_MAILBOX.value if told else "",
        status="5.1.1" if told else "",
        code=550 if told else None,
        campaign=campaign if proof is not Proof.NONE else None,
        seq=1 if proof is not Proof.NONE else None,
        words="no such user",
    )


def record(ledger: Ledger, *events: Returned, rules: Thresholds = RULES) -> tuple[Effect, ...]:
    """Write them down."""
    return ledger.returns.record(events, rules)


def reason(ledger: Ledger) -> str | None:
    """Why the reader is never mailed."""
    found = ledger.suppression_of(READER)
    return found.reason if found else None


def test_what_came_back_is_read_back_whole(ledger: Ledger) -> None:
    event = bounce()
    (effect,) = record(ledger, event)
    assert effect == Effect(event, new=True, suppressed="bounced")
    (stored,) = ledger.returns.of_address(READER)
    assert replace(stored, id=0) == event
    assert ledger.returns.one(stored.id) == stored


def test_the_same_twice_counts_once(ledger: Ledger) -> None:
    soft = bounce(gravity=Gravity.SOFT)
    assert [effect.new for effect in record(ledger, soft, soft)] == [True, False]
    assert [effect.new for effect in record(ledger, soft)] == [False]
    assert len(ledger.returns.of_address(READER)) == 1
    assert ledger.returns.totals() == {"bounce": 1}


def test_a_signed_hard_bounce_silences_at_once(ledger: Ledger) -> None:
    record(ledger, bounce())
    found = ledger.suppression_of(READER)
    assert found is not None
    assert (found.reason, found.source) == ("bounced", "mailbox")
    assert found.note == "5.1.1 no such mailbox; campaign 1, message 1"


def test_one_that_is_not_signed_waits_for_a_second_about_another_message(ledger: Ledger) -> None:
    record(ledger, *(bounce(n, proof=Proof.KNOWN) for n in (1, 2, 3)))
    assert reason(ledger) is None
    record(ledger, bounce(4, proof=Proof.KNOWN, campaign=2))
    assert reason(ledger) == "bounced"


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Kind.BOUNCE, Kind.COMPLAINT, Kind.UNSUBSCRIBE, Kind.WISH])
def test_a_thousand_unproven_ones_silence_nobody(ledger: Ledger, kind: Kind) -> None:
    record(ledger, *(bounce(n, proof=Proof.NONE, kind=kind) for n in range(1_000)))
    assert reason(ledger) is None
    assert ledger.returns.totals() == {str(kind): 1_000}


@pytest.mark.parametrize("proof", [Proof.SIGNED, Proof.KNOWN])
def test_a_complaint_silences_at_once(ledger: Ledger, proof: Proof) -> None:
    record(ledger, bounce(kind=Kind.COMPLAINT, proof=proof))
    assert reason(ledger) == "complained"


def test_an_unsubscribe_by_mail_silences_at_once(ledger: Ledger) -> None:
    record(ledger, bounce(kind=Kind.UNSUBSCRIBE))
    assert reason(ledger) == "unsubscribed"


def test_delays_and_wishes_never_silence(ledger: Ledger) -> None:
    for number, kind in enumerate([Kind.DELAYED, Kind.WISH] * 10):
        record(ledger, bounce(number, gravity=Gravity.SOFT, kind=kind, campaign=number + 1))
    assert reason(ledger) is None


def test_soft_bounces_count_by_message_and_within_the_window(ledger: Ledger) -> None:
    soft = [bounce(n, Gravity.SOFT, campaign=n) for n in (1, 2)]
    record(ledger, *soft, replace(soft[0], mark=digest_of(b"again")))
    old = replace(bounce(8, Gravity.SOFT, campaign=8), at=START - 31 * DAY)
    record(ledger, old)
    assert reason(ledger) is None
    record(ledger, bounce(3, Gravity.SOFT, campaign=3))
    assert reason(ledger) == "bounced"


def test_a_limit_of_none_never_silences(ledger: Ledger) -> None:
    many = [bounce(n, Gravity.SOFT, campaign=n) for n in range(1, 30)]
    record(ledger, *many, rules=Thresholds(soft_limit=0))
    assert reason(ledger) is None


def refused(ledger: Ledger) -> None:
    """A campaign in which the relay refused the first reader."""
    number = ledger.record(make_plan(1), due=None, now=START)
    turn = ledger.begin_run(number, START)
    (row,) = ledger.exchange(turn, (), Want(1), START).rows
    result: Settlement = settle(row, UNKNOWN)
    grant = ledger.exchange(turn, (result,), Want(1), START)
    ledger.end_run(turn, grant.state.FINISHED, "", START)


def test_what_the_relay_refused_counts_too(ledger: Ledger) -> None:
    refused(ledger)
    refused(ledger)
    record(ledger, bounce(1, Gravity.SOFT, campaign=7))
    assert reason(ledger) == "bounced"


def test_counts_can_be_reset(ledger: Ledger) -> None:
    record(ledger, *(bounce(n, Gravity.SOFT, campaign=n) for n in (1, 2)))
    assert ledger.returns.reset(READER) == 2
    assert ledger.returns.reset(READER) == 0
    record(ledger, bounce(3, Gravity.SOFT, campaign=3))
    assert reason(ledger) is None
    assert [event.void for event in ledger.returns.of_address(READER)] == [False, True, True]


def test_all_are_written_or_none(ledger: Ledger) -> None:
    broken = replace(bounce(2), kind=None)  # type: ignore[arg-type]  # what no database takes
    with pytest.raises(Exception, match="cannot be used"):
        record(ledger, bounce(1), broken)
    assert ledger.returns.of_address(READER) == ()
    assert reason(ledger) is None


def test_a_campaign_says_what_came_back_about_it(ledger: Ledger) -> None:
    events = [
        bounce(1),
        bounce(2, Gravity.SOFT),  # the same message: the gravest counts
        replace(bounce(3, Gravity.SOFT), seq=2, reason=Reason.FULL.value),
        replace(bounce(4, Gravity.SOFT, kind=Kind.DELAYED), seq=3),
        replace(bounce(5, kind=Kind.COMPLAINT), seq=4, address="r4@reader.example"),
        replace(bounce(6, kind=Kind.UNSUBSCRIBE), seq=5, address="r5@reader.example"),
        bounce(7, proof=Proof.NONE),
        bounce(8, campaign=2),
    ]
    record(ledger, *events)
    note = "campaign 1, message 6"
    ledger.suppress(Address("r6@reader.example"), "unsubscribed", "one-click", note, START)
    ledger.returns.note_reading(START)
    assert ledger.returns.afterwards(1) == Afterwards(
        hard=1,
        soft=1,
        delayed=1,
        complaints=1,
        unsubscribed=2,
        reasons={"mailbox full": 1, "no such mailbox": 1},
        read_at=START,
    )


def test_hostile_words_are_kept_short_and_storable(ledger: Ledger) -> None:
    event = replace(bounce(), words="\x00\ud800<script>" * 100, source="\udcff")
    record(ledger, event)
    (stored,) = ledger.returns.of_address(READER)
    assert len(stored.words) <= 4 * 300
    assert "\x00" not in stored.words
