"""Test sends: every variant to the staging inbox, marked, and never to a reader."""

import asyncio
import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from newsletter.app.compose import (
    compose_issue,
    full_variants,
    make_page,
    sample_values,
    variant_label,
)
from newsletter.app.open import App
from newsletter.app.people import Readers
from newsletter.app.plan import Chooser
from newsletter.app.plan_view import reader_values
from newsletter.app.preview import find_reader, newest
from newsletter.app.relay import for_tests, relay_name, relay_ready, smtp_options
from newsletter.app.said import readers_to_show
from newsletter.app.tested import note_test
from newsletter.app.vouching import signer_of
from newsletter.audience.model import Person
from newsletter.delivery import Accepted, Outcome
from newsletter.edition.model import Variant
from newsletter.errors import UsageError
from newsletter.issue.model import Issue
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.smtp import SmtpTransport
from newsletter.values import Address, Digest


@dataclass(frozen=True, slots=True)
class TestMessage:
    """One test message and the relay's answer."""

    __test__ = False  # pytest takes the name for a test

    variant: str
    reader: str
    to: str
    accepted: bool
    answer: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class TestReport:
    """What a test sent."""

    __test__ = False  # same

    issue: str
    content_digest: Digest
    relay: str
    messages: tuple[TestMessage, ...]

    @property
    def not_accepted(self) -> int:
        """How many tests the relay did not take."""
        return sum(not message.accepted for message in self.messages)


def send_test(app: App, name: str | None, to: Sequence[str], reader: str | None) -> TestReport:
    """Send each variant that readers see, as its first reader sees it, to a staging address.

    Without ``to`` nothing leaves this machine; with it the relay is used, where one is named.
    Raises ``UsageError`` for an address that is not of the settings' staging addresses.
    """
    app = for_tests(app, chosen=bool(to))
    issue = app.load_issue(name or newest(app))
    goals = _staging_addresses(app, to)
    readers = readers_to_show(app, suppressed=reader is not None)
    chosen = _samples(app, issue, readers, reader)
    theme = app.load_theme(issue.original.theme)
    digest = compose_issue(app, issue).content_digest
    signer, now = signer_of(app), int(app.clock().timestamp())
    envelopes = []
    for variant, person in chosen.items():
        page = make_page(app, issue, theme, variant, test=True)
        values = sample_values(app, issue, page) | (reader_values(person) if person else {})
        for goal in goals:
            own = _addressed(app, values, goal)
            content = page.compiled.fill(own)
            content = signer.sign(content, now) if signer else content
            message = _message(app, goal, own["message_id"], content)
            envelopes.append((variant, person, message))
    outcomes = asyncio.run(_send(app, [message for _, _, message in envelopes]))
    report = TestReport(
        issue.slug,
        digest,
        relay_name(app),
        tuple(
            _told(issue, variant, person, message, outcome)
            for (variant, person, message), outcome in zip(envelopes, outcomes, strict=True)
        ),
    )
    if not report.not_accepted:
        note_test(app, issue.slug, digest)
    return report


def _staging_addresses(app: App, to: Sequence[str]) -> list[Address]:
    staging = app.settings.staging
    allowed = [Address(staging.address), *map(Address, staging.also)]
    if not to:
        return allowed[:1]
    keys = {address.key: address for address in allowed}
    goals = []
    for words in to:
        if words.casefold() not in keys:
            raise UsageError(
                f"{words} is not a staging address: tests never go to readers",
                cure='add it to [staging] also = ["…"] in newsletter.toml',
            )
        goals.append(keys[words.casefold()])
    return goals


def _samples(
    app: App, issue: Issue, readers: Readers, reader: str | None
) -> Mapping[Variant, Person | None]:
    """One reader for each page that is seen; without readers, the full page of each language."""
    chosen = Chooser(app, issue, readers)
    if reader is not None:
        person = find_reader(readers.audience, reader)
        return {chosen(person): person}
    samples: dict[Variant, Person | None] = {}
    for person in readers.audience:
        samples.setdefault(chosen(person), person)
    if not samples:
        samples = dict.fromkeys(full_variants(issue))
    return dict(sorted(samples.items(), key=lambda item: item[0].key))


def _addressed(app: App, values: dict[str, str], goal: Address) -> dict[str, str]:
    domain = app.settings.sender.address.rpartition("@")[2]
    now = app.clock().astimezone(dt.UTC)
    return values | {
        "email": goal.text,
        "to_name": values.get("name", ""),
        "date": format_datetime(now),
        "message_id": f"<test.{secrets.token_hex(12)}@{domain}>",
    }


def _message(app: App, goal: Address, message_id: str, content: bytes) -> OutgoingMessage:
    sender = app.settings.sender
    return OutgoingMessage(sender.bounce_address or sender.address, goal.text, message_id, content)


async def _send(app: App, messages: Sequence[OutgoingMessage]) -> list[Outcome]:
    async with relay_ready(app):
        transport = SmtpTransport(smtp_options(app))
        connection = await transport.connect()
        outcomes = []
        for message in messages:
            if not connection.usable:
                connection = await transport.connect()
            outcomes.append(await connection.send(message, lambda: None))
        await connection.close()
        return outcomes


def _told(
    issue: Issue, variant: Variant, person: Person | None, message: OutgoingMessage, got: Outcome
) -> TestMessage:
    reply = getattr(got, "reply", None)
    detail = getattr(got, "detail", "")
    return TestMessage(
        variant_label(issue, variant),
        person.address.text if person else "",
        message.recipient,
        isinstance(got, Accepted),
        str(reply) if reply else detail,
        message.message_id,
    )
