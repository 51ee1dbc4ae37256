"""Counting clicks: nothing by default, numbers where that is asked, names where readers agreed."""

import datetime as dt
import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from newsletter.consent import Told
from newsletter.forgotten import Marks
from newsletter.ledger.ledger import Ledger
from newsletter.ledger.model import CampaignId
from newsletter.values import Address
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom
from tests.cli.readers import ANNA, BRUNO, html_of
from tests.cli.test_public import FORM, SITE, here, links_of, send, served

PROGRAMME = "https://alisei.example/programma?a=1&b=2"
VOTE = "https://alisei.example/voto"
AGAIN = "2026-12-news"
BODY = f"Il [programma]({PROGRAMME}), il [voto]({VOTE}), <https://alisei.example/>."
LEAVE = '<a href="{{ url.unsubscribe }}">{{ t.unsubscribe }}</a>'
OURS = re.compile(rf"{re.escape(SITE)}/[co]/[\w/-]+")

pytestmark = pytest.mark.slow  # real messages over real SMTP, a real server


def write(newsroom: Newsroom, tracking: str, issue: str = ISSUE) -> None:
    """An issue with three links, and what is to be counted."""
    for name in ("issue.toml", "issue.en.toml"):
        path = newsroom.root / "issues" / ISSUE / name
        text = re.sub(r"body = \"(Caro|Dear|Il).*\"", f'body = "{BODY}"', path.read_text("utf-8"))
        newsroom.write(f"issues/{issue}/{name}", text)
    footer = newsroom.root / "templates" / "tiny" / "edition.mjml.j2"
    links = '<a href="{{ url.preferences }}">P</a> <a href="{{ url.browser }}">V</a>'
    if links not in footer.read_text("utf-8"):
        newsroom.edit("templates/tiny/edition.mjml.j2", LEAVE, f"{LEAVE} {links}")
    settings = newsroom.root / "newsletter.toml"
    kept = settings.read_text("utf-8").partition("\n[tracking]")[0]
    settings.write_text(f"{kept}\n[tracking]\n{tracking}\n" if tracking else kept, "utf-8")


def counted(newsroom: Newsroom, reader: str) -> list[str]:
    """The addresses in a reader's page that are counted."""
    return list(dict.fromkeys(OURS.findall(html_of(newsroom, reader))))


def plan_line(newsroom: Newsroom, command: str = "plan", issue: str = ISSUE) -> str:
    """What a command says of tracking."""
    said = newsroom.run(command, issue, follow=False).out
    return next(line for line in said.splitlines() if line.startswith("Tracking"))


def clicks(newsroom: Newsroom) -> dict[str, int]:
    """The report's counters, by the link's target."""
    made = newsroom.run("report", "--format", "json", follow=False).object
    return {link["url"]: link["clicks"] for link in made["clicked"]["links"]}


def dumped(newsroom: Newsroom) -> set[str]:
    """Every row of the ledger."""
    with closing(sqlite3.connect(newsroom.ledger)) as ledger:
        return set(ledger.iterdump())


def test_by_default_no_link_is_changed_and_no_image_counts(newsroom: Newsroom) -> None:
    write(newsroom, "")
    send(newsroom, ISSUE, 5)

    for reader in EVERYBODY:
        whole = newsroom.relay.message_of(reader).as_bytes()
        plain = html_of(newsroom, reader) + str(newsroom.relay.message_of(reader))
        assert not OURS.search(plain)
        assert b"/c/" not in whole.replace(b"=\n", b"")
        assert f'href="{PROGRAMME}"' in html_of(newsroom, reader)
        assert 'width="1"' not in html_of(newsroom, reader)
    assert plan_line(newsroom).startswith("Tracking  none: ")
    assert plan_line(newsroom, "check").startswith("Tracking  none: ")
    assert clicks(newsroom) == {}
    assert "click" not in newsroom.run("report", follow=False).out
    with served(newsroom) as client:
        mine = [here(link) for link in links_of(newsroom, ANNA)]
        page = client.ask(next(link for link in mine if link.startswith("/p/"))).text
        assert "tracking" not in page


