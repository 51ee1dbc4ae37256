"""The smallest people and lists."""

from pathlib import Path

from newsletter.audience.model import Person, Subscriber
from newsletter.audience.subscribers import SubscriberList, Subscribers
from newsletter.values import Address


def make_person(email: str = "anna@soci.example", *lists: str, **fields: str) -> Person:
    return Person(Address.parse(email), fields, lists or ("members",))


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
