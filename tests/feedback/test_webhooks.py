"""What mail services post is believed when it proves who wrote it, and read whatever is in it."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from newsletter.feedback.identify import Arrival, events_told
from newsletter.feedback.notices import Notice, brevo, mailgun, postmark, sendgrid, ses
from newsletter.feedback.signatures import Forged, is_certificate_address
from newsletter.feedback.webhooks import (
    LARGEST,
    Post,
    SnsKeys,
    read_brevo,
    read_mailgun,
    read_postmark,
    read_sendgrid,
    read_ses,
)
from newsletter.returned import Gravity, Kind, Proof
from tests.feedback.mails import MESSAGE_ID, READER
from tests.feedback.test_identify import AT, DELIVERY, KEYS, VERP, Sent

NOW = AT
STAMP = str(int(NOW.timestamp()))
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"


def post(body: Any, **headers: str) -> Post:
    """What arrives; ``_`` in a header's name means ``-``."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Post({name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW)


def basic(secret: str) -> str:
    """HTTP basic authentication."""
    return "Basic " + base64.b64encode(secret.encode()).decode()


# Postmark and Brevo: a secret

BOUNCED = {
    "RecordType": "Bounce",
    "Type": "HardBounce",
    "ID": 42,
    "Email": READER,
    "Details": "smtp;550 5.1.1 no such user",
}


def test_postmark_is_known_by_its_secret() -> None:
    (notice,) = read_postmark(post(BOUNCED, authorization=basic("hook:geheim")), "hook:geheim")
    assert (notice.kind, notice.gravity, notice.address) == (Kind.BOUNCE, Gravity.HARD, READER)
    assert (notice.status, notice.code, notice.id) == ("5.1.1", 550, "42")


@pytest.mark.parametrize("said", ["", "Basic", basic("hook:other"), "Bearer hook:geheim"])
def test_postmark_with_another_secret_is_forged(said: str) -> None:
    with pytest.raises(Forged):
        read_postmark(post(BOUNCED, authorization=said), "hook:geheim")


@pytest.mark.parametrize("said", ["Bearer tok-en", basic("tok-en")])
def test_brevo_is_known_by_a_token_or_basic_authentication(said: str) -> None:
    event = {"event": "hard_bounce", "email": READER, "message-id": MESSAGE_ID, "ts": 7}
    (notice,) = read_brevo(post([event], authorization=said), "tok-en")
    assert (notice.gravity, notice.message_ids) == (Gravity.HARD, (MESSAGE_ID,))
    with pytest.raises(Forged):
        read_brevo(post([event], authorization=said + "x"), "tok-en")


# Mailgun: an HMAC


def signed(event: dict[str, Any], token: str = "t" * 50, stamp: str = STAMP) -> dict[str, Any]:
    """A post of Mailgun's."""
    mac = hmac.HMAC(b"key-1", hashes.SHA256())
    mac.update(f"{stamp}{token}".encode())
    signature = {"timestamp": stamp, "token": token, "signature": mac.finalize().hex()}
    return {"signature": signature, "event-data": event}


FAILED = {
    "event": "failed",
    "severity": "permanent",
    "recipient": READER,
    "id": "e1",
    "message": {"headers": {"message-id": MESSAGE_ID.strip("<>")}},
    "delivery-status": {"code": 550, "message": "5.1.1 user unknown"},
}


def test_mailgun_is_known_by_its_hmac() -> None:
    (notice,) = read_mailgun(post(signed(FAILED)), "key-1")
    assert (notice.kind, notice.gravity) == (Kind.BOUNCE, Gravity.HARD)
    assert notice.message_ids == (MESSAGE_ID,)


@pytest.mark.parametrize("key", ["timestamp", "token", "signature"])
def test_mailgun_with_anything_changed_is_forged(key: str) -> None:
    body = signed(FAILED)
    body["signature"][key] = str(body["signature"][key])[:-1] + "0"
    if body == signed(FAILED):
        body["signature"][key] = "1" + str(body["signature"][key])[1:-1] + "9"
    with pytest.raises(Forged):
        read_mailgun(post(body), "key-1")


@pytest.mark.parametrize("minutes", [-16, 16, 60 * 24])
def test_an_old_signature_is_forged(minutes: int) -> None:
    stamp = str(int((NOW + dt.timedelta(minutes=minutes)).timestamp()))
    with pytest.raises(Forged):
        read_mailgun(post(signed(FAILED, stamp=stamp)), "key-1")


def test_a_signature_of_mailguns_is_good_for_one_event_whatever_the_body() -> None:
    other = FAILED | {"recipient": "victim@soci.example", "id": "e2"}
    first = read_mailgun(post(signed(FAILED)), "key-1")
    again = read_mailgun(post(signed(other)), "key-1")
    marks = {told(*notices).mark for notices in (first, again)}
    assert len(marks) == 1


