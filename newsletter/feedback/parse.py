"""From the octets of a mail to what it says. Pure; never raises, whatever the octets."""

import re
from collections.abc import Sequence

from newsletter.feedback import addresses, automatic, complaint, dsn, leaving, prose
from newsletter.feedback.mail import LOOKED_AT, Part, decoded, parts_of, take_apart, unworded
from newsletter.feedback.model import LONGEST_WORDS, Failure, Heard, Kind
from newsletter.feedback.phrases import plain
from newsletter.feedback.signs import DELAYED, FAILURE_BODY, FAILURE_SUBJECT, GIVEN_UP, MACHINE

_MESSAGE_ID = re.compile(
    r"^[ \t>]{0,40}(?:x-)?(?:original-)?message-id[ \t]*:\s*(<[^<>\s]{3,250}>)",
    re.IGNORECASE | re.MULTILINE,
)
_IDS = re.compile(r"<[^<>\s]{3,250}>")
_MOST_IDS = 8
_LOOKED_AT = 4_000
_DELIVERED_TO = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
    "to",
    "x-delivered-to",
    "resent-to",
    "apparently-to",
    "cc",
)
_REPORTS = ("delivery-status", "delivery_status")


def parse(raw: bytes) -> Heard:
    """What a mail says. Reads at most the first 256 KiB."""
    mail = take_apart(raw)
    return _heard(mail, raw[:LOOKED_AT], nested=False)


def _heard(mail: Part, raw: bytes, *, nested: bool) -> Heard:
    look = _Look(mail, raw)
    if nested and not (look.from_machine or look.null_path):
        return look.said(Kind.OTHER)
    for attempt in (_complaint, _report, _unsubscribe, _inside, _failure):
        heard = attempt(look)
        if heard is not None:
            return heard
    if automatic.is_automatic(mail, look.subject, look.text):
        return look.said(Kind.AUTOMATIC)
    if leaving.is_wish(look.subject, look.text):
        words = f"{look.subject}: {leaving.own_words(look.text)}"
        return look.said(Kind.WISH, words=words)
    return look.said(Kind.OTHER)


class _Look:
    """A mail's parts by what they are for."""

    def __init__(self, mail: Part, raw: bytes) -> None:
        self.mail, self.raw = mail, raw
        self.parts = list(parts_of(mail))
        self.subject = unworded(mail.header("subject"))[:500]
        self.sender = next(iter(addresses.all_in(mail.headers.get("from", ()))), "")
        values = [v for name in _DELIVERED_TO for v in mail.headers.get(name, ())]
        self.sent_to = addresses.all_in(values)
        self.originals = [take_apart(p.octets) for p in self.parts if _is_message(p)]
        self.text = self._words()

    def _words(self) -> str:
        plain = [
            p
            for p in self.parts
            if p.kind in {"text/plain", "text"}
            or not p.kind.startswith(("text/", "message/", "multipart/", "image/", "application/"))
        ]
        chosen = plain or [
            p for p in self.parts if p.kind.startswith("text/") and "rfc822" not in p.kind
        ]
        return "\n\n".join(p.text[:20_000] for p in chosen[:4])[:40_000]

    @property
    def says_failure(self) -> bool:
        """Whether the subject is that of a failure."""
        return FAILURE_SUBJECT.within(plain(self.subject))

    @property
    def from_machine(self) -> bool:
        """Whether a mail system wrote it, by its sender."""
        written = unworded(self.mail.header("from")).lower()
        return (
            "x-failed-recipients" in self.mail.headers
            or "report-type=delivery-status"
            in self.mail.header("content-type").lower().replace('"', "")
            or MACHINE.within(written)
        )

    @property
    def returns_message(self) -> bool:
        """Whether it gives back a message, or the head of one."""
        return bool(self.originals or _MESSAGE_ID.search(self.text))

    @property
    def null_path(self) -> bool:
        """Whether it came as no answer is to be sent to: bounces do, and answers of absence."""
        return self.mail.header("return-path").strip() == "<>"

    def said(
        self,
        kind: Kind,
        failures: Sequence[Failure] = (),
        *,
        words: str = "",
        recipients: Sequence[str] = (),
        token: str = "",
    ) -> Heard:
        """The mail's word, with what it is about."""
        proven = kind in {Kind.BOUNCE, Kind.DELAYED, Kind.COMPLAINT}
        whom = [a for o in self.originals for a in addresses.all_in(o.headers.get("to", ()))]
        return Heard(
            kind,
            tuple(failures),
            self.sent_to,
            self._message_ids() if kind is not Kind.OTHER else (),
            addresses.distinct([*recipients, *whom]),
            token or (leaving.token_in_message(self.raw) if proven else ""),
            self.sender,
            next(iter(_IDS.findall(self.mail.header("message-id"))), ""),
            " ".join((words or self.subject).split())[:LONGEST_WORDS],
        )

    def _message_ids(self) -> tuple[str, ...]:
        """Message-IDs in returned headers, then those that this mail answers; not its own."""
        text = decoded(self.raw)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        own = set(_IDS.findall(self.mail.header("message-id")))
        answered = _IDS.findall(
            f"{self.mail.header('in-reply-to')} {self.mail.header('references')}"
        )
        found = [one for one in _MESSAGE_ID.findall(text) if one not in own]
        return tuple(dict.fromkeys([*found[:_MOST_IDS], *answered[:_MOST_IDS]]))


def _is_message(part: Part) -> bool:
    return part.kind in {
        "message/rfc822",
        "text/rfc822-headers",
        "message/rfc822-headers",
        "message/partial",
        "message/global",
        "message/global-headers",
        "text/rfc822-header",
        "text/rfc822",
    }


