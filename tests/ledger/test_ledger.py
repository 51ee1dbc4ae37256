"""What the ledger promises, on SQLite and on PostgreSQL alike."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.campaign import Due
from newsletter.delivery import (
    FRESH,
    Accepted,
    Blame,
    Deferred,
    DeliveryState,
    InDoubt,
    Outcome,
    Phase,
    Refused,
    Reply,
    RetryPolicy,
    advance,
)
from newsletter.errors import LedgerError, LedgerLocked, PlanChanged, UsageError
from newsletter.ledger.instants import to_microseconds
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import (
    Acceptance,
    CampaignId,
    CampaignState,
    ClaimedRow,
    Grant,
    Settlement,
    Turn,
    Want,
)
from newsletter.ledger.series import SeriesId
from newsletter.values import Address, IssueSlug
from tests.doubles import START
from tests.ledger.plans import make_plan, make_terms

OK = Accepted(Reply(250, "2.0.0 Ok: queued as 4F2A"))
LATER = Deferred(Phase.RCPT, Reply(450, "4.2.0 try later"))
UNKNOWN = Refused(Phase.RCPT, Reply(550, "5.1.1 no such user"), Blame.READER)
LOST = InDoubt("connection lost")
MINUTE = dt.timedelta(minutes=1)


def settle(row: ClaimedRow, outcome: Outcome, *, dead: bool = False) -> Settlement:
    """One attempt at a row."""
    return Settlement(
        row.seq, START, outcome, advance(row.delivery, outcome, RetryPolicy(), START, 0), dead
    )


def begin(ledger: Ledger, readers: int = 3) -> tuple[CampaignId, Turn]:
    """A campaign that runs."""
    number = ledger.record(make_plan(readers), due=None, now=START)
    return number, ledger.begin_run(number, START)


def claim(ledger: Ledger, turn: Turn, count: int = 10, after: int = 0) -> Grant:
    """The next rows, a minute and a bit after the start."""
    return ledger.exchange(turn, (), Want(count, after), START)


def send(ledger: Ledger, turn: Turn, *outcomes: Outcome) -> None:
    """Claim as many rows as there are outcomes, and settle them."""
    rows = claim(ledger, turn, len(outcomes)).rows
    ledger.exchange(
        turn, [settle(*each) for each in zip(rows, outcomes, strict=True)], Want(0), START
    )


def states(ledger: Ledger, number: CampaignId) -> list[DeliveryState]:
    """Each recipient's state, in order."""
    return [row.delivery.state for row in ledger.deliveries(number)]


def test_a_recorded_plan_is_ready_and_everybody_is_queued(ledger: Ledger) -> None:
    plan = make_plan(3)
    number = ledger.record(plan, due=None, now=START)
    campaign = ledger.campaign(number)
    assert campaign.state is CampaignState.READY
    assert (campaign.slug, campaign.recipients, campaign.recorded_at) == ("2026-11", 3, START)
    assert (campaign.content_digest, campaign.terms) == (plan.content_digest, plan.terms)
    assert ledger.variants(number)[0].compiled == plan.variants[0].compiled
    assert ledger.progress(number).counts == {DeliveryState.QUEUED: 3}
    assert ledger.verify() == ()


@pytest.mark.slow
def test_a_campaign_of_several_thousand_is_recorded_whole(ledger: Ledger) -> None:
    number = ledger.record(make_plan(5001), due=None, now=START)
    assert ledger.progress(number).counts == {DeliveryState.QUEUED: 5001}
    assert sum(1 for _ in ledger.deliveries(number)) == 5001


def test_an_address_that_stands_twice_in_a_plan_is_refused_and_nothing_recorded(
    ledger: Ledger,
) -> None:
    plan = make_plan(2)
    first, second = plan.recipients
    with pytest.raises(UsageError, match=r"r1@reader\.example is in the audience twice"):
        ledger.record(replace(plan, recipients=(first, second, first)), due=None, now=START)
    assert ledger.campaigns() == ()


def test_a_plan_is_refused_where_another_campaign_of_the_issue_was_recorded_since(
    ledger: Ledger,
) -> None:
    ledger.record(make_plan(slug="2026-10"), due=None, now=START)
    first = ledger.record(make_plan(), due=None, now=START, newest=0)
    with pytest.raises(PlanChanged, match=rf"campaign {first} of 2026-11 was recorded while"):
        ledger.record(make_plan(), due=None, now=START, newest=0)
    assert len(ledger.campaigns()) == 2
    second = ledger.record(make_plan(), due=None, now=START, newest=first)
    assert ledger.campaign(second).slug == "2026-11"


