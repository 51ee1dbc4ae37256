"""What a mail says, whatever its shape; and that no octets bring the reader down."""

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.feedback.model import Gravity, Kind, Reason
from newsletter.feedback.parse import parse
from newsletter.feedback.reasons import reason_of
from newsletter.feedback.status import Codes
from tests.feedback.mails import (
    MESSAGE_ID,
    ORIGINAL,
    READER,
    STYLES,
    Style,
    mail,
    recipient,
    report,
)

HARD, SOFT = Gravity.HARD, Gravity.SOFT

# Reports


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        ("5.1.1", "550 5.1.1 User unknown", Reason.NO_MAILBOX),
        ("5.1.1", "", Reason.NO_MAILBOX),
        ("5.0.0", "550 No such user here", Reason.NO_MAILBOX),
        ("5.7.1", "550 5.7.1 No such recipient", Reason.NO_MAILBOX),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Reason.NO_MAILBOX),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", Reason.NO_MAILBOX),
        ("5.1.10", "556 5.1.10 domain has a null MX", Reason.NO_MAIL),
        ("5.1.2", "550 Host unknown", Reason.NO_DOMAIN),
        ("5.4.4", "", Reason.NO_DOMAIN),
        ("5.1.6", "551 the person has moved", Reason.MOVED),
        ("5.2.2", "552 Mailbox full", Reason.FULL),
        ("5.1.1", "550 5.1.1 Mailbox is over quota", Reason.FULL),
        ("5.0.0", "552 Benutzer: Postfach voll", Reason.FULL),
        (
            "5.2.1",
            "550 5.2.1 The email account that you tried to reach is disabled",
            Reason.DISABLED,
        ),
        ("5.2.1", "550 5.2.1 Mailbox not enabled for receiving", Reason.DISABLED),
        ("5.2.1", "", Reason.DISABLED),
        ("5.0.0", "554 This account has been disabled or discontinued", Reason.DISABLED),
        ("5.0.0", "550 the account has been suspended", Reason.DISABLED),
        ("5.0.0", "550 Casella disattivata per inattività", Reason.DISABLED),
        ("5.2.1", "550 5.2.1 Mailbox temporarily disabled", Reason.CLOSED),
        ("5.2.1", "550 5.2.1 This account is locked", Reason.CLOSED),
        ("4.2.1", "450 4.2.1 The account is disabled", Reason.CLOSED),
        ("4.2.1", "", Reason.CLOSED),
        ("5.3.4", "552 Message size exceeds fixed limit", Reason.TOO_BIG),
        ("5.7.1", "554 5.7.1 Message rejected as spam", Reason.CONTENT),
        ("5.1.1", "550 5.1.1 Blocked: spam", Reason.CONTENT),
        ("5.7.26", "550 5.7.26 unauthenticated email, DMARC", Reason.BLOCKED),
        ("5.0.0", "550 Sender address rejected: User unknown", Reason.BLOCKED),
        ("5.1.8", "553 5.1.8 Domain of sender address does not exist", Reason.BLOCKED),
        ("5.7.1", "550 5.7.1 Client host rejected: cannot find your hostname", Reason.BLOCKED),
        ("5.0.0", "554 IP address not found in DNS: no PTR record", Reason.BLOCKED),
        ("5.0.0", "550 your domain does not resolve: host not found", Reason.BLOCKED),
        ("5.0.0", "550 5.1.1 user unknown (your ip was noted)", Reason.NO_MAILBOX),
        ("5.7.1", "550 5.7.1 Relaying denied", Reason.RELAYING),
        ("4.4.7", "delivery time expired", Reason.EXPIRED),
        ("4.2.2", "452 4.2.2 Mailbox full", Reason.FULL),
        ("5.0.0", "", Reason.UNKNOWN),
    ],
)
def test_a_report_tells_why(status: str, answer: str, reason: Reason) -> None:
    heard = parse(report(recipient(status, answer)))
    assert heard.kind is Kind.BOUNCE
    (failure,) = heard.failures
    assert failure.addresses == (READER,)
    assert failure.reason is reason
    assert failure.gravity is reason.gravity
    assert MESSAGE_ID in heard.message_ids
    assert heard.token == "AgEAAAAAAwAAAAAC0123456789abcdef"


def test_only_an_address_that_can_never_be_reached_is_hard() -> None:
    hard = {reason for reason in Reason if reason.gravity is HARD}
    dead = {Reason.NO_MAILBOX, Reason.NO_DOMAIN, Reason.MOVED, Reason.NO_MAIL}
    assert hard == {*dead, Reason.DISABLED}


