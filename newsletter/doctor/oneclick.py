"""The one-click address: a POST must reach our pages, without a redirect; a GET changes nothing.

The token that is tried is genuine and names nobody (campaign 0, row 0), so nothing can change.
"""

import http.client
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.doctor.examination import Result, bad, good, unknown, warning

_SECONDS = 15.0
_BODY = "List-Unsubscribe=One-Click"  # RFC 8058, 3.1
_LONGEST = 200_000
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered."""

    status: int
    page: bytes
    ours: bool
    """Whether it has the strict policy that our pages have."""
    date: str = ""
    """What time it is there."""


def examine_one_click(url: str) -> tuple[tuple[Result, ...], str]:
    """Ask the address of a token that names nobody, by GET and by POST; and the server's Date."""
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
        words, cure = "the one-click address is not https", "Gmail and Yahoo take https only"
        return (bad("one_click", words, f"{cure}: set site.url"),), ""
    try:
        got, posted = _ask(url, "GET"), _ask(url, "POST")
    except ssl.SSLCertVerificationError as error:
        words = f"the certificate of {_host(url)} is not trusted: {error.verify_message}"
        return (bad("one_click", words, "have it renewed or set up for this name"),), ""
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
            return (unknown("one_click", f"{_host(url)}: no name server answers from here"),), ""
        words = f"{_host(url)} does not answer: {str(error) or type(error).__name__}"
        cure = "run newsletter serve behind the site's address; without it: by mail only"
        return (bad("one_click", words, cure),), ""
    return (_judged("GET", got), _judged("POST", posted)), posted.date


def not_asked() -> Result:
    """For ``--offline``."""
    return unknown("one_click", "not asked: --offline")


def _judged(method: str, reply: Reply) -> Result:
    name = f"one_click.{method.lower()}"
    status = reply.status
    if 300 <= status < 400:  # noqa: PLR2004 redirects
        words = f"{method} is redirected ({status}): mail services follow none (RFC 8058, 3.1)"
        return bad(name, words, "let site.url be the address itself, without a redirect")
    if status >= 500 or status in {401, 403, 405}:  # noqa: PLR2004 what a proxy says
        cure = f"let the web server pass {method} /u/ on to newsletter serve"
        return bad(name, f"{method} answers {status}", cure)
    if status == _NOT_FOUND and reply.ours:
        return good(name, f"{method} reaches our pages (404 for a link that names nobody)")
    if reply.ours:
        return good(name, f"{method} reaches our pages ({status})")
    words = f"{method} answers {status}, and not with our pages"
    return warning(name, words, "let the web server pass /u/ on to newsletter serve")


def _ask(url: str, method: str) -> Reply:
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=_SECONDS)
    try:
        body = _BODY if method == "POST" else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, parts.path, body, headers)
        response = connection.getresponse()
        policy = response.getheader("Content-Security-Policy") or ""
        ours, date = "default-src 'none'" in policy, response.getheader("Date") or ""
        return Reply(response.status, response.read(_LONGEST), ours, date)
    finally:
        connection.close()


def _host(url: str) -> str:
    return urlsplit(url).netloc
