"""What is in doubt is held, listed and settled by the officer's word, and never by itself."""

import pytest

from tests.cli.doubting import dropping, send_to
from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA

pytestmark = pytest.mark.slow  # real messages over real SMTP


def test_who_is_in_doubt_is_held_listed_and_settled_by_word(newsroom: Newsroom) -> None:
    with dropping(ANNA) as relay:
        sent = send_to(newsroom, relay)
        assert sent.code == 6
        assert "next: newsletter reconcile 1" in sent.said
        listed = newsroom.run("reconcile", follow=False)
        assert listed.code == 6
        assert ANNA in listed.said
        assert f"      Message-ID {relay.doubted[ANNA]}\n" in listed.said
        told = newsroom.run("reconcile", "--format", "json", follow=False).object
        assert [doubt["message_id"] for doubt in told["doubts"]] == [relay.doubted[ANNA]]
        settled = newsroom.run("reconcile", "--recipient", ANNA, "--not-accepted", follow=False)
        assert settled.code == 0
        assert "next: newsletter resume 1" in settled.said
        assert newsroom.run("resume", follow=False).code == 0
        assert newsroom.run("ledger", "verify", follow=False).code == 0


def test_a_word_on_somebody_who_is_not_in_doubt_changes_nothing(newsroom: Newsroom) -> None:
    newsroom.run("send", ISSUE, "--yes", follow=False)
    refused = newsroom.run("reconcile", "--recipient", ANNA, "--accepted", follow=False)
    assert refused.code == 2
    assert f"{ANNA} is not in doubt in campaign 1" in refused.said
