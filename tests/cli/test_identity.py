"""Who the mail is from: envelope, headers and signature, through the real command and relay."""

import pytest

from newsletter.unsubscribe import Claim, TokenKeys
from newsletter.verp import tokens_in, verify
from tests.cli.newsroom import EVERYBODY, ISSUE, Newsroom
from tests.cli.readers import ANNA, SEND, due_now
from tests.cli.relay import parsed

pytestmark = pytest.mark.slow  # real messages over real SMTP

_BOUNCES = 'bounce_address = "bounces@news.alisei.example"\n'


def say(newsroom: Newsroom, words: str, *, before: str = "list_id") -> None:
    """Put a line into the settings."""
    text = (newsroom.root / "newsletter.toml").read_text()
    newsroom.write("newsletter.toml", text.replace(before, words + before, 1))


def test_each_delivery_has_a_return_path_that_names_its_row(newsroom: Newsroom) -> None:
    say(newsroom, _BOUNCES)
    assert newsroom.run(*SEND).code == 0
    secret = (newsroom.root / ".newsletter" / "secret").read_text().strip()
    keys = TokenKeys.of("news.alisei.example", secret)
    claims = {}
    for reader, path in newsroom.relay.senders.items():
        assert path.endswith("@news.alisei.example")
        (token,) = tokens_in(path.upper())
        claims[reader] = verify(keys, token)
        message = newsroom.relay.message_of(reader)
        assert claims[reader] == Claim(1, int(message["Message-ID"].split(".")[1]))
    assert set(claims) == EVERYBODY
    assert len(set(claims.values())) == len(EVERYBODY)


def test_without_a_bounce_address_the_envelope_is_the_senders(newsroom: Newsroom) -> None:
    assert newsroom.run(*SEND).code == 0
    assert set(newsroom.relay.senders.values()) == {"news@alisei.example"}


def test_the_bounce_address_is_frozen_with_the_campaign(newsroom: Newsroom) -> None:
    say(newsroom, _BOUNCES)
    assert newsroom.run(*SEND, "--at", "2099-01-01 09:00", follow=False).code == 0
    newsroom.edit("newsletter.toml", "bounces@news", "elsewhere@news")
    due_now(newsroom)
    newsroom.run("run-due", follow=False)
    assert len(newsroom.relay.senders) == len(EVERYBODY)
    assert all(path.startswith("bounces+") for path in newsroom.relay.senders.values())


@pytest.mark.parametrize("wrong", ["b+x@news.alisei.example", f"{'b' * 20}@a.example", "bounces"])
def test_a_bounce_address_without_room_for_a_token_is_refused_at_its_line(
    newsroom: Newsroom, wrong: str
) -> None:
    say(newsroom, f'bounce_address = "{wrong}"\n')
    ran = newsroom.run("plan", ISSUE)
    assert ran.code == 2
    assert "newsletter.toml:" in ran.err
    assert "bounce_address" in ran.err


def test_every_message_says_where_help_is_and_whose_it_is(newsroom: Newsroom) -> None:
    say(newsroom, 'feedback_id = "alisei-2026"\n')
    say(newsroom, 'help = "https://news.alisei.example/aiuto"\n', before="\n[staging]")
    assert newsroom.run(*SEND).code == 0
    for _, content in newsroom.relay.received:
        message = parsed(content)
        assert message["List-Help"] == "<https://news.alisei.example/aiuto>"
        assert message["Feedback-ID"] == f"{ISSUE}:news.alisei.example:newsletter:alisei-2026"


def test_help_is_where_answers_go_unless_said_otherwise(newsroom: Newsroom) -> None:
    assert newsroom.run(*SEND).code == 0
    message = newsroom.relay.message_of(ANNA)
    assert message["List-Help"] == "<mailto:redazione@alisei.example?subject=help>"
    assert message["Feedback-ID"].split(":")[-1] == "newsaliseiexamp"
