"""The smallest plans that a ledger takes."""

from newsletter.audience.model import Arithmetic, Person
from newsletter.campaign import Plan, PlannedVariant, Recipient, Terms
from newsletter.edition.model import Variant
from newsletter.message import CompiledMessage
from newsletter.message.compiled import Context, SlotPlace
from newsletter.values import Address, IssueSlug, Language, Rate, SectionId, digest_of

ITALIAN = Variant(Language("it"), (SectionId("china"),))


def make_compiled() -> CompiledMessage:
    """A message with To, Message-ID and one slot in its text."""
    to = SlotPlace("email", None, Context.TO)
    name = SlotPlace("first_name", "lettrice", Context.TEXT)
    message_id = SlotPlace("message_id", None, Context.MESSAGE_ID)
    return CompiledMessage((b"", b"", b"\r\nCiao ", b"\r\n"), (to, message_id, name))


def make_person(number: int, **fields: str) -> Person:
    """Somebody on the list ``soci``."""
    address = Address.parse(f"r{number}@reader.example")
    return Person(address, {"first_name": f"Nome{number}", **fields}, ("soci",))


def make_terms(rate: str = "1000/s", connections: int = 1, on_doubt: str = "hold") -> Terms:
    """Terms of a test: quick and on one connection unless told otherwise."""
    return Terms(
        rate=Rate.parse(rate),
        connections=connections,
        profile="staging",
        envelope_sender="bounces@list.example",
        unsubscribe_base="https://list.example",
        unsubscribe_mailto="leave@list.example",
        on_doubt=on_doubt,
    )


def make_plan(readers: int = 3, slug: str = "2026-11", terms: Terms | None = None) -> Plan:
    """A plan with one variant and so many readers."""
    people = tuple(make_person(number) for number in range(1, readers + 1))
    return Plan(
        slug=IssueSlug(slug),
        content_digest=digest_of(b"content"),
        audience_digest=digest_of(str(readers).encode()),
        variants=(PlannedVariant(ITALIAN, "Oggetto", "Intro", make_compiled(), readers),),
        recipients=tuple(Recipient(person, 0) for person in people),
        arithmetic=Arithmetic(readers, 0, 0, 0),
        per_list={"soci": readers},
        terms=terms or make_terms(),
    )
