"""Whom a mail is about, and what a forger cannot do."""

import datetime as dt
from dataclasses import dataclass

import pytest

from newsletter import verp
from newsletter.feedback.identify import Arrival, events_of
from newsletter.feedback.parse import parse
from newsletter.returned import Gravity, Kind, Proof, Returned
from newsletter.unsubscribe import Purpose, TokenKeys, mint
from tests.feedback.mails import MESSAGE_ID, READER, mail, recipient, report
from tests.feedback.test_parse import complaint

KEYS = TokenKeys.of("news.alisei.example", "un segreto abbastanza lungo")
AT = dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC)
DELIVERY = (3, 2)
VERP = f"bounces+{verp.mint(KEYS, *DELIVERY)}@alisei.example"
LINK = mint(KEYS, *DELIVERY, Purpose.UNSUBSCRIBE)


@dataclass(frozen=True)
class Sent:
    """One message was sent: number 2 of campaign 3, to Anna."""

    def address(self, campaign: int, seq: int) -> str | None:
        """Anna's."""
        return READER if (campaign, seq) == DELIVERY else None

    def message_id(self, campaign: int, seq: int) -> str | None:
        """Of that message."""
        return MESSAGE_ID if (campaign, seq) == DELIVERY else None

    def was_pruned(self, campaign: int, seq: int) -> bool:
        """Everybody of campaign 2."""
        return campaign == 2 and 1 <= seq <= 100


def events(raw: bytes) -> tuple[Returned, ...]:
    """What a mail stands for."""
    return events_of(parse(raw), raw, KEYS, Sent(), Arrival("mailbox", AT))


def one(raw: bytes) -> Returned:
    """The only event of a mail."""
    (found,) = events(raw)
    return found


DEAD = recipient("5.1.1", "550 5.1.1 User unknown")


@pytest.mark.parametrize("case", [str, str.upper, str.lower])
def test_a_return_path_of_ours_names_the_reader(case: type[str]) -> None:
    event = one(report(DEAD, To=case(VERP)))
    assert (event.proof, event.address) == (Proof.SIGNED, READER)
    assert (event.campaign, event.seq) == DELIVERY
    assert event.gravity is Gravity.HARD


@pytest.mark.parametrize("gravity", ["5.1.1", "4.4.1"])
def test_a_return_path_of_a_pruned_delivery_names_its_campaign_and_proves_nobody(
    gravity: str,
) -> None:
    pruned = f"bounces+{verp.mint(KEYS, 2, 7)}@alisei.example"
    raw = report(recipient(gravity, "User unknown"), To=pruned)
    event = one(raw.replace(MESSAGE_ID.encode(), b"<a@b>"))
    assert (event.campaign, event.seq, event.proof) == (2, 7, Proof.NONE)


def test_the_link_of_a_pruned_delivery_in_a_complaint_names_its_campaign_and_nobody() -> None:
    link = mint(KEYS, 2, 7, Purpose.UNSUBSCRIBE)
    raw = complaint().replace(b"AgEAAAAAAwAAAAAC0123456789abcdef", link.encode())
    event = one(raw.replace(MESSAGE_ID.encode(), b"<a@b>"))
    assert (event.campaign, event.seq, event.proof) == (2, 7, Proof.NONE)


@pytest.mark.parametrize("header", ["Delivered_To", "X_Original_To", "Envelope_To"])
def test_it_may_stand_where_the_server_noted_it(header: str) -> None:
    assert one(report(DEAD, To="postmaster@alisei.example", **{header: VERP})).proof is Proof.SIGNED


def test_a_forwarded_readers_bounce_is_still_hers() -> None:
    fields = recipient("5.1.1", "550 no such user", address="elsewhere@other.example")
    event = one(report(fields, To=VERP))
    assert (event.address, event.proof, event.gravity) == (READER, Proof.SIGNED, Gravity.HARD)


def test_without_a_return_path_message_and_reader_must_fit() -> None:
    event = one(report(DEAD))
    assert (event.proof, event.address) == (Proof.KNOWN, READER)


# A forged bounce must never silence a victim


