"""The life of a delivery: outcomes from phases and replies, states from outcomes."""

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from newsletter.delivery import (
    Accepted,
    Blame,
    Deferred,
    Delivery,
    DeliveryState,
    InDoubt,
    Outcome,
    Phase,
    Refused,
    Reply,
    RetryPolicy,
    advance,
    outcome_of,
    suppresses,
    too_big,
)

NOW = dt.datetime(2026, 12, 3, 9, 0, tzinfo=dt.UTC)
HOLD, RESEND = RetryPolicy(), RetryPolicy(on_doubt="resend")
BEFORE_DOT = [phase for phase in Phase if phase is not Phase.DOT]
CLAIMED = Delivery(DeliveryState.CLAIMED)

phases = st.sampled_from(list(Phase))
replies = st.builds(Reply, st.integers(-1, 1100), st.text(max_size=40))
outcomes = st.builds(outcome_of, phases, st.none() | replies)


def refusal(phase: Phase, code: int, text: str) -> Refused:
    """What a 5xx comes to."""
    outcome = outcome_of(phase, Reply(code, text))
    assert isinstance(outcome, Refused)
    return outcome


# From phase and reply to outcome


@pytest.mark.parametrize("code", [200, 250, 251, 252, 299])
def test_a_2yz_after_the_dot_is_an_acceptance(code: int) -> None:
    reply = Reply(code, "2.0.0 Ok")
    assert outcome_of(Phase.DOT, reply) == Accepted(reply)


@pytest.mark.parametrize("phase", BEFORE_DOT)
@pytest.mark.parametrize("code", [250, 354, 220, 451, 421, -1, 0, 199, 600, 999])
def test_nothing_but_a_5yz_before_the_dot_is_final(phase: Phase, code: int) -> None:
    reply = Reply(code, "what")
    assert outcome_of(phase, reply) == Deferred(phase, reply)


@pytest.mark.parametrize("phase", BEFORE_DOT)
def test_silence_before_the_dot_is_safe_to_try_again(phase: Phase) -> None:
    assert outcome_of(phase, None, "reset") == Deferred(phase, None, "reset")


def test_silence_after_the_dot_is_doubt() -> None:
    assert outcome_of(Phase.DOT, None, "timed out") == InDoubt("timed out")


@pytest.mark.parametrize("code", [-1, 0, 150, 354, 600, 999])
def test_nonsense_after_the_dot_is_doubt(code: int) -> None:
    assert isinstance(outcome_of(Phase.DOT, Reply(code, "what")), InDoubt)


@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
@pytest.mark.parametrize("phase", list(Phase))
def test_a_4yz_is_a_deferral_even_after_the_dot(phase: Phase, code: int) -> None:
    reply = Reply(code, "4.3.2 later")
    assert outcome_of(phase, reply) == Deferred(phase, reply)


@pytest.mark.slow
@given(phases, replies)
@settings(max_examples=200)
def test_only_a_2yz_after_the_dot_is_ever_accepted(phase: Phase, reply: Reply) -> None:
    accepted = isinstance(outcome_of(phase, reply), Accepted)
    assert accepted == (phase is Phase.DOT and 200 <= reply.code <= 299)


# Whom a refusal is about


@pytest.mark.parametrize(
    ("phase", "code", "text", "blame"),
    [
        (Phase.RCPT, 550, "5.1.1 no such user", Blame.READER),
        (Phase.RCPT, 550, "no such user", Blame.READER),
        (Phase.RCPT, 552, "5.2.2 mailbox full", Blame.READER),
        (Phase.RCPT, 550, "5.7.1 recipient does not want this", Blame.READER),
        (Phase.RCPT, 550, "5.7.1 RESOLVER.RST.AuthRequired; authentication required", Blame.READER),
        (Phase.RCPT, 550, "5.7.133 sender not authenticated for group", Blame.READER),
        (Phase.RCPT, 530, "5.7.0 Must issue a STARTTLS command first", Blame.US),
        (Phase.RCPT, 550, "5.7.1 authentication required", Blame.US),
        (Phase.RCPT, 554, "5.7.1 <a@b.example>: Relay access denied", Blame.US),
        (Phase.RCPT, 550, "5.7.1 Sender address rejected", Blame.US),
        (Phase.RCPT, 503, "5.5.1 bad sequence of commands", Blame.US),
        (Phase.RCPT, 550, "5.7.515 Access denied, sending domain", Blame.US),
        (Phase.DOT, 550, "5.7.26 this mail is unauthenticated", Blame.US),
        (Phase.DOT, 550, "5.7.25 the IP address has no PTR record", Blame.US),
        (Phase.DOT, 550, "5.7.23 SPF validation failed", Blame.US),
        (Phase.DOT, 550, "5.7.509 access denied, DMARC", Blame.US),
        (Phase.RCPT, 550, "5.7.606 access denied, banned sending IP", Blame.US),
        (Phase.RCPT, 550, "5.7.649 access denied, banned sending IP", Blame.US),
        (Phase.RCPT, 554, "5.7.1 blocked using zen.spamhaus.example", Blame.US),
        (Phase.MAIL, 550, "5.1.0 sender rejected", Blame.US),
        (Phase.MAIL, 552, "5.3.4 message size exceeds fixed limit", Blame.MESSAGE),
        (Phase.AUTH, 535, "5.7.8 authentication failed", Blame.US),
        (Phase.STARTTLS, 554, "no TLS", Blame.US),
        (Phase.GREETING, 554, "no SMTP service here", Blame.US),
        (Phase.DATA, 554, "5.5.1 no valid recipients", Blame.MESSAGE),
        (Phase.DOT, 552, "5.3.4 message too big", Blame.MESSAGE),
        (Phase.DOT, 552, "too much mail data", Blame.MESSAGE),
        (Phase.DOT, 552, "5.2.3 longer than the mailbox allows", Blame.MESSAGE),
        (Phase.DOT, 552, "5.2.2 mailbox full", Blame.READER),
        (Phase.DOT, 554, "5.7.1 message content rejected", Blame.MESSAGE),
        (Phase.DOT, 550, "5.1.1 no such user after all", Blame.READER),
    ],
)
def test_a_refusal_is_about_the_reader_the_message_or_us(
    phase: Phase, code: int, text: str, blame: Blame
) -> None:
    assert refusal(phase, code, text).blame is blame


