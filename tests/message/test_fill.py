"""What a reader gets is exactly the page with the values put in, whatever they hold."""

import html
import re
from collections.abc import Iterable, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.edition.model import Edition
from newsletter.message import CompiledMessage, body_text, compile_message, header_text, headers
from newsletter.message.quoted import encode_plain, encode_segment
from tests.message.make import (
    LINK,
    NAME,
    OPTIONS,
    OTHER,
    SLOTS,
    VALUES,
    make_compiled,
    make_edition,
)

HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{% raw %}",
    "a\r\nBcc: x@y.example",
    "a\nb\rc\r\n.\r\nd",
    "=?utf-8?q?a=0D=0ABcc:_x@y.example?=",
    "=?utf-8?b?QQ==?= =?utf-8?b?QQ==?=",
    "\0",
    "x" * 10_000,
    "漢字" * 5_000,
    "\u202eolleh\u202c \u2066x",
    "a\u2028b\u2029c\u0085d",
    "\ud800 \udfff",
    NAME,
    LINK,
    "=3D=",
    "=",
    ".",
    "..\r\n.",
    "From me",
    'a"b\\c, <d@e.example>; (f)',
    " ",
    "  two  spaces  ",
    "trailing ",
    "\t",
    "é" * 75,
    "👩‍👩‍👧 é\u0301",
    "--=_x",
    "&amp;&#39;",
)
VALUE = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=120))


def parsed(message: bytes) -> EmailMessage:
    found = message_from_bytes(message, policy=policy.default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def rendered_slowly(content: str, values: Mapping[str, str], *, markup: bool) -> str:
    """The page with each token replaced, one after the other, as nobody would dare to send it."""

    def shown(match: re.Match[str]) -> str:
        slot = SLOTS[match[0]]
        value = body_text(values.get(slot.name) or slot.default or "")
        return html.escape(value) if markup else value

    return re.sub("|".join(SLOTS), shown, content.rstrip("\n") + "\n")


def assert_shaped(message: bytes) -> None:
    """CRLF only, 7 bit, lines that relays, mbox files and RFC 5322 take."""
    assert message.isascii()
    assert message.endswith(b"\r\n")
    assert b"\0" not in message
    assert message.count(b"\n") == message.count(b"\r") == message.count(b"\r\n")
    head, _, rest = message.partition(b"\r\n\r\n")
    assert max(map(len, rest.split(b"\r\n"))) <= 76
    for line in head.split(b"\r\n"):
        assert len(line) <= (76 if b"=?" in line else 998)
        assert line.strip()
    assert not any(line.startswith((b".", b"From ")) for line in rest.split(b"\r\n"))
    for line in re.findall(rb"(?im)^(?:List-|Message-ID)(?:.*(?:\r\n .*)*)", head):
        assert b"=?" not in line


def unspaced(name: str) -> str:
    """Python 3.11's parser puts a space between the encoded words of a phrase."""
    return name.replace(" ", "")


HEADERS = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
]


def assert_same_as_slow(
    compiled: CompiledMessage, edition: Edition, values: Mapping[str, str]
) -> None:
    octets = compiled.fill(values)
    assert_shaped(octets)
    message = parsed(octets)
    assert message.keys() == HEADERS
    assert body(message, "html") == rendered_slowly(edition.html, values, markup=True)
    assert body(message, "plain") == rendered_slowly(edition.text, values, markup=False)


COMPILED = make_compiled()


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_comes_out_as_text(value: str) -> None:
    values = {**VALUES, "first_name": value, "organisation": value, "to_name": value}
    assert_same_as_slow(COMPILED, make_edition(), values)
    message = parsed(COMPILED.fill(values))
    shown = header_text(value) or "lettrice, lettore"
    assert message["Subject"] == f"{shown}, l'assemblea è vicina"
    assert [each.addr_spec for each in message["To"].addresses] == ["anna@soci.example"]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_program_that_parses_and_writes_again_injects_nothing(value: str) -> None:
    """CVE-2024-6923: the email package writes a decoded line break as one that ends a header."""
    values = {**VALUES, "first_name": value, "to_name": value}
    again = parsed(COMPILED.fill(values)).as_bytes(policy=policy.SMTP)
    assert message_from_bytes(again).keys() == HEADERS


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(VALUE, VALUE, VALUE)
def test_any_value_comes_out_as_text(first: str, second: str, third: str) -> None:
    values = {**VALUES, "first_name": first, "organisation": second, "to_name": third}
    assert_same_as_slow(COMPILED, make_edition(), values)