def test_a_disabled_mailbox_without_any_code_is_not_taken_for_one_for_good() -> None:
    assert reason_of(Codes("", None), "this mailbox is disabled") is Reason.CLOSED


@pytest.mark.parametrize(
    "answer",
    [
        "550 发件人域名不存在",
        "550 寄件者網域不存在",
        "550 送信者ドメインが存在しません",
        "550 No valid TLS certificate presented",
        "554 The link in this message is not valid",
        "550 your domain was not found in our whitelist",
    ],
)
def test_what_is_not_found_of_the_sender_is_never_hard(answer: str) -> None:
    (failure,) = parse(report(recipient("5.0.0", answer))).failures
    assert failure.gravity is SOFT


def test_class_4_is_never_hard_whatever_the_words() -> None:
    (failure,) = parse(report(recipient("4.1.1", "450 4.1.1 User unknown"))).failures
    assert failure.gravity is SOFT


def test_each_recipient_of_a_report_is_told_apart() -> None:
    second = recipient("5.2.2", "552 full", address="bo@soci.example")
    heard = parse(report(f"{recipient('5.1.1')}\n{second}"))
    assert [(f.addresses, f.gravity) for f in heard.failures] == [
        ((READER,), HARD),
        (("bo@soci.example",), SOFT),
    ]


def test_the_original_recipient_stands_before_the_final_one() -> None:
    fields = f"Original-Recipient: rfc822;{READER}\n{recipient('5.1.1', address='x@y.example')}"
    assert parse(report(fields)).failures[0].addresses == (READER, "x@y.example")


def test_a_delay_is_no_bounce_and_a_success_is_nothing() -> None:
    delayed = parse(report(recipient("4.4.1", action="delayed")))
    assert (delayed.kind, delayed.failures[0].gravity) == (Kind.DELAYED, SOFT)
    for action in ("delivered", "relayed", "expanded"):
        assert parse(report(recipient("2.1.5", action=action))).kind is Kind.AUTOMATIC


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw.replace(b"Reporting-MTA: dns; mx.soci.example\n\n", b""),
        lambda raw: raw.replace(b"message/delivery-status", b"text/plain"),
        lambda raw: raw.replace(b"message/delivery-status", b"application/octet-stream"),
        lambda raw: raw.replace(b"multipart/report", b"multipart/mixed"),
        lambda raw: raw.replace(b'; boundary="b"', b""),
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"\n", b"\r"),
        lambda raw: b"From MAILER-DAEMON Sat Nov 28 09:00:00 2026\n" + raw,
        lambda raw: raw.replace(b"Action: failed", b"Action: Failed (bad address)"),
        lambda raw: raw.replace(b"Action: failed\n", b""),
        lambda raw: raw.replace(b"rfc822; anna", b"anna"),
        lambda raw: raw.replace(b"rfc822; anna@soci.example", b"RFC822;<anna@soci.example>"),
        lambda raw: raw.replace(b"Status: 5.1.1\n", b"Status: 5.1.1 (bad mailbox)\n"),
        lambda raw: raw.replace(b"\n--b--\n", b""),
        lambda raw: raw.replace(b"text/plain\n", b"text/plain; charset=no-such\n"),
        lambda raw: raw.replace(b"It could", b"\xff\xfe\x00It could"),
        lambda raw: raw.replace(b"Return-Path: <>\n", b"").replace(b"MAILER-DAEMON", b"sys"),
    ],
)
def test_servers_deviate_and_are_understood(spoil) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 a lambda of the table
    heard = parse(spoil(report(recipient("5.1.1", "550 5.1.1 User unknown"))))
    assert heard.kind is Kind.BOUNCE
    assert [(f.addresses, f.gravity) for f in heard.failures] == [((READER,), HARD)]


def test_a_bounce_forwarded_whole_is_read() -> None:
    inner = report(recipient("5.1.1")).decode()
    kind = 'multipart/mixed; boundary="outer"'
    body = f"--outer\nContent-Type: message/rfc822\n\n{inner}\n--outer--\n"
    heard = parse(mail(body, Content_Type=kind, From="admin@alisei.example", Subject="Fwd: x"))
    assert (heard.kind, heard.failures[0].addresses) == (Kind.BOUNCE, (READER,))


# Words


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_failures_told_in_words_are_understood(style: Style) -> None:
    heard = parse(mail(style.body, Subject=style.subject, From=style.sender))
    assert heard.kind is Kind.BOUNCE
    assert [f.addresses for f in heard.failures] == [(READER,)]
    assert heard.failures[0].gravity is HARD


