"""Every reader is rehearsed, and those who are filled alike are filled once."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from newsletter.app.open import App, open_app
from newsletter.app.rehearsal import rehearse
from newsletter.audience.lists import load_list
from newsletter.audience.model import Arithmetic, Person
from newsletter.campaign import Plan, PlannedVariant, Terms
from newsletter.edition.model import Variant
from newsletter.errors import UsageError
from newsletter.message import CompiledMessage
from newsletter.message.compiled import Context, SlotPlace
from newsletter.recipients import Recipients
from newsletter.values import Address, Digest, IssueSlug, Language, Rate
from tests.audience.make import seated
from tests.cli.newsroom import write_newsletter

VARIANT = Variant(Language("it"), ())
PAGE = CompiledMessage(
    (b"Dear ", b" of ", b".\r\n"),
    (SlotPlace("first_name", None, Context.TEXT), SlotPlace("country", "here", Context.TEXT)),
)


@dataclass
class Counting:
    """A page that counts how often it is filled."""

    page: CompiledMessage = PAGE
    filled: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        """Whatever else the page says."""
        return getattr(self.page, name)

    def fill(self, values: dict[str, str]) -> bytes:
        """Fill it, and note for whom."""
        self.filled.append(values["email"])
        return self.page.fill(values)


@pytest.fixture
def app(tmp_path: Path) -> App:
    write_newsletter(tmp_path)
    return open_app(tmp_path, profile="production", environ={})


def plan_of(page: CompiledMessage, recipients: Recipients) -> Plan:
    digest = Digest("0" * 64)
    terms = Terms(Rate(1, 1), 1, "production", "a@b.example", "https://b.example", "a@b.example")
    variant = PlannedVariant(VARIANT, "", "", page, len(recipients))
    sums = Arithmetic(len(recipients), 0, 0, 0)
    return Plan(IssueSlug("x"), digest, digest, (variant,), recipients, sums, {}, terms)


def seats(count: int) -> Recipients:
    """Of three readers one has both fields, one no country, one neither."""
    kinds: list[dict[str, str]] = [{"first_name": "A", "country": "IT"}, {"first_name": "B"}, {}]
    return seated(
        (Person(Address(f"r{at:06d}@soci.example"), kinds[at % 3], ("members",)), VARIANT)
        for at in range(count)
    )


def test_readers_who_lack_the_same_are_filled_once_however_many_they_are(app: App) -> None:
    recipients, page = seats(3_000), Counting()
    plan = plan_of(cast("CompiledMessage", page), recipients)
    gaps = rehearse(app, plan, recipients, frozenset({"country"}), ())
    assert page.filled == [f"r00000{at}@soci.example" for at in range(3)]
    assert [(gap.field, gap.readers, gap.empty) for gap in gaps] == [
        ("country", 2_000, 0),
        ("first_name", 1_000, 1_000),
    ]


def test_the_first_rows_are_named_by_the_first_list_that_has_them(app: App) -> None:
    lists = [load_list(app.root / f"subscribers/{name}.csv") for name in ("members", "partners")]
    people = [
        Person(Address(f"{who}.example"), {}, ()) for who in ("anna.rossi@soci", "wei.li@partner")
    ]
    recipients = seated((person, VARIANT) for person in people)
    (gap,) = [
        gap
        for gap in rehearse(app, plan_of(PAGE, recipients), recipients, frozenset(), lists)
        if gap.field == "first_name"
    ]
    assert gap.rows == (
        "anna.rossi@soci.example (subscribers/members.csv:2)",
        "wei.li@partner.example (subscribers/partners.csv:3)",
    )


def test_a_message_that_cannot_be_filled_stops_the_plan_with_its_reader(app: App) -> None:
    page = replace(PAGE, slots=(SlotPlace("email", None, Context.TO), PAGE.slots[1]))
    recipients = seated([(Person(Address("a b@soci.example"), {}, ()), VARIANT)])
    with pytest.raises(UsageError, match=r"the message for a b@soci\.example cannot be filled"):
        rehearse(app, plan_of(page, recipients), recipients, frozenset(), ())