def test_a_rate_of_millions_is_the_same_after_it_was_stored(ledger: Ledger) -> None:
    terms = make_terms("12345678/day")
    number = ledger.record(make_plan(1, terms=terms), due=None, now=START)
    assert ledger.campaign(number).terms == terms


def test_a_row_is_claimed_once(ledger: Ledger) -> None:
    _, turn = begin(ledger)
    first = claim(ledger, turn, 2)
    second = claim(ledger, turn, 10, first.last_seq)
    assert [row.seq for row in first.rows] == [1, 2]
    assert [row.seq for row in second.rows] == [3]
    assert claim(ledger, turn).empty


def test_rows_in_hand_between_those_that_are_claimed_are_not_granted_again(
    ledger: Ledger,
) -> None:
    _, turn = begin(ledger, 7)
    assert [row.seq for row in claim(ledger, turn, 4).rows] == [1, 2, 3, 4]
    ledger.release(turn, [1, 3])
    grant = claim(ledger, turn, 4)
    assert [row.seq for row in grant.rows] == [1, 3, 5, 6]
    assert grant.last_seq == 6


def test_what_was_put_back_is_found_at_the_end_and_due_retries_come_with_queued_rows(
    ledger: Ledger,
) -> None:
    _, turn = begin(ledger, 6)
    rows = claim(ledger, turn, 4).rows
    ledger.release(turn, [2])
    ledger.exchange(turn, [settle(rows[2], LATER)], Want(0), START)
    later = START + 3 * MINUTE
    grant = ledger.exchange(turn, (), Want(3, 4), later)
    assert [row.seq for row in grant.rows] == [3, 5, 6]
    assert grant.rows[0].delivery.attempts == 1
    assert grant.rows[0].delivery.reply == Reply(450, "")
    assert [row.seq for row in ledger.exchange(turn, (), Want(3, 6), later).rows] == [2]


def test_a_claimed_row_has_all_that_fills_its_message(ledger: Ledger) -> None:
    _, turn = begin(ledger, 1)
    (row,) = claim(ledger, turn).rows
    assert (row.address, row.fields["first_name"], row.lists) == (
        "r1@reader.example",
        "Nome1",
        ("soci",),
    )


