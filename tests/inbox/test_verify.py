"""What arrived: each check passes on a good message and fails on a broken one."""

import base64
from collections.abc import Mapping

import pytest

from newsletter.inbox.maildir import Envelope
from newsletter.inbox.verify import Check, State, verify
from tests.inbox.samples import ENVELOPE, HTML, TEXT, sample


def checks(content: bytes, envelope: Envelope = ENVELOPE) -> list[Check]:
    """All checks of one message."""
    return list(verify(content, envelope))


def test_a_good_message_passes_every_check() -> None:
    found = checks(sample())

    assert {check.state for check in found} == {State.PASSED, State.NOTE}
    assert [check.title for check in found if check.state is State.NOTE] == ["Not DKIM signed"]
    assert Check(State.PASSED, "HTML and plain text agree", "2 links in each") in found


@pytest.mark.parametrize(
    ("broken", "state", "title"),
    [
        (sample(unsubscribe=""), State.FAILED, "No List-Unsubscribe"),
        (
            sample(unsubscribe="List-Unsubscribe: <mailto:u@a.example>\r\n"),
            State.WARNING,
            "No one-click unsubscribe",
        ),
        (sample(text=None), State.FAILED, "No plain text part"),
        (sample(html=None), State.FAILED, "No HTML part"),
        (sample(text="nothing"), State.WARNING, "HTML and plain text differ"),
        (sample(html=HTML + "{{ name }}"), State.FAILED, "A slot is not filled"),
        (sample(text=TEXT + "zs0123456789abn4z"), State.FAILED, "A slot is not filled"),
        (sample(subject="{{ name }}"), State.FAILED, "A slot is not filled"),
        (sample(html="x" * 1_200), State.FAILED, "Longest line 1200 octets"),
        (sample(message_id="abc"), State.FAILED, "Headers are not valid"),
        (sample(date="yesterday"), State.FAILED, "Headers are not valid"),
        (sample(headers="Subject: twice\r\n"), State.FAILED, "Headers are not valid"),
        (sample(to="bruno@soci.example"), State.WARNING, "To is another address"),
        (
            sample(html=HTML.replace("https://news", "http://news")),
            State.WARNING,
            "1 image not over https",
        ),
        (sample(html="<p>x</p>\r\n" * 11_000), State.WARNING, "Message 110 KB"),
        (
            sample().replace(b"text/html; charset=utf-8", b"text/html; charset=koi8-r"),
            State.WARNING,
            "Encoding is unusual or broken",
        ),
    ],
)
def test_each_fault_is_found_by_its_check(broken: bytes, state: State, title: str) -> None:
    assert (state, title) in [(check.state, check.title) for check in checks(broken)]


def test_a_signature_is_noted_and_not_claimed_to_be_right() -> None:
    found = checks(sample(headers="DKIM-Signature: v=1; a=rsa-sha256\r\n"))

    assert found[0].state is State.NOTE
    assert found[0].title == "DKIM signature present"


def test_a_heavy_image_is_named_with_its_weight() -> None:
    weights: Mapping[str, int] = {"https://news.alisei.example/images/2019-11/hero.png": 412_000}

    found = verify(sample(), ENVELOPE, weigh=weights.get)

    assert Check(State.WARNING, "1 image over 200 KB", "hero.png, 412 KB") in found


def test_the_envelope_headers_of_the_inbox_do_not_count_as_the_message() -> None:
    content = b"x" * 998 + b"\r\n"

    assert Check(State.PASSED, "Longest line 998 octets", "limit 998") in checks(content)


@pytest.mark.parametrize(
    "name", ["Müller, Anna", "Anna @ Soci", "=1+1 @SUM(A1)", "a <bruno@soci.example>", "李, 安娜"]
)
def test_a_name_that_travels_encoded_does_not_hide_the_address(name: str) -> None:
    encoded = f"=?utf-8?b?{base64.b64encode(name.encode()).decode()}?="
    raw = sample().replace(b"To: Anna ", f"To: {encoded} ".encode())
    assert raw != sample()
    titles = [check.title for check in checks(raw)]
    assert "Addressed to its reader" in titles
    assert "To is another address" not in titles