# SendGrid signs by ECDSA

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()


def sendgrid_post(body: bytes, stamp: str = STAMP, sign: bytes | None = None) -> Post:
    """A signed post."""
    proof = KEY.sign(stamp.encode() + (body if sign is None else sign), ec.ECDSA(hashes.SHA256()))
    headers = {
        "x_twilio_email_event_webhook_timestamp": stamp,
        "x_twilio_email_event_webhook_signature": base64.b64encode(proof).decode(),
    }
    return post(body, **headers)


EVENTS = json.dumps(
    [
        {"event": "bounce", "email": READER, "status": "5.1.1", "reason": "550 5.1.1 no such user",
         "smtp-id": MESSAGE_ID, "sg_event_id": "s1"},
        {"event": "bounce", "type": "blocked", "email": READER, "reason": "x", "sg_event_id": "2"},
        {"event": "spamreport", "email": READER, "sg_event_id": "3"},
        {"event": "open", "email": READER, "sg_event_id": "4"},
    ]
).encode()  # fmt: skip


def test_sendgrid_is_known_by_its_signature() -> None:
    notices = read_sendgrid(sendgrid_post(EVENTS), PUBLIC)
    assert [(n.kind, n.gravity) for n in notices] == [
        (Kind.BOUNCE, Gravity.HARD),
        (Kind.BOUNCE, Gravity.SOFT),
        (Kind.COMPLAINT, None),
    ]


@pytest.mark.parametrize("public", [PUBLIC, "", "no base64!", base64.b64encode(b"x").decode()])
def test_sendgrid_with_another_body_or_key_is_forged(public: str) -> None:
    with pytest.raises(Forged):
        read_sendgrid(sendgrid_post(EVENTS, sign=EVENTS + b" "), public)


def test_sendgrid_of_yesterday_is_forged() -> None:
    stamp = str(int(NOW.timestamp()) - 86_400)
    with pytest.raises(Forged):
        read_sendgrid(sendgrid_post(EVENTS, stamp), PUBLIC)


# SES over SNS: RSA by a certificate

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.test")])
PEM = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(RSA_KEY.public_key())
    .serial_number(1)
    .not_valid_before(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    .not_valid_after(dt.datetime(2036, 1, 1, tzinfo=dt.UTC))
    .sign(RSA_KEY, hashes.SHA256())
    .public_bytes(serialization.Encoding.PEM)
)
ASKED: list[str] = []


def certificate(url: str) -> bytes:
    """The certificate, with a note of who was asked."""
    ASKED.append(url)
    return PEM


SNS = SnsKeys(TOPIC, certificate)


def envelope(version: str = "2", **changed: str) -> dict[str, str]:
    """A signed notification; what is changed is changed after the signing."""
    told = {
        "notificationType": "Bounce",
        "mail": {"source": VERP, "headers": [{"name": "Message-ID", "value": MESSAGE_ID}]},
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [
                {"emailAddress": READER, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 no"}
            ],
        },
    }
    made = {
        "Type": "Notification",
        "MessageId": "m-1",
        "TopicArn": TOPIC,
        "Message": json.dumps(told),
        "Timestamp": "2026-11-28T09:00:00Z",
        "SignatureVersion": version,
        "SigningCertURL": CERTIFICATE_URL,
    }
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    lines = "".join(f"{name}\n{made[name]}\n" for name in names).encode()
    kind = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 as SNS does
    made["Signature"] = base64.b64encode(RSA_KEY.sign(lines, padding.PKCS1v15(), kind)).decode()
    return made | changed


@pytest.mark.parametrize("version", ["1", "2"])
def test_ses_is_known_by_the_certificate_of_amazon(version: str) -> None:
    (notice,) = read_ses(post(envelope(version)), SNS)
    assert (notice.gravity, notice.address) == (Gravity.HARD, READER)
    event = told(notice)
    assert (event.campaign, event.seq) == DELIVERY


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": "{}"},
        {"TopicArn": "arn:aws:sns:eu-west-1:1:other"},
        {"Signature": ""},
        {"SignatureVersion": "3"},
        {"Type": "Other"},
        {"SigningCertURL": "https://evil.example/SimpleNotificationService-0123abcd.pem"},
    ],
)
def test_ses_with_anything_changed_is_forged(changed: dict[str, str]) -> None:
    with pytest.raises(Forged):
        read_ses(post(envelope(**changed)), SNS)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0123abcd.pem",
        "https://evil.example/?sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-0a.pem",
        "https://s3.amazonaws.com/bucket/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com/x/SimpleNotificationService-0123abcd.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123abcd.pem\n",
    ],
)
def test_no_certificate_is_asked_for_elsewhere(url: str) -> None:
    ASKED.clear()
    assert not is_certificate_address(url)
    with pytest.raises(Forged):
        read_ses(post(envelope(SigningCertURL=url)), SNS)
    assert ASKED == []


