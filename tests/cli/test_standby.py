"""A standby took over from the ledger's server: it may lack what was sent last."""

import pytest

from tests.cli.newsroom import ISSUE, Newsroom
from tests.cli.readers import ANNA
from tests.cli.test_public import FORM, one_click_of, send, served
from tests.ledger.databases import another_history, empty, postgres, servers

__all__ = ["postgres", "servers"]
pytestmark = [pytest.mark.slow, pytest.mark.postgres]  # real messages over real SMTP


def test_readers_are_heard_and_nothing_is_sent_until_it_is_taken_over(
    newsroom: Newsroom, postgres: str
) -> None:
    empty(postgres)
    settings = newsroom.root / "newsletter.toml"
    settings.write_text(f'ledger = "{postgres}"\n{settings.read_text("utf-8")}', "utf-8")
    send(newsroom, ISSUE, 5)
    leave = one_click_of(newsroom, ANNA)
    with served(newsroom) as client:
        another_history(postgres)
        assert client.ask(leave, "POST", FORM, "List-Unsubscribe=One-Click").status == 200
    assert ANNA in newsroom.run("suppressions", "list", follow=False).out

    sent = len(newsroom.relay.received)
    refused = newsroom.run("send", ISSUE, "--yes", "--again", follow=False)
    assert refused.code == 2
    assert "the server of this ledger began another history" in refused.err
    assert len(newsroom.relay.received) == sent
    assert newsroom.run("ledger", "take-over", "--yes", follow=False).code == 0
    assert newsroom.run("send", ISSUE, "--yes", "--again", follow=False).code == 0
    assert len(newsroom.relay.received) == sent + 4
