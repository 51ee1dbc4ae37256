"""From a message to the public pages and back: the links that readers really get."""

import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import pytest

from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import ANNA, BRUNO, html_of
from tests.cli.relay import parsed
from tests.web.pages import Client

SITE = "https://news.alisei.example"
AGAIN = "2026-12-news"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

pytestmark = pytest.mark.slow  # real messages over real SMTP, a real server


@contextmanager
def served(newsroom: Newsroom) -> Iterator[Client]:
    """``newsletter serve`` in a process of its own, stopped as a service is."""
    with newsroom.child("serve", "--port", "0") as process:
        port = port_of(process)
        try:
            yield Client(port)
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")


def port_of(process: "subprocess.Popen[str]") -> int:
    """Where it serves, once it says so."""
    assert process.stdout
    lines = iter(process.stdout.readline, "")
    found = next(filter(None, (re.search(r"http://127\.0\.0\.1:(\d+)/", s) for s in lines)))
    return int(found[1])


def send(newsroom: Newsroom, issue: str, readers: int) -> None:
    """Send an issue to everybody."""
    ran = newsroom.run("send", issue, "--recipients", str(readers), follow=False)
    assert ran.code == 0, ran.said


def here(url: str) -> str:
    """The path of one of our public addresses."""
    assert url.startswith(f"{SITE}/"), url
    return url.removeprefix(SITE)


def links_of(newsroom: Newsroom, reader: str) -> list[str]:
    """Every address of ours in a message: headers, page and text."""
    message = newsroom.relay.message_of(reader)
    whole = str(message["List-Unsubscribe"])
    for kind in ("html", "plain"):
        body = message.get_body((kind,))
        whole += str(body.get_content()) if body else ""
    found = re.findall(rf"{re.escape(SITE)}[^\s\"'<>)]*", whole)
    return list(dict.fromkeys(found))


def one_click_of(newsroom: Newsroom, reader: str) -> str:
    """Where a mail program posts when its reader presses "unsubscribe"."""
    message = newsroom.relay.message_of(reader)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.search(r"<(https://[^>]+)>", str(message["List-Unsubscribe"]))
    assert found
    return here(found[1])


def suppressed(newsroom: Newsroom) -> list[dict[str, str]]:
    """Who is never mailed, as the officer sees it."""
    ran = newsroom.run("suppressions", "list", "--format", "json", follow=False)
    return list(ran.object["suppressions"])