@pytest.mark.slow
def test_whoever_is_suppressed_before_the_claim_is_not_claimed(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    ledger.suppress(Address("R2@reader.example"), "unsubscribed", "one-click", "", START)
    grant = claim(ledger, turn)
    assert [row.seq for row in grant.rows] == [1, 3]
    assert grant.suppressed == 1
    assert states(ledger, number)[1] is DeliveryState.SUPPRESSED
    assert ledger.verify() == ()


def test_outcomes_are_written_with_their_replies(ledger: Ledger) -> None:
    number, turn = begin(ledger, 4)
    send(ledger, turn, OK, LATER, UNKNOWN, LOST)
    rows = list(ledger.deliveries(number))
    assert states(ledger, number) == [
        DeliveryState.ACCEPTED,
        DeliveryState.DEFERRED,
        DeliveryState.REFUSED,
        DeliveryState.IN_DOUBT,
    ]
    assert [str(row.delivery.reply or "") for row in rows] == [
        "250 2.0.0 Ok: queued as 4F2A",
        "450 4.2.0 try later",
        "550 5.1.1 no such user",
        "",
    ]
    assert ledger.progress(number).next_retry_at == START + MINUTE
    assert ledger.verify() == ()


def test_a_reply_that_is_no_text_is_stored_all_the_same(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    send(ledger, turn, Accepted(Reply(250, "Ok \udce9 \x00")))
    (row,) = ledger.deliveries(number)
    assert row.delivery.state is DeliveryState.ACCEPTED
    assert row.delivery.reply == Reply(250, "Ok \\udce9 \\x00")


@pytest.mark.slow
@pytest.mark.parametrize("text", ["2.0.0 Ok: queued as 4F2A", "Ok \udce9 \x00 è", "", '"\\u0000'])
def test_an_acceptance_in_few_words_leaves_what_the_full_settlement_leaves(
    ledger: Ledger, text: str
) -> None:
    short = Acceptance(1, to_microseconds(START + MINUTE), 250, text)
    found = []
    for result in (short, short.spelled_out()):
        number, turn = begin(ledger, 1)
        claim(ledger, turn)
        ledger.exchange(turn, [result], Want(0), START)
        (row,), (attempt,) = ledger.deliveries(number), ledger.attempts(number)
        found.append((row.delivery, row.last_attempt_at, replace(attempt, run=None)))
        assert ledger.verify() == ()
    assert found[0] == found[1]


def test_an_acceptance_in_few_words_counts_once_and_for_a_claimed_row_only(
    ledger: Ledger,
) -> None:
    number, turn = begin(ledger, 3)
    claim(ledger, turn)
    ledger.release(turn, [3])
    one, two, free = (Acceptance(seq, to_microseconds(START), 250, "Ok") for seq in (1, 2, 3))
    with pytest.raises(LedgerError):
        ledger.exchange(turn, [one, two, one], Want(0), START)
    with pytest.raises(LedgerError, match="was not being tried"):
        ledger.exchange(turn, [two, free], Want(0), START)
    assert ledger.attempts(number) == ()
    ledger.exchange(turn, [one], Want(0), START)
    with pytest.raises(LedgerError):
        ledger.exchange(turn, [one], Want(0), START)
    assert states(ledger, number) == ["accepted", "claimed", "queued"]
    assert ledger.verify() == ()


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 7, 8, 9, 31, 40, 171, 681, 1300])
def test_a_group_of_any_size_is_settled_whole(ledger: Ledger, count: int) -> None:
    number, turn = begin(ledger, count)
    rows = claim(ledger, turn, count).rows
    told = [Acceptance(row.seq, to_microseconds(START), 250, f"Ok {row.seq}") for row in rows]
    ledger.exchange(turn, told, Want(0), START)
    assert [each.reply for each in ledger.attempts(number)] == [
        Reply(250, f"Ok {seq}") for seq in range(1, count + 1)
    ]
    assert ledger.progress(number).counts == {DeliveryState.ACCEPTED: count}
    assert ledger.verify() == ()


@pytest.mark.slow
@given(
    st.integers(1, 2**31 - 1),
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001  the zone is beside
    st.integers(200, 299),
    st.text(),
)
def test_an_acceptance_in_few_words_is_what_the_state_machine_says(
    seq: int, at: dt.datetime, code: int, text: str
) -> None:
    outcome = Accepted(Reply(code, text))
    after = advance(FRESH, outcome, RetryPolicy(), at, 0.5)
    short = Acceptance(seq, to_microseconds(at), code, text)
    assert short.spelled_out() == Settlement(seq, at, outcome, after)


