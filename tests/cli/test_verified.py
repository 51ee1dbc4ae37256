"""`newsletter test --verify`: what was sent is read back as it arrived."""

import pytest

from newsletter.inbox.server import StagingInbox
from newsletter.signed import signatures_of
from newsletter.signing import Algorithm, Signer, SigningKey, new_key
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.relay import Relay
from tests.cli.test_keys import resolver
from tests.feedback.imap_server import ImapServer
from tests.message.make import VALUES, make_compiled
from tests.zones import ZoneServer

pytestmark = pytest.mark.slow  # real messages over real SMTP

KEY = SigningKey.read(new_key(Algorithm.RSA), "alisei.example", "s1")
EDWARDS = SigningKey.read(new_key(Algorithm.ED25519), "alisei.example", "e1")


def _titles(newsroom: Newsroom) -> list[dict[str, str]]:
    ran = newsroom.run("test", ISSUE, "--verify", "--format", "json", follow=False)
    return [{c["title"]: c["state"] for c in each["checks"]} for each in ran.object["received"]]


def test_a_signed_test_is_read_back_whole_and_holds(
    newsroom: Newsroom, staging: StagingInbox
) -> None:
    newsroom.run("keys", "new", "--selector", "s1", follow=False)
    ran = newsroom.run("test", ISSUE, "--verify", follow=False)
    assert staging.received >= 2
    for words in (
        "Signature of s1, alisei.example holds",
        "Aligned with From",
        "One-click unsubscribe",
        "Headers for machines are plain",
        "One click was not tried",
        "HTML and plain text agree",
        "Text in UTF-8",
        "Message ",
    ):
        assert words in ran.out, words
    for each in _titles(newsroom):
        assert "Failed" not in each.values(), each
    assert ran.code == 0


def test_an_unsigned_test_is_told_and_one_that_went_elsewhere_has_failed(
    newsroom: Newsroom,
) -> None:
    ran = newsroom.run("test", ISSUE, "--verify", follow=False)
    assert ran.code == 3
    assert "Not in the staging inbox" in ran.out
    with ZoneServer({}) as server:  # nobody is asked
        resolver(newsroom, server)
        newsroom.run("test", ISSUE, "--verify", follow=False)
        assert server.asked == []


class Delivering(ImapServer):
    """The staging address's mailbox: what the relay took is in it, as a server files it.

    Nothing is there at the first look.
    """

    def __init__(self, relay: Relay, head: bytes) -> None:
        super().__init__(None)
        self._relay, self._head, self.looks = relay, head, 0

    def _search_header(self, wanted: str) -> bytes:
        self.looks += 1
        if self.looks > 1:
            self.mails = {}
            self.add(*(self._head + content for _, content in self._relay.received))
        return super()._search_header(wanted)


def by_imap(newsroom: Newsroom, server: ImapServer, wait: int = 60) -> None:
    """The officer names the mailbox, and its password where git does not see it."""
    newsroom.edit("newsletter.toml", "[staging]", f"[staging]\nwait = {wait}")
    with (newsroom.root / "newsletter.toml").open("a") as file:
        where = f'host = "127.0.0.1"\nport = {server.port}\nusername = "prova"\nsecurity = "none"'
        file.write(f"\n[staging.imap]\n{where}\n")
    path = newsroom.write(".env", f"NEWSLETTER_STAGING__IMAP__PASSWORD={server.password}\n")
    path.chmod(0o600)


TO = ("test", ISSUE, "--to", "prova@staging.example", "--verify")
FILED = (
    b"Return-Path: <news@alisei.example>\r\nDelivered-To: prova@staging.example\r\n"
    b"Authentication-Results: mx.staging.example; spf=pass; dkim=%s header.d=alisei.example;\r\n"
    b" dmarc=pass\r\nReceived: from x by mx.staging.example; Sat, 28 Nov 2026 13:00:00 +0000\r\n"
)


def test_what_a_real_relay_delivered_is_read_back_by_imap(newsroom: Newsroom) -> None:
    newsroom.run("keys", "new", "--selector", "s1", follow=False)
    with Delivering(newsroom.relay, FILED % b"pass") as server:
        by_imap(newsroom, server)
        ran = newsroom.run(*TO, follow=False)
    assert ran.code == 0, ran.said
    assert server.looks > 1
    for words in ("Signature of s1, alisei.example holds", "verdict", "Aligned with From"):
        assert words in ran.out
    assert server.seen() == []
    assert server.password not in ran.said


def test_a_server_that_judges_otherwise_or_has_nothing_has_failed(newsroom: Newsroom) -> None:
    newsroom.run("keys", "new", "--selector", "s1", follow=False)
    with Delivering(newsroom.relay, FILED % b"fail") as server:
        by_imap(newsroom, server)
        ran = newsroom.run(*TO, follow=False)
        assert ran.code == 3
        assert "dkim fail" in ran.out
    newsroom.edit("newsletter.toml", "wait = 60", "wait = 0")
    with ImapServer(None) as empty:
        newsroom.edit("newsletter.toml", f"port = {server.port}", f"port = {empty.port}")
        ran = newsroom.run(*TO, follow=False)
        assert ran.code == 3
        assert "Did not arrive" in ran.out
        empty.password = "another"
        ran = newsroom.run(*TO, follow=False)
        assert ran.code != 0
        assert "refuses the login" in ran.err
        assert "NEWSLETTER_STAGING__IMAP__PASSWORD" in ran.err
        assert "segreto" not in ran.said


def test_a_password_of_the_mailbox_does_not_belong_in_git(newsroom: Newsroom) -> None:
    with (newsroom.root / "newsletter.toml").open("a") as file:
        file.write('\n[staging.imap]\nhost = "x"\nusername = "y"\npassword = "s3cret-word"\n')
        file.write('\n[webhooks]\npostmark = "hook:s3cret-word"\n')
    ran = newsroom.run("lists", follow=False)
    assert ran.code == 2
    assert "NEWSLETTER_STAGING__IMAP__PASSWORD" in ran.err
    assert "s3cret-word" not in ran.said


def test_a_test_without_a_key_is_a_warning(newsroom: Newsroom, staging: StagingInbox) -> None:
    states = _titles(newsroom)
    assert staging.received >= len(states)
    assert all(each["Not DKIM signed"] == "Warning" for each in states)


def test_a_signature_is_judged_by_every_octet_that_it_covers() -> None:
    message = make_compiled().fill(VALUES)
    signed = Signer((KEY, EDWARDS)).sign(message, 1_764_320_000)
    assert [each.fault for each in signatures_of(signed, (KEY, EDWARDS))] == ["", ""]
    assert [each.fault for each in signatures_of(signed, (KEY,))] == ["", "unknown key"]
    for old, new, words in (
        (b"Istituto", b"Istituti", "the body was changed"),
        (b"Subject: ", b"Subject: x", "a signed header was changed"),
        (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: Lust", "a signed header"),
        (b"\r\nFrom: ", b"\r\nList-Help: <x>\r\nFrom: ", "a signed header was changed"),
    ):
        assert old in signed
        faults = [each.fault for each in signatures_of(signed.replace(old, new), (KEY, EDWARDS))]
        assert all(words in fault for fault in faults), (old, faults)
