"""Whatever strangers send, for as long as you like: `make fuzz`, ten minutes for each reader.

Samples are damaged at random, and damaged samples again. A failure names the seed that shows it.
"""

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from newsletter import clicks, verp
from newsletter.audience.lists import load_list
from newsletter.errors import NewsletterError
from newsletter.feedback.identify import Arrival, events_of
from newsletter.feedback.notices import brevo, mailgun, postmark, sendgrid, ses
from newsletter.feedback.parse import parse
from newsletter.feedback.signatures import Forged
from newsletter.feedback.webhooks import (
    SnsKeys,
    read_brevo,
    read_mailgun,
    read_postmark,
    read_sendgrid,
    read_ses,
)
from newsletter.unsubscribe import Purpose, mint, verify
from tests.cli.newsroom import MEMBERS, PARTNERS
from tests.feedback.test_identify import AT, KEYS, VERP, Sent
from tests.feedback.test_parse import SAMPLES
from tests.feedback.test_webhooks import (
    BOUNCED,
    EVENTS,
    FAILED,
    PUBLIC,
    TOPIC,
    basic,
    envelope,
    post,
)

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0.5"))
SEED = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
LONGEST = 30.0
"""Seconds of processor time that no single input may take, on the slowest of machines."""

PIECES = (
    b"\x00", b"\xff\xfe", b"\r", b"\n\n", b"--b", b"Content-Type: ", b"=?utf-8?b?", b"@", b"<",
    b">", b'"', b",", b";", b"{", b"[", b"\\u0000", b"\xed\xa0\x80", b"9" * 30, b"a" * 300, b"\t",
    b"=3D",
)  # fmt: skip


def damaged(chance: random.Random, samples: Sequence[bytes]) -> bytes:
    """A sample, or two of them joined, with some of its octets changed."""
    raw = bytearray(chance.choice(samples))
    if chance.random() < 0.2:
        other = chance.choice(samples)
        raw[chance.randrange(len(raw) + 1) :] = other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.randrange(12)):
        at = chance.randrange(len(raw) + 1)
        match chance.randrange(4):
            case 0:
                raw[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                raw[at:at] = chance.choice(PIECES) * chance.randrange(1, 4)
            case 2:
                del raw[at : at + chance.randrange(40)]
            case _:
                raw[at:at] = raw[at : at + chance.randrange(400)]
    return bytes(raw)


def chances(seed: int) -> random.Random:
    """Chance that can be had again."""
    return random.Random(seed)  # noqa: S311 nothing secret


def fuzz(target: Callable[[bytes], None], samples: Sequence[bytes]) -> int:
    """Feed it until the time is over; how many inputs that were."""
    chance = chances(SEED)
    pool, fed, end = list(samples), 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        raw = damaged(chance, pool)
        began = time.process_time()
        try:
            target(raw)
        except Exception as error:
            error.add_note(f"FUZZ_SEED={SEED}, input {fed}: {raw[:2_000]!r}")
            raise
        assert time.process_time() - began < LONGEST, f"FUZZ_SEED={SEED}, input {fed}"
        if len(raw) < 20_000 and chance.random() < 0.01:
            pool[chance.randrange(len(pool))] = raw
            pool.append(chance.choice(list(samples)))
        fed += 1
    return fed


def read_mail(raw: bytes) -> None:
    """A mail, to its events."""
    heard = parse(raw)
    for event in events_of(heard, raw, KEYS, Sent(), Arrival("fuzz", AT)):
        assert len(event.words) <= 300
        assert len(event.status) <= 9


def read_token(raw: bytes) -> None:
    """Tokens of every kind; a damaged one is never good."""
    text = raw.decode("latin-1")
    for purpose in Purpose:
        claim = verify(KEYS, text, purpose)
        assert claim is None or text == mint(KEYS, claim.campaign, claim.seq, purpose)
    for counts in clicks.Counts:
        claim = clicks.verify(KEYS, text, counts)
        assert claim is None or text == clicks.mint(KEYS, claim.campaign, claim.seq, counts)
    for token in [text, *verp.tokens_in(text)]:
        claim = verp.verify(KEYS, token)
        assert claim is None or token.lower() == verp.mint(KEYS, claim.campaign, claim.seq)


def read_hook(raw: bytes) -> None:
    """A post to each provider's door, and its event as if it were signed."""
    secret = {"authorization": basic("hook:geheim")}
    doors: list[Callable[[], object]] = [
        lambda: read_postmark(post(raw, **secret), "hook:geheim"),
        lambda: read_brevo(post(raw, **secret), "hook:geheim"),
        lambda: read_mailgun(post(raw), "key-1"),
        lambda: read_sendgrid(post(raw), PUBLIC),
        lambda: read_ses(post(raw), SnsKeys(TOPIC, lambda _: b"")),
    ]
    for read in doors:
        try:
            read()
        except (Forged, ValueError):
            continue
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        return
    for event in told if isinstance(told, list) else [told]:
        if isinstance(event, dict):
            for notices in (
                ses(event, ""),
                postmark(event),
                mailgun(event, "t"),
                sendgrid(event),
                brevo(event),
            ):
                list(notices)


@pytest.mark.slow
def test_bounces() -> None:
    assert fuzz(read_mail, SAMPLES) > 0


@pytest.mark.slow
def test_tokens() -> None:
    tokens = [mint(KEYS, 3, 2, purpose).encode() for purpose in Purpose]
    tokens += [clicks.mint(KEYS, 3, 2, counts).encode() for counts in clicks.Counts]
    assert fuzz(read_token, [*tokens, VERP.encode(), verp.mint(KEYS, 3, 2).encode()]) > 0


@pytest.mark.slow
def test_web_hooks() -> None:
    bodies = [json.dumps(body).encode() for body in (BOUNCED, FAILED, envelope())]
    told = json.loads(envelope()["Message"])
    assert fuzz(read_hook, [*bodies, EVENTS, json.dumps(told).encode()]) > 0


@pytest.mark.slow
def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "soci.csv"

    def read_list(raw: bytes) -> None:
        path.write_bytes(raw)
        try:
            load_list(path)
        except NewsletterError:
            return

    samples = [
        MEMBERS.encode(),
        PARTNERS.encode("utf-16"),
        MEMBERS.replace(",", ";").encode("cp1252"),
        b'\xef\xbb\xbfsep=;\r\nemail;name\r\na@b.example;"x"\r\n',
    ]
    assert fuzz(read_list, samples) > 0


@pytest.mark.parametrize("seed", range(3))
def test_a_seed_says_the_same_again(seed: int) -> None:
    first, second = chances(seed), chances(seed)
    assert [damaged(first, SAMPLES) for _ in range(20)] == [
        damaged(second, SAMPLES) for _ in range(20)
    ]
