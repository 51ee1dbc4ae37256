"""The doors of web hooks: shut until a secret is set, answered only when it is recorded."""

import base64
import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from newsletter.app.memory import open_ledger
from newsletter.app.open import open_app
from newsletter.web.public_serving import serving_public
from tests.cli.newsroom import write_newsletter
from tests.feedback.mails import READER
from tests.feedback.test_webhooks import BOUNCED, basic


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A newsletter that listens to Postmark."""
    write_newsletter(tmp_path)
    monkeypatch.setenv("NEWSLETTER_WEBHOOKS__POSTMARK", "hook:geheim")
    return tmp_path


async def answers(root: Path, *posts: tuple[str, bytes, str]) -> list[int]:
    """What real requests are answered: path, body, authorization."""
    import asyncio

    app = open_app(root)

    def ask(address: str, path: str, body: bytes, said: str) -> int:
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        connection.request("POST", path, body, {"Authorization": said} if said else {})
        status = connection.getresponse().status
        connection.close()
        return status

    async with serving_public(app, "127.0.0.1", 0) as place:
        return [await asyncio.to_thread(ask, place.address, *each) for each in posts]


def run(root: Path, *posts: tuple[str, bytes, str]) -> list[int]:
    """The same, from a test."""
    import asyncio

    return asyncio.run(answers(root, *posts))


BODY = json.dumps(BOUNCED).encode()


@pytest.mark.slow
def test_a_post_is_recorded_once_and_silences(root: Path) -> None:
    good = ("/hooks/postmark", BODY, basic("hook:geheim"))
    assert run(root, good, good) == [200, 200]
    with open_ledger(open_app(root)) as ledger:
        assert len(ledger.returns.latest()) == 1
        (gone,) = ledger.suppressions()
    assert (gone.address, gone.reason, gone.source) == (READER, "bounced", "postmark")


def test_a_door_is_shut_until_its_secret_is_set(root: Path) -> None:
    names = ("mailgun", "sendgrid", "brevo", "ses", "nowhere")
    assert run(root, *((f"/hooks/{name}", BODY, "") for name in names)) == [404] * 5


@pytest.mark.slow
@pytest.mark.parametrize("said", ["", basic("hook:other"), base64.b64encode(b"x").decode()])
def test_a_forged_post_is_refused_and_nothing_written(root: Path, said: str) -> None:
    assert run(root, ("/hooks/postmark", BODY, said)) == [401]
    with open_ledger(open_app(root)) as ledger:
        assert ledger.returns.latest() == ()


@pytest.mark.slow
def test_a_post_that_is_too_large_or_no_json_is_refused(root: Path) -> None:
    said = basic("hook:geheim")
    big = ("/hooks/postmark", b"x" * 1_100_000, said)
    assert run(root, big, ("/hooks/postmark", b"{", said)) == [413, 400]


@pytest.mark.slow
def test_what_cannot_be_recorded_is_not_answered_as_done(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from newsletter.errors import LedgerUnavailable
    from newsletter.ledger.returns import Returns

    def fails(*_: object) -> None:
        message = "busy"
        raise LedgerUnavailable(message)

    monkeypatch.setattr(Returns, "record", fails)
    (status,) = run(root, ("/hooks/postmark", BODY, basic("hook:geheim")))
    assert status == 503