@pytest.mark.parametrize("phase", [p for p in BEFORE_DOT if p not in {Phase.DATA, Phase.BODY}])
@pytest.mark.parametrize("code", [500, 550, 554])
def test_before_rcpt_a_refusal_is_never_about_a_reader(phase: Phase, code: int) -> None:
    blame = refusal(phase, code, "5.0.0 no").blame
    assert blame is not Blame.READER or phase is Phase.RCPT


@pytest.mark.parametrize("enhanced", ["5.1.1", "5.1.2", "5.1.10"])
def test_an_address_that_is_dead_at_rcpt_is_suppressed(enhanced: str) -> None:
    assert suppresses(refusal(Phase.RCPT, 550, f"{enhanced} unknown"))


@pytest.mark.parametrize(
    "outcome",
    [
        refusal(Phase.RCPT, 550, "no such user"),
        refusal(Phase.RCPT, 550, "5.2.2 mailbox full"),
        refusal(Phase.RCPT, 550, "5.7.1 authentication required"),
        refusal(Phase.DOT, 550, "5.1.1 unknown"),
        refusal(Phase.MAIL, 550, "5.1.1 unknown"),
        outcome_of(Phase.RCPT, Reply(450, "5.1.1 later")),
        outcome_of(Phase.DOT, None),
    ],
)
def test_nothing_else_suppresses(outcome: Outcome) -> None:
    assert not suppresses(outcome)


def test_a_size_that_the_relay_does_not_take_is_told_from_one_mailbox_that_does_not() -> None:
    assert too_big(refusal(Phase.DOT, 552, "5.3.4 too big"))
    assert too_big(refusal(Phase.MAIL, 552, "message size exceeds fixed limit"))
    assert not too_big(refusal(Phase.DOT, 552, "5.2.3 too big for this mailbox"))
    assert not too_big(refusal(Phase.DOT, 554, "5.7.1 content"))


@pytest.mark.parametrize(
    ("text", "enhanced"),
    [
        ("5.1.1 no", "5.1.1"),
        ("", ""),
        ("no such user", ""),
        ("5.1 no", ""),
        ("5.1.x no", ""),
        ("10.0.0.1 no", ""),
    ],
)
def test_the_enhanced_code_stands_first_or_nowhere(text: str, enhanced: str) -> None:
    assert Reply(550, text).enhanced == enhanced


# From outcome to state


def defer(delivery: Delivery, now: dt.datetime, reply: Reply | None, jitter: float = 0) -> Delivery:
    """One deferral, claimed anew."""
    return advance(delivery, Deferred(Phase.RCPT, reply), HOLD, now, jitter)


def test_retries_come_after_1_5_15_30_minutes_then_1_2_4_hours_and_end_after_two_days() -> None:
    delivery, now, waits = CLAIMED, NOW, []
    for _ in range(50):  # whoever never gave up would be asked for ever
        delivery = defer(delivery, now, Reply(450, "4.2.0 later"))
        if delivery.next_at is None:
            break
        waits.append((delivery.next_at - now) / dt.timedelta(minutes=1))
        now = delivery.next_at
        delivery = claimed(delivery)
    assert waits[:8] == [1, 5, 15, 30, 60, 120, 240, 240]
    assert delivery.state is DeliveryState.EXPIRED
    assert dt.timedelta(hours=43) < now - NOW <= dt.timedelta(hours=48)