def test_an_address_that_does_not_exist_is_suppressed_with_its_refusal(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    rows = claim(ledger, turn).rows
    ledger.exchange(turn, [settle(rows[0], UNKNOWN, dead=True)], Want(0), START)
    (suppression,) = ledger.suppressions()
    assert (suppression.address, suppression.reason) == ("r1@reader.example", "refused")
    assert suppression.source == f"campaign {number}"
    assert suppression.note == "550 5.1.1 no such user"


def test_a_retry_is_claimed_when_it_is_due_and_not_before(ledger: Ledger) -> None:
    _, turn = begin(ledger, 1)
    send(ledger, turn, LATER)
    early = ledger.exchange(turn, (), Want(5), START + MINUTE / 2)
    assert early.empty
    assert early.next_retry_at == START + MINUTE
    assert [row.seq for row in ledger.exchange(turn, (), Want(5), START + MINUTE).rows] == [1]


def test_rows_that_were_put_back_are_found_after_the_end(ledger: Ledger) -> None:
    number, turn = begin(ledger, 3)
    grant = claim(ledger, turn)
    ledger.release(turn, [1])
    assert states(ledger, number)[0] is DeliveryState.QUEUED
    assert [row.seq for row in claim(ledger, turn, 10, grant.last_seq).rows] == [1]


def test_a_deferral_that_is_put_back_keeps_its_time(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    send(ledger, turn, LATER)
    ledger.exchange(turn, (), Want(5), START + MINUTE)
    ledger.release(turn, [1])
    assert states(ledger, number) == [DeliveryState.DEFERRED]
    assert ledger.progress(number).next_retry_at == START + MINUTE


def test_an_outcome_counts_once(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    (row,) = claim(ledger, turn).rows
    ledger.exchange(turn, [settle(row, OK)], Want(0), START)
    with pytest.raises(LedgerError):
        ledger.exchange(turn, [settle(row, OK)], Want(0), START)
    assert len(ledger.attempts(number)) == 1


def test_an_outcome_for_a_row_that_was_not_claimed_is_refused(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    (row,) = claim(ledger, turn).rows
    ledger.release(turn, [row.seq])
    with pytest.raises(LedgerError, match="was not being tried"):
        ledger.exchange(turn, [settle(row, OK)], Want(0), START)
    assert states(ledger, number) == [DeliveryState.QUEUED]


def test_a_process_that_was_overtaken_can_write_nothing(ledger: Ledger) -> None:
    number, frozen = begin(ledger, 2)
    (row,) = claim(ledger, frozen, 1).rows
    ledger.begin_run(number, START + MINUTE)
    with pytest.raises(LedgerLocked, match="another process took over"):
        ledger.exchange(frozen, [settle(row, OK)], Want(1), START + MINUTE)
    with pytest.raises(LedgerLocked):
        ledger.release(frozen, [row.seq])
    with pytest.raises(LedgerLocked):
        ledger.end_run(frozen, CampaignState.FINISHED, "", START + MINUTE)
    assert states(ledger, number) == [DeliveryState.CLAIMED, DeliveryState.QUEUED]


def test_a_run_that_was_killed_leaves_its_rows_and_says_when_it_was_last_seen(
    ledger: Ledger,
) -> None:
    number, turn = begin(ledger, 2)
    ledger.exchange(turn, (), Want(1), START + MINUTE)
    assert ledger.progress(number).interrupted_at == START + MINUTE
    assert [(run, row.seq) for run, row in ledger.leftovers(number)] == [(turn.run, 1)]
    assert [one.id for one in ledger.due(START)] == [number]
    ledger.begin_run(number, START + 2 * MINUTE)
    assert [run.why for run in ledger.runs(number)] == ["interrupted", ""]


def test_an_officers_pause_reaches_the_run_and_outweighs_its_end(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    ledger.pause(number, START, "lunch")
    grant = claim(ledger, turn)
    assert (grant.state, grant.rows) == (CampaignState.PAUSED, ())
    assert ledger.end_run(turn, CampaignState.FINISHED, "", START) is CampaignState.PAUSED
    assert ledger.campaign(number).reason == "lunch"


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.WAITING])
def test_a_run_that_ends_when_nobody_waits_any_more_finishes_the_campaign(
    ledger: Ledger, state: CampaignState
) -> None:
    number, turn = begin(ledger, 3)
    send(ledger, turn, OK, UNKNOWN, LOST)
    assert ledger.end_run(turn, state, "stopped by you", START) is CampaignState.FINISHED
    campaign = ledger.campaign(number)
    assert (campaign.state, campaign.reason) == (CampaignState.FINISHED, "")
    assert [run.why for run in ledger.runs(number)] == ["stopped by you"]
    assert ledger.verify() == ()


def test_a_pause_that_comes_after_the_last_message_finishes_the_campaign(ledger: Ledger) -> None:
    number, turn = begin(ledger, 1)
    send(ledger, turn, OK)
    ledger.pause(number, START, "lunch")
    assert ledger.end_run(turn, CampaignState.FINISHED, "", START) is CampaignState.FINISHED
    assert ledger.campaign(number).state is CampaignState.FINISHED


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.WAITING])
def test_a_run_that_ends_while_somebody_waits_ends_as_it_says(
    ledger: Ledger, state: CampaignState
) -> None:
    number, turn = begin(ledger, 2)
    send(ledger, turn, OK, LATER)
    assert ledger.end_run(turn, state, "stopped by you", START) is state
    assert ledger.campaign(number).reason == "stopped by you"


def test_a_paused_campaign_runs_only_after_it_was_resumed(ledger: Ledger) -> None:
    number = ledger.record(make_plan(), due=None, now=START)
    ledger.pause(number, START)
    with pytest.raises(UsageError, match="is paused") as refused:
        ledger.begin_run(number, START)
    assert refused.value.next_command == "newsletter resume 2026-11"
    ledger.resume(number, START)
    ledger.begin_run(number, START)
    assert ledger.campaign(number).state is CampaignState.RUNNING


def test_cancelling_spares_whoever_waits_for_ever(ledger: Ledger) -> None:
    number, turn = begin(ledger, 4)
    send(ledger, turn, OK, LATER)
    (row,) = claim(ledger, turn, 1, 2).rows
    assert ledger.cancel(number, START) == 2
    ledger.exchange(turn, [settle(row, LATER)], Want(5), START)
    assert ledger.end_run(turn, CampaignState.PAUSED, "", START) is CampaignState.CANCELLED
    assert states(ledger, number) == [DeliveryState.ACCEPTED, *[DeliveryState.CANCELLED] * 3]
    assert ledger.verify() == ()
    with pytest.raises(UsageError, match="there is nothing to resume"):
        ledger.resume(number, START)


def test_a_scheduled_campaign_is_due_at_its_time_and_cannot_run_before(ledger: Ledger) -> None:
    due = Due(START + MINUTE, "2026-12-03 10:01", "Europe/Rome")
    number = ledger.record(make_plan(), due=due, now=START)
    assert ledger.campaign(number).due == due
    assert ledger.due(START) == ()
    with pytest.raises(UsageError, match="is due 2026-12-03 10:01 Europe/Rome, not yet"):
        ledger.begin_run(number, START)
    assert [one.id for one in ledger.due(START + MINUTE)] == [number]


def test_a_missed_campaign_waits_for_a_new_time(ledger: Ledger) -> None:
    due = Due(START, "2026-12-03 10:00", "Europe/Rome")
    number = ledger.record(make_plan(), due=due, now=START)
    assert ledger.mark_missed(number, START + MINUTE).state is CampaignState.MISSED
    with pytest.raises(UsageError, match="is missed"):
        ledger.begin_run(number, START + MINUTE)
    later = Due(START + 2 * MINUTE, "2026-12-03 10:02", "Europe/Rome")
    ledger.reschedule(number, later, START + MINUTE)
    assert ledger.campaign(number).due == later
    assert [one.id for one in ledger.due(START + 2 * MINUTE)] == [number]


def test_a_campaign_that_has_begun_cannot_be_moved(ledger: Ledger) -> None:
    number, turn = begin(ledger)
    ledger.end_run(turn, CampaignState.PAUSED, "", START)
    with pytest.raises(UsageError, match="has begun"):
        ledger.reschedule(number, Due(START, "", ""), START)


def test_a_retry_queues_what_was_surely_not_accepted_and_nothing_else(ledger: Ledger) -> None:
    number, turn = begin(ledger, 4)
    send(ledger, turn, OK, LATER, UNKNOWN, LOST)
    ledger.end_run(turn, CampaignState.FINISHED, "", START)
    assert ledger.retry(number, [DeliveryState.REFUSED, DeliveryState.DEFERRED], START) == 2
    assert states(ledger, number) == [
        DeliveryState.ACCEPTED,
        DeliveryState.QUEUED,
        DeliveryState.QUEUED,
        DeliveryState.IN_DOUBT,
    ]
    assert ledger.campaign(number).state is CampaignState.READY


@pytest.mark.parametrize(
    "state", [DeliveryState.ACCEPTED, DeliveryState.IN_DOUBT, DeliveryState.SUPPRESSED]
)
def test_a_retry_never_touches_what_may_have_been_accepted(
    ledger: Ledger, state: DeliveryState
) -> None:
    number = ledger.record(make_plan(), due=None, now=START)
    with pytest.raises(UsageError, match="never tried again"):
        ledger.retry(number, [state], START)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("accepted", "state"), [(True, DeliveryState.ACCEPTED), (False, DeliveryState.QUEUED)]
)
def test_an_officers_word_settles_a_doubt(
    ledger: Ledger, accepted: bool, state: DeliveryState
) -> None:
    number, turn = begin(ledger, 1)
    send(ledger, turn, LOST)
    ledger.end_run(turn, CampaignState.FINISHED, "", START)
    ledger.settle_doubt(number, 1, START, accepted=accepted, note="relay log")
    assert states(ledger, number) == [state]
    assert ledger.verify() == ()
    with pytest.raises(UsageError, match="is not in doubt"):
        ledger.settle_doubt(number, 1, START, accepted=True)


