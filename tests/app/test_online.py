"""Links are asked politely, of a server of the test; what they said is remembered."""

import dataclasses
import datetime as dt
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from newsletter.app.online import Manners, ask_links
from newsletter.app.open import App, open_app
from newsletter.app.start import copy_example
from tests.ports import quiet_port

STATUS = {"/gone": 410, "/lost": 404, "/broken": 500, "/shy": 403, "/nohead": 200}


class Site(BaseHTTPRequestHandler):
    """Answers by path; ``/nohead`` knows no HEAD, ``/moved`` and ``/round`` send on."""

    seen: ClassVar[Counter[str]] = Counter()

    def do_HEAD(self) -> None:
        """Without the page."""
        self._answer("HEAD")

    def do_GET(self) -> None:
        """With it."""
        self._answer("GET")

    def _answer(self, method: str) -> None:
        self.seen[f"{method} {self.path}"] += 1
        status = STATUS.get(self.path.partition("?")[0], 200)
        if method == "HEAD" and self.path == "/nohead":
            status = 405
        targets = {"/moved": "/lost", "/round": "/round", "/away": "ftp://a.example/"}
        target = targets.get(self.path)
        self.send_response(302 if target else status)
        if target:
            self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the library's name
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    Site.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(tmp_path: Path) -> App:
    copy_example(tmp_path / "mine")
    return open_app(tmp_path / "mine", environ={})


class Pauses:
    """Takes the place of waiting."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def __call__(self, seconds: float) -> None:
        """Remember how long, and go on."""
        self.taken.append(seconds)


def manners(pauses: Pauses) -> Manners:
    return Manners(private=True, sleep=pauses, timeout=5)


@pytest.mark.parametrize(
    ("path", "said", "dead"),
    [
        ("/", "", False),
        ("/a%20b?x=1&y=città", "", False),
        ("/shy", "", False),
        ("/nohead", "", False),
        ("/gone", "410", True),
        ("/lost", "404", True),
        ("/moved", "404", True),
        ("/broken", "500", False),
        ("/round", "more than 5 times", False),
        ("/away", "ftp://a.example/", False),
    ],
)
def test_an_answer_is_what_a_reader_would_meet(
    site: str, app: App, path: str, said: str, *, dead: bool
) -> None:
    (answer,) = ask_links(app, [site + path], manners(Pauses())).values()
    assert said in answer.said
    assert bool(answer.said) is bool(said)
    assert answer.dead is dead


def test_head_comes_first_and_get_only_where_head_is_refused(site: str, app: App) -> None:
    ask_links(app, [f"{site}/", f"{site}/nohead"], manners(Pauses()))
    assert Site.seen == {"HEAD /": 1, "HEAD /nohead": 1, "GET /nohead": 1}


def test_a_page_is_asked_once_and_a_host_is_given_time(site: str, app: App) -> None:
    pauses = Pauses()
    urls = [f"{site}/a", f"{site}/a", f"{site}/a#part", f"{site}/b"]
    answers = ask_links(app, urls, manners(pauses))
    assert len(answers) == 3
    assert Site.seen["HEAD /b"] == 1
    assert pauses.taken
    assert set(pauses.taken) == {1.0}


def test_answers_are_remembered_good_ones_longer(site: str, app: App) -> None:
    urls = [f"{site}/", f"{site}/lost"]

    def after(hours: float) -> Counter[str]:
        now = app.clock() + dt.timedelta(hours=hours)
        Site.seen.clear()
        ask_links(dataclasses.replace(app, clock=lambda: now), urls, manners(Pauses()))
        return Counter(Site.seen)

    assert after(0) == {"HEAD /": 1, "HEAD /lost": 1, "GET /lost": 1}
    assert after(0.5) == {}
    assert after(2) == {"HEAD /lost": 1, "GET /lost": 1}
    assert after(30) == {"HEAD /": 1, "HEAD /lost": 1, "GET /lost": 1}


def test_a_memory_that_is_spoilt_is_none(site: str, app: App) -> None:
    app.state_folder.mkdir(exist_ok=True)
    (app.state_folder / "links.json").write_text('{"x": 3}', encoding="utf-8")
    assert ask_links(app, [site], manners(Pauses()))[site].said == ""


def test_this_machine_is_not_asked_unless_that_is_wished(site: str, app: App) -> None:
    (answer,) = ask_links(app, [site], Manners(sleep=Pauses())).values()
    assert "private network" in answer.said
    assert not Site.seen


def test_a_host_that_does_not_answer_is_no_dead_link(app: App) -> None:
    url = f"http://127.0.0.1:{quiet_port()}/"
    (answer,) = ask_links(app, [url], manners(Pauses())).values()
    assert "does not answer" in answer.said
    assert not answer.dead


def test_only_web_addresses_are_asked(app: App) -> None:
    assert ask_links(app, ["mailto:a@alisei.example"], manners(Pauses())) == {}