def test_words_in_base64_are_read() -> None:
    style = STYLES[0]
    body = base64.encodebytes(style.body.encode()).decode()
    heard = parse(mail(body, Subject=style.subject, Content_Transfer_Encoding="base64"))
    assert heard.failures[0].addresses == (READER,)


def test_a_warning_in_words_is_a_delay() -> None:
    body = (
        "A message that you sent has not yet been delivered to:\n\n"
        f"  {READER}\n\nNo action is required on your part. Delivery attempts will continue.\n"
    )
    assert parse(mail(body, Subject="Warning: message delayed 24 hours")).kind is Kind.DELAYED


def test_the_returned_newsletter_says_nothing_about_its_reader() -> None:
    body = (
        f"<{READER}>:\nConnected but greeting failed.\n\n--- Below this line is a copy\n{ORIGINAL}"
    )
    (failure,) = parse(mail(body, Subject="failure notice")).failures
    assert failure.gravity is SOFT


# Complaints


def complaint(kind: str = "abuse", fields: str = "") -> bytes:
    """An abuse report (RFC 5965)."""
    body = (
        "--b\nContent-Type: text/plain\n\nThis is a spam report.\n"
        "--b\nContent-Type: message/feedback-report\n\n"
        f"Feedback-Type: {kind}\nUser-Agent: Some/1\nVersion: 1\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--b--\n"
    )
    report_type = 'multipart/report; report-type=feedback-report; boundary="b"'
    return mail(body, Content_Type=report_type, From="fbl@big.example", Subject="FW: Notizie")


def test_a_complaint_names_message_and_reader() -> None:
    heard = parse(complaint(fields=f"Original-Rcpt-To: <{READER}>\n"))
    assert heard.kind is Kind.COMPLAINT
    assert READER in heard.original_recipients
    assert MESSAGE_ID in heard.message_ids
    assert heard.token


def test_a_comment_beside_the_kind_of_a_complaint_is_read_over() -> None:
    assert parse(complaint("Abuse (by the reader)")).kind is Kind.COMPLAINT


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure"])
def test_other_reports_of_that_form_are_no_complaints(kind: str) -> None:
    assert parse(complaint(kind)).kind is Kind.AUTOMATIC


# Leaving


@pytest.mark.parametrize("subject", ["unsubscribe {}", "UNSUBSCRIBE {}", "Re: unsubscribe  {}"])
def test_a_token_in_the_subject_is_an_unsubscribe(subject: str) -> None:
    token = "AgEAAAAAAwAAAAAC0123456789abcdef"
    raw = mail("", Subject=subject.format(token), From=READER, Return_Path=f"<{READER}>")
    heard = parse(raw)
    assert (heard.kind, heard.token) == (Kind.UNSUBSCRIBE, token)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("unsubscribe", ""),
        ("Re: Notizie dal mare", "Vi prego di cancellarmi dalla lista.\n\n> Cari soci"),
        ("退订", ""),
        ("Re: news", "Please don't send me this any more"),
    ],
)
def test_a_persons_words_are_shown_not_obeyed(subject: str, body: str) -> None:
    heard = parse(mail(body, Subject=subject, From=READER, Return_Path=f"<{READER}>"))
    assert (heard.kind, heard.token) == (Kind.WISH, "")


def test_what_she_quotes_is_not_her_word() -> None:
    body = "Grazie, bellissimo numero!\n\n> unsubscribe here\n"
    raw = mail(body, Subject="Re: Notizie", From=READER, Return_Path=f"<{READER}>")
    assert parse(raw).kind is Kind.OTHER


# Nothing at all


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("Out of office: Notizie", {}),
        ("Risposta automatica: Notizie", {}),
        ("Automatische Antwort: Notizie", {}),
        ("自动回复: Notizie", {}),
        ("Re: Notizie", {"Auto-Submitted": "auto-replied"}),
        ("Re: Notizie", {"X-Autoreply": "yes"}),
        ("Re: Notizie", {"Precedence": "auto_reply"}),
        ("Please confirm your email to anna", {}),
        ("Letto: Notizie", {}),
    ],
)
def test_machines_that_answer_are_nothing(subject: str, headers: dict[str, str]) -> None:
    body = "I am away, my old address old@soci.example does not exist any more."
    person = {"From": READER, "Return-Path": f"<{READER}>", "Subject": subject}
    assert parse(mail(body, **(person | headers))).kind is Kind.AUTOMATIC


