"""The archive: what was sent, for everybody, without anybody in it."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom
from tests.cli.readers import SEND
from tests.look.axe import violations
from tools.screenshots import chromium, new_tab

SITE = "https://news.alisei.example"
ATOM = "{http://www.w3.org/2005/Atom}"
BUILD = ("archive", "build")

pytestmark = pytest.mark.slow  # real messages over real SMTP


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_issue_that_was_sent_is_archived_in_each_language_for_nobody(newsroom: Newsroom) -> None:
    newsroom.edit(
        "templates/tiny/edition.mjml.j2",
        "{{ publisher.postal",
        '<a href="{{ url.browser }}">x</a> <a href="{{ url.preferences }}">y</a>'
        " {{ publisher.postal",
    )
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "In breve.", "In breve, {{ email }}.")
    newsroom.run(*SEND, follow=False)

    ran = newsroom.run(*BUILD)

    assert ran.code == 0, ran.said
    files = files_of(newsroom.root / "public")
    pages = {name: octets.decode() for name, octets in files.items() if name.endswith(".html")}
    assert set(pages) == {
        "index.html",
        "it/index.html",
        "en/index.html",
        f"it/{ISSUE}/index.html",
        f"en/{ISSUE}/index.html",
    }
    page = pages[f"it/{ISSUE}/index.html"]
    assert "<title>Notizie per voi</title>" in page
    assert "Caro lettore, un" in page
    assert "Biomedicina" not in page  # for readers of China alone
    whole = b"".join(files.values()).decode("latin-1")
    for reader in EVERYBODY:
        assert reader not in whole
        assert reader.partition("@")[0].split(".")[0].title() not in whole
    for way in ("/u/", "/p/", "/v/", "slot.invalid", "Annulla", "{{"):
        assert way not in "".join(pages.values()), way


def test_every_page_forbids_scripts_and_names_its_images_beside_it(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, follow=False)
    newsroom.run(*BUILD, follow=False)

    public = newsroom.root / "public"
    for path in public.rglob("*.html"):
        page = path.read_text()
        head = page.partition("<head>")[2]
        policy = re.search(r'<meta [^>]*http-equiv="Content-Security-Policy"[^>]*>', head)
        assert policy
        assert "default-src 'none'" in policy[0]
        assert head.index(policy[0]) < head.index("<title>")
        assert "<script" not in page
        for link in re.findall(r'(?:src|href)="([^"#:]+)"', page):
            target = (path.parent / link).resolve()
            assert (target / "index.html" if target.is_dir() else target).is_file(), (path, link)
    assert (public / "images/themes/tiny/images/masthead.png").is_file()


def test_the_same_ledger_gives_the_same_files_and_touches_none_that_is_right(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, follow=False)
    newsroom.run(*BUILD, "-o", "one", follow=False)
    newsroom.run(*BUILD, "-o", "two", follow=False)
    one = newsroom.root / "one"
    assert files_of(one) == files_of(newsroom.root / "two")

    (one / "CNAME").write_text("news.alisei.example")
    before = {path: path.stat().st_mtime_ns for path in one.rglob("*")}
    again = newsroom.run(*BUILD, "-o", "one", "--format", "json", follow=False).object
    assert (again["written"], again["removed"]) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in one.rglob("*")} == before

    (one / f"it/{ISSUE}/index.html").write_text("spoilt")
    assert (
        newsroom.run(*BUILD, "-o", "one", "--format", "json", follow=False).object["written"] == 1
    )
    assert (one / "CNAME").read_text() == "news.alisei.example"


def test_feeds_are_valid_and_absolute_and_hold_words_alone(newsroom: Newsroom) -> None:
    newsroom.edit(
        f"issues/{ISSUE}/issue.toml",
        "Che cosa è successo a novembre.",
        "Che cosa <script>alert(1)</script> & altro.",
    )
    newsroom.run(*SEND, follow=False)
    newsroom.run(*BUILD, follow=False)

    public = newsroom.root / "public"
    feed = ET.fromstring((public / "it/atom.xml").read_bytes())  # noqa: S314 our own
    (entry,) = feed.findall(f"{ATOM}entry")
    page = f"{SITE}/archive/it/{ISSUE}/"
    assert entry.findtext(f"{ATOM}id") == page
    assert entry.findtext(f"{ATOM}title") == "Notizie per voi"
    assert "<script>" in str(entry.findtext(f"{ATOM}summary"))  # words, as they were written
    for name in ("id", "title", "updated", "author"):
        assert feed.find(f"{ATOM}{name}") is not None
    assert {link.get("rel") for link in feed.findall(f"{ATOM}link")} == {"self", "alternate"}
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", str(entry.findtext(f"{ATOM}updated"))
    )
    raw = (public / "it/feed.json").read_bytes()
    told = json.loads(raw)
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert told["feed_url"] == f"{SITE}/archive/it/feed.json"
    (item,) = told["items"]
    assert (item["id"], item["url"]) == (page, page)
    assert "content_html" not in item
    assert b"<" not in raw
    assert b"<script" not in (public / "it/atom.xml").read_bytes()


def test_a_correction_is_published_with_its_note_and_the_sent_page_stays(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, follow=False)
    newsroom.run(*BUILD, follow=False)
    sent = (newsroom.root / f"public/it/{ISSUE}/index.html").read_text()
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "In breve.", "In lungo.")
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "un *saluto*", "mille *saluti*")

    ran = newsroom.run("archive", "correct", ISSUE, "--note", "Il saluto <era> sbagliato.")
    assert ran.code == 0, ran.said
    assert "corrected in it;" in ran.out
    newsroom.edit(f"issues/{ISSUE}/issue.toml", "mille", "duemila")  # not corrected yet
    newsroom.run(*BUILD, follow=False)

    page = (newsroom.root / f"public/it/{ISSUE}/index.html").read_text()
    kept = (newsroom.root / f"public/it/{ISSUE}/sent.html").read_text()
    assert "mille" in page
    assert "Il saluto &lt;era&gt; sbagliato." in page
    assert 'href="sent.html"' in page
    assert "mille" not in kept
    assert body_of(kept) == body_of(sent)
    english = (newsroom.root / f"public/en/{ISSUE}/index.html").read_text()
    assert "sent.html" not in english
    assert "updated" in (newsroom.root / "public/it/atom.xml").read_text()

    again = newsroom.run("archive", "correct", ISSUE, "--note", "Ancora.", follow=False)
    assert again.code == 0
    same = newsroom.run("archive", "correct", ISSUE, follow=False)
    assert same.code == 2
    assert "nothing to correct" in same.err


def body_of(page: str) -> str:
    """What stands below the archive's own lines."""
    return (
        page.rpartition("</nav>")[2].partition('role="note"')[2].partition("</p>")[2]
        or (page.rpartition("</nav>")[2])
    )