def test_suppressing_twice_keeps_the_first_reason(ledger: Ledger) -> None:
    address = Address("a@reader.example")
    assert ledger.suppress(address, "unsubscribed", "one-click", "", START)
    assert not ledger.suppress(address, "bounced", "mailbox", "", START)
    assert dict(ledger.suppression_reasons()) == {"a@reader.example": "unsubscribed"}
    assert ledger.unsuppress(address, START)
    assert not ledger.unsuppress(address, START)
    assert [event.kind for event in ledger.events(None)] == ["suppressed", "unsuppressed"]


def test_another_campaign_of_the_issue_knows_whom_it_reached(ledger: Ledger) -> None:
    number, turn = begin(ledger, 3)
    send(ledger, turn, OK, UNKNOWN, LOST)
    ledger.end_run(turn, CampaignState.FINISHED, "", START)
    slug = IssueSlug("2026-11")
    assert dict(ledger.accepted_elsewhere(slug)) == {
        "r1@reader.example": START,
        "r3@reader.example": START,
    }
    assert dict(ledger.accepted_elsewhere(slug, number)) == {}
    assert dict(ledger.accepted_elsewhere(IssueSlug("other"))) == {}


def test_the_last_audience_of_each_list_is_that_of_its_newest_campaign(ledger: Ledger) -> None:
    ledger.record(make_plan(3), due=None, now=START)
    ledger.record(make_plan(1), due=None, now=START)
    last = ledger.last_campaigns("staging")
    assert list(ledger.audience(last["soci"])) == [("r1@reader.example", ("soci",))]
    assert ledger.last_campaigns("production") == {}


