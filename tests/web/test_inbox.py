"""The staging inbox's page, as HTTP shows it."""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from newsletter.errors import NewsletterError
from newsletter.inbox.maildir import Envelope, file_message, prepare
from newsletter.web.guard import with_local_images, without_frames
from newsletter.web.inbox import create_app
from newsletter.web.serving import serving
from tests.inbox.samples import HOSTILE, sample
from tests.web.pages import Client, served

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Inbox:
    """A page over a folder."""

    client: Client
    folder: Path

    def put(self, content: bytes, to: str = "anna@soci.example") -> str:
        """File one message; its name."""
        return file_message(self.folder, Envelope("news@alisei.example", (to,)), content)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """An empty staging inbox with its page, and one image to serve."""
    box, images = tmp_path / "box", tmp_path / "images"
    prepare(box)
    (images / "2019-11").mkdir(parents=True)
    (images / "2019-11" / "hero.png").write_bytes(PNG)
    (images / "2019-11" / "notes.txt").write_text("not an image")
    (tmp_path / "secret.png").write_bytes(b"secret")
    with served(create_app(box, "127.0.0.1:2525", lambda path: images / path)) as client:
        yield Inbox(client, box)


@pytest.mark.slow
def test_an_empty_inbox_says_how_mail_gets_here(inbox: Inbox) -> None:
    page = inbox.client.ask("/").text

    assert "Nothing has arrived yet" in page
    assert "127.0.0.1:2525" in page
    assert "Delete all" not in page


@pytest.mark.slow
def test_the_list_shows_groups_and_opens_the_newest_message(inbox: Inbox) -> None:
    inbox.put(sample(subject="Prima"), "marco@soci.example")
    newest = inbox.put(sample(subject="Seconda"))

    page = inbox.client.ask("/").text

    assert "2019-11-assemblea" in page
    assert page.index("Seconda") < page.index("Prima")
    assert f'src="/page/{newest}"' in page
    assert "One-click unsubscribe" in page
    assert "marco@soci.example" in page


@pytest.mark.slow
def test_a_message_has_four_views(inbox: Inbox) -> None:
    name = inbox.put(sample())

    views = {
        tab: inbox.client.ask(f"/message/{name}?tab={tab}").text
        for tab in ("page", "text", "headers", "source")
    }

    assert "<iframe" in views["page"]
    assert "A: https://alisei.example/a" in views["text"]
    assert "<td>List-Unsubscribe=One-Click</td>" in views["headers"]
    assert "boundary=&#34;b&#34;" in views["source"]
    assert all("What arrived" in view for view in views.values())
    assert all(view.count('aria-current="page"') == 1 for view in views.values())


@pytest.mark.slow
def test_1006_messages_are_paged_and_the_links_lead_on(inbox: Inbox) -> None:
    for number in range(1_006):
        inbox.put(b"Subject: n%d\r\n\r\n" % number, f"reader{number}@soci.example")

    first = inbox.client.ask("/").text
    last = inbox.client.ask("/?page=21").text

    assert first.count('class="entry"') == 50
    assert "1–50 of 1\u202f006" in first
    assert 'rel="next" href="/?page=2"' in first
    assert last.count('class="entry"') == 6
    assert 'rel="prev" href="/?page=20"' in last


@pytest.mark.slow
def test_a_search_keeps_its_words_in_every_link(inbox: Inbox) -> None:
    inbox.put(sample(), "marco@soci.example")
    inbox.put(sample(), "anna@soci.example")

    page = inbox.client.ask("/?q=MARCO").text

    assert page.count('class="entry"') == 1
    assert "1 of 2 messages" in page
    assert re.search(r'href="/message/[^"?]+\?q=MARCO"', page)


@pytest.mark.slow
@pytest.mark.parametrize(
    "query", ["?page=0", "?page=-1", "?page=x", "?page=99999999999", "?tab=x", "?q=%00%ff", "?q="]
)
def test_nonsense_in_the_address_is_harmless(inbox: Inbox, query: str) -> None:
    inbox.put(sample())

    assert inbox.client.ask("/" + query).status == 200


@pytest.mark.slow
def test_a_message_that_is_gone_is_said_with_404(inbox: Inbox) -> None:
    answer = inbox.client.ask("/message/00000000000000000001.1_1.staging")

    assert answer.status == 404
    assert "not here any more" in answer.text
    for path in ("/page/x", "/raw/x.eml", "/static/x", "/nowhere"):
        assert inbox.client.ask(path).status == 404


@pytest.mark.slow
def test_the_raw_file_has_the_very_octets(inbox: Inbox) -> None:
    name = inbox.put(sample())

    answer = inbox.client.ask(f"/raw/{name}.eml")

    assert answer.body == sample()
    assert answer.headers["content-type"] == "message/rfc822"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.slow
