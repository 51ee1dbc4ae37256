"""The links of an issue, really requested: politely, remembered, and never from a render.

One request at a time, a pause between two to the same host, HEAD first and GET where a server
does not know HEAD. Nothing is asked of this machine or its networks unless that is wished.
Answers are kept in ``.newsletter/links.json``: good ones for a day, others for an hour.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, quote, urldefrag, urljoin, urlsplit

from newsletter.app.open import App
from newsletter.lint.rule import Answer

GOOD_FOR: Final = 86_400
BAD_FOR: Final = 3_600
_TIMEOUT = 10
_PAUSE = 1.0
_MAX_HOPS = 5
_AGENT = "newsletter-check (asks once whether a link answers)"
_NO_HEAD = frozenset({400, 403, 404, 405, 500, 501, 503})
_MOVED = frozenset({301, 302, 303, 307, 308})
_CLIENT_FAULT, _SERVER_FAULT = 400, 500
_GONE = frozenset({404, 410})
_SAFE = "/:?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True, slots=True)
class Manners:
    """How links are asked; tests have other clocks and may ask this machine."""

    private: bool = False
    """Whether this machine and its networks may be asked too."""
    pause: float = _PAUSE
    """Seconds between two requests to the same host."""
    timeout: float = _TIMEOUT
    sleep: Callable[[float], None] = time.sleep


class _Unreachable(Exception):
    """Nothing answered; the sentence says why."""

    def __init__(self, said: str, *, dead: bool = False) -> None:
        super().__init__(said)
        self.dead = dead


def ask_links(app: App, urls: Iterable[str], manners: Manners) -> Mapping[str, Answer]:
    """What each web address answers, from the memory where that is fresh; others are left out."""
    path = app.state_folder / "links.json"
    now = app.clock().timestamp()
    known = _remembered(path, now)
    asked: dict[str, Answer] = {}
    hosts: dict[str, list[str]] = {}
    for url in dict.fromkeys(urls):
        page = urldefrag(url).url
        if page in known:
            asked[url] = known[page][0]
        elif urlsplit(page).scheme in {"http", "https"}:
            hosts.setdefault(urlsplit(page).netloc.lower(), []).append(url)
    for waiting in hosts.values():
        for at, url in enumerate(waiting):
            if at:
                manners.sleep(manners.pause)
            page = urldefrag(url).url
            asked[url] = _ask(page, manners)
            known[page] = asked[url], now
            _remember(path, known)
    return asked


def _ask(url: str, manners: Manners) -> Answer:
    """One address, and wherever it sends us."""
    try:
        status = _follow(url, manners)
    except _Unreachable as error:
        return Answer(str(error), dead=error.dead)
    if status in _GONE:
        return Answer(f"the server says {status}", dead=True)
    if status >= _SERVER_FAULT and status != 999:  # noqa: PLR2004 LinkedIn's word for programs
        return Answer(f"the server says {status}")
    return Answer("")


def _follow(url: str, manners: Manners) -> int:
    for _ in range(_MAX_HOPS + 1):
        status, target = _request("HEAD", url, manners)
        if status in _NO_HEAD:
            manners.sleep(manners.pause)
            status, target = _request("GET", url, manners)
        if status not in _MOVED or not target:
            return status
        url = urldefrag(urljoin(url, target)).url
        if urlsplit(url).scheme not in {"http", "https"}:
            raise _Unreachable(f"it sends readers on to {url}")
        manners.sleep(manners.pause)
    raise _Unreachable(f"it sends readers on more than {_MAX_HOPS} times")


def _request(method: str, url: str, manners: Manners) -> tuple[int, str]:
    """The status, and where it sends us on."""
    try:
        parts = urlsplit(url)
        connection = _connection(parts, manners)
        target = quote(parts.path or "/", safe=_SAFE)
        target += f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
        try:
            connection.request(method, target, headers={"User-Agent": _AGENT, "Accept": "*/*"})
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location") or ""
        finally:
            connection.close()
    except ssl.SSLCertVerificationError as error:
        raise _Unreachable(f"its certificate is not trusted: {error.verify_message}") from error
    except TimeoutError as error:
        raise _Unreachable(f"nothing answered within {manners.timeout:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Unreachable(f"it does not answer: {error or type(error).__name__}") from error


def _connection(parts: SplitResult, manners: Manners) -> http.client.HTTPConnection:
    """An open connection to a public address; the address is looked at before anything is said."""
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    host = (parts.hostname or "").encode("idna").decode("ascii")
    port = parts.port or (443 if secure else 80)
    try:
        found = {
            str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except socket.gaierror as error:
        gone = error.errno == socket.EAI_NONAME
        raise _Unreachable(f"there is no host {host}", dead=gone) from error
    _refuse_private(found, host, manners)
    connection = kind(host, port, timeout=manners.timeout)
    connection.connect()
    # A name may lead elsewhere the second time it is asked.
    _refuse_private({str(connection.sock.getpeername()[0])}, host, manners)
    return connection


def _refuse_private(addresses: Iterable[str], host: str, manners: Manners) -> None:
    for address in addresses:
        if not manners.private and not ipaddress.ip_address(address.partition("%")[0]).is_global:
            raise _Unreachable(f"{host} is in a private network, which was not asked")


def _remembered(path: Path, now: float) -> dict[str, tuple[Answer, float]]:
    """What is still fresh; a memory that cannot be read is none."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        answers = {
            str(url): (Answer(str(row["said"]), dead=bool(row["dead"])), float(row["at"]))
            for url, row in rows.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {
        url: (answer, at)
        for url, (answer, at) in answers.items()
        if 0 <= now - at < (BAD_FOR if answer.said else GOOD_FOR)
    }


def _remember(path: Path, known: Mapping[str, tuple[Answer, float]]) -> None:
    """After each answer, so that a check that is stopped need not ask again."""
    rows = {
        url: {"said": answer.said, "dead": answer.dead, "at": at}
        for url, (answer, at) in known.items()
    }
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(path)
    except OSError:  # without a memory links are only asked again
        part.unlink(missing_ok=True)