# Whom it is about


def told(*notices: Notice) -> Any:
    """The event of one notice."""
    (event,) = events_told(notices, KEYS, Sent(), Arrival("hook", NOW))
    return event


def test_what_a_provider_signed_is_signed_whatever_message_it_is_about() -> None:
    event = told(Notice(Kind.COMPLAINT, "bo@soci.example", "c1"))
    assert (event.proof, event.address, event.campaign) == (
        Proof.SIGNED,
        "bo@soci.example",
        None,
    )


def test_a_message_of_ours_is_named() -> None:
    event = told(Notice(Kind.COMPLAINT, READER, "c1", message_ids=(MESSAGE_ID,)))
    assert (event.campaign, event.seq) == DELIVERY


def test_a_notice_that_names_nobody_is_no_event() -> None:
    notices = (Notice(Kind.BOUNCE, "", "x"), Notice.to_confirm("https://sns.example"))
    assert events_told(notices, KEYS, Sent(), Arrival("hook", NOW)) == ()


# What a provider calls hard

REFUSED = "550 5.7.515 Access denied, sending domain does not meet the required authentication"


@pytest.mark.parametrize(
    "words", [REFUSED, "550 5.7.1 blocked by our policy", "554 5.7.1 Message rejected as spam"]
)
def test_a_refusal_of_ours_silences_nobody_whatever_the_provider_calls_it(words: str) -> None:
    bounced = {"bounceType": "Permanent", "bouncedRecipients": [
        {"emailAddress": READER, "diagnosticCode": f"smtp; {words}"}]}  # fmt: skip
    notices = [
        *postmark(BOUNCED | {"Details": f"smtp;{words}"}),
        *brevo({"event": "hard_bounce", "email": READER, "reason": words}),
        *ses({"notificationType": "Bounce", "bounce": bounced}, "m"),
    ]
    assert [(n.kind, n.gravity) for n in notices] == [(Kind.BOUNCE, Gravity.SOFT)] * 3


def test_a_filters_word_is_no_readers_complaint() -> None:
    (notice,) = postmark(BOUNCED | {"Type": "SpamNotification", "Details": "rejected as spam"})
    assert (notice.kind, notice.gravity) == (Kind.BOUNCE, Gravity.SOFT)
    (notice,) = postmark({"RecordType": "SpamComplaint", "Email": READER, "ID": 1})
    assert notice.kind is Kind.COMPLAINT


@pytest.mark.parametrize("odd", [3, None, [], {"event": "bounce", "email": "\ud800@x.example"}])
def test_one_odd_event_of_a_post_keeps_no_other_from_being_read(odd: object) -> None:
    events = [*json.loads(EVENTS), odd]
    notices = read_sendgrid(sendgrid_post(json.dumps(events).encode()), PUBLIC)
    recorded = events_told(notices, KEYS, Sent(), Arrival("hook", NOW))
    assert [event.address for event in recorded][:3] == [READER] * 3
    assert all(event.address.encode() for event in recorded)


# Hostile bodies

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
NAMES = st.sampled_from(
    ["event", "email", "mail", "bounce", "bouncedRecipients", "Type", "RecordType", "reason",
     "delivery-status", "headers", "message", "smtp-id", "status", "notificationType", "recipient"]
)  # fmt: skip
WORDS = st.sampled_from(["bounce", "failed", "Bounce", "Complaint", "hard_bounce", "spamreport"])


@pytest.mark.slow
@given(st.dictionaries(NAMES, ANYTHING | WORDS, max_size=12))
def test_no_event_brings_a_reader_down(event: dict[str, Any]) -> None:
    for notices in (
        list(ses(event, "m")),
        list(postmark(event)),
        list(mailgun(event, "t")),
        list(sendgrid(event)),
        list(brevo(event)),
    ):
        for notice in notices:
            assert len(notice.status) <= 9
            assert notice.code is None or 200 <= notice.code < 600
            assert len(notice.words) <= 300


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b"9" * 5_000, b"x" * (LARGEST + 1)],
    ids=lambda body: repr(body[:6]),
)
def test_a_body_that_is_none_is_refused_without_more_ado(body: bytes) -> None:
    with pytest.raises((ValueError, Forged)):
        read_postmark(post(body, authorization=basic("hook:geheim")), "hook:geheim")
    with pytest.raises((ValueError, Forged)):
        read_mailgun(post(body), "key-1")
    with pytest.raises((ValueError, Forged)):
        read_ses(post(body), SNS)