def test_delete_all_works_from_the_page_and_from_nowhere_else(inbox: Inbox) -> None:
    inbox.put(sample())
    ask = inbox.client.ask

    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": inbox.client.origin.replace("http:", "https:")},
    ):
        assert ask("/delete", "POST", headers).status == 403
    assert ask("/delete").status == 405
    assert '"total":1' in ask("/count").text

    answer = ask("/delete", "POST", {"Origin": inbox.client.origin})

    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert '"total":0' in ask("/count").text


@pytest.mark.slow
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_another_host_name_gets_nothing(inbox: Inbox, host: str) -> None:
    inbox.put(sample(subject="Riservato"))

    answer = inbox.client.ask("/", headers={"Host": host})

    assert answer.status == 400
    assert "Riservato" not in answer.text


@pytest.mark.slow
def test_images_come_from_the_issue_and_no_path_leads_out(inbox: Inbox) -> None:
    ask = inbox.client.ask

    good = ask("/images/2019-11/hero.png")
    assert (good.body, good.headers["content-type"]) == (PNG, "image/png")
    for path in (
        "/images/../secret.png",
        "/images/%2e%2e/secret.png",
        "/images/2019-11/..%2f..%2fsecret.png",
        "/images/%252e%252e/secret.png",
        "/images//etc/passwd",
        "/images/..%5csecret.png",
        "/images/2019-11/notes.txt",
        "/images/2019-11",
        "/images/none.png",
    ):
        answer = ask(path)
        assert answer.status == 404, path
        assert b"secret" not in answer.body


def test_hosted_images_are_asked_for_here_and_links_stay_as_they_are() -> None:
    html = (
        '<img src="https://news.alisei.example/images/2019-11/a.png">'
        "<img src='http://x.test/sub/images/2019-11/b.png'>"
        '<a href="https://news.alisei.example/images/2019-11/a.png">'
        "<td style=\"background:url('https://x.test/images/c.png')\">"
        '<img src="https://tracker.test/pixel.gif">'
    )

    assert with_local_images(html) == (
        '<img src="/images/2019-11/a.png">'
        "<img src='/images/2019-11/b.png'>"
        '<a href="https://news.alisei.example/images/2019-11/a.png">'
        "<td style=\"background:url('/images/c.png')\">"
        '<img src="https://tracker.test/pixel.gif">'
    )


def test_frames_and_plug_ins_become_elements_that_no_browser_knows() -> None:
    html = '<IFRAME src="https://x.test/"></iframe><object data=x><embed/><p>iframe</p>'

    assert without_frames(html) == (
        '<not-IFRAME src="https://x.test/"></not-iframe>'
        "<not-object data=x><not-embed/><p>iframe</p>"
    )


@pytest.mark.slow
def test_a_message_stands_under_a_policy_without_script_or_outside(inbox: Inbox) -> None:
    name = inbox.put(sample(html="<script>alert(1)</script>"))

    policy = inbox.client.ask(f"/page/{name}").headers["content-security-policy"]

    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "img-src 'self' data:" in policy


@pytest.mark.slow
def test_every_answer_forbids_guessing_types_and_framing_from_outside(inbox: Inbox) -> None:
    name = inbox.put(sample())

    for path in ("/", f"/message/{name}", f"/page/{name}", f"/raw/{name}.eml", "/count"):
        assert inbox.client.ask(path).headers["x-content-type-options"] == "nosniff"
    policy = inbox.client.ask("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_message_does_no_harm_to_any_view(inbox: Inbox, kind: str) -> None:
    name = inbox.put(HOSTILE[kind])

    assert inbox.client.ask("/").status == 200
    for tab in ("page", "text", "headers", "source"):
        assert inbox.client.ask(f"/message/{name}?tab={tab}").status == 200
    assert inbox.client.ask(f"/page/{name}").status in {200, 404}


@pytest.mark.slow
def test_what_a_message_says_is_text_on_the_page(inbox: Inbox) -> None:
    evil = "</title><script>alert(1)</script>{{7*7}}"
    name = inbox.put(
        sample(subject=evil, text=evil, headers=f"X-Newsletter-Issue: {evil}\r\nX-Evil: {evil}\r\n")
    )

    for tab in ("page", "text", "headers", "source"):
        page = inbox.client.ask(f"/message/{name}?tab={tab}").text
        assert "<script>alert" not in page
        assert "{{7*7}}" in page


@pytest.mark.slow
def test_a_port_in_use_is_said_with_a_cure(inbox: Inbox) -> None:
    async def ride() -> None:
        app = create_app(inbox.folder, "x", lambda _: None)
        with socket.create_server(("127.0.0.1", 0)) as other:
            async with serving(app, port=other.getsockname()[1]):
                pass

    with pytest.raises(NewsletterError, match="cannot have port") as caught:
        asyncio.run(ride())
    assert "staging.web_port" in caught.value.cure
