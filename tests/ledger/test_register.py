"""What readers themselves say: joining by form, leaving, preferences, and the consent behind it."""

import datetime as dt
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from newsletter.consent import (
    Basis,
    Change,
    ConsentEvent,
    ConsentTo,
    Membership,
    Reply,
    Request,
    Told,
    implied_until,
    standing,
)
from newsletter.delivery import DeliveryState
from newsletter.errors import LedgerError
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignState
from newsletter.ledger.register import Register
from newsletter.values import Address, Language
from tests.doubles import START
from tests.ledger.plans import make_plan

ANNA = Address.parse("Anna@soci.example")
WORDS = "Yes, send me the bulletin of the association."
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def register(ledger: Ledger) -> Register:
    """The register of an empty ledger."""
    return ledger.register(Marks(b"a secret of sixteen octets and more"))


def told(at: dt.datetime = START, source: str = "form") -> Told:
    """Something that a reader said."""
    return Told(at, source, WORDS, "it", "192.0.2.7")


def asking(*lists: str, at: dt.datetime = START, address: Address = ANNA) -> Request:
    """A form that was sent in."""
    return Request(address, lists or ("soci",), told(at), {"first_name": "Anna"})


def join(register: Register, *lists: str, at: dt.datetime = START) -> str:
    """Ask and confirm; the token."""
    token = register.request_subscription(asking(*lists, at=at)).token
    assert token
    assert register.confirm(token, told(at + HOUR))
    return token


def changes(events: Iterable[ConsentEvent]) -> list[tuple[str, str]]:
    """What each event does, to which list."""
    return [(event.change.value, event.list_name) for event in events]


def test_who_asks_to_join_is_pending_until_the_mailed_token_comes_back(register: Register) -> None:
    answer = register.request_subscription(asking("soci", "amici"))
    assert answer.reply is Reply.MAIL
    assert answer.token is not None
    assert len(answer.token) == 32
    assert not list(register.joined())
    assert register.preferences_of(ANNA).lists == {
        "amici": Membership.PENDING,
        "soci": Membership.PENDING,
    }
    confirmed = register.confirm(answer.token, told(START + HOUR))
    assert confirmed is not None
    assert (confirmed.lists, confirmed.new) == (("amici", "soci"), True)
    assert [(each.list_name, each.address, each.fields) for each in register.joined()] == [
        ("amici", ANNA, {"first_name": "Anna"}),
        ("soci", ANNA, {"first_name": "Anna"}),
    ]


def test_a_confirmation_is_proof_of_who_when_where_and_after_which_words(
    register: Register,
) -> None:
    join(register)
    (event,) = register.events(ANNA)
    assert (event.address, event.change, event.basis) == (ANNA.text, Change.GIVEN, Basis.EXPRESS)
    assert event.told == Told(START + HOUR, "form", WORDS, "it", "192.0.2.7")
    assert START.isoformat() in event.detail


def test_a_token_says_the_same_twice_and_changes_nothing_the_second_time(
    register: Register,
) -> None:
    token = join(register)
    again = register.confirm(token, told(START + 2 * HOUR))
    assert again is not None
    assert not again.new
    assert len(list(register.events(ANNA))) == 1


def test_a_token_does_nothing_once_its_reader_left(register: Register) -> None:
    token = join(register)
    register.leave(ANNA, ["soci"], told(START + 2 * HOUR))
    assert register.confirm(token, told(START + 3 * HOUR)) is None
    assert not list(register.joined())
    assert changes(register.events(ANNA)) == [("given", "soci"), ("withdrawn", "soci")]


def test_a_token_does_nothing_once_its_reader_left_another_of_its_lists(register: Register) -> None:
    token = join(register, "amici", "soci")
    register.leave(ANNA, ["soci"], told(START + 2 * HOUR))
    again = register.confirm(token, told(START + 3 * HOUR))
    assert again is not None
    assert again.lists == ("amici",)
    assert [each.list_name for each in register.joined()] == ["amici"]


def test_a_token_expires_and_nothing_is_kept_of_who_never_confirmed(register: Register) -> None:
    token = register.request_subscription(asking()).token
    assert token
    late = START + dt.timedelta(days=3)
    assert register.confirm(token, told(late)) is None
    other = Address.parse("bea@soci.example")
    register.request_subscription(asking(at=late, address=other))
    assert register.preferences_of(ANNA).lists == {}


def test_only_the_newest_token_counts(register: Register) -> None:
    first = register.request_subscription(asking()).token
    second = register.request_subscription(asking(at=START + HOUR)).token
    assert first
    assert second
    assert register.confirm(first, told(START + HOUR)) is None
    assert register.confirm(second, told(START + HOUR)) is not None


@pytest.mark.parametrize("token", ["", "x", "A" * 32, "\ud800", "'; DROP TABLE subscription"])
def test_a_token_that_nobody_was_mailed_confirms_nothing(register: Register, token: str) -> None:
    register.request_subscription(asking())
    assert register.confirm(token, told()) is None


