"""Acceptance: a reader from the form to her last message, and another whose mailbox is gone.

Nothing is doubled: the real commands, ``newsletter serve`` in a process of its own, a real SMTP
server, mail verified by verifiers that others wrote.
"""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom, wait_until
from tests.cli.readers import BRUNO
from tests.cli.relay import parsed
from tests.cli.test_bounces import bounce, deliver
from tests.cli.test_keys import records_of
from tests.cli.test_public import AGAIN, FORM, SITE, again, here, one_click_of, send, served
from tests.verifiers import dkimpy_takes, perl_says
from tests.web.pages import Client

NEW = "nuova@lettori.example"

pytestmark = pytest.mark.slow  # real messages over real SMTP, a real server


def signed_for_two_verifiers(newsroom: Newsroom, messages: list[bytes], folder: Path) -> bool:
    """Whether dkimpy and Perl's Mail::DKIM take each of them."""
    records = records_of(newsroom)
    folder.mkdir()
    said = perl_says(messages, records, folder)
    return all(dkimpy_takes(each, records) for each in messages) and all(
        {*each.values()} == {"pass"} for each in said
    )


def prepared(newsroom: Newsroom) -> None:
    """The officer's ground: a key, a return path, a mailbox for what comes back."""
    newsroom.edit("newsletter.toml", "[sender]", '[sender]\nbounce_address = "b@alisei.example"')
    for part in ("new", "cur", "tmp"):
        (newsroom.root / "bounces" / part).mkdir(parents=True)
    with (newsroom.root / "newsletter.toml").open("a") as file:
        file.write('\n[feedback]\nmaildir = "bounces"\n')
    assert newsroom.run("keys", "new", "--selector", "s1").code == 0


def joined(newsroom: Newsroom, client: Client) -> bytes:
    """A reader subscribes by the form; nobody is joined before her mail is answered: that mail."""
    form = client.ask("/subscribe")
    assert '<form method="post"' in form.text
    body = urlencode({"email": NEW, "language": "en", "first_name": "Nuova"})
    assert client.ask("/subscribe", "POST", FORM, body).status == 200
    wait_until(lambda: newsroom.relay.received, 60)
    ((mailed, question),) = newsroom.relay.received
    assert mailed == NEW
    text = parsed(question).get_body(("plain",))
    assert text
    found = re.search(rf"{SITE}/confirm/\S+", str(text.get_content()))
    assert found
    recipients = ("plan", ISSUE, "--format", "json")
    assert newsroom.run(*recipients).object["recipients"] == 5
    assert client.ask(here(found[0])).status == 200  # looking joins nobody
    assert newsroom.run(*recipients).object["recipients"] == 5
    assert client.ask(here(found[0]), "POST", FORM, "").status == 200
    proof = newsroom.run("consent", "show", NEW, "--format", "json").object
    assert proof["events"][-1]["change"] == "given"
    newsroom.relay.received.clear()
    return question


def left(newsroom: Newsroom, client: Client) -> None:
    """One click, as her mail program posts it; from then on she is never mailed."""
    path = one_click_of(newsroom, NEW)
    listed = ("suppressions", "list", "--format", "json")
    assert client.ask(path).status == 200
    assert newsroom.run(*listed).object["suppressions"] == []
    answer = client.ask(path, "POST", FORM, "List-Unsubscribe=One-Click")
    assert (answer.status, "location" in answer.headers) == (200, False)
    (row,) = newsroom.run(*listed).object["suppressions"]
    assert (row["address"], row["reason"], row["source"]) == (NEW, "unsubscribed", "one-click")


def test_from_the_form_to_one_click_and_a_bounce_beside_it(
    newsroom: Newsroom, tmp_path: Path
) -> None:
    prepared(newsroom)
    with served(newsroom) as client:
        question = joined(newsroom, client)

        # The issue arrives, signed, with the way out in its headers.
        send(newsroom, ISSUE, 6)
        assert {*newsroom.relay.recipients} == {*EVERYBODY, NEW}
        messages = [question, *(content for _, content in newsroom.relay.received)]
        assert signed_for_two_verifiers(newsroom, messages, tmp_path / "signed")
        returned = bounce(newsroom, BRUNO)

        left(newsroom, client)

    # Another reader's mailbox is gone: the bounce is read, and she is not written to again.
    deliver(newsroom, returned)
    fetched = newsroom.run("bounces", "fetch")
    assert f"{BRUNO} is never mailed again: no such mailbox" in fetched.out

    # The next issue goes to neither of them, and the plan says why.
    again(newsroom)
    plan = newsroom.run("plan", AGAIN, "--format", "json").object
    assert plan["arithmetic"]["suppressed"] == {"bounced": 1, "unsubscribed": 1}
    newsroom.relay.received.clear()
    send(newsroom, AGAIN, 4)
    assert {*newsroom.relay.recipients} == EVERYBODY - {BRUNO}

    # The report shows it all.
    report = newsroom.run("report", "1", "--format", "json").object
    came = report["afterwards"]
    assert (came["hard"], came["unsubscribed"], came["complaints"]) == (1, 1, 0)
    assert came["reasons"] == {"no such mailbox": 1}
    shown = newsroom.run("report", "1").out
    assert "6" in shown
    assert "1 hard bounce" in shown
    assert "1 unsubscribe" in shown
    reader = newsroom.run("subscribers", "show", NEW).out
    assert "never mailed: unsubscribed" in reader
    assert newsroom.run("ledger", "verify").code == 0

    # And whoever asks what is known of her is told all of it.
    known = newsroom.run("subscribers", "export", NEW, "--format", "json").object
    assert [row["change"] for row in known["records"]["consent"]] == ["given", "withdrawn"]
    assert [row["state"] for row in known["records"]["delivery"]] == ["accepted"]
