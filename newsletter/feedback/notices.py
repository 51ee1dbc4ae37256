"""From a provider's words to ours: bounces, complaints, unsubscribes. What else it tells is left.

Whatever type a field has, it is read as words or not at all.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from newsletter.feedback import addresses
from newsletter.feedback.reasons import reason_of
from newsletter.feedback.status import Codes, codes_in, status_of
from newsletter.returned import LONGEST_WORDS, Gravity, Kind, Reason

_MOST = 100
_UNFIT = re.compile("[\x00\ud800-\udfff]")
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a provider tells of one reader."""

    kind: Kind
    address: str
    id: str
    """The provider's own name of the event: told twice, it counts once."""
    gravity: Gravity | None = None
    reason: str = ""
    status: str = ""
    code: int | None = None
    words: str = ""
    message_ids: tuple[str, ...] = ()
    return_paths: tuple[str, ...] = ()
    alone: bool = False
    """Its id names the whole post: with another address it is the same, told again."""

    @classmethod
    def to_confirm(cls, url: str) -> Self:
        """A subscription that its officer is to confirm at the provider's."""
        return cls(Kind.OTHER, "", "", words=url[:LONGEST_WORDS])


def ses(told: Event, envelope_id: str) -> Iterator[Notice]:
    """Amazon SES: a notification, or an event of a configuration set."""
    mail, kind = _in(told, "mail"), _text(told, "notificationType") or _text(told, "eventType")
    paths = (_text(mail, "source"),)
    common = _text(_in(mail, "commonHeaders"), "messageId")
    headers = [h for h in _many(mail, "headers") if _text(h, "name").lower() == "message-id"]
    ids = _message_ids(common, *(_text(header, "value") for header in headers))
    if kind == "Bounce":
        about = _in(told, "bounce")
        hard = _text(about, "bounceType") == "Permanent"
        for one in _many(about, "bouncedRecipients"):
            words = _text(one, "diagnosticCode").partition(";")[2].strip()
            codes = _codes(_text(one, "status"), words)
            gravity = Gravity.HARD if hard else Gravity.SOFT
            yield _bounce(
                _text(one, "emailAddress"), envelope_id, codes, words, gravity, ids, paths
            )
    elif kind == "Complaint":
        about = _in(told, "complaint")
        if _text(about, "complaintFeedbackType") == "not-spam":
            return
        for one in _many(about, "complainedRecipients"):
            who = addresses.tidy(_text(one, "emailAddress"))
            words = _text(about, "complaintFeedbackType")[:LONGEST_WORDS]
            yield Notice(
                Kind.COMPLAINT, who, envelope_id, words=words, message_ids=ids, return_paths=paths
            )


_POSTMARK_HARD = frozenset({"HardBounce", "BadEmailAddress", "AddressChange"})
_POSTMARK_NONE = frozenset({"AutoResponder", "ChallengeVerification", "OpenRelayTest", "Subscribe"})


def postmark(told: Event) -> Iterator[Notice]:
    """Postmark: a record of its own type a post."""
    record, kind = _text(told, "RecordType"), _text(told, "Type")
    who = addresses.tidy(_text(told, "Email") or _text(told, "Recipient"))
    name = _text(told, "ID") or _text(told, "MessageID")
    words = _text(told, "Details") or _text(told, "Description")
    if "SpamComplaint" in {record, kind}:  # a SpamNotification is a filter's word, no reader's
        yield Notice(Kind.COMPLAINT, who, name, words=words)
    elif record == "SubscriptionChange":
        own = _text(told, "Origin") == "Recipient" and told.get("SuppressSending") is True
        if own and _text(told, "SuppressionReason") == "ManualSuppression":
            yield Notice(Kind.UNSUBSCRIBE, who, f"{name} {_text(told, 'ChangedAt')}")
    elif kind == "Unsubscribe":
        yield Notice(Kind.UNSUBSCRIBE, who, name)
    elif record == "Bounce" and kind not in _POSTMARK_NONE:
        gravity = Gravity.HARD if kind in _POSTMARK_HARD else Gravity.SOFT
        yield _bounce(who, name, codes_in(words), words, gravity)


def mailgun(told: Event, token: str) -> Iterator[Notice]:
    """Mailgun: one event a post. What is signed is the token alone, so it names the event."""
    for notice in _mailgun(told, token):
        yield replace(notice, alone=True)


def _mailgun(told: Event, name: str) -> Iterator[Notice]:
    event, who = _text(told, "event"), addresses.tidy(_text(told, "recipient"))
    ids = _message_ids(_text(_in(_in(told, "message"), "headers"), "message-id"))
    if event == "complained":
        yield Notice(Kind.COMPLAINT, who, name, message_ids=ids)
    elif event == "unsubscribed":
        yield Notice(Kind.UNSUBSCRIBE, who, name, message_ids=ids)
    elif event == "failed":
        status = _in(told, "delivery-status")
        words = _text(status, "message") or _text(status, "description")
        codes = _codes(_text(status, "enhanced-code"), f"{_text(status, 'code')} {words}")
        if _text(told, "severity") == "temporary":
            yield _delay(who, name, codes, words, ids)
            return
        known = Gravity.HARD if _text(told, "reason") == "suppress-bounce" else None
        yield _bounce(who, name, codes, words, known, ids)


