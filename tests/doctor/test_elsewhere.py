"""The one-click address, the relay and the machine, as the doctor meets them."""

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from newsletter.doctor.examination import State
from newsletter.doctor.machine import examine_clock, examine_disk, examine_sync
from newsletter.doctor.oneclick import examine_one_click
from newsletter.doctor.relay import examine_relay
from newsletter.transport.options import Security, SmtpOptions
from tests.cli.relay import Relay
from tests.ports import quiet_port

NOW = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.UTC)
_OURS = {"Content-Security-Policy": "default-src 'none'; style-src 'self'"}


@contextmanager
def site(get: tuple[int, dict[str, str]], post: tuple[int, dict[str, str]]) -> Iterator[str]:
    """A web server that answers so; what it was asked is in its list."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(get)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            assert self.rfile.read(length) == b"List-Unsubscribe=One-Click"
            self._answer(post)

        def _answer(self, answer: tuple[int, dict[str, str]]) -> None:
            self.send_response(answer[0])
            for name, value in answer[1].items():
                self.send_header(name, value)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/u/token"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


CLICKS = {
    "ours": ((404, _OURS), (404, _OURS), (State.GOOD, State.GOOD)),
    "a redirect": ((404, _OURS), (302, {"Location": "/x"}), (State.GOOD, State.BAD)),
    "get alone": ((404, _OURS), (405, {}), (State.GOOD, State.BAD)),
    "a wall": ((403, {}), (403, {}), (State.BAD, State.BAD)),
    "down behind a proxy": ((502, {}), (502, {}), (State.BAD, State.BAD)),
    "somebody else's pages": ((404, {}), (200, {}), (State.WARNING, State.WARNING)),
    "to https": ((301, {}), (308, {}), (State.BAD, State.BAD)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CLICKS)
def test_the_one_click_address_is_judged_by_what_post_and_get_answer(name: str) -> None:
    get, post, states = CLICKS[name]
    with site(get, post) as url:
        results, date = examine_one_click(url)
    assert tuple(each.state for each in results) == states
    assert date.endswith("GMT")
    assert all(each.cure for each in results if each.state is not State.GOOD)


def test_an_address_where_nobody_answers_or_that_is_not_https_is_bad() -> None:
    ((silent,), _) = examine_one_click(f"http://127.0.0.1:{quiet_port()}/u/x")
    ((clear,), _) = examine_one_click("http://news.example/u/x")
    assert silent.state is State.BAD
    assert "newsletter serve" in silent.cure
    assert clear.state is State.BAD


@pytest.mark.parametrize(
    ("fault", "state"), [(socket.EAI_AGAIN, State.UNKNOWN), (socket.EAI_NONAME, State.BAD)]
)
def test_without_a_network_the_one_click_address_is_not_called_bad(
    fault: int, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unresolved(*_args: object, **_named: object) -> None:
        raise socket.gaierror(fault, "no name")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    ((result,), _) = examine_one_click("https://news.example/u/x")
    assert result.state is state


def test_a_relay_is_entered_and_says_what_it_offers() -> None:
    with Relay() as relay:
        options = SmtpOptions(port=relay.port, security=Security.NONE)
        results = asyncio.run(examine_relay(options, NOW))
    states = {each.id: each.state for each in results}
    assert states["relay"] is State.GOOD
    assert states["relay.tls"] is State.GOOD
    assert states["relay.offers"] is State.WARNING
    assert not relay.received


def test_a_relay_that_is_away_is_unknown_and_one_without_tls_is_bad() -> None:
    away = SmtpOptions(port=quiet_port(), security=Security.NONE)
    assert asyncio.run(examine_relay(away, NOW))[0].state is State.UNKNOWN
    with Relay() as relay:
        wants = SmtpOptions(port=relay.port, security=Security.STARTTLS)
        assert asyncio.run(examine_relay(wants, NOW))[0].state is State.BAD


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, State.GOOD), (300, State.WARNING), (-4000, State.BAD)]
)
def test_a_clock_that_is_off_is_told(seconds: int, state: State) -> None:
    from email.utils import format_datetime

    said = format_datetime(NOW + dt.timedelta(seconds=seconds), usegmt=True)
    assert examine_clock(NOW, said).state is state
    assert examine_clock(NOW, "").state is State.UNKNOWN


def test_the_disk_is_asked_and_a_folder_that_is_not_there_yet_too(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not" / "yet"):
        assert examine_disk(folder).state in {State.GOOD, State.WARNING}
        assert "ms" in examine_sync(folder).words
    assert list(tmp_path.iterdir()) == []