@pytest.mark.parametrize("headers", [{}, {"Auto-Submitted": "auto-replied"}])
def test_an_answer_of_absence_with_a_null_path_is_no_bounce(headers: dict[str, str]) -> None:
    body = f"I am unavailable; {READER} cannot be reached, and my mailbox is full. 550 regards"
    absent = {"From": READER, "Subject": "Re: Notizie dal mare", "Return-Path": "<>"}
    assert parse(mail(body, **(absent | headers))).kind in {Kind.AUTOMATIC, Kind.OTHER}


@pytest.mark.parametrize(
    ("subject", "body", "headers"),
    [
        ("Re: Transport in Europe", "I am unavailable, no longer at this company.", ""),
        ("AW: Transport in Europa", "Diese Adresse existiert nicht mehr; nicht gefunden.", ""),
        ("Transport in Europe", "She is no longer with us; mail is not forwarded.", "answers"),
        ("Votre message : Erreur", "Impossible ; cette adresse n'existe plus.", "answers"),
        ("Ihre Nachricht zur Zustellung", "Ihre Mail wird nicht zugestellt.", "answers"),
        ("Notizie: errore di consegna", "non è possibile, utente sconosciuto", "answers"),
    ],
)
def test_she_is_no_longer_here_in_an_absence_note_is_no_servers_word(
    subject: str, body: str, headers: str
) -> None:
    absent = {"From": READER, "Subject": subject, "Return-Path": "<>"}
    if headers:
        absent["Auto-Submitted"] = "auto-replied (vacation)"
    assert parse(mail(body, **absent)).kind in {Kind.AUTOMATIC, Kind.OTHER}
    assert parse(mail(f"{body}\n\n{ORIGINAL}", **absent)).kind is Kind.BOUNCE


@pytest.mark.parametrize("disposition", ["displayed", "deleted"])
@pytest.mark.parametrize("report_type", ["disposition-notification", "delivery"])
def test_a_note_that_a_message_was_read_or_deleted_is_no_bounce(
    disposition: str, report_type: str
) -> None:
    raw = report(
        f"Final-Recipient: rfc822;{READER}\n"
        f"Disposition: automatic-action/MDN-sent-automatically; {disposition}\n",
        words="Your message was deleted; user unknown, not found, 550 5.1.1.",
        From=READER,
        Subject="Gelöscht: Notizie",
        Content_Type=f'multipart/report; report-type="{report_type}"; boundary="b"',
    ).replace(b"message/delivery-status", b"message/disposition-notification")
    assert parse(raw).kind is Kind.AUTOMATIC


def test_an_ordinary_mail_is_something_else() -> None:
    raw = mail("Ciao, ci vediamo lunedì?", Subject="Riunione", From=READER, Return_Path="<a@b.c>")
    assert parse(raw).kind is Kind.OTHER


# Whatever the octets

SAMPLES = [
    report(recipient("5.1.1", "550 5.1.1 User unknown")),
    complaint(),
    *(mail(style.body, Subject=style.subject, From=style.sender) for style in STYLES),
]


@pytest.mark.slow
@given(st.binary(max_size=2_000))
def test_no_octets_raise(raw: bytes) -> None:
    assert parse(raw).kind in Kind


@pytest.mark.slow
@settings(max_examples=300)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=9)), max_size=8),
)
def test_no_damaged_mail_raises(raw: bytes, spoilt: list[tuple[float, bytes]]) -> None:
    for place, octets in spoilt:
        at = int(place * len(raw))
        raw = raw[:at] + octets + raw[at + len(octets) // 2 :]
    heard = parse(raw)
    assert heard.kind in Kind
    assert all(len(failure.words) <= 300 for failure in heard.failures)


@pytest.mark.parametrize(
    "body",
    [
        b"-" * 400_000,
        b"=?utf-8?q?" * 20_000,
        b"<" * 300_000,
        b"a" * 300_000 + b"@b.example",
        b"a@b.example " * 30_000,
        b"Final-Recipient: rfc822; a@b.example\n" * 9_000,
        b"\n\n".join([b"--x"] * 60_000),
        b" " * 300_000,
        b"<style" * 50_000,
        b"to to to " * 40_000,
        b"a: b\n " * 60_000,
    ],
    ids=lambda body: body[:12].decode(),
)
def test_nothing_that_is_sent_makes_it_slow(body: bytes) -> None:
    heads = (
        b"Subject: failure notice\nFrom: MAILER-DAEMON@x.example\n\n",
        b'Content-Type: multipart/mixed; boundary="x"\nFrom: MAILER-DAEMON@x.example\n\n',
        b"Content-Type: text/html\nFrom: postmaster@x.example\nSubject: Undeliverable\n\n",
        b"Subject: ",
        b"",
    )
    began = time.process_time()
    for head in heads:
        parse(head + body)
    assert time.process_time() - began < 10