def test_a_form_does_not_fill_a_mailbox(register: Register) -> None:
    register.request_subscription(asking())
    soon = register.request_subscription(asking("amici", at=START + dt.timedelta(minutes=9)))
    assert soon.reply is Reply.TOO_SOON
    assert soon.token is None
    later = register.request_subscription(asking("amici", at=START + dt.timedelta(minutes=11)))
    assert later.reply is Reply.MAIL


def test_who_joined_already_is_mailed_nothing(register: Register) -> None:
    join(register)
    again = register.request_subscription(asking(at=START + dt.timedelta(days=1)))
    assert (again.reply, again.token) == (Reply.ALREADY, None)


def test_a_token_stands_in_no_file(file: Path) -> None:
    with Ledger.open(file) as ledger:
        token = ledger.register(Marks(b"k" * 16)).request_subscription(asking()).token
        assert token
        files = [path.read_bytes() for path in file.parent.glob("ledger.db*")]
    assert any(ANNA.text.encode() in octets for octets in files)
    assert not any(token.encode() in octets for octets in files)


@pytest.mark.parametrize("reason", ["bounced", "complained", "manual", "refused"])
def test_a_form_cannot_bring_back_who_was_suppressed(
    ledger: Ledger, register: Register, reason: str
) -> None:
    ledger.suppress(ANNA, reason, "officer", "", START)
    assert register.request_subscription(asking()).reply is Reply.BARRED
    assert register.preferences_of(ANNA).lists == {}


def test_who_unsubscribed_may_come_back_by_the_readers_own_confirmation(
    ledger: Ledger, register: Register
) -> None:
    join(register)
    assert register.unsubscribe(ANNA, told(START + 2 * HOUR, "one-click"))
    assert register.preferences_of(ANNA).suppressed == "unsubscribed"
    join(register, at=START + 3 * HOUR)
    assert ledger.suppressions() == ()
    assert changes(register.events(ANNA)) == [
        ("given", "soci"),
        ("withdrawn", ""),
        ("given", "soci"),
    ]


def test_a_mark_of_who_was_forgotten_bars_the_form(ledger: Ledger, register: Register) -> None:
    mark = Marks(b"a secret of sixteen octets and more").of(ANNA.key)
    ledger.suppress(Address(mark), "forgotten", "officer", "", START)
    assert register.is_barred(Address.parse("ANNA@SOCI.EXAMPLE")) == "forgotten"
    assert register.request_subscription(asking()).reply is Reply.BARRED


def test_a_mark_is_another_under_another_secret_and_hides_the_address() -> None:
    one, other = Marks(b"one secret of the newsletter"), Marks(b"another secret")
    assert one.of("a@b.example") == one.known(Address("a@b.example"))[0]
    assert one.of("a@b.example") != other.of("a@b.example")
    assert one.begins != other.begins
    assert one.of("a@b.example").startswith(one.begins)
    assert "secret" not in repr(one)


def test_leaving_is_remembered_of_a_reader_whom_only_a_file_knows(register: Register) -> None:
    register.leave(ANNA, ["soci"], told(source="preferences"))
    register.leave(ANNA, ["soci"], told(source="preferences"))
    assert list(register.left()) == [(ANNA.key, "soci")]
    assert changes(register.events(ANNA)) == [("withdrawn", "soci")]


def test_a_message_that_waits_is_not_sent_to_who_left_all_its_lists(
    ledger: Ledger, register: Register
) -> None:
    number = ledger.record(make_plan(3), due=None, now=START)
    second = Address.parse("R2@reader.example")
    register.leave(second, ["amici"], told())
    assert ledger.progress(number).count(DeliveryState.SUPPRESSED) == 0
    register.leave(second, ["soci"], told())
    states = [each.delivery.state for each in ledger.deliveries(number)]
    assert states == ["queued", "suppressed", "queued"]
    assert ledger.verify() == ()


def test_a_campaign_that_is_over_keeps_what_it_says(ledger: Ledger, register: Register) -> None:
    number = ledger.record(make_plan(1), due=None, now=START)
    ledger.cancel(number, START)
    before = [each.delivery.state for each in ledger.deliveries(number)]
    register.leave(Address.parse("r1@reader.example"), ["soci"], told())
    assert [each.delivery.state for each in ledger.deliveries(number)] == before
    assert ledger.campaign(number).state is CampaignState.CANCELLED


