"""`newsletter test --verify`: what was sent is read back as it arrived."""

import pytest

from newsletter.inbox.server import StagingInbox
from newsletter.signed import signatures_of
from newsletter.signing import Algorithm, Signer, SigningKey, new_key
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.test_keys import resolver
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