def test_in_aggregate_everybody_has_the_same_links_and_only_numbers_are_kept(
    newsroom: Newsroom,
) -> None:
    write(newsroom, f'mode = "aggregate"\nopens = true\nnever = ["{VOTE}"]')
    words = "1 link and opens are counted, of nobody in particular"
    assert words in plan_line(newsroom)
    assert "clicks and opens are counted, of nobody" in plan_line(newsroom, "check")
    send(newsroom, ISSUE, 5)

    programme, opened = counted(newsroom, ANNA)
    for reader in EVERYBODY:
        assert counted(newsroom, reader) == [programme, opened]
        page = html_of(newsroom, reader)
        assert (VOTE in page, PROGRAMME in page) == (True, False)
        assert 'href="https://alisei.example/"' in page, "it shows its address"
        text = newsroom.relay.message_of(reader).get_body(("plain",))
        assert text
        assert not OURS.search(str(text.get_content()))
        assert PROGRAMME in str(text.get_content())
    before = dumped(newsroom)
    with served(newsroom) as client:
        for _ in range(3):
            assert client.ask(here(programme)).headers["location"] == PROGRAMME
        assert client.ask(here(opened)).headers["content-type"] == "image/gif"
        browser = next(link for link in links_of(newsroom, ANNA) if "/v/" in link)
        shown = client.ask(here(browser)).text
        assert not OURS.search(shown), "what a reader looks at again, or passes on, counts nothing"
    changed = dumped(newsroom) - before
    assert len(changed) == 2
    assert all(line.startswith('INSERT INTO "link"') for line in changed), "numbers, and no more"

    assert newsroom.run("archive", "build", follow=False).code == 0
    for path in newsroom.root.glob("public/*/*/index.html"):
        archived = html.unescape(path.read_text("utf-8"))
        assert not OURS.search(archived), path
        assert f'href="{PROGRAMME}"' in archived
        assert "data:image" not in archived

    assert clicks(newsroom) == {PROGRAMME: 3}
    said = newsroom.run("report", "--save", follow=False).out
    assert re.search(rf"clicks +3 .*\n +3 +{re.escape(PROGRAMME)}", said)
    assert "opens at least 1" in said
    assert PROGRAMME in (newsroom.root / "reports" / "1.md").read_text("utf-8")
    rows = (newsroom.root / "reports" / "1-links.csv").read_text("utf-8").splitlines()
    assert rows == ["link,clicks,readers_by_name", f"{PROGRAMME},3,0"]


def test_by_name_only_who_agreed_and_only_while_she_does(newsroom: Newsroom) -> None:
    write(newsroom, 'mode = "individual"')
    assert "of the none who agreed" in plan_line(newsroom)
    assert "W154" in newsroom.run("check", ISSUE, follow=False).out
    send(newsroom, ISSUE, 5)
    with served(newsroom) as client:
        preferences = here(next(link for link in links_of(newsroom, ANNA) if "/p/" in link))
        form = {"asked": "tracking", "spoken": "it", "language": "it"}
        client.ask(preferences, "POST", FORM, urlencode({**form, "tracking": "yes"}))
        write(newsroom, 'mode = "individual"', AGAIN)
        assert "of the 1 who agreed" in plan_line(newsroom, issue=AGAIN)
        assert "W154" not in newsroom.run("check", AGAIN, follow=False).out
        newsroom.relay.received.clear()
        send(newsroom, AGAIN, 5)

        own, other = counted(newsroom, ANNA), counted(newsroom, BRUNO)
        assert [url.rpartition("/")[0] for url in own] == other
        assert all(counted(newsroom, r) == other for r in EVERYBODY if r != ANNA)
        for url in (own[0], own[0], other[1]):
            assert client.ask(here(url)).status == 302
        seen = newsroom.run("subscribers", "show", ANNA, "--format", "json", follow=False).object
        assert [(c["issue"], c["url"], c["clicks"]) for c in seen["clicks"]] == [
            (AGAIN, PROGRAMME, 2)
        ]
        assert PROGRAMME in newsroom.run("subscribers", "show", ANNA, follow=False).out

        client.ask(preferences, "POST", FORM, urlencode(form))
        client.ask(here(own[0]))
        seen = newsroom.run("subscribers", "show", ANNA, "--format", "json", follow=False).object
        assert seen["clicks"] == []
    assert clicks(newsroom) == {PROGRAMME: 3, VOTE: 1}