def scraps(random: Random) -> Iterable[str]:
    """Pieces of pages in which tokens meet line ends, dots, signs and each other."""
    pieces = [NAME, OTHER, LINK, "\n", " ", ".", "=", "From ", "è", "中", "<p>", "\t", "x" * 70]
    for _ in range(random.randrange(40)):
        yield random.choice(pieces)


@pytest.mark.slow
def test_thousands_of_pages_decode_to_the_slow_rendering() -> None:
    random = Random(20191115)  # noqa: S311  # pages, not secrets
    for _ in range(3_000):
        edition = make_edition(html="".join(scraps(random)), text="".join(scraps(random)))
        values = dict(VALUES)
        values["first_name"], values["organisation"] = random.choices(
            HOSTILE[:8] + HOSTILE[10:], k=2
        )
        octets = make_compiled(edition).fill(values)
        assert_shaped(octets)
        bodies = (part for part in message_from_bytes(octets).walk() if not part.is_multipart())
        plain, markup = (part.get_payload(decode=True) for part in bodies)
        for found, content in ((plain, edition.text), (markup, edition.html)):
            slow = rendered_slowly(content, values, markup=found is markup)
            assert found == slow.replace("\n", "\r\n").encode()


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([NAME, OTHER, "è", " ", "a b", "中文", "."]), max_size=8), VALUE)
def test_a_subject_holds_slots_anywhere(parts: list[str], value: str) -> None:
    subject = "".join(["S", *parts, "E"])
    compiled = make_compiled(make_edition(subject=subject))
    values = {**VALUES, "first_name": value, "organisation": ""}
    shown = header_text(value) or "lettrice, lettore"
    squeezed = " ".join(filter(None, subject.split(" ")))
    expected = squeezed.replace(NAME, shown).replace(OTHER, "")
    assert parsed(compiled.fill(values))["Subject"] == expected
    assert_shaped(compiled.fill(values))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(VALUE)
def test_the_name_in_to_survives_as_text(name: str) -> None:
    message = parsed(COMPILED.fill({**VALUES, "to_name": name}))
    (mailbox,) = message["To"].addresses
    assert mailbox.addr_spec == "anna@soci.example"
    assert unspaced(mailbox.display_name) == unspaced(header_text(name))


def test_missing_and_empty_fields_give_the_default_or_nothing() -> None:
    message = parsed(COMPILED.fill({"email": "a@b.example", "first_name": ""}))
    assert "Gentile lettrice, lettore,\n" in body(message, "plain")
    assert 'title=""' in body(message, "html")
    assert message["Date"] is None
    assert message["List-Unsubscribe"] is None


def test_fields_without_value_and_default_are_named() -> None:
    assert COMPILED.missing(VALUES) == ()
    without = {name: value for name, value in VALUES.items() if name == "email"}
    assert COMPILED.missing(without) == ("date", "message_id", "unsubscribe_url", "organisation")
    assert {"first_name", "organisation", "email"} <= COMPILED.slot_names


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "a@b.example\r\nBcc: x@y.example"),
        ("email", "a@b.example, c@d.example"),
        ("email", "a@b.example> SIZE=1"),
        ("message_id", "<a@b>\r\nBcc: x@y.example"),
        ("message_id", "a@b.example"),
        ("message_id", "<=?utf-8?q?a?=@b.example>"),
        ("date", "now\r\nBcc: x@y.example"),
        ("unsubscribe_url", "https://a.example/>,\r\nBcc: x@y.example"),
        ("unsubscribe_url", "javascript:alert(1)"),
        ("unsubscribe_url", "https://a.example/=?utf-8?q?a?="),
        ("unsubscribe_mailto", "leave@a.example"),
        ("unsubscribe_mailto", "mailto:leave@a.example>\n"),
    ],
)
def test_a_token_that_its_header_does_not_allow_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"cannot stand|is not"):
        COMPILED.fill({**VALUES, field: value})