def test_before_anything_was_sent_there_is_nothing_to_archive_or_correct(
    newsroom: Newsroom,
) -> None:
    for words in (BUILD, ("archive", "correct", ISSUE)):
        ran = newsroom.run(*words)
        assert ran.code == 2
        assert "sent" in ran.err
    assert not (newsroom.root / "public").exists()


def test_a_folder_that_cannot_be_written_is_told(newsroom: Newsroom) -> None:
    newsroom.run(*SEND, follow=False)
    newsroom.write("public", "a file")

    ran = newsroom.run(*BUILD, follow=False)

    assert ran.code == 1
    assert "cannot be written" in ran.err


@pytest.mark.debian
def test_the_archives_lists_are_for_everybody_in_both_schemes_and_on_a_phone(
    newsroom: Newsroom,
) -> None:
    newsroom.run(*SEND, follow=False)
    assert newsroom.run(*BUILD, follow=False).code == 0
    lists = [newsroom.root / "public" / name for name in ("it/index.html", "en/index.html")]

    with chromium() as browser:
        for scheme in ("light", "dark"):
            tab = new_tab(browser, viewport={"width": 375, "height": 812}, color_scheme=scheme)
            for path in lists:
                tab.goto(path.as_uri())
                assert tab.locator("main a").count() >= 1
                assert violations(tab) == [], f"{path.parent.name}, {scheme}"
                assert tab.evaluate("document.documentElement.scrollWidth") <= 375
            tab.close()