def test_language_and_tracking_are_the_readers_choice(register: Register) -> None:
    assert register.preferences_of(ANNA).language is None
    register.set_language(ANNA, Language("fr-CA"), told())
    register.set_tracking(ANNA, told(), allowed=True)
    found = register.preferences_of(ANNA)
    assert (found.language, found.tracking) == ("fr-CA", True)
    assert register.may_track([ANNA.key, "other@x.example"]) == {ANNA.key}
    assert list(register.languages()) == [(ANNA.key, "fr-CA")]
    register.set_tracking(ANNA, told(START + HOUR), allowed=False)
    assert register.may_track([ANNA.key]) == frozenset()
    said = list(register.events(ANNA, ConsentTo.TRACKING))
    assert [event.change for event in said] == ["given", "withdrawn"]


def test_the_officers_unsubscribing_and_its_undoing_are_events_too(
    ledger: Ledger, register: Register
) -> None:
    ledger.suppress(ANNA, "unsubscribed", "officer", "by telephone", START)
    ledger.unsuppress(ANNA, START + HOUR)
    ledger.suppress(ANNA, "bounced", "mailbox", "", START + HOUR)
    assert changes(register.events(ANNA)) == [("withdrawn", ""), ("given", "")]


@pytest.mark.slow
def test_words_that_no_database_takes_are_kept_as_escapes(register: Register) -> None:
    odd = Request(ANNA, ("soci",), Told(START, "form", "a\x00b\ud800", "it", "::1"), {"name": "\0"})
    token = register.request_subscription(odd).token
    assert token
    assert register.confirm(token, told()) is not None
    (event,) = register.events(ANNA)
    assert event.told.wording == "a\\x00b\\ud800"


# Implied consent


def implied(at: dt.datetime, list_name: str = "soci", basis: Basis = Basis.IMPLIED) -> ConsentEvent:
    """A customer's row in a file."""
    lapses = implied_until(at) if basis is Basis.IMPLIED else None
    said = Told(at, "clients.csv:2")
    return ConsentEvent(
        ANNA.text, ConsentTo.NEWSLETTER, list_name, Change.IMPORTED, basis, said, lapses
    )


def test_an_implied_consent_lapses_after_two_years_to_the_day(register: Register) -> None:
    register.add_events([(ANNA, implied(START))])
    end = START.replace(year=START.year + 2)
    early = list(register.lapsing(["soci"], end + HOUR, now=end - HOUR))
    assert [(each.list_name, each.until, each.over) for each in early] == [("soci", end, False)]
    assert [each.over for each in register.lapsing(["soci"], end, now=end)] == [True]
    assert not list(register.lapsing(["soci"], end - HOUR, now=START))


def test_an_implied_consent_to_all_lists_lapses_for_each_that_has_no_better(
    register: Register,
) -> None:
    express = implied(START, "amici", Basis.EXPRESS)
    register.add_events([(ANNA, implied(START, "")), (ANNA, express)])
    end = implied_until(START)
    found = register.lapsing(["soci", "amici"], end, now=end)
    assert [each.list_name for each in found] == ["soci"]


def test_an_express_consent_is_not_weakened_by_a_later_implied_one() -> None:
    events = [implied(START, basis=Basis.EXPRESS), implied(START)]
    assert standing(events, implied_until(START) + HOUR).holds


def test_what_was_withdrawn_stands_only_again_when_it_is_given_again() -> None:
    gone = ConsentEvent(
        ANNA.text, ConsentTo.NEWSLETTER, "", Change.WITHDRAWN, Basis.EXPRESS, told()
    )
    assert not standing([implied(START, basis=Basis.EXPRESS), gone], START).holds
    assert standing([gone, implied(START)], START).holds
    assert not standing([], START).holds


def test_a_leap_days_consent_lapses_on_the_last_of_february() -> None:
    leap = dt.datetime(2028, 2, 29, 9, tzinfo=dt.UTC)
    assert implied_until(leap) == dt.datetime(2030, 2, 28, 9, tzinfo=dt.UTC)


def test_events_are_only_ever_added(file: Path) -> None:
    with Ledger.open(file) as ledger:
        register = ledger.register(Marks(b"k" * 16))
        join(register)
        register.leave(ANNA, ["soci"], told())
    with closing(sqlite3.connect(file)) as direct:
        assert direct.execute("SELECT id, change FROM consent ORDER BY id").fetchall() == [
            (1, "given"),
            (2, "withdrawn"),
        ]


def test_who_was_forgotten_under_an_older_secret_is_known_under_the_new_one(ledger: Ledger) -> None:
    old, new = b"an old secret of the newsletter", b"a new secret of the newsletter"
    told = Told(START, "officer")
    ledger.forget(ANNA, [], Marks(old), told)
    register = ledger.register(Marks(new, (old,)))
    assert register.is_barred(ANNA) == "forgotten"
    marks = Marks(new, (old,))
    assert marks.are_among(register.forgotten(), [ANNA.key, "x@y.example"]) == [True, False]
    assert marks.are_among(frozenset(), [ANNA.key]) == [False]
    with pytest.raises(LedgerError, match="another secret"):
        ledger.register(Marks(new)).forgotten()
    assert register.remember(ANNA)
    assert register.is_barred(ANNA) is None