def sendgrid(told: Event) -> Iterator[Notice]:
    """SendGrid: one of the events in a post."""
    event, who = _text(told, "event"), addresses.tidy(_text(told, "email"))
    name, words = _text(told, "sg_event_id"), _text(told, "reason")
    ids = _message_ids(_text(told, "smtp-id"))
    codes = _codes(_text(told, "status"), words)
    match event:
        case "bounce":
            known = Gravity.SOFT if _text(told, "type") == "blocked" else None
            yield _bounce(who, name, codes, words, known, ids)
        case "deferred":
            yield _delay(who, name, codes, _text(told, "response"), ids)
        case "spamreport":
            yield Notice(Kind.COMPLAINT, who, name, message_ids=ids)
        case "unsubscribe" | "group_unsubscribe":
            yield Notice(Kind.UNSUBSCRIBE, who, name, message_ids=ids)


_BREVO_HARD = frozenset({"hard_bounce", "invalid_email", "hardBounce", "invalid"})
_BREVO_SOFT = frozenset({"soft_bounce", "softBounce", "blocked", "error"})


def brevo(told: Event) -> Iterator[Notice]:
    """Brevo: transactional events, and those of campaigns."""
    event, who = _text(told, "event"), addresses.tidy(_text(told, "email"))
    moment = _text(told, "ts_event") or _text(told, "ts")
    name = f"{event} {_text(told, 'message-id')} {_text(told, 'id')} {moment}"
    words, ids = _text(told, "reason"), _message_ids(_text(told, "message-id"))
    if event in _BREVO_HARD | _BREVO_SOFT:
        gravity = Gravity.HARD if event in _BREVO_HARD else Gravity.SOFT
        yield _bounce(who, name, codes_in(words), words, gravity, ids)
    elif event == "deferred":
        yield _delay(who, name, codes_in(words), words, ids)
    elif event in {"spam", "complaint"}:
        yield Notice(Kind.COMPLAINT, who, name, message_ids=ids)
    elif event in {"unsubscribed", "unsubscribe"}:
        yield Notice(Kind.UNSUBSCRIBE, who, name, message_ids=ids)


_OURS = frozenset(
    {Reason.BLOCKED, Reason.CONTENT, Reason.RELAYING, Reason.THROTTLED, Reason.TOO_BIG}
)


def _bounce(
    who: str,
    name: str,
    codes: Codes,
    words: str,
    gravity: Gravity | None,
    ids: tuple[str, ...] = (),
    paths: tuple[str, ...] = (),
) -> Notice:
    """A failure, as grave as the provider says; where it does not say, as its words do.

    What displeased in us or in the message says nothing about the reader, whoever calls it hard.
    """
    reason = reason_of(codes, words)
    if gravity is Gravity.HARD and reason is Reason.UNKNOWN:
        reason = Reason.NO_MAILBOX
    if reason in _OURS:
        gravity = Gravity.SOFT
    return Notice(
        Kind.BOUNCE,
        addresses.tidy(who),
        name,
        gravity or reason.gravity,
        reason.value,
        codes.status,
        codes.code,
        " ".join(words.split())[:LONGEST_WORDS],
        ids,
        paths,
    )


def _delay(who: str, name: str, codes: Codes, words: str, ids: tuple[str, ...]) -> Notice:
    short = " ".join(words.split())[:LONGEST_WORDS]
    reason = reason_of(Codes("4.0.0", codes.code), words).value
    status = codes.status
    return Notice(
        Kind.DELAYED, who, name, Gravity.SOFT, reason, status, codes.code, short, message_ids=ids
    )


def _codes(status: str, words: str) -> Codes:
    found = codes_in(words)
    return Codes(status_of(status) or found.status, found.code)


def _message_ids(*said: str) -> tuple[str, ...]:
    """With angle brackets, as headers have them."""
    return tuple(f"<{one.strip().strip('<>')}>" for one in said if "@" in one)


def _text(event: Event, name: str) -> str:
    found = event.get(name)
    if isinstance(found, str):
        return _UNFIT.sub("\ufffd", found[:2_000])
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def _in(event: Event, name: str) -> Event:
    found = event.get(name)
    return found if isinstance(found, dict) else {}


def _many(event: Event, name: str) -> Iterator[Event]:
    found = event.get(name)
    for each in found[:_MOST] if isinstance(found, list) else ():
        if isinstance(each, dict):
            yield each
