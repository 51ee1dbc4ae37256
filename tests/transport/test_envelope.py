"""What is said before a message's body."""

from newsletter.transport.base import OutgoingMessage
from newsletter.transport.envelope import Envelopes
from newsletter.transport.options import RelayFacts


def message(sender: str) -> OutgoingMessage:
    return OutgoingMessage(sender, "anna@soci.example", "<1@a.example>", b"x\r\n")


def test_each_message_has_its_own_sender_though_others_were_looked_at_since() -> None:
    envelopes = Envelopes(RelayFacts("relay", frozenset({"size"})))
    first, second = message("bounces+1@a.example"), message("bounces+2@a.example")
    assert envelopes.unfit(first) is None
    assert envelopes.unfit(second) is None
    assert envelopes.mail(first) == b"MAIL FROM:<bounces+1@a.example> SIZE=3\r\n"
    assert envelopes.mail(second) == b"MAIL FROM:<bounces+2@a.example> SIZE=3\r\n"


def test_a_sender_that_is_unfit_spoils_no_other_message() -> None:
    envelopes = Envelopes(RelayFacts("relay"))
    assert envelopes.unfit(message("bounces 1@a.example"))
    assert envelopes.unfit(message("bounces+2@a.example")) is None
    assert envelopes.unfit(message("bounces 1@a.example"))
