"""Which replies ask for fewer messages, and who is meant."""

import pytest

from newsletter.delivery import Accepted, Blame, Deferred, Outcome, Phase, Refused, Reply
from newsletter.dispatch.complaint import Strangers, Whose, complaint_in, whose


@pytest.mark.parametrize(
    "words",
    [
        "421 closing",
        "421 4.7.0 too many messages",
        "450 4.7.1 policy: come back later",
        "454 4.7.28 our systems detected an unusual rate",
        "451 4.3.2 not accepting messages now",
        "451 4.4.5 congested",
        "451 too many messages, slow down",
        "452 4.5.3 too many recipients this hour",
        "451 please try again later",
    ],
)
def test_a_reply_about_a_rate_asks_for_fewer_messages(words: str) -> None:
    assert complaint_in(deferred(words))


@pytest.mark.parametrize(
    "words",
    [
        "451 4.7.1 Greylisted, try again later",
        "450 4.7.0 gray-listed for 300 seconds",
        "450 4.2.0 mailbox busy",
        "450 4.2.1 the user receives mail at a rate that prevents more",
        "452 4.2.2 over quota",
        "451 4.3.0 local error",
        "452 4.3.1 no space",
    ],
)
def test_a_reply_about_one_message_or_a_fault_does_not(words: str) -> None:
    assert complaint_in(deferred(words)) is None


def test_only_a_deferral_asks_for_fewer_messages() -> None:
    others: list[Outcome] = [
        Accepted(Reply(250, "ok, rate limit near")),
        Refused(Phase.RCPT, Reply(550, "5.7.1 rate"), Blame.READER),
        Deferred(Phase.BODY, None, "too many"),
    ]
    assert [complaint_in(each) for each in others] == [None] * 3


def test_before_the_reader_is_named_it_is_the_relay_that_complains() -> None:
    reply = Reply(421, "4.7.0 busy")
    assert whose(Deferred(Phase.MAIL, reply)) is Whose.RELAY
    assert whose(Deferred(Phase.RCPT, reply)) is Whose.DOMAIN
    assert whose(Deferred(Phase.DOT, reply)) is Whose.DOMAIN


def test_several_domains_that_were_given_next_to_nothing_mean_the_relay() -> None:
    strangers = Strangers()
    assert [strangers.complain(name, 1, 1.0) for name in "abc"] == [False, False, True]
    assert not strangers.complain("d", 1, 1.1)


def test_one_stranger_again_and_again_and_busy_domains_do_not_mean_the_relay() -> None:
    strangers = Strangers()
    assert not any(strangers.complain("a", 2, at) for at in range(9))
    assert not any(strangers.complain(name, 30, 9.0) for name in "bcdef")
    rare = Strangers()
    assert not any(rare.complain(name, 1, at * 11) for at, name in enumerate("bcdef"))


def deferred(words: str) -> Deferred:
    code, _, text = words.partition(" ")
    return Deferred(Phase.RCPT, Reply(int(code), text))
