"""The live preview's server: what a window is told, and who is not answered."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from newsletter.errors import NewsletterError
from newsletter.inbox.messages import Mailroom
from newsletter.web.preview_page import Scheme, framed
from newsletter.web.previewing import previewing
from tests.ports import quiet_port
from tests.waiting import PATIENCE
from tests.web.pages import Client
from tests.web.previews import (
    ISSUE,
    WRITTEN,
    Stream,
    change,
    copy_example,
    line_of,
    mistaken,
    opened,
    previewed,
    save,
)

NEWS = "in questo numero trova"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_example(tmp_path_factory.mktemp("preview"))
    settings = folder / "newsletter.toml"
    staging = 'address = "prova@staging.example"'
    text = settings.read_text("utf-8")
    assert staging in text
    settings.write_text(text.replace(staging, f"{staging}\nport = {quiet_port()}"), "utf-8")
    return folder


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[Client]:
    with previewed(root) as running:
        yield running


def says(words: str) -> Callable[[Any], bool]:
    """Whether a page says these words."""
    return lambda page: words in page["text"]


def readers_of(page: Any) -> int:
    """How many readers all pages have."""
    return sum(each["readers"] for each in page["variants"])


# What a window is told


@pytest.mark.slow
def test_a_window_is_told_its_page_at_once_and_the_verdict_after_it(client: Client) -> None:
    with Stream(client, "schemes=light,dark") as stream:
        page = stream.next("page")
        assert set(page["frames"]) == {"light", "dark"}
        assert len(page["variants"]) == 16
        assert page["sections"][0]["id"] == "assembly-report"
        assert page["inbox"]["from"] == "Cluster ALISEI"
        assert page["sizes"]["page"] < page["sizes"]["limit"]
        assert ["Subject", page["inbox"]["subject"]] in page["headers"]
        verdict = stream.next("verdict")
        assert verdict["pages"] == 16
        passed = {each["rule"] for each in verdict["passed"]}
        assert "E045" in passed
        assert not passed & {"E062", "W072", "W075"}, "nobody was asked"


@pytest.mark.slow
def test_a_save_reaches_every_window_with_what_it_looks_at(client: Client, root: Path) -> None:
    with Stream(client, "schemes=light") as one, Stream(client, "schemes=inverted") as two:
        before, _ = one.next("page"), two.next("page")
        change(root, NEWS, "QUI " + NEWS)
        try:
            after = one.next("page", lambda page: "QUI " + NEWS in page["frames"]["light"])
            two.next("page", lambda page: "QUI " + NEWS in page["frames"]["inverted"])
            assert after["saved"] > before["saved"]
        finally:
            change(root, "QUI " + NEWS, NEWS)
            one.next("page", says(NEWS))


@pytest.mark.slow
def test_a_mistake_is_told_with_file_line_and_cure_and_mended_is_forgotten(
    client: Client, root: Path
) -> None:
    with Stream(client) as stream:
        stream.next("page")
        with mistaken(root):
            (problem,) = stream.next("mistake")["problems"]
            assert (problem["file"], problem["line"]) == (WRITTEN, line_of("subject"))
            assert problem["source"].startswith("subject = L")
            assert problem["cure"]
            with Stream(client) as late:  # a window that comes now has the last good page, too
                late.next("page", says(NEWS))
                assert late.next("mistake")["problems"] == [problem]
        stream.next("page", says(NEWS))


@pytest.mark.slow
def test_a_change_of_theme_readers_and_settings_is_painted_too(client: Client, root: Path) -> None:
    strings = "templates/alisei/strings.toml"
    with Stream(client) as stream:
        stream.next("page")
        change(root, '"Apri nel', '"ORA nel', strings)
        stream.next("page", says("ORA nel"))
        change(root, '"ORA nel', '"Apri nel', strings)
        stream.next("page", says("Apri nel"))
        change(root, "Via dell’Esempio 1", "Via Nuova 7", "newsletter.toml")
        stream.next("page", says("Via Nuova 7"))
        change(root, "Via Nuova 7", "Via dell’Esempio 1", "newsletter.toml")
        everybody = readers_of(stream.next("page", says("Via dell’Esempio 1")))
        press = "subscribers/press.csv"
        text = (root / press).read_text("utf-8")
        save(root, press, "\n".join(text.splitlines()[:-1]) + "\n")
        stream.next("page", lambda page: readers_of(page) == everybody - 1)
        save(root, press, text)
        stream.next("page", lambda page: readers_of(page) == everybody)


@pytest.mark.slow
def test_what_is_saved_after_the_reading_and_before_the_watch_is_shown(tmp_path: Path) -> None:
    root = copy_example(tmp_path)
    read = opened(root)
    change(root, NEWS, "QUI " + NEWS)
    with previewed(root, read) as client, Stream(client) as stream:
        stream.next("page", says("QUI " + NEWS))


@pytest.mark.slow
def test_a_system_that_will_not_watch_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "OS file watch limit reached")

    async def begin() -> None:
        async with previewing(opened(root)):
            pass

    monkeypatch.setattr("watchfiles.main.RustNotify", refuse)
    with pytest.raises(NewsletterError, match="will not watch") as caught:
        asyncio.run(begin())
    assert "--once" in caught.value.cure


@pytest.mark.slow
def test_every_page_comes_one_after_the_other(client: Client) -> None:
    with Stream(client, "every=yes&schemes=light") as stream:
        pages = [stream.next("page") for _ in range(16)]
    assert [page["first"] for page in pages] == [True] + [False] * 15
    assert [page["last"] for page in pages] == [False] * 15 + [True]
    assert len({page["variant"]["key"] for page in pages}) == 16


@pytest.mark.slow
def test_as_a_reader_the_page_is_hers_and_an_unknown_one_is_told(
    client: Client, root: Path
) -> None:
    address = re.findall(r"\S+@\S+?(?=,)", (root / "subscribers/members.csv").read_text())[0]
    with Stream(client, urlencode({"reader": address})) as stream:
        assert address in stream.next("page")["message"]
    with Stream(client, "reader=nobody%40nowhere.example") as stream:
        (problem,) = stream.next("mistake")["problems"]
        assert "nobody@nowhere.example is on no list" in problem["message"]


def test_a_part_of_the_page_leads_to_a_line_and_a_line_to_its_key(client: Client) -> None:
    query = urlencode([("language", "it"), ("section", "china"), ("said", "Biomedicina")])
    found = client.ask(f"/point?{query}").text
    assert '"where":"sections.china.events.1.title"' in found
    line = int(re.findall(r'"line":(\d+)', found)[0])
    source = client.ask(f"/source?file={quote(WRITTEN)}&line={line}").text
    assert f'"number":{line},"text":"title = ' in source


# Who is answered, and with what


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0", ""])  # noqa: S104 - a name, not a bind
@pytest.mark.parametrize("path", ["/", "/events", f"/source?file={WRITTEN}"])
def test_another_host_is_not_answered(client: Client, host: str, path: str) -> None:
    assert client.ask(path, headers={"Host": host}).status == 400


def test_it_listens_on_loopback_alone(client: Client) -> None:
    assert client.origin.startswith("http://127.0.0.1:")


def test_the_policies_allow_no_script_in_frames_and_nothing_from_outside(client: Client) -> None:
    own = client.ask("/").headers["content-security-policy"]
    assert "default-src 'none'" in own
    assert "unsafe" not in own
    assert "http" not in own
    assert "frame-ancestors 'none'" in own
    frame = client.ask("/frame").headers["content-security-policy"]
    assert frame.startswith("sandbox allow-same-origin;")
    assert "script-src" not in frame
    assert "default-src 'none'" in frame


@pytest.mark.slow
def test_images_come_from_the_folder_and_are_kept_by_their_stamp(client: Client) -> None:
    with Stream(client, "schemes=light") as stream:
        html = stream.next("page")["frames"]["light"]
    found = set(re.findall(r'src="(/images/[^"]+)"', html))
    assert len(found) == 4
    for path in found:
        answer = client.ask(path)
        assert answer.status == 200
        assert "max-age" in answer.headers["cache-control"]
    assert not re.search(r'src="https?:', html)


@pytest.mark.parametrize(
    "path",
    [
        "/images/../newsletter.toml",
        "/images/%2e%2e/%2e%2e/newsletter.toml",
        "/static/../preview.py",
        "/static/inbox.js",
        "/source?file=../../etc/passwd",
        "/source?file=.newsletter/secret",
        "/source",
    ],
)
def test_nothing_else_is_served(client: Client, path: str) -> None:
    assert client.ask(path).status == 404


def test_a_message_can_be_taken_away(client: Client) -> None:
    answer = client.ask("/message.eml")
    assert answer.headers["content-type"] == "message/rfc822"
    assert f'filename="{ISSUE}.eml"' in answer.headers["content-disposition"]
    assert answer.body.count(b"List-Unsubscribe-Post") == 1
    assert client.ask("/message.eml?reader=nobody@nowhere.example").status == 404


# A test send


def token_of(client: Client) -> str:
    found = re.search(r'data-token="([^"]+)"', client.ask("/").text)
    assert found
    return found[1]


@pytest.mark.slow
def test_a_test_goes_to_the_staging_inbox_and_nowhere_else(client: Client, root: Path) -> None:
    headers = {"Origin": client.origin, "X-Preview-Token": token_of(client)}
    answer = client.ask("/test", "POST", headers)
    assert answer.status == 200
    assert '"accepted":16,"refused":0' in answer.text
    arrived = Mailroom(root / ".newsletter" / "inbox").summaries()
    assert len(arrived) == 16
    assert {each.envelope.recipients for each in arrived} == {("prova@staging.example",)}
    assert all(each.subject.startswith("[TEST] ") for each in arrived)


@pytest.mark.parametrize(
    ("origin", "token"),
    [
        ("http://evil.example", True),
        ("null", True),
        (None, True),
        ("own", False),
    ],
)
def test_no_other_page_can_send_a_test(
    client: Client, root: Path, origin: str | None, token: bool
) -> None:
    before = len(Mailroom(root / ".newsletter" / "inbox").summaries())
    headers = {"X-Preview-Token": token_of(client)} if token else {}
    if origin:
        headers["Origin"] = client.origin if origin == "own" else origin
    assert client.ask("/test", "POST", headers).status == 403
    assert client.ask("/test").status == 405
    assert len(Mailroom(root / ".newsletter" / "inbox").summaries()) == before


def test_an_unknown_reader_is_told_and_nothing_is_sent(client: Client) -> None:
    headers = {"Origin": client.origin, "X-Preview-Token": token_of(client)}
    answer = client.ask("/test?reader=nobody@nowhere.example", "POST", headers)
    assert answer.status == 409
    assert "is on no list" in answer.text


# A page in one scheme


PAGE = """<html><head><meta name="color-scheme" content="light dark">
<style>:root { color-scheme: light dark; } @media (prefers-color-scheme: dark) { p {} }
@media screen and ( prefers-color-scheme : light ) { q {} }</style></head>
<body><img src="https://site.example/images/a/b.png"><iframe src="https://evil.example"></iframe>"""


def test_a_page_is_shown_in_the_scheme_that_was_asked_for() -> None:
    dark, light = (framed(PAGE, scheme, lambda _: "7") for scheme in (Scheme.DARK, Scheme.LIGHT))
    assert "@media (min-width:0px) { p" in dark
    assert "and (max-width:0px) { q" in dark
    assert "@media (max-width:0px) { p" in light
    assert 'content="dark"' in dark
    assert ":root { color-scheme: light; }" in light
    for page in (dark, light):
        assert "prefers-color-scheme" not in page
        assert 'src="/images/a/b.png?v=7"' in page
        assert "<iframe" not in page


@pytest.mark.slow
def test_forced_inversion_turns_the_light_page_over_and_its_images_back() -> None:
    inverted = framed(PAGE, Scheme.INVERTED, lambda _: "7")
    assert inverted.count("invert(1)") == 2
    assert 'content="light"' in inverted
    assert "img{filter:invert(1)" in inverted


# The command


@pytest.mark.slow
def test_the_command_serves_until_it_is_stopped_and_prints_its_address(root: Path) -> None:
    words = ("-m", "newsletter", "preview", ISSUE, "--lang", "en", "--no-browser", "--port", "0")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NEWSLETTER_")}
    with subprocess.Popen(  # noqa: S603 our own program
        [sys.executable, *words], cwd=root, stdout=subprocess.PIPE, text=True, env=environment
    ) as running:
        assert running.stdout
        said = running.stdout.readline()
        address = re.findall(r"http://127\.0\.0\.1:(\d+)/\?variant=en--", said)
        assert address, said
        connection = HTTPConnection("127.0.0.1", int(address[0]), timeout=PATIENCE)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 0
