"""Mails that come back, written here in the shapes that servers use."""

from dataclasses import dataclass

OURS = "notizie@alisei.example"
READER = "anna@soci.example"
MESSAGE_ID = "<3.2.0123456789abcdef@alisei.example>"
ORIGINAL = f"""\
From: Alisei <{OURS}>
To: Anna <{READER}>
Subject: Notizie dal mare
Message-ID: {MESSAGE_ID}
List-Unsubscribe: <https://alisei.example/u/AgEAAAAAAwAAAAAC0123456789abcdef>

Cari soci, no such user is a phrase that a newsletter may hold: spam, quota, blocked.
"""


def mail(body: str, **headers: str) -> bytes:
    """A mail from a mail system to us; ``headers`` replace the usual ones (``_`` means ``-``)."""
    usual = {
        "Return-Path": "<>",
        "From": "Mail Delivery System <MAILER-DAEMON@mx.soci.example>",
        "To": OURS,
        "Subject": "Undelivered Mail Returned to Sender",
        "Message-ID": "<9f@mx.soci.example>",
    }
    usual |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in usual.items() if value)
    return f"{head}\n{body}".encode()


def report(fields: str, words: str = "It could not be delivered.", **headers: str) -> bytes:
    """A delivery status notification; ``fields`` are those of the recipients."""
    body = (
        f"--b\nContent-Type: text/plain\n\n{words}\n\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.soci.example\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--b--\n"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    return mail(body, **({"Content-Type": kind} | headers))


def recipient(status: str, answer: str = "", action: str = "failed", address: str = READER) -> str:
    """The fields of one recipient."""
    diagnostic = f"Diagnostic-Code: smtp; {answer}\n" if answer else ""
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n{diagnostic}"


@dataclass(frozen=True)
class Style:
    """How one mail system tells a failure in words."""

    name: str
    subject: str
    body: str
    sender: str = "MAILER-DAEMON@mx.soci.example"


STYLES = [
    Style(
        "qmail",
        "failure notice",
        f"Hi. This is the qmail-send program at mx.soci.example.\nI wasn't able to deliver it.\n\n"
        f"<{READER}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        f"--- Below this line is a copy of the message.\n\n{ORIGINAL}",
    ),
    Style(
        "Exim",
        "Mail delivery failed: returning message to sender",
        "This message was created automatically by mail delivery software.\n\n"
        f"The following address(es) failed:\n\n  {READER}\n"
        f"    host mx.soci.example [192.0.2.1]\n    SMTP error after RCPT TO:<{READER}>:\n"
        "    550 Unrouteable address\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\n{ORIGINAL}",
    ),
    Style(
        "Postfix, in words",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.soci.example.\n\n"
        f"<{READER}>: host mx[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO\n"
        "    command)\n",
    ),
    Style(
        "Sendmail",
        "Returned mail: see transcript for details",
        "The original message was received at Sat, 28 Nov 2026 09:00:00 GMT\n\n"
        f"   ----- The following addresses had permanent fatal errors -----\n<{READER}>\n"
        "    (reason: 550 5.1.1 User unknown)\n\n   ----- Transcript of session follows -----\n"
        f">>> RCPT To:<{READER}>\n<<< 550 5.1.1 User unknown\n",
    ),
    Style(
        "Exchange",
        "Undeliverable: Notizie dal mare",
        f"Your message\n\n  To:      {OURS}\n  Subject: Notizie\n\ndid not reach the following"
        f" recipient(s):\n\n{READER} on Sat, 28 Nov 2026 09:00:00 +0100\n"
        "    The recipient name is not recognized\n",
        sender="System Administrator <postmaster@soci.example>",
    ),
    Style(
        "Domino",
        f"DELIVERY FAILURE: User anna ({READER}) not listed in Domino Directory",
        f"Your message\n\n  Subject: Notizie\n\nwas not delivered to:\n\n  {READER}\n\nbecause:\n\n"
        f"  User anna ({READER}) not listed in Domino Directory\n",
        sender="postmaster@soci.example",
    ),
    Style(
        "Gmail",
        "Delivery Status Notification (Failure)",
        f"** Address not found **\n\nYour message wasn't delivered to {READER} because the address"
        " couldn't be found, or is unable to receive mail.\n\nThe response was:\n\n"
        "550 5.1.1 The email account that you tried to reach does not exist.\n",
        sender="Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
    ),
    Style(
        "Yahoo",
        "Failure Notice",
        "Sorry, we were unable to deliver your message to the following address.\n\n"
        f"<{READER}>:\nRemote host said:\n554 delivery error: dd This user doesn't have a soci"
        f".example account ({READER}) [0]\n",
    ),
    Style(
        "GMX",
        "Mail delivery failed: returning message to sender",
        f'A message that you sent could not be delivered.\n\n"{READER}":\nSMTP error from remote'
        " server after RCPT command:\n550 unbekannter Benutzer: Postfach existiert nicht\n",
        sender="mailer-daemon@gmx.example",
    ),
    Style(
        "Italian",
        "Mancata consegna del messaggio",
        f"Il messaggio non è stato consegnato a:\n\n  {READER}\n\nMotivo: la casella non esiste.\n",
        sender="postmaster@soci.example",
    ),
    Style(
        "Chinese",
        "系统退信",
        f"抱歉,您的邮件被退回来了。\n\n收件人: {READER}\n退信原因: 收件人不存在\n",
        sender="postmaster@qq.example",
    ),
]
