"""Hostile values in a reader's fields come out as text everywhere, headers included."""

import csv
import html
import io
import re
from html.parser import HTMLParser

import pytest

from newsletter.inbox.server import StagingInbox
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import filed
from tests.cli.relay import parsed

pytestmark = pytest.mark.slow  # real messages over real SMTP

READER = "eva.verdi@soci.example"
LONG = "E" * 1_990
HOSTILE = {
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "attribute": ('" onmouseover="alert(1)', '" onmouseover="alert(1)'),
    "template": ("{{7*7}}{% raw %}", "{{7*7}}{% raw %}"),
    "CRLF": ("Eva\r\nBcc: all@soci.example", "Eva Bcc: all@soci.example"),
    "LF": ("Eva\nX-Evil: yes", "Eva X-Evil: yes"),
    "encoded word": ("=?utf-8?q?Bcc=3A_x?=", "=?utf-8?q?Bcc=3A_x?="),
    "NUL": ("E\0va", "E va"),
    "long": (LONG, LONG),
    "bidi": ("\u202eavE\u2066\u2069", "avE"),
    "token": ("\ue000\ue001", None),
    "percent": ("%(name)s ${name} %s", "%(name)s ${name} %s"),
    "dot": (".", "."),
    "emoji": ("👩🏽‍🔬 Ω", "👩🏽‍🔬 Ω"),
    "address": ('"x" <all@soci.example>,', '"x" <all@soci.example>,'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_is_text_in_page_text_and_headers(
    newsroom: Newsroom, staging: StagingInbox, name: str
) -> None:
    value, shown = HOSTILE[name]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["email", "first_name", "last_name", "language", "interests", "country"])
    writer.writerow([READER, value, "", "en", "china", value])
    newsroom.write("subscribers/members.csv", table.getvalue())
    (newsroom.root / "subscribers/partners.csv").unlink()
    ran = newsroom.run("send", ISSUE, "--yes")
    assert ran.code == 0, ran.said
    assert staging.received == 1
    message = parsed(filed(newsroom)[0].read_bytes())
    assert set(message.keys()) <= HEADERS, "a header of the reader's own"
    assert len(message.keys()) == len(set(message.keys()))
    assert len(message["To"].addresses) == 1
    assert message["To"].addresses[0].domain == "staging.example"
    page, text = body_of(message, "html"), body_of(message, "plain")
    assert "<script" not in page
    assert not attributes_of(page) & {"onmouseover", "onclick"}
    assert "\0" not in page + text
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page + text + str(message["Subject"]))
    if shown is not None:
        assert shown in html.unescape(re.sub(r"<[^>]+>", "", page))
        assert shown.replace(" ", "") in re.sub(r"\s", "", text)
        assert same_subject(str(message["Subject"]), f"News for {shown}")


HEADERS = {
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
    "List-Help",
    "Feedback-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "Auto-Submitted",
    "X-Newsletter-Issue",
    "X-Newsletter-Variant",
    "X-Envelope-From",
    "X-Envelope-To",
    "X-MailFrom",
    "X-RcptTo",
    "Return-Path",
    "Delivered-To",
    "X-Original-To",
}


def same_subject(subject: str, whole: str) -> bool:
    """Whether a subject says this; ``=?`` is parted in headers, and long values are cut there."""
    said, meant = (re.sub(r"\s", "", words) for words in (subject, whole))
    return said == meant or (said.endswith("…") and meant.startswith(said[:-1]))


def attributes_of(page: str) -> set[str]:
    """The names of all attributes in a page."""
    names: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            del tag
            names.update(name for name, _ in attrs)

    Reader().feed(page)
    return names


def body_of(message: object, kind: str) -> str:
    """One part of a message, decoded."""
    body = message.get_body((kind,))  # type: ignore[attr-defined]
    assert body
    return str(body.get_content())