def _complaint(look: _Look) -> Heard | None:
    reports = [part for part in look.parts if part.kind == "message/feedback-report"]
    original = look.originals[0] if look.originals else None
    if reports:
        fields = complaint.report_in(reports[0])
        kind = Kind.COMPLAINT if complaint.is_about_spam(fields) else Kind.AUTOMATIC
        return look.said(kind, recipients=complaint.recipients_in(reports[0]))
    if complaint.is_informal(look.subject, look.sender, original) and original is not None:
        return look.said(
            Kind.COMPLAINT,
            recipients=addresses.all_in(original.headers.get("x-hmxmroriginalrecipient", ())),
        )
    return None


def _report(look: _Look) -> Heard | None:
    """A delivery status notification, by whatever name its part goes."""
    texts = [part.text for part in look.parts if any(name in part.kind for name in _REPORTS)]
    if not texts and automatic.is_notice(look.mail, look.parts):
        return look.said(Kind.AUTOMATIC)
    if not texts or not any(dsn.groups_in(text) for text in texts):
        shown = [
            p.text for p in look.parts if not _is_message(p) and dsn.shows_a_report(p.text[:20_000])
        ]
        texts = shown if look.from_machine or look.null_path or look.says_failure else []
    if not texts:
        return None
    human = prose.before_returned(look.text)
    said = prose.by_address(human, _ours(look))
    told = [
        one
        for text in texts
        for one in dsn.failures_in(text[:60_000], {a.lower(): w for a, w in said.items()})
    ]
    failed = [failure for action, failure in told if action == "failed"]
    if failed:
        return look.said(Kind.BOUNCE, failed)
    delayed = [failure for action, failure in told if action == "delayed"]
    if delayed:
        return look.said(Kind.DELAYED, delayed)
    return look.said(Kind.AUTOMATIC) if told else None


def _ours(look: _Look) -> tuple[str, ...]:
    senders = [a for o in look.originals for a in addresses.all_in(o.headers.get("from", ()))]
    return addresses.distinct([look.sender, *look.sent_to, *senders])


def _unsubscribe(look: _Look) -> Heard | None:
    token = leaving.token_in_subject(look.subject)
    if not token or look.mail.header("auto-submitted").lower().startswith("auto-"):
        return None
    return look.said(Kind.UNSUBSCRIBE, token=token)


def _failure(look: _Look) -> Heard | None:
    """A failure that is told in words."""
    failed = addresses.all_in(look.mail.headers.get("x-failed-recipients", ()))
    text = prose.before_returned(look.text)
    subject = look.says_failure
    body = FAILURE_BODY.within(plain(text[:_LOOKED_AT]))
    if not failed and not (
        (look.from_machine and (subject or body))
        or (subject and body and (look.null_path or _no_answer(look)))
    ):
        return None
    if automatic.is_success(look.subject):
        return look.said(Kind.AUTOMATIC)
    if not failed and (_is_answer(look, text) or _is_by_someone(look)):
        return None
    if not text.strip() and not failed:
        text = look.subject
    failures = prose.failures_in(
        f"{text}\n{look.subject if not failed else ''}", _ours(look), failed
    )
    if _is_delayed(look.subject, text):
        return look.said(Kind.DELAYED, failures)
    return look.said(Kind.BOUNCE, _with_original(look, failures))


def _is_answer(look: _Look, text: str) -> bool:
    """Whether somebody's program answered; a mail system's own subject outweighs the rest."""
    if look.says_failure:
        return not look.from_machine and automatic.is_vacation(look.mail, look.subject)
    return automatic.is_vacation(look.mail, look.subject) or automatic.is_challenge(
        look.mail, look.subject, text
    )


def _is_by_someone(look: _Look) -> bool:
    """Whether an answer comes under a person's name, with nothing of the message given back.

    Answers of absence are addressed as bounces are (RFC 3834, 4), and "she is no longer here" in
    one of them is no server's word.
    """
    answers = automatic.is_answer(look.mail) or not _no_answer(look)
    return answers and not look.from_machine and not look.returns_message


def _no_answer(look: _Look) -> bool:
    """Whether it is no person's answer to a mail."""
    return (
        not look.subject.lower().startswith(("re:", "aw:", "r:", "sv:", "fwd:", "fw:"))
        and "in-reply-to" not in look.mail.headers
    )


def _is_delayed(subject: str, text: str) -> bool:
    words = plain(f"{subject}\n{text[:_LOOKED_AT]}")
    return DELAYED.within(words) and not GIVEN_UP.within(words)


def _with_original(look: _Look, failures: list[Failure]) -> list[Failure]:
    """Where the words name nobody, the one whom the returned message was for."""
    if any(failure.addresses for failure in failures):
        return failures
    head = look.text[len(prose.before_returned(look.text)) :]
    found = re.search(r"^[ \t>]*to:[ \t]*(.{3,300})$", head, re.IGNORECASE | re.MULTILINE)
    named = [a for o in look.originals for a in addresses.all_in(o.headers.get("to", ()))]
    if found:
        named += addresses.all_in([found[1]])
    if len(named) != 1:
        return failures
    return [Failure((named[0],), f.gravity, f.reason, f.status, f.code, f.words) for f in failures]


def _inside(look: _Look) -> Heard | None:
    """A bounce that somebody forwarded whole."""
    for part in look.parts:
        if _is_message(part):
            inner = take_apart(part.octets)
            if "subject" in inner.headers and inner.kind.startswith("multipart/report"):
                heard = _heard(inner, part.octets, nested=True)
                if heard.kind in {Kind.BOUNCE, Kind.DELAYED, Kind.COMPLAINT}:
                    return heard
    return None