def test_one_recipient_is_found_in_any_case(ledger: Ledger) -> None:
    number = ledger.record(make_plan(3), due=None, now=START)
    (row,) = ledger.deliveries(number, address=Address("R2@READER.example"))
    assert (row.seq, row.variant, row.lists) == (2, "it--china", ("soci",))


@pytest.mark.slow
def test_a_second_sender_is_refused_with_pid_host_and_time(ledger: Ledger) -> None:
    with (
        ledger.sending(START),
        pytest.raises(LedgerLocked, match=r"process \d+ on \S+ has been sending since 2026-12-03"),
        ledger.sending(START),
    ):
        pass
    assert not ledger.someone_sends
    with ledger.sending(START):
        assert ledger.someone_sends


@pytest.mark.parametrize("number", [7, 0, -1, 2**31, -(2**31) - 1, 2**63, 10**23])
def test_a_campaign_that_is_not_there_is_said_so(ledger: Ledger, number: int) -> None:
    """However large the number: a database would not compare it."""
    told = f"there is no campaign {number}"
    for ask in (
        ledger.campaign,
        ledger.progress,
        lambda number: ledger.begin_run(number, START),
        lambda number: ledger.pause(number, START, "stopped by you"),
        lambda number: ledger.cancel(number, START),
    ):
        with pytest.raises(UsageError, match=told):
            ask(CampaignId(number))
    with pytest.raises(UsageError, match=f"there is no series s{number}"):
        ledger.series.one(SeriesId(number))
    assert ledger.returns.one(number) is None
    assert ledger.retention.of(CampaignId(number)) is None
    assert ledger.addressee(number, number) is None


def test_domains_and_answers_are_counted_by_the_database(ledger: Ledger) -> None:
    plan = make_plan(4)
    addresses = ("a@big.example", '"b@c"@big.example', "d@big.example", "e@small.example")
    recipients = tuple(
        replace(each, person=replace(each.person, address=Address(address)))
        for each, address in zip(plan.recipients, addresses, strict=True)
    )
    number = ledger.record(replace(plan, recipients=recipients), due=None, now=START)
    turn = ledger.begin_run(number, START)
    unknown = [
        Refused(Phase.RCPT, Reply(550, f"5.1.1 <{address}> unknown"), Blame.READER)
        for address in addresses[1:3]
    ]
    send(ledger, turn, Accepted(Reply(250, "2.0.0 Ok")), *unknown, InDoubt("connection lost"))
    assert [(d.name, d.accepted, d.total) for d in ledger.domains(number)] == [
        ("big.example", 1, 3),
        ("small.example", 0, 1),
    ]
    assert [(a.state, a.code, a.words, a.count) for a in ledger.answers(number)] == [
        (DeliveryState.REFUSED, 550, "5.1.1 <\u2026> unknown", 2),
        (DeliveryState.IN_DOUBT, None, "", 1),
    ]
