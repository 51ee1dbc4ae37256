"""What mail services post about messages: verified first, then read. Pure; nothing is fetched.

Each provider is a function from a post to its notices. ``Forged`` when the post does not prove
that the provider wrote it, ``ValueError`` when it did and cannot be read.
"""

import datetime as dt
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.feedback.notices import Notice, brevo, mailgun, postmark, sendgrid, ses
from newsletter.feedback.signatures import Forged, is_by_sendgrid, is_by_sns, same

LARGEST = 1024 * 1024
"""Octets of a post that are read."""

_WINDOW = dt.timedelta(minutes=15)
_MOST_EVENTS = 5_000


@dataclass(frozen=True, slots=True)
class Post:
    """What arrived: the headers with names in lower case, the body, and when."""

    headers: Mapping[str, str]
    body: bytes
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class SnsKeys:
    """How posts of Amazon SNS are known: the topic, and the certificate of an address of theirs."""

    topic: str
    certificate: Callable[[str], bytes]


def read_postmark(post: Post, secret: str) -> tuple[Notice, ...]:
    """Postmark: HTTP basic authentication, as ``user:password`` stands in the hook's address."""
    if not same(post.headers.get("authorization", ""), _basic(secret)):
        raise Forged
    return tuple(postmark(_object(_json(post.body))))


def read_brevo(post: Post, secret: str) -> tuple[Notice, ...]:
    """Brevo: a token (``Bearer``) or HTTP basic authentication; it signs nothing."""
    said = post.headers.get("authorization", "")
    if not (same(said, f"Bearer {secret}") or same(said, _basic(secret))):
        raise Forged
    found = _json(post.body)
    return tuple(notice for each in _list(found) for notice in brevo(each))


def read_mailgun(post: Post, secret: str) -> tuple[Notice, ...]:
    """Mailgun: an HMAC over time and token, which must be of now; a token is good once."""
    found = _json(post.body)
    signed = _object(_object(found).get("signature"))
    stamp, token = str(signed.get("timestamp", "")), str(signed.get("token", ""))
    mac = hmac.new(secret.encode(), f"{stamp}{token}".encode("utf-8", "replace"), "sha256")
    if not same(str(signed.get("signature", "")), mac.hexdigest()) or not _is_now(stamp, post.at):
        raise Forged
    return tuple(mailgun(_object(_object(found).get("event-data")), token))


def read_sendgrid(post: Post, public_key: str) -> tuple[Notice, ...]:
    """SendGrid: an ECDSA signature over time and body, which must be of now."""
    stamp = post.headers.get("x-twilio-email-event-webhook-timestamp", "")
    signature = post.headers.get("x-twilio-email-event-webhook-signature", "")
    if not is_by_sendgrid(public_key, signature, stamp.encode() + post.body):
        raise Forged
    if not _is_now(stamp, post.at):
        raise Forged
    return tuple(notice for each in _list(_json(post.body)) for notice in sendgrid(each))


def read_ses(post: Post, keys: SnsKeys) -> tuple[Notice, ...]:
    """Amazon SES over SNS: signed by a certificate of theirs, on the topic of the settings.

    A subscription that asks to be confirmed is a notice too: nobody opens its address from here.
    """
    envelope = _object(_json(post.body))
    if not same(str(envelope.get("TopicArn", "")), keys.topic) or not is_by_sns(
        envelope, keys.certificate
    ):
        raise Forged
    if envelope.get("Type") != "Notification":
        return (Notice.to_confirm(str(envelope.get("SubscribeURL", ""))),)
    told = _json(str(envelope.get("Message", "")).encode("utf-8", "replace"))
    return tuple(ses(_object(told), str(envelope.get("MessageId", ""))))


def _basic(secret: str) -> str:
    import base64

    return "Basic " + base64.b64encode(secret.encode()).decode("ascii")


def _is_now(stamp: str, now: dt.datetime) -> bool:
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > len("9999999999"):
        return False
    return abs(now - dt.datetime.fromtimestamp(int(stamp), dt.UTC)) <= _WINDOW


def _json(body: bytes) -> Any:
    if len(body) > LARGEST:
        message = f"more than {LARGEST} octets"
        raise ValueError(message)
    try:
        return json.loads(body)
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error


def _object(found: object) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        message = "an object was expected"
        raise ValueError(message)  # noqa: TRY004 it is what a stranger sent, not how we were called
    return found


def _list(found: object) -> Iterator[Mapping[str, Any]]:
    """One event, or several in a list; one that is none keeps nobody from reading the others."""
    if not isinstance(found, list):
        yield _object(found)
        return
    yield from (one for one in found[:_MOST_EVENTS] if isinstance(one, dict))
