"""Return paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.unsubscribe import Claim, Purpose, TokenKeys
from newsletter.unsubscribe import mint as mint_link
from newsletter.values import Address
from newsletter.verp import LONGEST_BEGIN, mint, return_paths, tokens_in, verify

SECRET = "correct horse battery staple"
KEYS = TokenKeys.of("soci.alisei.example", SECRET)
NUMBERS = st.integers(0, 2**40 - 1)
BOUNCES = "bounces@news.alisei.example"


@pytest.mark.slow
@given(NUMBERS, NUMBERS, st.sampled_from([str.upper, str.lower, str.swapcase, str.title]))
def test_a_return_path_names_its_delivery_in_whatever_case_it_comes_back(
    campaign: int, seq: int, altered: type[str]
) -> None:
    path = return_paths(KEYS, campaign, BOUNCES)(seq)
    assert path.startswith("bounces+")
    assert path.endswith("@news.alisei.example")
    assert path == path.lower()
    (token,) = tokens_in(altered(path))
    assert verify(KEYS, token) == Claim(campaign, seq)
    assert token.lower() == mint(KEYS, campaign, seq)


@pytest.mark.slow
@given(st.text("abcdefghijklmnopqrstuvwxyz.-_", min_size=1, max_size=LONGEST_BEGIN))
def test_a_return_path_is_an_address_that_every_relay_takes(local: str) -> None:
    local = f"b{local.strip('.').replace('..', '')}b"[:LONGEST_BEGIN].strip(".")
    path = return_paths(KEYS, 2**40 - 1, f"{local}@news.example")(2**40 - 1)
    assert Address.parse(path).text == path
    assert len(path.rpartition("@")[0]) <= 64


def test_an_address_without_room_for_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="octets before the @"):
        return_paths(KEYS, 1, f"{'b' * (LONGEST_BEGIN + 1)}@news.example")


def test_a_path_that_is_in_mailboxes_still_works() -> None:
    """Written down when the form was made."""
    token = "01010000000007000000000c940e4e5d06921937e976"
    keys = TokenKeys.of("a.example", "the secret of the tests")
    assert verify(keys, token) == Claim(7, 12)


@given(st.integers(0, 43), st.sampled_from("0123456789abcdefABCDEF"))
def test_a_token_with_one_letter_changed_says_nothing(at: int, letter: str) -> None:
    token = mint(KEYS, 7, 1_000)
    changed = token[:at] + letter + token[at + 1 :]
    claim = verify(KEYS, changed)
    assert (claim == Claim(7, 1_000)) is (changed.lower() == token)
    assert claim in (None, Claim(7, 1_000))


@given(st.text(max_size=60) | st.text("0123456789abcdef", min_size=44, max_size=44))
def test_no_text_raises_and_none_is_a_token_by_chance(text: str) -> None:
    assert verify(KEYS, text) is None
    tokens_in(text)


@pytest.mark.parametrize("form", [0, 2, 255])
def test_a_form_that_nobody_mints_is_refused_even_with_a_right_proof(form: int) -> None:
    from newsletter.verp import _prepared

    head = bytes((form, 1)) + (7).to_bytes(5, "big") + (1_000).to_bytes(5, "big")
    mac = _prepared(SECRET.encode(), KEYS.list_id)
    mac.update(head)
    assert verify(KEYS, head.hex() + mac.hexdigest()) is None


def test_a_token_serves_its_list_alone() -> None:
    other = TokenKeys.of("stampa.alisei.example", SECRET)
    assert verify(other, mint(KEYS, 7, 1)) is None


def test_an_old_key_verifies_but_no_longer_mints() -> None:
    old = mint(KEYS, 7, 1)
    both = TokenKeys(KEYS.list_id, {1: SECRET.encode(), 2: b"another secret of 25 octets"}, 2)
    assert verify(both, old) == Claim(7, 1)
    assert verify(both, mint(both, 7, 1)) == Claim(7, 1)
    assert verify(KEYS, mint(both, 7, 1)) is None


def test_what_proves_a_readers_link_proves_no_return_path() -> None:
    """A reader may pass a link on; whoever has it can forge no bounce with it."""
    import base64

    for purpose in Purpose:
        octets = base64.urlsafe_b64decode(mint_link(KEYS, 7, 1, purpose))
        head = bytes((1, 1)) + octets[2:12]
        assert verify(KEYS, (head + octets[12:22]).hex()) is None


def test_tokens_are_found_in_headers_that_quote_them() -> None:
    path = return_paths(KEYS, 7, BOUNCES)(3)
    token = path.split("+")[1].split("@")[0]
    said = f"rfc822; <{path.upper()}>, Original-Recipient: {path}"
    assert [each.lower() for each in tokens_in(said)] == [token, token]
    assert tokens_in(f"bounces+{token}0@news.example {token}@news.example") == []


def test_the_secret_shows_in_no_path_and_no_error() -> None:
    assert SECRET.encode().hex() not in mint(KEYS, 1, 1)
