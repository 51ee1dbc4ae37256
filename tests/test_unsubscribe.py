"""One-click tokens."""

import base64
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.unsubscribe import Claim, Purpose, TokenKeys, mint, minter, verify

SECRET = "correct horse battery staple"
KEYS = TokenKeys.of("soci.alisei.example", SECRET)
NUMBERS = st.integers(0, 2**40 - 1)


@given(NUMBERS, NUMBERS, st.sampled_from(Purpose))
def test_a_token_says_what_it_was_minted_for(campaign: int, seq: int, purpose: Purpose) -> None:
    token = mint(KEYS, campaign, seq, purpose)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    assert verify(KEYS, token, purpose) == Claim(campaign, seq)


@given(NUMBERS, NUMBERS, st.sampled_from(Purpose), st.binary(min_size=16, max_size=140))
def test_a_token_holds_the_plain_hmac_whatever_the_secret(
    campaign: int, seq: int, purpose: Purpose, secret: bytes
) -> None:
    keys = TokenKeys("soci.alisei.example", {3: secret}, 3)
    head = b"\x01\x03" + campaign.to_bytes(5, "big") + seq.to_bytes(5, "big")
    signed = f"{head.hex()}\0{purpose}\0soci.alisei.example".encode()
    mac = hmac.digest(secret, signed, "sha256")[:12]
    expected = base64.urlsafe_b64encode(head + mac).decode()
    assert mint(keys, campaign, seq, purpose) == minter(keys)(campaign, seq, purpose) == expected


@given(st.integers(0, 31), st.sampled_from("ABCxyz019-_"))
def test_a_token_with_one_letter_changed_says_nothing(at: int, letter: str) -> None:
    token = mint(KEYS, 7, 1_000, Purpose.UNSUBSCRIBE)
    changed = token[:at] + letter + token[at + 1 :]
    claim = verify(KEYS, changed, Purpose.UNSUBSCRIBE)
    assert (claim == Claim(7, 1_000)) is (changed == token)


@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    assert verify(KEYS, text, Purpose.UNSUBSCRIBE) is None


def test_a_token_serves_one_purpose_and_one_list_only() -> None:
    token = mint(KEYS, 7, 1, Purpose.BROWSER)
    assert verify(KEYS, token, Purpose.UNSUBSCRIBE) is None
    other = TokenKeys.of("stampa.alisei.example", SECRET)
    assert verify(other, token, Purpose.BROWSER) is None


def test_an_old_key_verifies_but_no_longer_mints() -> None:
    old = mint(KEYS, 7, 1, Purpose.UNSUBSCRIBE)
    both = TokenKeys(KEYS.list_id, {1: SECRET.encode(), 2: b"another secret of 25 octets"}, 2)
    assert verify(both, old, Purpose.UNSUBSCRIBE) == Claim(7, 1)
    assert verify(KEYS, mint(both, 7, 1, Purpose.UNSUBSCRIBE), Purpose.UNSUBSCRIBE) is None


def test_the_secret_shows_in_no_repr() -> None:
    assert "horse" not in repr(KEYS)


@pytest.mark.parametrize(
    ("secrets", "current"),
    [({1: b"short"}, 1), ({1: SECRET.encode()}, 2), ({300: SECRET.encode()}, 300)],
)
def test_weak_or_missing_keys_are_refused(secrets: dict[int, bytes], current: int) -> None:
    with pytest.raises(ValueError, match="key"):
        TokenKeys("soci.example", secrets, current)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OverflowError):
        mint(KEYS, -1, 1, Purpose.UNSUBSCRIBE)