def test_the_unsubscribe_url_is_neither_folded_nor_encoded() -> None:
    url = "https://alisei.example/u/" + "a" * 300
    message = COMPILED.fill({**VALUES, "unsubscribe_url": url})
    assert f"\r\nList-Unsubscribe: <{url}>,\r\n <mailto:leave".encode() in message
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in message


def test_one_click_is_promised_for_https_only() -> None:
    message = parsed(COMPILED.fill({**VALUES, "unsubscribe_url": ""}))
    assert message["List-Unsubscribe"] == "<mailto:leave@alisei.example?subject=0123456789abcdef>"
    assert message["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_name", "=?utf-8?q?a=0D=0ABcc:_x@y.example?="),
        ("sender_name", "News\r\nBcc: x@y.example"),
        ("sender_name", "News\u2028"),
        ("sender_address", "not an address"),
        ("reply_to", "a@b.example\r\nBcc: x@y.example"),
        ("list_id", "nodots"),
        ("list_id", "a.example>\r\nBcc: x"),
        ("list_name", "News\0"),
    ],
)
def test_static_values_that_could_harm_a_header_are_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        make_compiled(None, **{field: value})


@pytest.mark.parametrize("subject", ["=?utf-8?q?a=0D=0ABcc:_x@y.it?=", "a\nb", "\u202eb", "\ud800"])
def test_a_subject_that_could_inject_a_header_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="the subject"):
        make_compiled(make_edition(subject=subject))


def test_static_headers_survive_any_script() -> None:
    for name in ("Società Alisei", "協会", "Rossi, Mario", 'Il "Ponte"', "N" * 180):
        message = make_compiled(sender_name=name, list_name=name).fill(VALUES)
        shown = parsed(message)["From"].addresses[0].display_name
        assert unspaced(shown) == unspaced(name)
        assert_shaped(message)


@pytest.mark.slow
@given(VALUE)
def test_the_short_way_of_a_header_gives_what_the_long_one_gives(value: str) -> None:
    assert header_text(value) == headers._cleaned(value)


@given(VALUE)
def test_both_bodies_hold_a_plain_value_as_it_is(value: str) -> None:
    piece = encode_plain(value)
    assert piece in (None, encode_segment(html.escape(body_text(value))))
    assert piece is None or html.escape(value) == value


@pytest.mark.parametrize("subject", ["Ciao", "parola " * 30, "x" * 300, "è" * 200, "中文，" * 60])
def test_a_subject_without_slots_is_folded_and_comes_back(subject: str) -> None:
    message = make_compiled(make_edition(subject=subject)).fill(VALUES)
    assert parsed(message)["Subject"] == subject.strip()
    assert_shaped(message)


def test_marks_are_further_headers_and_just_as_safe() -> None:
    def marked(value: str) -> bytes:
        return compile_message(
            make_edition(), **OPTIONS, marks={"X-Issue": value}, embedded=()
        ).fill(VALUES)

    assert parsed(marked("2019-11"))["X-Issue"] == "2019-11"
    with pytest.raises(ValueError, match="X-Issue"):
        marked("a\r\nBcc: x@y.example")


def test_the_same_edition_gives_the_same_bytes_and_survives_storage() -> None:
    again = CompiledMessage.from_bytes(COMPILED.to_bytes())
    assert again == COMPILED == make_compiled()
    assert again.fill(VALUES) == COMPILED.fill(VALUES)
    assert again.to_bytes() == COMPILED.to_bytes()
    assert COMPILED.size == sum(map(len, COMPILED.segments))


@pytest.mark.parametrize("stored", [b"", b"{}", b'{"version":2}', b"[]", b"\xff"])
def test_what_is_not_a_compiled_message_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        CompiledMessage.from_bytes(stored)


def test_a_token_of_other_characters_is_refused() -> None:
    edition = make_edition()
    bad = Edition(edition.variant, "s", "", "h", "t", {"a-b": SLOTS[NAME]})
    with pytest.raises(ValueError, match="token"):
        compile_message(
            bad,
            sender_name="",
            sender_address="a@b.example",
            reply_to="",
            list_id="a.b",
            list_name="",
        )
