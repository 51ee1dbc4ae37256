"""The mail that asks whether it is true: composed with the theme, by the ordinary transport."""

import asyncio
import datetime as dt
import secrets
from collections.abc import Callable
from email.utils import format_datetime
from typing import Final

from newsletter.app.imprint import public_theme
from newsletter.app.open import STAGING, App
from newsletter.app.people import staged_address
from newsletter.app.relay import relay_ready, smtp_options
from newsletter.app.vouching import signer_of
from newsletter.delivery import Accepted, Outcome
from newsletter.edition.letter import Letter, render_letter
from newsletter.errors import NewsletterError
from newsletter.message import EmbeddedImage, compile_message
from newsletter.transport.base import OutgoingMessage
from newsletter.transport.smtp import SmtpTransport
from newsletter.values import Address, Language

PATH: Final = "confirm"
_NOBODY_WROTE_IT: Final = {"Auto-Submitted": "auto-generated"}
"""RFC 3834, 5: no person sends this, and no program is to answer it."""


def asking(app: App) -> Callable[[Address, Language, str], None]:
    """How this newsletter asks an address to confirm with a token."""

    def ask(address: Address, language: Language, token: str) -> None:
        outcome = asyncio.run(_send(app, question(app, address, language, token)))
        if not isinstance(outcome, Accepted):
            raise NewsletterError("the relay did not take the question to confirm")

    return ask


def question(app: App, address: Address, language: Language, token: str) -> OutgoingMessage:
    """The whole message. Under the staging profile it goes to the staging address."""
    sender, publisher = app.settings.sender, app.publisher
    letter = Letter.to_confirm(language, publisher, f"{publisher.site_url}/{PATH}/{token}")
    edition = render_letter(letter, language, public_theme(app), publisher)
    embedded = app.settings.images == "embedded"
    compiled = compile_message(
        edition,
        sender_name=sender.name,
        sender_address=sender.address,
        reply_to=sender.reply_to or "",
        list_id=sender.list_id,
        list_name=app.settings.name,
        marks=_NOBODY_WROTE_IT,
        embedded=[
            EmbeddedImage(url, (app.root / path).read_bytes()) for url, path in edition.images
        ]
        if embedded
        else (),
    )
    goal = staged_address(app, address) if app.profile == STAGING else address
    domain = Address(sender.address).domain
    message_id = f"<confirm.{secrets.token_hex(12)}@{domain}>"
    now = app.clock().astimezone(dt.UTC)
    values = {"email": goal.text, "date": format_datetime(now), "message_id": message_id}
    content, signer = compiled.fill(values), signer_of(app)
    signed = signer.sign(content, int(now.timestamp())) if signer else content
    return OutgoingMessage(sender.address, goal.text, message_id, signed)


async def _send(app: App, message: OutgoingMessage) -> Outcome:
    async with relay_ready(app):
        connection = await SmtpTransport(smtp_options(app)).connect()
        try:
            return await connection.send(message, lambda: None)
        finally:
            await connection.close()
