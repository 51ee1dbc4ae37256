"""Messages for the staging inbox: a good one, and parts to break it with."""

from newsletter.inbox.maildir import Envelope

READER = "anna@soci.example"
ENVELOPE = Envelope("news@alisei.example", (READER,))
HTML = (
    '<!doctype html><html lang="it"><body><p>Gentile Anna, perch&eacute; no</p>'
    '<a href="https://alisei.example/a">A</a> <a href="https://alisei.example/u/t">B</a>'
    '<img src="https://news.alisei.example/images/2019-11/hero.png" alt="">'
    "</body></html>"
)
TEXT = "Gentile Anna\r\n\r\nA: https://alisei.example/a\r\nB: <https://alisei.example/u/t>.\r\n"
UNSUBSCRIBE = (
    "List-Unsubscribe: <https://alisei.example/u/t>,\r\n <mailto:u@a.example>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
)


def sample(
    *,
    subject: str = "L'assemblea",
    to: str = READER,
    html: str | None = HTML,
    text: str | None = TEXT,
    headers: str = "X-Newsletter-Issue: 2019-11-assemblea\r\n",
    unsubscribe: str = UNSUBSCRIBE,
    message_id: str = "<abc@alisei.example>",
    date: str = "Fri, 15 Nov 2019 09:00:00 +0100",
) -> bytes:
    """A whole message; None leaves a part out."""
    kinds = (("plain", text), ("html", html))
    parts = "".join(
        f"--b\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n{body}\r\n"
        for kind, body in kinds
        if body is not None
    )
    head = (
        f"From: Cluster ALISEI <news@alisei.example>\r\nTo: Anna <{to}>\r\nSubject: {subject}\r\n"
        f"Date: {date}\r\nMessage-ID: {message_id}\r\nMIME-Version: 1.0\r\n{unsubscribe}{headers}"
        'Content-Type: multipart/alternative; boundary="b"\r\n\r\n'
    )
    return (head + parts + "--b--\r\n").encode()


HOSTILE = {
    "empty": b"",
    "no headers": b"\r\n\r\nonly a body\r\n",
    "no line break": b"Subject: x" * 3,
    "unknown charset": b'Content-Type: text/html; charset="klingon\0"\r\n\r\n<p>x\xff\r\n',
    "charset that is no text": b"Content-Type: text/plain; charset=base64\r\n\r\nabc\r\n",
    "broken base64": b"Content-Transfer-Encoding: base64\r\n\r\n!!!=\r\n",
    "broken encoded words": b"Subject: =?utf-8?b?////?= =?x?q?=00?= =?utf-8?q?\xff?=\r\n\r\nx\r\n",
    "surrogates": b"Subject: \xff\xfe\r\nTo: \xed\xa0\x80\r\n\r\nx\r\n",
    "boundary missing": b"Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\nx\r\n",
    "nested too deep": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(1_100)
    ),
    "a thousand headers": b"".join(b"X-%d: y\r\n" % n for n in range(1_000)) + b"\r\nx\r\n",
    "a header of 1 MB": b"Subject: " + b"x " * 500_000 + b"\r\n\r\nx\r\n",
    "bad addresses": b'From: "<\r\nTo: @@@, <<>>\r\nDate: yesterday\r\n\r\nx\r\n',
    "malformed declaration": b"Content-Type: text/html\r\n\r\n<![x]><!DOCTYPE [<!x]><a href=\r\n",
}
