"""The smallest people and lists."""

from collections.abc import Iterable
from pathlib import Path

from newsletter.audience.cohort import Crowd
from newsletter.audience.model import Person, Subscriber
from newsletter.audience.subscribers import SubscriberList, Subscribers
from newsletter.edition.model import Variant
from newsletter.recipients import Recipients
from newsletter.values import Address


def make_person(email: str = "anna@soci.example", *lists: str, **fields: str) -> Person:
    return Person(Address.parse(email), fields, lists or ("members",))


def seated(seats: Iterable[tuple[Person, Variant]]) -> Recipients:
    """These people, with these pages."""
    given = [*seats]
    pages = {person.address: variant for person, variant in given}
    crowd = Crowd.of(person for person, _ in given)
    return Recipients([crowd], lambda person: pages[person.address], {"email"})


def make_list(name: str, /, *emails: str, duplicates: int = 0, **fields: str) -> SubscriberList:
    return SubscriberList(
        name=name,
        path=Path(f"{name}.csv"),
        encoding="utf-8",
        separator=",",
        subscribers=Subscribers.of(
            name,
            (
                Subscriber(Address.parse(email), fields, name, line)
                for line, email in enumerate(emails, start=2)
            ),
        ),
        rows=len(emails) + duplicates,
        duplicates=duplicates,
    )
