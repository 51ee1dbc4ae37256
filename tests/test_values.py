"""The value types that all rooms share."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.values import (
    Address,
    Language,
    Rate,
    choose_language,
    digest_of,
    direction,
    nearest,
    parse_language,
    parse_slug,
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Anna@SOCI.Example", "Anna@soci.example"),
        ("a+b_c.d@soci.example", "a+b_c.d@soci.example"),
        ("anna@università.example", "anna@xn--universit-y1a.example"),
        ("o'brien@x.test", "o'brien@x.test"),
    ],
)
def test_an_address_is_kept_with_its_domain_in_small_ascii_letters(raw: str, text: str) -> None:
    address = Address.parse(raw)
    assert (address.text, str(address)) == (text, text)
    assert address.key == text.casefold()
    assert f"{address.local}@{address.domain}" == text


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "anna",
        "anna@",
        "@soci.example",
        "a b@soci.example",
        "a@b@soci.example",
        "anna@soci.example SIZE=1",
        "anna@soci.example\n",
        "anna@soci.example\r\nBcc: x@y.example",
        "anna@soci..example",
        ".anna@soci.example",
        "an..na@soci.example",
        "anna@-soci.example",
        "a" * 65 + "@soci.example",
        "a@" + "b" * 64 + ".example",
        "a@" + "b." * 130 + "example",
        "a@soci.example,b@soci.example",
        "Anna <a@soci.example>",
        "\x00@soci.example",
        "a@soci.example\u200b",
        "=?utf-8?q?a?= @soci.example",
    ],
)
def test_what_is_no_address_is_refused_in_a_sentence(raw: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Address.parse(raw)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.one_of(st.emails(), st.text(max_size=30)))
def test_an_address_that_passes_is_its_own_form(raw: str) -> None:
    try:
        address = Address.parse(raw)
    except ValueError:
        return
    assert Address.parse(address.text) == address
    assert not set("\r\n\0 <>,;") & set(address.text)
    assert address.domain.isascii()


def test_slugs_are_small_letters_digits_and_single_hyphens() -> None:
    assert parse_slug("2019-11-assemblea") == "2019-11-assemblea"
    for raw in ("", "A", "a--b", "-a", "a/b", "..", "a\n", "è"):
        with pytest.raises(ValueError, match="name"):
            parse_slug(raw)


@pytest.mark.parametrize(
    ("raw", "tag"), [("IT", "it"), ("fr_ca", "fr-CA"), ("ZH-hANS-cn", "zh-Hans-CN"), (" en ", "en")]
)
def test_language_tags_are_brought_into_their_usual_case(raw: str, tag: str) -> None:
    assert parse_language(raw) == tag


@pytest.mark.parametrize("raw", ["", "italiano", "i", "en-", "it-Italy", "eſ", "\u212ao"])
def test_what_is_no_language_tag_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="language tag"):
        parse_language(raw)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("it", "it"),
        ("IT-it", "it"),
        ("fr", "fr-CA"),
        ("fr-FR", "fr-CA"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("de", "it"),
        ("", "it"),
        ("nonsense!", "it"),
    ],
)
def test_a_reader_gets_the_nearest_language_else_the_default(wanted: str, chosen: str) -> None:
    offered = [Language(tag) for tag in ("it", "en", "fr-CA", "zh-Hans")]
    assert choose_language(wanted, offered, Language("it")) == chosen


def test_scripts_have_a_direction() -> None:
    assert [direction(Language(tag)) for tag in ("it", "ar", "he-IL")] == ["ltr", "rtl", "rtl"]


@pytest.mark.parametrize(
    ("raw", "per_second", "text"),
    [
        ("5/s", 5.0, "5/s"),
        ("200 / min", 200 / 60, "200/min"),
        ("0.5/second", 0.5, "0.5/s"),
        ("3600/h", 1.0, "3600/h"),
        ("10000/day", 10_000 / 86_400, "10000/day"),
    ],
)
def test_a_rate_is_read_and_shown(raw: str, per_second: float, text: str) -> None:
    rate = Rate.parse(raw)
    assert rate.per_second == pytest.approx(per_second)
    assert str(rate) == text
    assert Rate.parse(str(rate)) == rate


@pytest.mark.parametrize(
    "raw",
    ["", "5", "0/s", "-1/s", "5/week", "five/s", "1/0", "5/s5/s", f"{'9' * 400}/s"],
)
def test_what_is_no_rate_is_refused_with_the_form(raw: str) -> None:
    with pytest.raises(ValueError, match="5/s"):
        Rate.parse(raw)


@pytest.mark.slow
@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_two_splits_of_the_same_octets_have_different_digests(
    one: list[bytes], two: list[bytes]
) -> None:
    assert (digest_of(*one) == digest_of(*two)) is (one == two)


def test_the_nearest_word_is_found_or_none() -> None:
    assert nearest("intrests", ["interests", "country"]) == "interests"
    assert nearest("zzz", ["interests", "country"]) is None