def test_jitter_spreads_retries_by_a_tenth_at_most() -> None:
    late = defer(CLAIMED, NOW, Reply(450, "later"), jitter=0.999)
    assert late.next_at is not None
    assert dt.timedelta(seconds=60) < late.next_at - NOW < dt.timedelta(seconds=66)


def test_a_lost_connection_is_tried_again_soon_and_does_not_count_as_a_deferral() -> None:
    first = defer(CLAIMED, NOW, None)
    second = defer(claimed(first), NOW, None)
    assert first.next_at == NOW + dt.timedelta(seconds=5)
    assert second.next_at == NOW + dt.timedelta(seconds=10)
    assert (second.losses, second.deferrals, second.attempts) == (2, 0, 2)
    answered = defer(claimed(second), NOW, Reply(450, "later"))
    assert answered.next_at == NOW + dt.timedelta(minutes=1)


def test_many_losses_wait_five_minutes_at_most() -> None:
    lost = Delivery(DeliveryState.CLAIMED, losses=400)
    assert defer(lost, NOW, None).next_at == NOW + dt.timedelta(minutes=5)


def test_doubt_is_held_unless_the_officer_chose_to_send_again() -> None:
    held = advance(CLAIMED, InDoubt("lost"), HOLD, NOW, 0)
    assert (held.state, held.doubted) == (DeliveryState.IN_DOUBT, True)
    again = advance(CLAIMED, InDoubt("lost"), RESEND, NOW, 0)
    assert (again.state, again.doubted) == (DeliveryState.QUEUED, True)


def test_doubt_is_sent_again_once_and_then_held() -> None:
    again = advance(CLAIMED, InDoubt("lost"), RESEND, NOW, 0)
    held = advance(claimed(again), InDoubt("lost"), RESEND, NOW, 0)
    assert held.state is DeliveryState.IN_DOUBT


def test_a_refusal_of_us_puts_the_reader_back_into_the_queue() -> None:
    outcome = refusal(Phase.MAIL, 550, "5.7.515 no")
    assert advance(CLAIMED, outcome, HOLD, NOW, 0).state is DeliveryState.QUEUED


@pytest.mark.parametrize("state", [s for s in DeliveryState if s is not DeliveryState.CLAIMED])
def test_only_a_claimed_delivery_can_have_an_outcome(state: DeliveryState) -> None:
    with pytest.raises(ValueError, match="was not being tried"):
        advance(Delivery(state), Accepted(Reply(250, "")), HOLD, NOW, 0)


def claimed(delivery: Delivery) -> Delivery:
    """The next attempt begins."""
    return Delivery(
        DeliveryState.CLAIMED,
        delivery.attempts,
        delivery.first_tried,
        delivery.next_at,
        delivery.reply,
        delivery.deferrals,
        delivery.losses,
        delivery.doubted,
    )


class Life(RuleBasedStateMachine):
    """Any sequence of claims and outcomes keeps the promise."""

    def __init__(self) -> None:
        super().__init__()
        self.delivery = Delivery(DeliveryState.QUEUED)
        self.now = NOW
        self.acceptances = 0
        self.doubts = 0

    @property
    def open(self) -> bool:
        """Whether it may be tried."""
        return self.delivery.state in {DeliveryState.QUEUED, DeliveryState.DEFERRED}

    @precondition(lambda self: self.open)
    @rule(outcome=outcomes, policy=st.sampled_from([HOLD, RESEND]), jitter=st.floats(0, 0.99))
    def try_it(self, outcome: Outcome, policy: RetryPolicy, jitter: float) -> None:
        """One attempt, when it is due."""
        assert self.acceptances == 0
        self.now = max(self.now, self.delivery.next_at or self.now)
        before = self.delivery
        self.delivery = advance(claimed(before), outcome, policy, self.now, jitter)
        self.acceptances += isinstance(outcome, Accepted)
        self.doubts += isinstance(outcome, InDoubt)
        assert self.delivery.attempts == before.attempts + 1

    @precondition(lambda self: not self.open)
    @rule(outcome=outcomes)
    def it_is_over(self, outcome: Outcome) -> None:
        """What ended stays as it is."""
        with pytest.raises(ValueError, match="was not being tried"):
            advance(self.delivery, outcome, HOLD, self.now, 0)

    @invariant()
    def a_deferral_has_a_time_and_nothing_else_has(self) -> None:
        """What the ledger's verify asks for too."""
        deferred = self.delivery.state is DeliveryState.DEFERRED
        assert (self.delivery.next_at is not None) == deferred

    @invariant()
    def doubt_is_never_forgotten(self) -> None:
        """Sent again or held, it is marked; and a third message never leaves."""
        assert self.delivery.doubted == (self.doubts > 0)
        assert self.doubts <= 2

    @invariant()
    def nobody_waits_longer_than_two_days(self) -> None:
        """Retries end."""
        if self.delivery.next_at and self.delivery.first_tried:
            assert self.delivery.next_at - self.delivery.first_tried <= HOLD.give_up_after


TestLife = pytest.mark.slow(Life.TestCase)
TestLife.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
