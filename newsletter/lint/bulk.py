"""Rules about the whole message: the headers that bulk senders must have, as they leave."""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from urllib.parse import urlsplit

from newsletter.lint.rule import Hit, Proof, once, rule
from newsletter.lint.sender import in_settings

_ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id")
_FOR_MACHINES = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Message-ID")
_URI = re.compile(r"<([^<>]*)>")
_LONGEST_LINE = 998


@rule(
    "E069",
    says="Readers can unsubscribe with one click.",
    source="RFC 8058, which Gmail and Yahoo ask of bulk senders",
    cure="give site.url an https address, where unsubscribes are taken",
)
def no_one_click(proof: Proof) -> Iterator[Hit]:
    """List-Unsubscribe with an https address, and List-Unsubscribe-Post."""
    for headers in _headers(proof):
        uris = _URI.findall(str(headers.get("List-Unsubscribe", "")))
        post = str(headers.get("List-Unsubscribe-Post", "")).strip()
        if not any(map(_can_be_posted_to, uris)) or post != "List-Unsubscribe=One-Click":
            yield in_settings(proof, "the message has no one-click unsubscribe", "site.url")
            return


@rule(
    "E070",
    says="The headers for machines are written plainly.",
    source="Gmail ignores an encoded List-Unsubscribe; RFC 2369, RFC 2919",
    cure="shorten site.url or sender.list_id, and keep to letters of ASCII",
)
def encoded_header(proof: Proof) -> Iterator[Hit]:
    """List-Id, List-Unsubscribe and Message-ID: no encoded words, no line over 998 octets."""
    for headers in _headers(proof):
        for name, value in headers.items():
            plain = name not in _FOR_MACHINES or "=?" not in value
            if not plain or any(len(line) > _LONGEST_LINE for line in value.splitlines()):
                where = "sender.list_id" if name == "List-Id" else "site.url"
                yield in_settings(proof, f"{name} is not written plainly", where)
                return


@rule(
    "E071",
    says="Each header that a message must have stands there once.",
    source="RFC 5322, 3.6; Gmail refuses messages with two From or Subject headers",
    cure="report it: this program writes them",
)
def wrong_count(proof: Proof) -> Iterator[Hit]:
    """From, To, Subject, Date, Message-ID, MIME-Version, Content-Type and List-Id."""
    for headers in _headers(proof):
        for name in _ONCE:
            count = len(headers.get_all(name, []))
            if count != 1:
                yield in_settings(proof, f"the message has {count} of {name}", "sender")
                return


@once
def _headers(proof: Proof) -> Iterator[Message]:
    for message in proof.messages.values():
        head, _, _ = message.partition(b"\r\n\r\n")
        yield BytesHeaderParser().parsebytes(head + b"\r\n\r\n")


def _can_be_posted_to(uri: str) -> bool:
    """An https address; on this machine http will do."""
    parts = urlsplit(uri.strip())
    here = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost"}
    return bool(parts.hostname) and (parts.scheme == "https" or here)


RULES = (no_one_click, encoded_header, wrong_count)