def test_forged_bounce_that_only_names_a_victim_proves_nothing() -> None:
    raw = report(DEAD).replace(MESSAGE_ID.encode(), b"<anything@else.example>")
    event = one(raw)
    assert (event.proof, event.campaign) == (Proof.NONE, None)


def test_forged_bounce_with_a_guessed_message_id_proves_nothing() -> None:
    guess = b"<3.2.ffffffffffffffff@alisei.example>"
    assert one(report(DEAD).replace(MESSAGE_ID.encode(), guess)).proof is Proof.NONE


def test_forged_bounce_of_a_reader_about_somebody_else_proves_nothing() -> None:
    other = recipient("5.1.1", "550 User unknown", address="victim@soci.example")
    event = one(report(other))
    assert (event.proof, event.address) == (Proof.NONE, "victim@soci.example")


@pytest.mark.parametrize("place", range(44))
def test_forged_bounce_with_a_changed_return_path_proves_nothing(place: int) -> None:
    token = verp.mint(KEYS, *DELIVERY)
    wrong = "0" if token[place] != "0" else "1"
    forged = f"bounces+{token[:place]}{wrong}{token[place + 1 :]}@alisei.example"
    raw = report(DEAD, To=forged).replace(MESSAGE_ID.encode(), b"<a@b>")
    assert one(raw).proof is Proof.NONE


def test_forged_bounce_with_the_link_of_a_passed_on_message_is_not_signed() -> None:
    raw = report(DEAD).replace(b"AgEAAAAAAwAAAAAC0123456789abcdef", LINK.encode())
    assert one(raw.replace(MESSAGE_ID.encode(), b"<a@b>")).proof is Proof.NONE


def test_another_lists_return_path_proves_nothing() -> None:
    other = TokenKeys.of("other.example", "un segreto abbastanza lungo")
    path = f"bounces+{verp.mint(other, *DELIVERY)}@alisei.example"
    raw = report(DEAD, To=path).replace(MESSAGE_ID.encode(), b"<a@b>")
    assert one(raw).proof is Proof.NONE


# Complaints and leaving


def test_a_complaint_is_known_by_the_link_in_the_message() -> None:
    raw = complaint().replace(b"AgEAAAAAAwAAAAAC0123456789abcdef", LINK.encode())
    event = one(raw.replace(MESSAGE_ID.encode(), b"<a@b>"))
    assert (event.kind, event.proof, event.address) == (Kind.COMPLAINT, Proof.SIGNED, READER)


def test_a_complaint_is_known_by_message_and_recipient() -> None:
    assert one(complaint(fields=f"Original-Rcpt-To: <{READER}>\n")).proof is Proof.KNOWN


def test_a_complaint_about_nothing_of_ours_is_only_shown() -> None:
    assert one(complaint().replace(MESSAGE_ID.encode(), b"<a@b>")).proof is Proof.NONE


def test_an_unsubscribe_needs_its_token() -> None:
    asked = {"From": READER, "Return-Path": f"<{READER}>"}
    good = mail("", Subject=f"unsubscribe {LINK}", **asked)
    bad = mail("", Subject=f"unsubscribe {LINK[:-1]}0", **asked)
    other = mint(KEYS, *DELIVERY, Purpose.PREFERENCES)
    assert (one(good).proof, one(good).address) == (Proof.SIGNED, READER)
    assert one(bad).proof is Proof.NONE
    assert one(mail("", Subject=f"unsubscribe {other}", **asked)).proof is Proof.NONE


def test_the_same_mail_has_the_same_marks_and_another_has_others() -> None:
    two = f"{DEAD}\n{recipient('5.2.2', address='bo@soci.example')}"
    first, again = events(report(two)), events(report(two))
    assert [event.mark for event in first] == [event.mark for event in again]
    assert len({event.mark for event in first}) == 2
    other = events(report(two, Message_ID="<other@mx.soci.example>"))
    assert not {event.mark for event in first} & {event.mark for event in other}


def test_what_is_nothing_to_us_is_no_event() -> None:
    assert (
        events(mail("I am away", Subject="Out of office", From=READER, Return_Path="<a@b>")) == ()
    )
