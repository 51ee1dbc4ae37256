"""Click tokens: each names one thing, and none serves for another."""

import hashlib
import re
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import unsubscribe, verp
from newsletter.clicks import Counts, mint, tokens, verify
from newsletter.unsubscribe import Claim, Purpose, TokenKeys

SECRET = "correct horse battery staple"
KEYS = TokenKeys.of("soci.alisei.example", SECRET)
NUMBERS = st.integers(0, 2**40 - 1)


@pytest.mark.slow
@given(NUMBERS, NUMBERS, st.sampled_from(Counts), st.sampled_from(Counts))
def test_a_token_says_what_it_was_minted_for_and_nothing_else(
    campaign: int, number: int, counts: Counts, other: Counts
) -> None:
    token = mint(KEYS, campaign, number, counts)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    assert tokens(KEYS, campaign, counts)(number).decode() == token
    assert verify(KEYS, token, other) == (Claim(campaign, number) if other is counts else None)


@pytest.mark.slow
@given(NUMBERS, NUMBERS, st.sampled_from(Counts), st.sampled_from(Purpose))
def test_no_token_that_counts_unsubscribes_and_none_that_unsubscribes_counts(
    campaign: int, number: int, counts: Counts, purpose: Purpose
) -> None:
    assert unsubscribe.verify(KEYS, mint(KEYS, campaign, number, counts), purpose) is None
    assert verify(KEYS, unsubscribe.mint(KEYS, campaign, number, purpose), counts) is None
    assert verify(KEYS, verp.mint(KEYS, campaign, number), counts) is None


@pytest.mark.slow
@given(st.integers(0, 31), st.sampled_from("ABCxyz019-_"), st.sampled_from(Counts))
def test_a_token_with_one_letter_changed_says_nothing(at: int, letter: str, counts: Counts) -> None:
    token = mint(KEYS, 7, 3, counts)
    changed = token[:at] + letter + token[at + 1 :]
    assert (verify(KEYS, changed, counts) == Claim(7, 3)) is (changed == token)


@pytest.mark.slow
@given(st.text(max_size=40))
def test_no_text_raises(text: str) -> None:
    assert verify(KEYS, text, Counts.LINK) is None


@pytest.mark.parametrize("counts", Counts)
def test_another_list_or_another_secret_has_other_tokens(counts: Counts) -> None:
    token = mint(KEYS, 7, 3, counts)
    assert verify(TokenKeys.of("stampa.alisei.example", SECRET), token, counts) is None
    assert verify(TokenKeys.of("soci.alisei.example", f"{SECRET}!"), token, counts) is None


def test_links_in_mailboxes_work_on_when_a_new_secret_mints() -> None:
    old, new = b"the old secret, long", b"the new secret, long"
    before = TokenKeys("a.example", {1: old})
    after = TokenKeys("a.example", {1: old, 2: new}, 2)
    for counts in Counts:
        assert verify(after, mint(before, 7, 3, counts), counts) == Claim(7, 3)
        assert mint(after, 7, 3, counts) != mint(before, 7, 3, counts)
        assert verify(before, mint(after, 7, 3, counts), counts) is None


@pytest.mark.parametrize("form", [0, 2, 255])
def test_a_form_that_nobody_mints_is_refused_even_with_a_right_proof(form: int) -> None:
    head = bytes((form, 1)) + (7).to_bytes(5, "big") + (3).to_bytes(5, "big")
    signed, key = KEYS.list_id.encode() + head, SECRET.encode()
    mac = hashlib.blake2b(signed, digest_size=12, key=key, person=b"click-link")
    assert verify(KEYS, urlsafe_b64encode(head + mac.digest()).decode(), Counts.LINK) is None


@pytest.mark.parametrize("number", [-1, 2**40])
def test_a_number_that_has_no_room_is_refused(number: int) -> None:
    with pytest.raises(OverflowError):
        mint(KEYS, 1, number, Counts.LINK)