def test_one_click_in_a_received_message_ends_all_mail_to_its_reader(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    links = links_of(newsroom, ANNA)
    assert len(links) >= 2
    with served(newsroom) as client:
        for method in ("GET", "HEAD"):
            for link in links:  # a scanner follows every link
                assert client.ask(here(link), method).status == 200, link
        assert suppressed(newsroom) == []

        answer = client.ask(
            one_click_of(newsroom, ANNA), "POST", FORM, "List-Unsubscribe=One-Click"
        )
        assert answer.status == 200
        (row,) = suppressed(newsroom)
        assert (row["address"], row["reason"], row["source"]) == (ANNA, "unsubscribed", "one-click")
        assert row["note"].startswith("campaign 1,")

    again(newsroom)
    newsroom.relay.received.clear()
    send(newsroom, AGAIN, 4)
    assert set(newsroom.relay.recipients) == EVERYBODY - {ANNA}


def again(newsroom: Newsroom) -> None:
    """A second issue like the first."""
    for name in ("issue.toml", "issue.en.toml"):
        text = (newsroom.root / "issues" / ISSUE / name).read_text("utf-8")
        newsroom.write(f"issues/{AGAIN}/{name}", text)
    image = (newsroom.root / "issues" / ISSUE / "images" / "a.png").read_bytes()
    newsroom.write(f"issues/{AGAIN}/images/a.png", image)


def test_who_joins_by_the_form_gets_the_next_issue_and_sees_it_in_the_browser(
    newsroom: Newsroom,
) -> None:
    new = "nuova@lettori.example"
    with served(newsroom) as client:
        body = urlencode({"email": new, "language": "en"})
        assert client.ask("/subscribe", "POST", FORM, body).status == 200
        wait_until(lambda: newsroom.relay.received, 60)
        ((mailed, content),) = newsroom.relay.received
        assert mailed == new
        question = parsed(content)
        page = question.get_body(("html",))
        assert page
        assert str(question["Subject"]) == "Confirm your subscription to Alisei News"
        link = re.search(rf'href="({SITE}/confirm/[^"]+)"', str(page.get_content()))
        assert link
        assert link[1] in str(question.get_body(("plain",)))
        assert client.ask(here(link[1])).status == 200
        newsroom.relay.received.clear()
        assert client.ask(here(link[1]), "POST", FORM, "").status == 200

        send(newsroom, ISSUE, 6)
        assert set(newsroom.relay.recipients) == {*EVERYBODY, new}
        mine = html_of(newsroom, new)
        assert "Dear reader" in mine


def test_the_page_in_the_browser_is_the_page_of_the_message(newsroom: Newsroom) -> None:
    template = "templates/tiny/edition.mjml.j2"
    newsroom.edit(
        template, "{{ publisher.postal", '<a href="{{ url.browser }}">x</a> {{ publisher.postal'
    )
    send(newsroom, ISSUE, 5)
    with served(newsroom) as client:
        for reader in (ANNA, BRUNO):
            mailed = html_of(newsroom, reader)
            link = next(each for each in links_of(newsroom, reader) if "/v/" in each)
            shown = client.ask(here(link))
            assert shown.text == mailed.replace(f"{SITE}/images/", "../images/")
            policy = shown.headers["content-security-policy"]
            assert policy.startswith("sandbox ")
            assert "default-src 'none'" in policy
            assert "script" not in policy
            image = re.search(r'src="\.\./(images/[^"]+)"', shown.text)
            assert image
            assert client.ask("/" + image[1]).headers["content-type"] == "image/png"


def test_serve_asks_each_page_once_and_tells_what_is_missing(newsroom: Newsroom) -> None:
    ran = newsroom.run("serve", "--check")
    assert ran.code == 0
    assert "every page answers" in ran.out
    assert "trusted_proxies" in ran.out
    asked = newsroom.run("serve", "--check", "--format", "json", follow=False).object
    assert asked["answers"]["GET /subscribe"] == 200
    newsroom.write(
        "newsletter.toml",
        (newsroom.root / "newsletter.toml").read_text()
        + '\n[serve]\ntrusted_proxies = ["127.0.0.1"]\n',
    )
    assert "trusted_proxies" not in newsroom.run("serve", "--check", follow=False).out


def test_the_archive_is_served_as_it_is_built(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    newsroom.run("archive", "build", follow=False)
    public = newsroom.root / "public"
    with served(newsroom) as client:
        for path in sorted(public.rglob("*")):
            name = str(path.relative_to(public))
            if path.is_file() and not name.startswith("."):
                answer = client.ask(f"/archive/{name}")
                assert (answer.status, answer.body) == (200, path.read_bytes()), name
                assert "script-src" not in answer.headers["content-security-policy"]
                assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert client.ask("/archive/").body == (public / "index.html").read_bytes()
        assert client.ask(f"/archive/it/{ISSUE}/").status == 200
        assert client.ask("/archive").headers["location"] == "archive/"
        for nowhere in (
            "it",
            "../newsletter.toml",
            "%2e%2e/newsletter.toml",
            ".newsletter-archive.json",
        ):
            assert client.ask(f"/archive/{nowhere}").status == 404, nowhere


def test_what_is_said_to_a_ledger_that_moved_meanwhile_is_asked_for_again(
    newsroom: Newsroom,
) -> None:
    send(newsroom, ISSUE, 5)
    leave = one_click_of(newsroom, ANNA)
    with newsroom.child("serve", "--port", "0") as process:
        try:
            client = Client(port_of(process))
            with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
                direct.execute("INSERT INTO meta VALUES ('moved', 'postgresql://db/news')")
            said = client.ask(leave, "POST", FORM, "List-Unsubscribe=One-Click")
            page = client.ask(leave)
        finally:
            process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=60)
    assert (said.status, said.headers["retry-after"], page.status) == (503, "60", 200)
    assert told == (
        "not heard: this ledger was moved to postgresql://db/news: mail is sent from there; "
        "end this, and serve the other\n"
    )
    with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
        direct.execute("DELETE FROM meta WHERE key = 'moved'")
    assert ANNA not in newsroom.run("suppressions", "list", follow=False).out


def test_serve_looks_at_a_ledger_that_moved_and_says_so(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    with closing(sqlite3.connect(newsroom.ledger)) as direct, direct:
        direct.execute("INSERT INTO meta VALUES ('moved', 'postgresql://db/news')")
    ran = newsroom.run("serve", "--check", follow=False)
    assert ran.code == 0
    assert "! this ledger was moved to postgresql://db/news" in ran.out
    assert "POST /u/ 503" in " ".join(ran.out.split())
