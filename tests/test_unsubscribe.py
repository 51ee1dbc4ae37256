"""One-click tokens."""

import base64
import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import verp
from newsletter.unsubscribe import Claim, Purpose, TokenKeys, mint, minter, verify

SECRET = "correct horse battery staple"
KEYS = TokenKeys.of("soci.alisei.example", SECRET)
NUMBERS = st.integers(0, 2**40 - 1)


@pytest.mark.slow
@given(NUMBERS, NUMBERS, st.sampled_from(Purpose))
def test_a_token_says_what_it_was_minted_for(campaign: int, seq: int, purpose: Purpose) -> None:
    token = mint(KEYS, campaign, seq, purpose)
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", token)
    assert verify(KEYS, token, purpose) == Claim(campaign, seq)


@given(NUMBERS, NUMBERS, st.binary(min_size=16, max_size=140))
def test_a_token_holds_its_purposes_third_of_a_keyed_hash_whatever_the_secret(
    campaign: int, seq: int, secret: bytes
) -> None:
    keys = TokenKeys("soci.alisei.example", {3: secret}, 3)
    head = b"\x02\x03" + campaign.to_bytes(5, "big") + seq.to_bytes(5, "big")
    key = secret if len(secret) <= 64 else hashlib.blake2b(secret).digest()
    signed = b"soci.alisei.example" + head
    mac = hashlib.blake2b(signed, digest_size=36, key=key, person=b"one-click").digest()
    for at, purpose in enumerate(Purpose):
        expected = base64.urlsafe_b64encode(head + mac[12 * at : 12 * at + 12]).decode()
        assert mint(keys, campaign, seq, purpose) == minter(keys)(campaign, seq, purpose)
        assert mint(keys, campaign, seq, purpose) == expected


@given(NUMBERS, NUMBERS)
def test_all_tokens_of_a_delivery_made_at_once_are_those_made_one_by_one(
    campaign: int, seq: int
) -> None:
    tokens = minter(KEYS).of_campaign(campaign)(seq)
    assert [token.decode() for token in tokens] == [
        mint(KEYS, campaign, seq, purpose) for purpose in Purpose
    ]


def of_first_form(keys: TokenKeys, campaign: int, seq: int, purpose: Purpose) -> str:
    """As it was minted when tokens had an HMAC for each purpose."""
    head = bytes((1, keys.current)) + campaign.to_bytes(5, "big") + seq.to_bytes(5, "big")
    signed = f"{head.hex()}\0{purpose}\0{keys.list_id}".encode()
    mac = hmac.digest(keys.secrets[keys.current], signed, "sha256")[:12]
    return base64.urlsafe_b64encode(head + mac).decode()


@pytest.mark.slow
@given(NUMBERS, NUMBERS, st.sampled_from(Purpose), st.sampled_from(Purpose))
def test_a_token_of_the_first_form_still_works_for_its_purpose_and_list_alone(
    campaign: int, seq: int, purpose: Purpose, other: Purpose
) -> None:
    token = of_first_form(KEYS, campaign, seq, purpose)
    claim = verify(KEYS, token, other)
    assert claim == (Claim(campaign, seq) if other is purpose else None)
    assert verify(TokenKeys.of("stampa.alisei.example", SECRET), token, purpose) is None


def test_tokens_that_are_in_mailboxes_still_work() -> None:
    """Written down before the form changed."""
    for purpose, token in (
        (Purpose.UNSUBSCRIBE, "AQEAAAAABwAAAAPozRD0KmXve4CfQ_Kh"),
        (Purpose.PREFERENCES, "AQEAAAAABwAAAAPoAqIW9j1WFa5_SgCH"),
        (Purpose.BROWSER, "AQEAAAAABwAAAAPoU_cZry0y1LFtQriQ"),
    ):
        assert verify(KEYS, token, purpose) == Claim(7, 1_000)


@pytest.mark.parametrize("form", [0, 1, 3, 255])
def test_a_proof_of_one_form_proves_nothing_in_another(form: int) -> None:
    octets = base64.urlsafe_b64decode(mint(KEYS, 7, 1_000, Purpose.UNSUBSCRIBE))
    renamed = base64.urlsafe_b64encode(bytes((form,)) + octets[1:]).decode()
    assert verify(KEYS, renamed, Purpose.UNSUBSCRIBE) is None


@pytest.mark.parametrize("form", [0, 3, 255])
def test_a_form_that_nobody_mints_is_refused_even_with_a_right_proof(form: int) -> None:
    head = bytes((form, 1)) + (7).to_bytes(5, "big") + (1_000).to_bytes(5, "big")
    signed = KEYS.list_id.encode() + head
    mac = hashlib.blake2b(signed, digest_size=36, key=SECRET.encode(), person=b"one-click")
    token = base64.urlsafe_b64encode(head + mac.digest()[:12]).decode()
    assert verify(KEYS, token, Purpose.UNSUBSCRIBE) is None


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


OLD, NEW_SECRET, NEWEST = ("o" * 32, "n" * 32, "w" * 32)


def test_what_an_older_secret_signed_is_verified_after_each_rotation() -> None:
    alone = TokenKeys.of("news.example", OLD)
    once = TokenKeys.of("news.example", NEW_SECRET, [OLD])
    twice = TokenKeys.of("news.example", NEWEST, [NEW_SECRET, OLD])
    for keys in (alone, once, twice):
        token, path = mint(keys, 7, 3, Purpose.UNSUBSCRIBE), verp.mint(keys, 7, 3)
        for later in (once, twice) if keys is not twice else (twice,):
            assert verify(later, token, Purpose.UNSUBSCRIBE) == Claim(7, 3)
            assert verify(later, token, Purpose.BROWSER) is None
            assert verp.verify(later, path) == Claim(7, 3)
    assert mint(alone, 7, 3, Purpose.BROWSER) == mint(
        TokenKeys("news.example", {1: OLD.encode()}), 7, 3, Purpose.BROWSER
    )


def test_a_secret_that_was_given_up_signs_nothing_any_more() -> None:
    token = mint(TokenKeys.of("news.example", NEW_SECRET, [OLD]), 7, 3, Purpose.UNSUBSCRIBE)
    assert verify(TokenKeys.of("news.example", NEW_SECRET), token, Purpose.UNSUBSCRIBE)
    gone = TokenKeys.of("news.example", NEWEST, [OLD])
    assert verify(gone, token, Purpose.UNSUBSCRIBE) is None
    first = mint(TokenKeys.of("news.example", OLD), 7, 3, Purpose.UNSUBSCRIBE)
    assert verify(TokenKeys.of("news.example", NEW_SECRET), first, Purpose.UNSUBSCRIBE) is None


def test_two_secrets_of_one_number_are_refused() -> None:
    secrets = [f"{number:032d}" for number in range(300)]
    with pytest.raises(ValueError, match="told apart"):
        TokenKeys.of("news.example", secrets[0], secrets[1:])
