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


def seated(seats: Iterable[tuple[Person, Variant]], at_once: int = 1_000) -> Recipients:
    """These people, with these pages, so many at a time."""
    given = [*seats]
    pages = {person.address: variant for person, variant in given}
    parts = [given[at : at + at_once] for at in range(0, len(given), at_once)]
    crowds = [Crowd.of(person for person, _ in part) for part in parts]
    return Recipients(crowds, lambda person: pages[person.address], {"email"})


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