def test_a_test_message_counts_nothing_and_leads_straight_on(newsroom: Newsroom) -> None:
    write(newsroom, 'mode = "individual"\nopens = true')
    assert newsroom.run("test", ISSUE, follow=False).code == 0
    seen = b"".join(content for _, content in newsroom.relay.received).replace(b"=\r\n", b"")
    assert seen.count(PROGRAMME.replace("=", "=3D").replace("&", "&amp;").encode()) >= 2
    for nothing in (b"/c/", b"/o/", b"data:image", b'width=3D"1"'):
        assert nothing not in seen


def test_the_officer_withdraws_on_a_readers_word(newsroom: Newsroom) -> None:
    write(newsroom, 'mode = "individual"')
    withdraw = ("consent", "withdraw", ANNA, "--source", "her letter of 3 December")
    assert "nothing was changed" in newsroom.run(*withdraw).out
    send(newsroom, ISSUE, 5)
    with Ledger.open(newsroom.ledger) as ledger:
        secret = (newsroom.ledger.parent / "secret").read_bytes().strip()
        anna, told = Address(ANNA), Told(dt.datetime.now(dt.UTC), "preferences")
        ledger.register(Marks(secret)).set_tracking(anna, told, allowed=True)
        (row,) = ledger.deliveries(CampaignId(1), address=anna)
        ledger.clicks.count(1, 1, row.seq, told.at)

    assert newsroom.run(*withdraw).out.splitlines() == [
        f"{ANNA} is counted by name no more",
        "  1 link that she followed: forgotten",
    ]
    shown = newsroom.run("consent", "show", ANNA, "--format", "json").object
    assert [event["change"] for event in shown["events"]] == ["given", "withdrawn"]
    assert shown["events"][1]["source"] == "her letter of 3 December"
    assert newsroom.run("subscribers", "show", ANNA, "--format", "json").object["clicks"] == []
    assert "nothing was changed" in newsroom.run(*withdraw).out
    assert newsroom.run("consent", "withdraw", "anna@").code == 2


def test_forgetting_a_reader_leaves_no_byte_that_says_what_she_followed(
    newsroom: Newsroom,
) -> None:
    write(newsroom, 'mode = "individual"')
    send(newsroom, ISSUE, 5)
    with served(newsroom) as client:
        preferences = here(next(link for link in links_of(newsroom, ANNA) if "/p/" in link))
        form = {"asked": "tracking", "tracking": "yes", "spoken": "it", "language": "it"}
        client.ask(preferences, "POST", FORM, urlencode(form))
        write(newsroom, 'mode = "individual"', AGAIN)
        newsroom.relay.received.clear()
        send(newsroom, AGAIN, 5)
        client.ask(here(counted(newsroom, ANNA)[0]))
    assert newsroom.run("subscribers", "forget", ANNA, follow=False).code == 0

    local = ANNA.partition("@")[0].encode()
    for path in _of_the_ledger(newsroom):
        assert local not in path.read_bytes().lower(), path
    assert clicks(newsroom)[PROGRAMME] == 1


def _of_the_ledger(newsroom: Newsroom) -> list[Path]:
    return [path for path in newsroom.ledger.parent.glob("ledger*") if path.is_file()]
